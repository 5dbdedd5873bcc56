"""Segments: prepared before they are needed, filled in place, repaired, dropped."""

import errno
import random

import pytest

from actors.kit.world.disk import DiskFault, DiskFull
from actors.kit.world.memory import SeededEntropy
from actors.kit.world.memory_disk import SimDisk
from actors.store.layout import Layout
from actors.store.persistence import Persistence
from actors.store.wal_reader import LogDamaged
from actors.store.wal_records import Header, Mark, scan
from actors.store.wal_segments import SPARES_MAX
from cluster.raft.messages import Entry, SnapshotMeta
from cluster.raft.ready import SnapshotChunk
from tests.unit.actors.store.persistence_model import FOUNDING, ready

LAYOUT = Layout.of("m1")
SEGMENT_BYTES = 4000


def entries(first: int, last: int, size: int = 100) -> tuple[Entry, ...]:
    return tuple(Entry(index, 1, b"%03d" % index * (size // 3)) for index in range(first, last + 1))


async def opened(disk: SimDisk, segment_bytes: int = SEGMENT_BYTES) -> Persistence:
    log = Persistence(disk, "c", "m1", segment_bytes)
    await log.load(FOUNDING)
    return log


async def recovered(disk: SimDisk) -> list[Entry]:
    log = Persistence(disk, "c", "m1", SEGMENT_BYTES)
    found = await log.load(None)
    await log.close()
    return found.entries


async def test_the_next_segment_is_there_before_it_is_needed() -> None:
    disk = SimDisk()
    log = await opened(disk)
    assert await disk.list("") == [LAYOUT.log(1)]
    for index in range(1, 20):
        await log.write([ready(None, entries(index, index))])
    assert await disk.list("") == [LAYOUT.log(1), LAYOUT.next]
    assert await disk.read(LAYOUT.next) == bytes(SEGMENT_BYTES)
    disk.inject("write", errno.ENOSPC, LAYOUT.next)  # nothing more is prepared at the rotation
    for index in range(20, 30):
        await log.write([ready(None, entries(index, index))])
    assert await disk.list("") == [LAYOUT.log(1), LAYOUT.log(2)]
    await log.close()
    assert tuple(await recovered(disk)) == entries(1, 29)


async def test_segments_are_written_in_place() -> None:
    disk = SimDisk()
    log = await opened(disk)
    for index in range(1, 200):
        await log.write([ready(None, entries(index, index, size=9 + index * 7 % 300))])
    await log.close()
    paths = await disk.list(LAYOUT.logs)
    assert len(paths) > 5
    for number, path in enumerate(paths, 1):
        data = await disk.read(path) or b""
        found = scan(data, None)
        assert len(data) == SEGMENT_BYTES and found.damage == ""
        assert found.records[0] == Header(3, "c", "m1", number)


async def test_a_group_larger_than_a_segment_makes_its_segment_longer() -> None:
    disk = SimDisk()
    log = await opened(disk)
    await log.write([ready(None, entries(1, 3))])
    await log.write([ready(None, entries(4, 90))])
    await log.write([ready(None, entries(91, 92))])
    await log.close()
    sizes = [len(await disk.read(path) or b"") for path in await disk.list(LAYOUT.logs)]
    assert len(sizes) == 3
    assert sizes[0] == sizes[2] == SEGMENT_BYTES < sizes[1]
    assert tuple(await recovered(disk)) == entries(1, 92)


async def test_a_segment_that_could_not_be_prepared_is_prepared_when_it_is_needed() -> None:
    disk = SimDisk()
    log = await opened(disk)
    disk.inject("write", errno.ENOSPC, LAYOUT.next)
    for index in range(1, 40):
        await log.write([ready(None, entries(index, index))])
    await log.close()
    assert len(await disk.list(LAYOUT.logs)) == 2
    assert tuple(await recovered(disk)) == entries(1, 39)


async def test_no_room_for_a_segment_leaves_the_log_as_it_was() -> None:
    disk = SimDisk(capacity=SEGMENT_BYTES + 500)
    log = await opened(disk)
    written = 0
    with pytest.raises(DiskFull, match="next: No space left"):
        while True:
            await log.write([ready(None, entries(written + 1, written + 1))])
            written += 1
    assert written > 20
    with pytest.raises(DiskFull):
        await log.write([ready(None, entries(written + 1, written + 1))])
    assert await disk.list("") == [LAYOUT.log(1)]
    disk.capacity = None
    await log.write([ready(None, entries(written + 1, written + 5))])
    await log.close()
    assert tuple(await recovered(disk)) == entries(1, written + 5)


async def test_a_prepared_segment_takes_no_room_twice() -> None:
    disk = SimDisk(capacity=2 * SEGMENT_BYTES)
    log = await opened(disk)
    for index in range(1, 20):
        await log.write([ready(None, entries(index, index))])
    await log.close()
    assert disk.used == disk.capacity
    log = await opened(disk)
    for index in range(20, 40):
        await log.write([ready(None, entries(index, index))])
    await log.close()
    assert tuple(await recovered(disk)) == entries(1, 39)


@pytest.mark.parametrize("seed", range(20))
async def test_full_now_and_then_nothing_acknowledged_is_lost(seed: int) -> None:
    chance = random.Random(seed)
    disk = SimDisk(capacity=3 * SEGMENT_BYTES)
    log = await opened(disk)
    acknowledged = 0
    full = 0
    for _ in range(120):
        last = acknowledged + chance.randint(1, 12)
        try:
            await log.write([ready(None, entries(acknowledged + 1, last))])
            acknowledged = last
        except DiskFull:
            full += 1
            await log.close()
            if chance.random() < 0.3:
                disk.crash(SeededEntropy(f"{seed}/{full}"))
            # Restarts also while there is no room.
            log = await opened(disk)
            disk.capacity = (disk.capacity or 0) + chance.randint(0, 2 * SEGMENT_BYTES)
    await log.close()
    assert full
    found = tuple(await recovered(disk))
    assert found[:acknowledged] == entries(1, acknowledged)
    assert found == entries(1, len(found))


@pytest.mark.parametrize("seed", range(10))
async def test_what_a_failed_sync_left_in_memory_is_made_durable_before_it_counts(
    seed: int,
) -> None:
    disk = SimDisk()
    log = await opened(disk)
    await log.write([ready(None, entries(1, 3))])
    disk.inject("sync", errno.EIO, LAYOUT.root)
    with pytest.raises(DiskFault):
        await log.write([ready(None, entries(4, 9))])
    await log.close()
    found = await recovered(disk)
    disk.crash(SeededEntropy(seed))
    assert await recovered(disk) == found


async def test_a_torn_tail_is_zeros_again_before_anything_is_written() -> None:
    disk = SimDisk()
    log = await opened(disk)
    await log.write([ready(None, entries(1, 3))])
    await log.write([ready(None, entries(4, 20))])
    await log.close()
    end = scan(await disk.read(LAYOUT.log(1)) or b"", None).end
    disk.damage(LAYOUT.log(1), end - 1500)
    log = await opened(disk)
    disk.crash(SeededEntropy(1))
    data = await disk.read(LAYOUT.log(1)) or b""
    found = scan(data, None)
    assert found.damage == "" and found.end < end - 1500
    assert isinstance(found.records[-1], Mark)
    assert not any(data[found.end :]) and len(data) == SEGMENT_BYTES


@pytest.mark.parametrize("snapshot_entries", [7, 40])
async def test_disk_use_is_bounded(snapshot_entries: int) -> None:
    """50 times as much is written as fits between two snapshots."""
    disk = SimDisk()
    log = await opened(disk)
    size = len(entries(1, 1)[0].data) + 60
    most = 0
    state = b"s" * 2000
    for index in range(1, 50 * snapshot_entries + 1):
        await log.write([ready(None, entries(index, index))])
        if index % snapshot_entries == 0:
            await log.save_snapshot(SnapshotMeta(index, 1, FOUNDING.membership), [state])
        most = max(most, disk.used)
    await log.close()
    # The log of two spans (rounded up), the present and the next segment, two snapshots.
    assert most <= 2 * snapshot_entries * size + 3 * SEGMENT_BYTES + 2 * len(state)
    assert tuple(await recovered(disk)) == ()


async def recycling(disk: SimDisk, last: int = 120) -> Persistence:
    """A log whose snapshot covers more segments than become spares."""
    log = await opened(disk)
    for index in range(1, last + 1):
        await log.write([ready(None, entries(index, index))])
    await log.save_snapshot(SnapshotMeta(last, 1, FOUNDING.membership), [b"state"])
    return log


async def test_covered_segments_are_used_again_and_no_zeros_are_written() -> None:
    disk = SimDisk()
    log = await recycling(disk)
    spares = await disk.list(LAYOUT.spares)
    assert len(spares) == SPARES_MAX == 4
    segments = len(await disk.list(LAYOUT.logs))
    assert log.log_bytes == (segments + len(spares)) * SEGMENT_BYTES
    held = {path: await disk.read(path) for path in spares}
    assert all(len(data or b"") == SEGMENT_BYTES and any(data or b"") for data in held.values())
    await disk.remove(LAYOUT.next)
    log._log._next = None  # what was being made ready before there were spares
    disk.inject("write", errno.ENOSPC, LAYOUT.next, count=1000)
    written = 120
    while await disk.list(LAYOUT.spares):
        written += 1
        await log.write([ready(None, entries(written, written))])
        last = (await disk.list(LAYOUT.logs))[-1]
        found = scan(await disk.read(last) or b"", None)
        assert found.damage == "" and len(await disk.read(last) or b"") == SEGMENT_BYTES
    assert len(await disk.list(LAYOUT.logs)) == segments + SPARES_MAX
    await log.close()
    assert tuple(await recovered(disk)) == entries(121, written)


async def test_a_segment_that_grew_is_no_spare() -> None:
    disk = SimDisk()
    log = await opened(disk)
    await log.write([ready(None, entries(1, 90))])
    await log.write([ready(None, entries(91, 91))])
    await log.save_snapshot(SnapshotMeta(91, 1, FOUNDING.membership), [b"state"])
    assert len(await disk.list(LAYOUT.logs)) == 1 and not await disk.list(LAYOUT.spares)
    await log.close()


@pytest.mark.parametrize("wiped", [False, True])
async def test_nothing_of_an_earlier_life_is_used_again(wiped: bool) -> None:
    """A head may be there already, and a log that begins anew gives its ordinals anew."""
    disk = SimDisk()
    log = await recycling(disk)
    await log.close()
    assert await disk.list(LAYOUT.spares) and await disk.list(LAYOUT.next)
    if wiped:
        for path in [*await disk.list(LAYOUT.logs), *await disk.list(LAYOUT.snapshots)]:
            await disk.remove(path)
    log = await opened(disk)
    assert not await disk.list(LAYOUT.spares) and not await disk.list(LAYOUT.next)
    await log.close()


async def test_a_refused_log_keeps_all_its_files() -> None:
    disk = SimDisk()
    log = await recycling(disk)
    await log.close()
    disk.damage((await disk.list(LAYOUT.logs))[-1], 20)
    before = await disk.list("")
    with pytest.raises(LogDamaged):
        await opened(disk)
    assert await disk.list("") == before


async def test_spares_make_room_for_a_snapshot() -> None:
    disk = SimDisk()
    log = await recycling(disk)
    await log.write([ready(None, entries(121, 122))])
    disk.capacity = disk.used + 100
    later = SnapshotMeta(122, 1, FOUNDING.membership)
    with pytest.raises(DiskFull):
        await log.save_snapshot(later, [b"s" * 9000])
    assert not await disk.list(LAYOUT.spares)
    await log.save_snapshot(later, [b"s" * 9000])
    await log.close()
    assert await recovered(disk) == []


async def test_spares_make_room_for_a_snapshot_that_is_received() -> None:
    disk = SimDisk()
    log = await recycling(disk)
    disk.capacity = disk.used + 500
    received = SnapshotMeta(200, 1, FOUNDING.membership)
    for offset in range(0, 9000, 3000):
        await log.write([ready(None, (), (SnapshotChunk(received, offset, b"r" * 3000),))])
    assert not await disk.list(LAYOUT.spares)
    await log.install(received)
    await log.close()
    assert await recovered(disk) == []


async def test_spares_make_room_for_a_group_longer_than_a_segment() -> None:
    disk = SimDisk()
    log = await recycling(disk)
    disk.capacity = disk.used
    await log.write([ready(None, entries(121, 190))])
    assert not await disk.list(LAYOUT.spares)
    await log.close()
    assert tuple(await recovered(disk)) == entries(121, 190)


async def test_with_spares_a_full_disk_is_met_later() -> None:
    disk = SimDisk()
    log = await recycling(disk)
    disk.capacity = disk.used
    written = 120
    with pytest.raises(DiskFull, match="next: No space left"):
        while True:
            await log.write([ready(None, entries(written + 1, written + 1))])
            written += 1
    assert written > 120 + SPARES_MAX * 20 and not await disk.list(LAYOUT.spares)
    await log.close()
    assert tuple(await recovered(disk)) == entries(121, written)


async def test_closing_waits_for_what_is_being_prepared() -> None:
    disk = SimDisk()
    log = await opened(disk)
    disk.sync_latency = 0.001
    for index in range(1, 20):
        await log.write([ready(None, entries(index, index))])
    await log.close()
    await log.close()
    assert tuple(await recovered(disk)) == entries(1, 19)
