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
from actors.store.persistence import Persistence, Recovered
from actors.store.wal_reader import LogDamaged, LogMissing
from actors.store.wal_records import MARK_BYTES, Header, encode_record, scan
from cluster.raft.messages import Entry, HardState, Membership, SnapshotMeta
from cluster.raft.ready import Ready, SnapshotChunk
from tests.simulation.loop import run_simulation

T = TypeVar("T")
ROOT = "raft/m1"
MEMBERS = Membership(("m1", "m2"))
FOUNDING = SnapshotMeta(0, 0, MEMBERS)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    async def main() -> T:
        return await coroutine

    return run_simulation(main)


def ready(hard_state: HardState | None = None, entries: tuple[Entry, ...] = ()) -> Ready:
    return Ready(hard_state, entries, None, (), (), (), (), None, 0)


def entries(first: int, last: int, term: int = 1, size: int = 20) -> tuple[Entry, ...]:
    return tuple(Entry(i, term, b"%d" % i * size) for i in range(first, last + 1))


def meta(index: int, term: int) -> SnapshotMeta:
    return SnapshotMeta(index, term, MEMBERS)


def persistence(disk: SimDisk, segment_bytes: int = 1 << 20) -> Persistence:
    return Persistence(disk, "c", "m1", segment_bytes)


async def recover(disk: SimDisk) -> Recovered:
    log = persistence(disk)
    recovered = await log.load(FOUNDING)
    await log.close()
    return recovered


async def written(disk: SimDisk, groups: int = 5, segment_bytes: int = 1 << 20) -> None:
    """A log of ``groups`` groups of three entries each, all synced."""
    log = persistence(disk, segment_bytes)
    await log.load(FOUNDING)
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
        await log.load(FOUNDING)
        await log.write([ready(HardState(2, ""), entries(4, 5, term=2))])
        await log.close()
        found = await recover(disk)
        assert tuple(found.entries) == (*entries(1, 3), *entries(4, 5, term=2))

    run(main())


def test_one_sync_serves_all_readies_of_a_group() -> None:
    async def main() -> None:
        disk = SimDisk(sync_latency=1.0)
        log = persistence(disk)
        await log.load(FOUNDING)
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
        await log.load(FOUNDING)
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
        whole = await content(disk, path)
        await written_more(disk)
        longer = await content(disk, path)
        for cut in range(len(whole), len(longer)):
            await disk.write_atomic(path, longer[:cut].ljust(1000, b"\0"))
            found = await recover(disk)
            assert tuple(found.entries[:6]) == entries(1, 6)
            assert tuple(found.entries) == entries(1, len(found.entries))

    run(main())


async def content(disk: SimDisk, path: str) -> bytes:
    """The records' bytes, up to the zeros that are room for more."""
    data = await disk.read(path) or b""
    return data[: scan(data, None).end]


async def written_more(disk: SimDisk) -> None:
    """One group more, whose sync nobody marked."""
    log = persistence(disk)
    await log.load(FOUNDING)
    await log.write([ready(None, entries(7, 9))])
    await log.close()


def test_a_repaired_log_goes_on_over_clean_zeros() -> None:
    async def main() -> None:
        disk = SimDisk()
        await written(disk, groups=2)
        path = f"{ROOT}/log-{1:016d}"
        data = await content(disk, path)
        await disk.write_atomic(path, data[:-5] + b"?" + bytes(900) + b"remains" + bytes(100))
        await written_more_from(disk, 6)
        assert b"remains" not in (await disk.read(path) or b"")
        found = await recover(disk)
        assert tuple(found.entries) == entries(1, 9)
        assert found.torn == ""

    run(main())


async def written_more_from(disk: SimDisk, first: int) -> None:
    log = persistence(disk)
    recovered = await log.load(FOUNDING)
    assert len(recovered.entries) == first - 1
    assert recovered.torn.startswith(f"{ROOT}/log-{1:016d}: checksum does not match at offset ")
    await log.write([ready(None, entries(first, 9))])
    await log.close()


def test_every_flipped_byte_of_what_is_marked_durable_is_refused_with_its_place() -> None:
    async def main() -> None:
        disk = SimDisk()
        await written(disk, groups=3, segment_bytes=2000)
        await recover(disk)  # ends with a mark over all of it
        path = f"{ROOT}/log-{1:016d}"
        size = len(await disk.read(path) or b"")
        marked = (
            len(await content(disk, path)) - MARK_BYTES
        )  # before the last record, the mark itself
        for position in range(size):
            broken = disk.copy()
            broken.damage(path, position, 0x04)
            if position < marked:
                with pytest.raises(LogDamaged, match=f"{path}: .* at offset") as refused:
                    await recover(broken)
                assert "steersman replica rebuild m1" in str(refused.value)
            else:
                # The closing mark may go, nothing was promised by it; and zeros are only room.
                found = await recover(broken)
                assert tuple(found.entries) == entries(1, 9)

    run(main())


async def with_one_group() -> tuple[SimDisk, Persistence, str]:
    """A log that was written to once; the path of its segment."""
    disk = SimDisk()
    log = persistence(disk)
    await log.load(FOUNDING)
    await log.write([ready(None, entries(1, 1))])
    return disk, log, f"{ROOT}/log-{1:016d}"


def test_an_idle_log_marks_its_last_group() -> None:
    async def main() -> None:
        disk, log, path = await with_one_group()
        size = len(await content(disk, path))
        await log.mark()
        await log.mark()
        assert size < len(await content(disk, path)) < size + 40
        disk.damage(path, size - 3)
        with pytest.raises(LogDamaged, match="checksum"):
            await recover(disk)

    run(main())


@pytest.mark.parametrize("restarted", [False, True])
def test_damage_to_an_idle_logs_mark_takes_no_later_group_with_it(restarted: bool) -> None:
    """What follows a mark was acknowledged, whatever becomes of the mark."""

    async def main() -> None:
        disk, log, path = await with_one_group()
        before = len(await content(disk, path))
        if restarted:
            await log.close()
            log = persistence(disk)
            await log.load(FOUNDING)
        else:
            await log.mark()
        after = len(await content(disk, path))
        assert after > before
        await log.write([ready(None, entries(2, 2))])
        for position in range(after):
            broken = disk.copy()
            broken.damage(path, position)
            with pytest.raises(LogDamaged):
                await recover(broken)

    run(main())


def test_damage_in_an_older_segment_is_refused() -> None:
    async def main() -> None:
        disk = SimDisk()
        await written(disk, groups=12, segment_bytes=300)
        paths = await disk.list(f"{ROOT}/log-")
        assert len(paths) > 3
        data = await content(disk, paths[1])
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
            await Persistence(disk, "other", "m1").load(None)
        await disk.write_atomic(f"raft/m2/log-{1:016d}", data)
        with pytest.raises(LogDamaged, match="belongs to member m1"):
            await Persistence(disk, "c", "m2").load(None)
        await disk.remove(path)
        await disk.write_atomic(f"{ROOT}/log-{2:016d}", data)
        with pytest.raises(LogDamaged, match="is segment 1"):
            await recover(disk)

    run(main())


def test_snapshots_replace_covered_segments_and_keep_what_follows() -> None:
    async def main() -> None:
        disk = SimDisk()
        log = persistence(disk, segment_bytes=300)
        await log.load(FOUNDING)
        await log.write([ready(HardState(1, "m2"))])
        for group in range(12):
            await log.write([ready(None, entries(group * 3 + 1, group * 3 + 3))])
        before = len(await disk.list(f"{ROOT}/log-"))
        await log.save_snapshot(meta(20, 1), [b"piece one ", b"piece two"])
        assert len(await disk.list(f"{ROOT}/log-")) < before
        await log.close()
        found = await recover(disk)
        assert found.snapshot == b"piece one piece two"
        assert (found.meta.index, found.meta.term) == (20, 1)
        assert tuple(found.entries) == entries(21, 36)
        assert found.hard_state == HardState(1, "m2")

    run(main())


def test_a_received_snapshot_beyond_the_log_replaces_it() -> None:
    async def main() -> None:
        disk = SimDisk()
        await written(disk)
        log = persistence(disk)
        await log.load(FOUNDING)
        await log.save_snapshot(meta(100, 3), [b"state"])
        await log.save_snapshot(meta(40, 2), [b"older, finished late"])
        await log.write([ready(HardState(4, ""), entries(101, 102, term=4))])
        await log.close()
        found = await recover(disk)
        assert found.snapshot == b"state" and found.meta.index == 100
        assert tuple(found.entries) == entries(101, 102, term=4)
        assert len(await disk.list(f"{ROOT}/snapshot-")) == 1

    run(main())


def test_a_conflicting_received_snapshot_drops_what_follows() -> None:
    async def main() -> None:
        disk = SimDisk()
        await written(disk)  # entries 1 to 15 of term 1
        log = persistence(disk)
        await log.load(FOUNDING)
        await log.save_snapshot(meta(10, 2), [b"state"])
        await log.close()
        assert (await recover(disk)).entries == []

    run(main())


@pytest.mark.parametrize("seed", range(30))
def test_a_crash_anywhere_in_a_snapshot_loses_nothing(seed: int) -> None:
    async def main() -> None:
        rng = random.Random(seed)
        disk = SimDisk(sync_latency=0.01)
        log = persistence(disk, segment_bytes=300)
        await log.load(FOUNDING)
        for group in range(12):
            await log.write([ready(None, entries(group * 3 + 1, group * 3 + 3))])
        saving = asyncio.create_task(log.save_snapshot(meta(20, 1), [b"state"] * 3))
        await asyncio.sleep(rng.random() * 0.06)
        disk.crash(SeededEntropy(seed))
        saving.cancel()
        await asyncio.gather(saving, return_exceptions=True)
        found = await recover(disk)
        known = found.meta.index
        assert known in (0, 20) and (found.snapshot == b"state" * 3) == (known == 20)
        assert tuple(found.entries) == entries(known + 1, 36)

    run(main())


def test_a_missing_snapshot_is_refused() -> None:
    async def main() -> None:
        disk = SimDisk()
        log = persistence(disk)
        await log.load(FOUNDING)
        await log.save_snapshot(meta(5, 1), [b"state"])
        await log.close()
        await disk.remove(f"{ROOT}/snapshot-{5:020d}")
        with pytest.raises(LogDamaged, match="missing"):
            await recover(disk)

    run(main())


def test_a_member_that_is_not_new_needs_its_log() -> None:
    async def main() -> None:
        disk = SimDisk()
        log = persistence(disk)
        with pytest.raises(LogMissing, match=f"{ROOT}: there is no log.*replica rebuild m1"):
            await log.load(None)
        assert await disk.list("") == []
        await log.load(FOUNDING)
        await log.save_snapshot(meta(3, 1), [b"state"])
        await log.close()
        # A new one is not told from one whose log alone is gone.
        for path in await disk.list(f"{ROOT}/log-"):
            await disk.remove(path)
        with pytest.raises(LogMissing):
            await persistence(disk).load(FOUNDING)

    run(main())


def test_the_founding_is_what_was_first_said() -> None:
    async def main() -> None:
        disk = SimDisk()
        joining = SnapshotMeta(0, 0, Membership())
        for founding in (joining, FOUNDING, None):
            log = persistence(disk)
            assert (await log.load(founding)).meta == joining
            await log.close()

    run(main())


def test_an_unreadable_disk_is_no_damage() -> None:
    async def main() -> None:
        disk = SimDisk()
        await written(disk)
        disk.inject("read", errno.EIO, ROOT)
        with pytest.raises(DiskFault, match="Input/output"):
            await recover(disk)
        assert len((await recover(disk)).entries) == 15

    run(main())


def test_a_received_snapshot_is_installed_and_what_matches_stays() -> None:
    async def main() -> None:
        disk = SimDisk()
        await written(disk)  # entries 1 to 15 of term 1
        log = persistence(disk)
        await log.load(FOUNDING)
        received = meta(10, 1)
        for offset, data in ((0, b"sta"), (3, b"te")):
            await log.write([spooling(received, offset, data)])
        await log.close()
        log = persistence(disk)
        assert (await log.load(None)).spooled == (received, 5)
        assert await log.read_spool() == b"state"
        await log.install(received)
        assert await log.read_chunk(10, 1, 3) == (b"tat", False)
        assert await log.read_chunk(10, 4, 3) == (b"e", True)
        await log.close()
        found = await recover(disk)
        assert (found.meta, found.snapshot, found.spooled) == (received, b"state", None)
        assert tuple(found.entries) == entries(11, 15)

    run(main())


def spooling(received: SnapshotMeta, offset: int, data: bytes) -> Ready:
    chunk = SnapshotChunk(received, offset, data)
    return Ready(None, (), None, (), (), (), (), None, 0, (chunk,))


def test_a_useless_spool_is_discarded() -> None:
    async def main() -> None:
        disk = SimDisk()
        log = persistence(disk)
        await log.load(FOUNDING)
        await log.write([spooling(meta(10, 1), 0, b"?")])
        await log.discard_spool()
        await log.close()
        assert (await recover(disk)).spooled is None

    run(main())


def test_an_older_format_is_refused_by_name() -> None:
    async def main() -> None:
        disk = SimDisk()
        old = encode_record(Header(1, "c", "m1", 1), 0) + encode_record(HardState(3, ""), 1)
        await disk.write_atomic(f"{ROOT}/log-{1:016d}", old + b"3 5")
        with pytest.raises(LogDamaged, match="format 1, this version reads 2 and 3"):
            await recover(disk)

    run(main())
