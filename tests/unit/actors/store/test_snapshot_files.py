"""Snapshot files: whole under their names or not there, read in chunks, the loop running."""

import asyncio
import errno
from collections.abc import Iterator

import pytest

from actors.kit.world.disk import DiskFault, DiskFull
from actors.kit.world.memory import SeededEntropy
from actors.kit.world.memory_disk import SimDisk
from actors.store.layout import Layout
from actors.store.snapshot_files import STRIDE_BYTES, SnapshotFiles

LAYOUT = Layout.of("m1")


async def test_chunks_make_the_whole() -> None:
    files = SnapshotFiles(SimDisk(), LAYOUT)
    await files.write(7, [b"0123", b"", b"456789"])
    assert await files.read(7) == b"0123456789"
    assert await files.read_chunk(7, 0, 4) == (b"0123", False)
    assert await files.read_chunk(7, 4, 5) == (b"45678", False)
    assert await files.read_chunk(7, 5, 5) == (b"56789", True)
    assert await files.read_chunk(7, 9, 5) == (b"9", True)
    assert await files.read_chunk(8, 0, 4) is None
    await files.write(8, [])
    assert await files.read_chunk(8, 0, 4) == (b"", True)


async def test_the_loop_runs_between_pieces() -> None:
    files = SnapshotFiles(SimDisk(), LAYOUT)
    turns = 0
    at: list[int] = []

    def pieces() -> Iterator[bytes]:
        for _ in range(8):
            at.append(turns)
            yield bytes(STRIDE_BYTES // 3)

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.create_task(turn())
    await files.write(7, pieces())
    turning.cancel()
    # A stride ends with a sync, which on this disk takes no turn.
    assert len(set(at)) >= 6


async def test_a_stride_is_synced_before_the_next_is_taken() -> None:
    disk = SimDisk()
    files = SnapshotFiles(disk, LAYOUT)
    kept = []

    def pieces() -> Iterator[bytes]:
        for _ in range(6):
            survivor = disk.copy()
            survivor.crash(SeededEntropy(1), "prefix")
            kept.append(survivor.used)
            yield bytes(STRIDE_BYTES // 2)

    await files.write(7, pieces())
    assert kept[0] == 0 and kept[2] >= STRIDE_BYTES and kept[4] >= 2 * STRIDE_BYTES


@pytest.mark.parametrize("operation", ["sync", "rename", "open"])
async def test_a_failed_one_leaves_nothing(operation: str) -> None:
    disk = SimDisk()
    files = SnapshotFiles(disk, LAYOUT)
    await files.write(7, [b"old"])
    disk.inject(operation, errno.EIO, LAYOUT.unfinished)
    with pytest.raises(DiskFault):
        await files.write(8, [b"new"])
    assert await disk.list("") == [LAYOUT.snapshot(7)]


async def test_a_full_disk_leaves_nothing_and_it_works_once_there_is_room() -> None:
    disk = SimDisk(capacity=2 * STRIDE_BYTES)
    files = SnapshotFiles(disk, LAYOUT)
    with pytest.raises(DiskFull):
        await files.write(8, (bytes(STRIDE_BYTES) for _ in range(4)))
    assert await disk.list("") == [] and disk.used == 0
    disk.capacity = None
    await files.write(8, (bytes(STRIDE_BYTES) for _ in range(4)))
    assert disk.used == 4 * STRIDE_BYTES


async def test_only_the_one_that_counts_is_kept() -> None:
    disk = SimDisk()
    files = SnapshotFiles(disk, LAYOUT)
    for index in (3, 7, 9):
        await files.write(index, [b"x"])
    await disk.write_atomic(LAYOUT.unfinished_snapshot(12), b"half")
    await files.remove_others(7)
    assert await disk.list(LAYOUT.snapshots) == [LAYOUT.snapshot(7)]
    assert await disk.list(LAYOUT.unfinished) != []
    await files.remove_unfinished()
    assert await disk.list("") == [LAYOUT.snapshot(7)]
    assert await files.exist()
    await files.remove_others(0)
    assert not await files.exist()
