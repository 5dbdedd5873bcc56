"""The spool: chunks survive a crash as far as they were durable, in order; nothing else does."""

import errno

import pytest

from actors.kit.world.disk import DiskFault
from actors.kit.world.memory import SeededEntropy
from actors.kit.world.memory_disk import SimDisk
from actors.store.layout import Layout
from actors.store.spool import SnapshotSpool
from cluster.raft.messages import Membership, SnapshotMeta
from cluster.raft.ready import SnapshotChunk

LAYOUT = Layout.of("m1")
META = SnapshotMeta(10, 2, Membership(("m1", "m2")))
NEWER = SnapshotMeta(20, 2, Membership(("m1",)))
DATA = bytes(range(256)) * 8


def chunks(meta: SnapshotMeta, first: int, last: int, size: int = 100) -> list[SnapshotChunk]:
    return [
        SnapshotChunk(meta, n * size, DATA[n * size : n * size + size]) for n in range(first, last)
    ]


async def recovered(disk: SimDisk, installed: int = 0) -> SnapshotSpool:
    spool = SnapshotSpool(disk, LAYOUT)
    await spool.recover(installed)
    return spool


async def test_chunks_add_up_and_come_back() -> None:
    disk = SimDisk()
    spool = await recovered(disk)
    assert spool.meta is None
    await spool.write(chunks(META, 0, 3))
    await spool.write(chunks(META, 3, 4))
    await spool.close()
    spool = await recovered(disk)
    assert (spool.meta, spool.size) == (META, 400)
    await spool.write(chunks(META, 4, 5))
    assert await spool.read() == DATA[:500]


async def test_a_hole_is_a_bug_of_the_caller() -> None:
    spool = await recovered(SimDisk())
    await spool.write(chunks(META, 0, 2))
    for wrong in (chunks(META, 3, 4), chunks(META, 1, 2), chunks(NEWER, 2, 3)):
        with pytest.raises(AssertionError, match="hole"):
            await spool.write(wrong)


async def test_offset_zero_begins_anew_also_within_a_group() -> None:
    disk = SimDisk()
    spool = await recovered(disk)
    await spool.write(chunks(META, 0, 5))
    await spool.write([*chunks(META, 5, 6), *chunks(NEWER, 0, 2, size=50)])
    assert (spool.meta, spool.size, await spool.read()) == (NEWER, 100, DATA[:100])
    await spool.close()
    spool = await recovered(disk)
    assert (spool.meta, spool.size, await spool.read()) == (NEWER, 100, DATA[:100])


async def test_a_spool_that_is_installed_already_is_dropped() -> None:
    disk = SimDisk()
    spool = await recovered(disk)
    await spool.write(chunks(META, 0, 2))
    await spool.close()
    assert (await recovered(disk, installed=10)).meta is None
    assert await disk.list("") == []


async def test_a_spool_renamed_but_not_installed_is_a_spool_again() -> None:
    disk = SimDisk()
    spool = await recovered(disk)
    await spool.write(chunks(META, 0, 2))
    await spool.hand_over(META)
    assert await disk.list("") == [LAYOUT.snapshot(10), LAYOUT.spool_table]
    spool = await recovered(disk)
    assert (spool.meta, spool.size, await spool.read()) == (META, 200, DATA[:200])


async def test_damage_ends_what_is_trusted() -> None:
    disk = SimDisk()
    spool = await recovered(disk)
    await spool.write(chunks(META, 0, 5))
    await spool.close()
    disk.damage(LAYOUT.spool, 250)
    spool = await recovered(disk)
    assert (spool.meta, spool.size, await spool.read()) == (META, 200, DATA[:200])


async def test_a_failed_sync_is_not_counted_by_the_successor() -> None:
    disk = SimDisk()
    spool = await recovered(disk)
    await spool.write(chunks(META, 0, 2))
    disk.inject("sync", errno.EIO, LAYOUT.spool)
    with pytest.raises(DiskFault):
        await spool.write(chunks(META, 2, 3))
    assert (await recovered(disk)).size == 200


@pytest.mark.parametrize("seed", range(30))
async def test_a_power_cut_keeps_what_was_durable(seed: int) -> None:
    disk = SimDisk()
    spool = await recovered(disk)
    await spool.write(chunks(META, 0, 3))
    assert spool._file is not None and spool._table is not None
    spool._file.append(DATA[300:900])
    disk.crash(SeededEntropy(seed))
    spool = await recovered(disk)
    assert (spool.meta, spool.size, await spool.read()) == (META, 300, DATA[:300])
    await spool.write(chunks(META, 3, 4))
    disk.crash(SeededEntropy(seed))
    assert (await recovered(disk)).size == 400
