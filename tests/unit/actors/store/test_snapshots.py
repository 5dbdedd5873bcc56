"""When a snapshot is due, what stays of the log beside it, and a disk that is too full for one."""

import asyncio
from collections.abc import Iterable
from typing import cast

import pytest

from actors.kit.world.disk import DiskFull
from actors.store.metrics import Gauges, StoreMetrics
from actors.store.persistence import Persistence
from actors.store.snapshots import AGAIN_SECONDS, PATIENCE, Snapshots
from cluster import limits
from cluster.raft.log import RaftLog
from cluster.raft.member import Member
from cluster.raft.messages import Entry, Membership, SnapshotMeta
from cluster.state.mvcc import StateMachine
from tests.simulation.loop import simulated
from tests.unit.actors.store.bare_context import BareContext

VOTERS = Membership(("r1", "r2"))


class Rig:
    """Of a member that has applied ``applied`` entries of ``size`` bytes each. ``saved``: metas and
    bytes of snapshots; ``taken``: what the core was told of them, as index and entries kept."""

    def __init__(self, applied: int, size: int = 1, entries: int = 100) -> None:
        self.log = RaftLog(
            [Entry(index, 1, b"x" * size) for index in range(1, applied + 1)],
            SnapshotMeta(0, 0, VOTERS),
        )
        self.membership = VOTERS
        self.sending_snapshot = False
        self.full = False
        self.saved: list[tuple[SnapshotMeta, int]] = []
        self.taken: list[tuple[int, int]] = []
        self.machine = StateMachine()
        for index in range(1, applied + 1):
            self.machine.apply(index, 1, None)
        self.bare = BareContext()
        persistence, metrics = cast(Persistence, self), StoreMetrics(self.gauges)
        self.snapshots = Snapshots(self.bare.context, persistence, metrics, entries)

    def gauges(self) -> Gauges:
        raise AssertionError("nothing is rendered here")

    def membership_at(self, index: int) -> Membership:
        return self.membership

    def snapshot_taken(self, index: int, keep: int) -> None:
        self.taken.append((index, keep))

    async def save_snapshot(self, meta: SnapshotMeta, pieces: Iterable[bytes]) -> None:
        await asyncio.sleep(0.1)
        if self.full:
            raise DiskFull("no room")
        self.saved.append((meta, sum(len(piece) for piece in pieces)))

    @property
    def due(self) -> bool:
        return self.snapshots.due(self.machine, cast(Member, self))

    async def take(self) -> None:
        self.snapshots.take(self.machine, cast(Member, self))
        assert not self.due
        await asyncio.sleep(0.2)


def test_it_is_due_by_entries() -> None:
    assert not Rig(99).due
    assert Rig(100).due


def test_it_is_due_by_bytes_and_by_more_the_larger_the_last_one_was() -> None:
    rig = Rig(1)
    rig.snapshots.applied_bytes = limits.RAFT_SNAPSHOT_LOG_BYTES - 1
    assert not rig.due
    rig.snapshots.applied_bytes += 1
    assert rig.due
    rig.snapshots.last_bytes = limits.RAFT_SNAPSHOT_LOG_BYTES + 1
    assert not rig.due
    rig.snapshots.applied_bytes += 1
    assert rig.due


def test_one_that_a_peer_is_being_sent_is_not_replaced_for_long() -> None:
    rig, later = Rig(100 * PATIENCE - 1), Rig(100 * PATIENCE)
    rig.sending_snapshot = later.sending_snapshot = True
    rig.snapshots.applied_bytes = limits.RAFT_SNAPSHOT_LOG_BYTES * PATIENCE - 1
    assert not rig.due and later.due
    rig.snapshots.applied_bytes += 1
    assert rig.due


def test_none_is_due_where_the_membership_is_not_known() -> None:
    rig = Rig(100)
    rig.membership = Membership()
    assert not rig.due


@simulated
async def test_it_is_saved_and_the_entries_that_stay_are_bounded_by_number_and_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Rig(100, size=10)
    rig.snapshots.applied_bytes = 1000
    await rig.take()
    ((meta, size),) = rig.saved
    assert meta == SnapshotMeta(100, 1, VOTERS)
    assert rig.snapshots.last_bytes == size > 0 and rig.snapshots.applied_bytes == 0
    monkeypatch.setattr(limits, "RAFT_KEEP_ENTRIES", 40)
    await rig.take()
    monkeypatch.setattr(limits, "RAFT_KEEP_BYTES", 79)
    await rig.take()
    assert rig.taken == [(100, 100), (100, 40), (100, 7)]
    await rig.bare.stop()


@simulated
async def test_a_full_disk_is_tried_again_later_and_stops_nothing() -> None:
    rig = Rig(100)
    rig.full = True
    await rig.take()
    assert (rig.saved, rig.taken, rig.bare.warnings) == ([], [], ["no room for a snapshot"])
    assert not rig.due
    await asyncio.sleep(AGAIN_SECONDS)
    assert rig.due
    rig.full = False
    await rig.take()
    assert rig.taken == [(100, 100)]
    await rig.bare.stop()
