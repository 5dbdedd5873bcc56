"""The log on disk: what was synced comes back, torn tails are cut, damage is refused by place."""

import asyncio
import errno
import random
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from actors.kit.world.disk import DiskFault
from actors.kit.world.memory import SeededEntropy
from actors.kit.world.memory_disk import SimDisk
from actors.store.persistence import LogDamaged, Persistence, Recovered
from cluster.raft.messages import Entry, HardState, SnapshotMeta
from cluster.raft.ready import Ready
from tests.simulation.loop import run_simulation

T = TypeVar("T")
ROOT = "raft/m1"


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    async def main() -> T:
        return await coroutine

    return run_simulation(main)


def ready(hard_state: HardState | None = None, entries: tuple[Entry, ...] = ()) -> Ready:
    return Ready(hard_state, entries, None, (), (), (), (), None, 0)


def entries(first: int, last: int, term: int = 1, size: int = 20) -> tuple[Entry, ...]:
    return tuple(Entry(i, term, b"%d" % i * size) for i in range(first, last + 1))


def persistence(disk: SimDisk, segment_bytes: int = 1 << 20) -> Persistence:
    return Persistence(disk, "c", "m1", segment_bytes)


async def recover(disk: SimDisk) -> Recovered:
    log = persistence(disk)
    recovered = await log.load()
    await log.close()
    return recovered


async def written(disk: SimDisk, groups: int = 5, segment_bytes: int = 1 << 20) -> None:
    """A log of ``groups`` groups of three entries each, all synced."""
    log = persistence(disk, segment_bytes)
    await log.load()
    await log.write([ready(HardState(1, "m2"))])
    for group in range(groups):
        await log.write([ready(None, entries(group * 3 + 1, group * 3 + 3))])
    await log.close()


def test_an_empty_disk_is_a_blank_member() -> None:
    found = run(recover(SimDisk()))
    assert (found.hard_state, found.entries, found.snapshot) == (HardState(), [], None)


def test_what_was_written_comes_back() -> None:
    async def main() -> None:
        disk = SimDisk()
        await written(disk)
        found = await recover(disk)
        assert found.hard_state == HardState(1, "m2")
        assert tuple(found.entries) == entries(1, 15)

    run(main())


def test_a_later_entry_replaces_all_from_its_index_on() -> None:
    async def main() -> None:
        disk = SimDisk()
        await written(disk)
        log = persistence(disk)
        await log.load()
        await log.write([ready(HardState(2, ""), entries(4, 5, term=2))])
        await log.close()
        found = await recover(disk)
        assert tuple(found.entries) == (*entries(1, 3), *entries(4, 5, term=2))

    run(main())


def test_one_sync_serves_all_readies_of_a_group() -> None:
    async def main() -> None:
        disk = SimDisk(sync_latency=1.0)
        log = persistence(disk)
        await log.load()
        loop = asyncio.get_running_loop()
        began = loop.time()
        await log.write([ready(None, entries(i, i)) for i in range(1, 100)])
        assert loop.time() - began == pytest.approx(1.0)

    run(main())


@pytest.mark.parametrize("seed", range(40))
def test_power_loss_keeps_all_that_was_synced(seed: int) -> None:
    async def main() -> None:
        rng = random.Random(seed)
        disk = SimDisk()
        log = persistence(disk, segment_bytes=400)
        await log.load()
        synced = 0
        for first in range(1, 60, 3):
            if rng.random() < 0.8:
                await log.write([ready(None, entries(first, first + 2))])
                synced = first + 2
            else:
                disk.inject("sync", errno.EIO, ROOT)
                with pytest.raises(DiskFault):
                    await log.write([ready(None, entries(first, first + 2))])
                break
        disk.crash(SeededEntropy(seed))
        found = await recover(disk)
        assert tuple(found.entries[:synced]) == entries(1, synced)
        assert len(found.entries) <= synced + 3

    run(main())


def test_a_torn_tail_is_cut_at_every_byte() -> None:
    async def main() -> None:
        disk = SimDisk()
        await written(disk, groups=2)
        path = f"{ROOT}/log-{1:016d}"
        whole = await disk.read(path) or b""
        await written_more(disk)
        longer = await disk.read(path) or b""
        for cut in range(len(whole), len(longer)):
            await disk.write_atomic(path, longer[:cut])
            found = await recover(disk)
            assert tuple(found.entries[:6]) == entries(1, 6)
            assert tuple(found.entries) == entries(1, len(found.entries))

    run(main())


async def written_more(disk: SimDisk) -> None:
    """One group more, whose sync nobody marked."""
    log = persistence(disk)
    await log.load()
    await log.write([ready(None, entries(7, 9))])
    await log.close()


def test_a_repaired_log_goes_on() -> None:
    async def main() -> None:
        disk = SimDisk()
        await written(disk, groups=2)
        path = f"{ROOT}/log-{1:016d}"
        data = await disk.read(path) or b""
        await disk.write_atomic(path, data[:-5])
        await written_more_from(disk, 6)
        found = await recover(disk)
        assert tuple(found.entries) == entries(1, 9)

    run(main())


async def written_more_from(disk: SimDisk, first: int) -> None:
    log = persistence(disk)
    recovered = await log.load()
    assert len(recovered.entries) == first - 1
    await log.write([ready(None, entries(first, 9))])
    await log.close()


def test_every_flipped_byte_of_what_is_marked_durable_is_refused_with_its_place() -> None:
    async def main() -> None:
        disk = SimDisk()
        await written(disk, groups=3)
        await recover(disk)  # rewrites the segment with a mark over all of it
        path = f"{ROOT}/log-{1:016d}"
        data = await disk.read(path) or b""
        marked = len(data) - 17 - 3  # before the last record, the mark itself
        refused = 0
        for position in range(len(data)):
            broken = bytearray(data)
            broken[position] ^= 0x04
            await disk.write_atomic(path, bytes(broken))
            try:
                found = await recover(disk)
            except LogDamaged as error:
                assert path in str(error)
                assert "offset" in str(error)
                refused += 1
                continue
            # Only the closing mark may go: nothing was promised by it.
            assert position >= marked - 4, f"byte {position} of {len(data)}"
            assert tuple(found.entries) == entries(1, 9)
        assert refused >= marked - 4

    run(main())


def test_an_idle_log_marks_its_last_group() -> None:
    async def main() -> None:
        disk = SimDisk()
        log = persistence(disk)
        await log.load()
        await log.write([ready(None, entries(1, 1))])
        path = f"{ROOT}/log-{1:016d}"
        size = len(await disk.read(path) or b"")
        await log.mark()
        await log.mark()
        data = bytearray(await disk.read(path) or b"")
        assert size < len(data) < size + 40
        data[size - 3] ^= 1
        await disk.write_atomic(path, bytes(data))
        with pytest.raises(LogDamaged, match="checksum"):
            await recover(disk)

    run(main())


def test_damage_in_an_older_segment_is_refused() -> None:
    async def main() -> None:
        disk = SimDisk()
        await written(disk, groups=12, segment_bytes=300)
        paths = await disk.list(f"{ROOT}/log-")
        assert len(paths) > 3
        data = await disk.read(paths[1]) or b""
        await disk.write_atomic(paths[1], data[:-4])
        with pytest.raises(LogDamaged, match=paths[1]):
            await recover(disk)
        await disk.write_atomic(paths[1], data)
        await disk.remove(paths[1])
        with pytest.raises(LogDamaged):
            await recover(disk)

    run(main())


def test_another_members_or_clusters_log_is_refused() -> None:
    async def main() -> None:
        disk = SimDisk()
        await written(disk)
        path = f"{ROOT}/log-{1:016d}"
        data = await disk.read(path) or b""
        with pytest.raises(LogDamaged, match="belongs to member m1 of cluster c"):
            await Persistence(disk, "other", "m1").load()
        await disk.write_atomic(f"raft/m2/log-{1:016d}", data)
        with pytest.raises(LogDamaged, match="belongs to member m1"):
            await Persistence(disk, "c", "m2").load()
        await disk.remove(path)
        await disk.write_atomic(f"{ROOT}/log-{2:016d}", data)
        with pytest.raises(LogDamaged, match="is segment 1"):
            await recover(disk)

    run(main())


def test_snapshots_replace_covered_segments_and_keep_what_follows() -> None:
    async def main() -> None:
        disk = SimDisk()
        log = persistence(disk, segment_bytes=300)
        await log.load()
        await log.write([ready(HardState(1, "m2"))])
        for group in range(12):
            await log.write([ready(None, entries(group * 3 + 1, group * 3 + 3))])
        before = len(await disk.list(f"{ROOT}/log-"))
        await log.save_snapshot(SnapshotMeta(20, 1), [b"piece one ", b"piece two"])
        assert len(await disk.list(f"{ROOT}/log-")) < before
        await log.close()
        found = await recover(disk)
        assert found.snapshot == b"piece one piece two"
        assert (found.marker.index, found.marker.term) == (20, 1)
        assert tuple(found.entries) == entries(21, 36)
        assert found.hard_state == HardState(1, "m2")

    run(main())


def test_a_received_snapshot_beyond_the_log_replaces_it() -> None:
    async def main() -> None:
        disk = SimDisk()
        await written(disk)
        log = persistence(disk)
        await log.load()
        await log.save_snapshot(SnapshotMeta(100, 3), [b"state"])
        await log.save_snapshot(SnapshotMeta(40, 2), [b"older, finished late"])
        await log.write([ready(HardState(4, ""), entries(101, 102, term=4))])
        await log.close()
        found = await recover(disk)
        assert found.snapshot == b"state" and found.marker.index == 100
        assert tuple(found.entries) == entries(101, 102, term=4)
        assert len(await disk.list(f"{ROOT}/snapshot-")) == 1

    run(main())


def test_a_conflicting_received_snapshot_drops_what_follows() -> None:
    async def main() -> None:
        disk = SimDisk()
        await written(disk)  # entries 1 to 15 of term 1
        log = persistence(disk)
        await log.load()
        await log.save_snapshot(SnapshotMeta(10, 2), [b"state"])
        await log.close()
        assert (await recover(disk)).entries == []

    run(main())


@pytest.mark.parametrize("seed", range(30))
def test_a_crash_anywhere_in_a_snapshot_loses_nothing(seed: int) -> None:
    async def main() -> None:
        rng = random.Random(seed)
        disk = SimDisk(sync_latency=0.01)
        log = persistence(disk, segment_bytes=300)
        await log.load()
        for group in range(12):
            await log.write([ready(None, entries(group * 3 + 1, group * 3 + 3))])
        saving = asyncio.create_task(log.save_snapshot(SnapshotMeta(20, 1), [b"state"] * 3))
        await asyncio.sleep(rng.random() * 0.06)
        disk.crash(SeededEntropy(seed))
        saving.cancel()
        await asyncio.gather(saving, return_exceptions=True)
        found = await recover(disk)
        known = found.marker.index
        assert known in (0, 20) and (found.snapshot == b"state" * 3) == (known == 20)
        assert tuple(found.entries) == entries(known + 1, 36)

    run(main())


def test_a_missing_snapshot_is_refused() -> None:
    async def main() -> None:
        disk = SimDisk()
        log = persistence(disk)
        await log.load()
        await log.save_snapshot(SnapshotMeta(5, 1), [b"state"])
        await log.close()
        await disk.remove(f"{ROOT}/snapshot-{5:020d}")
        with pytest.raises(LogDamaged, match="missing"):
            await recover(disk)

    run(main())
