"""What operators do to a stopped replica's disk: whole or not at all, refused if it would lie."""

import errno
import random

import pytest

from actors.kit.world.disk import DiskFault
from actors.kit.world.memory_disk import SimDisk
from actors.store.persistence import Persistence, Recovered
from actors.store.recovery import force_membership, last_position, seed
from actors.store.wal_reader import LogDamaged, LogMissing
from cluster.errors import StoreError
from cluster.raft.member import Member
from cluster.raft.member_state import Config
from cluster.raft.messages import (
    MEMBERSHIP,
    Entry,
    HardState,
    Membership,
    SnapshotMeta,
    membership_of,
)
from cluster.raft.ready import Ready

THREE = Membership(("a", "b", "c"), tenures=(("a", 4), ("b", 2)))
SEGMENT = 4096


def ready(hard_state: HardState | None, *entries: Entry) -> Ready:
    return Ready(hard_state, entries, None, (), (), (), (), None, 0)


async def member_disk(meta: SnapshotMeta, *readies: Ready) -> SimDisk:
    disk = SimDisk()
    log = Persistence(disk, "c1", "a", SEGMENT)
    await log.load(meta)
    await log.write(readies)
    await log.close()
    return disk


async def loaded(disk: SimDisk) -> Recovered:
    log = Persistence(disk, "c1", "a", SEGMENT)
    try:
        return await log.load(None)
    finally:
        await log.close()


async def test_the_last_position_is_of_entry_or_snapshot_and_reading_it_changes_nothing() -> None:
    disk = await member_disk(
        SnapshotMeta(0, 0, THREE), ready(HardState(7, "b", 4), Entry(1, 3, b""), Entry(2, 5, b"x"))
    )
    before = disk.copy()
    assert await last_position(disk, "c1", "a") == (5, 2)
    assert await disk.list("") == await before.list("")
    for path in await disk.list(""):
        assert await disk.read(path) == await before.read(path)
    log = Persistence(disk, "c1", "a", SEGMENT)
    await log.load(None)
    await log.save_snapshot(SnapshotMeta(2, 5, THREE), [b"state"])
    await log.close()
    assert await last_position(disk, "c1", "a") == (5, 2)


async def test_the_last_position_of_no_log_or_a_damaged_one_is_refused() -> None:
    with pytest.raises(LogMissing, match="steersman replica rebuild a"):
        await last_position(SimDisk(), "c1", "a")
    disk = await member_disk(SnapshotMeta(0, 0, THREE))
    disk.damage("raft/a/log-0000000000000001", 20)
    with pytest.raises(LogDamaged):
        await last_position(disk, "c1", "a")
    disk = SimDisk()
    await seed(disk, "c1", "a", SnapshotMeta(9, 2, THREE), [b"x"], SEGMENT)
    (path,) = await disk.list("raft/a/snapshot-")
    await disk.remove(path)
    with pytest.raises(LogDamaged, match="missing"):
        await last_position(disk, "c1", "a")


async def test_forcing_appends_a_membership_of_one_in_a_new_term() -> None:
    disk = await member_disk(
        SnapshotMeta(0, 0, THREE), ready(HardState(7, "b", 4), Entry(1, 3, b""), Entry(2, 5, b"x"))
    )
    assert await force_membership(disk, "c1", "a", SEGMENT) == THREE
    found = await loaded(disk)
    assert found.hard_state == HardState(8, "a", 4)
    assert found.entries[:2] == [Entry(1, 3, b""), Entry(2, 5, b"x")]
    (forced,) = found.entries[2:]
    assert (forced.index, forced.term, forced.kind) == (3, 8, MEMBERSHIP)
    assert membership_of(forced) == Membership(("a",), tenures=(("a", 4),))
    assert await last_position(disk, "c1", "a") == (8, 3)


async def test_a_forced_member_leads_alone_and_commits_what_it_held() -> None:
    disk = await member_disk(
        SnapshotMeta(0, 0, THREE), ready(HardState(7, "b", 4), Entry(1, 3, b""), Entry(2, 5, b"x"))
    )
    await force_membership(disk, "c1", "a", SEGMENT)
    found = await loaded(disk)
    member = Member(
        Config("a"), random.Random(1).random, 0.0, found.hard_state, found.entries, found.meta
    )
    committed: list[Entry] = []
    for _ in range(6):
        member.tick(member.next_deadline())
        while (taken := member.ready()) is not None:
            committed.extend(taken.committed)
            member.advance(taken)
    assert member.role == "leader"
    assert [entry.data for entry in committed[:2]] == [b"", b"x"]


async def test_only_a_member_can_be_forced() -> None:
    disk = await member_disk(SnapshotMeta(0, 0, Membership()))
    before = await disk.read("raft/a/log-0000000000000001")
    with pytest.raises(StoreError, match="never taken into the cluster"):
        await force_membership(disk, "c1", "a", SEGMENT)
    assert (await loaded(disk)).entries == [] and before is not None
    with pytest.raises(LogMissing):
        await force_membership(SimDisk(), "c1", "a", SEGMENT)
    with pytest.raises(LogDamaged, match="belongs to member a of cluster c1"):
        await force_membership(disk, "c2", "a", SEGMENT)


async def test_a_seeded_member_starts_from_the_state() -> None:
    disk = SimDisk()
    meta = SnapshotMeta(40, 6, THREE)
    await seed(disk, "c1", "a", meta, [b"one", b"two"], SEGMENT)
    found = await loaded(disk)
    assert (found.hard_state, found.entries, found.meta) == (HardState(6, "", 4), [], meta)
    assert found.snapshot == b"onetwo"
    with pytest.raises(StoreError, match="not overwritten"):
        await seed(disk, "c1", "a", meta, [b"other"], SEGMENT)


async def test_a_seed_cut_short_is_no_log_and_can_be_done_again() -> None:
    disk = SimDisk()
    meta = SnapshotMeta(40, 6, THREE)
    disk.inject("rename", errno.EIO, "raft/a/next")
    with pytest.raises(DiskFault):
        await seed(disk, "c1", "a", SnapshotMeta(39, 6, THREE), [b"one"], SEGMENT)
    with pytest.raises(LogMissing):
        await loaded(disk)
    # Nor does it pass for a new member: its log may have been lost.
    with pytest.raises(LogMissing):
        await Persistence(disk, "c1", "a", SEGMENT).load(SnapshotMeta(0, 0, THREE))
    await seed(disk, "c1", "a", meta, [b"two"], SEGMENT)
    assert (await loaded(disk)).snapshot == b"two"
    assert (await disk.list("raft/a/snapshot-")) == [f"raft/a/snapshot-{40:020d}"]


async def test_a_seed_for_nobody_or_of_nothing_is_refused() -> None:
    with pytest.raises(StoreError, match="not among the members"):
        await seed(SimDisk(), "c1", "z", SnapshotMeta(4, 1, THREE), [b""], SEGMENT)
    with pytest.raises(StoreError, match="without an index"):
        await seed(SimDisk(), "c1", "a", SnapshotMeta(0, 0, THREE), [b""], SEGMENT)
