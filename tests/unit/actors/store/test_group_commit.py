"""Persist, then send, for many Readys at once: groups, the order around a snapshot, failures."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from actors.kit.world.disk import DiskFault
from actors.store.group_commit import MARK_SECONDS, GroupCommit
from actors.store.metrics import Observations
from actors.store.persistence import Persistence
from cluster.raft.messages import Entry, HardState, Membership, SnapshotMeta
from cluster.raft.ready import Ready, SnapshotChunk
from tests.simulation.loop import simulated
from tests.unit.actors.store.bare_context import BareContext

META = SnapshotMeta(10, 2, Membership(("r1", "r2")))
SYNC_SECONDS = 0.01


def ready(*indexes: int, **more: Any) -> Ready:
    """One with these entries."""
    fields: dict[str, Any] = {"hard_state": None, "snapshot": None, "send_now": ()}
    fields |= {"send_after_persist": (), "committed": (), "reads": (), "standing": None, "epoch": 0}
    entries = tuple(Entry(index, 2, b"x") for index in indexes)
    return Ready(entries=entries, **(fields | more))


class Rig:
    """A group commit on a disk whose syncs take time. ``story``: what happened, in order."""

    def __init__(self) -> None:
        self.story: list[object] = []
        self.fails = False
        self.bare = BareContext()
        self.commit = GroupCommit(
            self.bare.context,
            cast(Persistence, self),
            Observations((1.0,)),
            lambda ready: self.story.append(("durable", _indexes(ready))),
            self.install,
            lambda: self.story.append("woken"),
        )
        self.commit.start()

    async def write(self, readies: Sequence[Ready]) -> None:
        await asyncio.sleep(SYNC_SECONDS)
        if self.fails:
            raise DiskFault("no")
        self.story.append(("write", [(_indexes(one), len(one.chunks)) for one in readies]))

    async def install(self, meta: SnapshotMeta) -> None:
        await asyncio.sleep(SYNC_SECONDS)
        self.story.append(("install", meta.index))

    async def mark(self) -> None:
        self.story.append("mark")


def _indexes(ready: Ready) -> tuple[int, ...]:
    return tuple(entry.index for entry in ready.entries)


@simulated
async def test_what_gathers_during_one_sync_shares_the_next_and_is_told_in_order() -> None:
    rig = Rig()
    assert not rig.commit.takes(ready())
    assert rig.commit.takes(ready(1))
    await asyncio.sleep(SYNC_SECONDS / 2)
    assert rig.commit.busy and rig.story == []
    # One without anything to persist waits for those before it.
    assert all(rig.commit.takes(one) for one in (ready(2), ready(), ready(3)))
    assert len(rig.commit) == 3
    await asyncio.sleep(SYNC_SECONDS * 3)
    first = [("write", [((1,), 0)]), ("durable", (1,)), "woken"]
    told = [("durable", (2,)), ("durable", ()), ("durable", (3,)), "woken"]
    assert rig.story == [*first, ("write", [((2,), 0), ((3,), 0)]), *told]
    assert not rig.commit.takes(ready())
    rig.commit.close()
    await rig.bare.stop()


@simulated
async def test_a_snapshot_is_installed_between_what_is_before_it_and_its_entries() -> None:
    rig = Rig()
    chunk = SnapshotChunk(META, 0, b"state")
    whole = ready(11, hard_state=HardState(2), chunks=(chunk,), snapshot=META)
    group = [ready(3), whole, ready(12)]
    assert all(rig.commit.takes(one) for one in group)
    await asyncio.sleep(SYNC_SECONDS * 4)
    assert rig.story == [
        ("write", [((3,), 0), ((), 1)]),
        ("install", 10),
        ("write", [((11,), 0), ((12,), 0)]),
        *(("durable", indexes) for indexes in ((3,), (11,), (12,))),
        "woken",
    ]
    rig.commit.close()
    await rig.bare.stop()


@simulated
async def test_nothing_is_told_of_a_write_that_failed() -> None:
    rig = Rig()
    rig.fails = True
    rig.commit.takes(ready(1))
    await asyncio.sleep(SYNC_SECONDS * 2)
    assert rig.story == []
    with pytest.raises(DiskFault):
        await rig.bare.stop()


@simulated
async def test_the_log_is_marked_once_it_is_quiet() -> None:
    rig = Rig()
    for index in range(1, 4):
        rig.commit.takes(ready(index))
        await asyncio.sleep(MARK_SECONDS * 0.9)
    assert "mark" not in rig.story
    await asyncio.sleep(MARK_SECONDS)
    assert rig.story[-1] == "mark" and rig.story.count("mark") == 1
    rig.commit.close()
    await rig.bare.stop()
