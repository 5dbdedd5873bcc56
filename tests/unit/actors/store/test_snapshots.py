"""When a snapshot is due, what stays of the log beside it, and a disk that is too full for one."""

import asyncio
from collections.abc import Iterable
from typing import cast

import pytest

from actors.kit.world.disk import DiskFull
from actors.store.metrics import Gauges, StoreMetrics
from actors.store.persistence import Persistence
from actors.store.snapshots import AGAIN_SECONDS, Snapshots
from cluster import limits
from cluster.raft.log import ENTRY_BYTES, RaftLog
from cluster.raft.member import Member
from cluster.raft.messages import Entry, Membership, SnapshotMeta
from cluster.state.mvcc import StateMachine
from tests.simulation.loop import simulated
from tests.unit.actors.store.bare_context import BareContext

VOTERS = Membership(("r1", "r2"))


class Rig:
    """Of a member that has applied ``applied`` entries of ``size`` bytes each. ``saved``: metas and
    bytes of snapshots; ``taken``: what the core was told of them, as index and entries kept;
    ``forgot``: the same of what it was to let go without one."""

    def __init__(self, applied: int, size: int = 1, entries: int = 100) -> None:
        self.log = RaftLog(
            [Entry(index, 1, b"x" * size) for index in range(1, applied + 1)],
            SnapshotMeta(0, 0, VOTERS),
        )
        self.membership = VOTERS
        self.sending_snapshot = self.wants_snapshot = False
        self.forgot: list[tuple[int, int]] = []
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

    def forget(self, index: int, keep: int) -> None:
        self.forgot.append((index, keep))

    def apply(self, count: int, size: int = 1) -> None:
        """So many entries more."""
        for _ in range(count):
            index = self.machine.applied + 1
            self.log.append(Entry(index, 1, b"x" * size))
            self.machine.apply(index, 1, None)
            self.snapshots.applied_bytes += size

    def trim(self) -> None:
        self.snapshots.trim(self.machine, cast(Member, self))

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
    rig.snapshots.last_bytes = limits.RAFT_SNAPSHOT_LOG_BYTES
    rig.snapshots.applied_bytes = limits.RAFT_LOG_TO_SNAPSHOT * limits.RAFT_SNAPSHOT_LOG_BYTES - 1
    assert not rig.due
    rig.snapshots.applied_bytes += 1
    assert rig.due


def test_one_that_a_peer_is_being_sent_is_replaced_only_when_what_follows_is_not_held() -> None:
    rig = Rig(500)
    rig.sending_snapshot = True
    rig.snapshots.applied_bytes = limits.RAFT_HOLD_BYTES - 500 * ENTRY_BYTES - 1
    assert not rig.due
    rig.snapshots.applied_bytes += 1
    assert rig.due


def test_one_that_a_peer_waits_for_is_due_at_once() -> None:
    rig = Rig(1)
    rig.wants_snapshot = True
    assert rig.due
    rig.log.commit = 1
    rig.log.snapshot_taken(1, keep=0)
    assert not rig.due


@simulated
async def test_memory_is_trimmed_now_and_then_but_not_while_a_snapshot_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "RAFT_TRIM_ENTRIES", 50)
    monkeypatch.setattr(limits, "RAFT_TRIM_BYTES", 1000)
    monkeypatch.setattr(limits, "RAFT_KEEP_ENTRIES", 40)
    rig = Rig(0, entries=10_000)
    for count, size in ((49, 1), (1, 1), (49, 1), (1, 951), (1, 999), (1, 1)):
        rig.apply(count, size)
        rig.trim()
    assert rig.forgot == [(50, 40), (100, 40), (102, 40)]
    rig.snapshots.take(rig.machine, cast(Member, rig))
    rig.apply(100)
    rig.trim()
    assert len(rig.forgot) == 3
    await asyncio.sleep(0.2)
    rig.trim()
    assert rig.forgot[3:] == [(202, 40)]
    await rig.bare.stop()


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
    monkeypatch.setattr(limits, "RAFT_KEEP_BYTES", 7 * (10 + ENTRY_BYTES) + 9)
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
