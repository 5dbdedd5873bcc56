"""One conformance suite for disks: the real one and the one in memory behave the same."""

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from actors.kit.world import real_disk
from actors.kit.world.disk import Disk, DiskFault, DiskFull
from actors.kit.world.memory import SeededEntropy
from actors.kit.world.memory_disk import SimDisk
from actors.kit.world.real_disk import RealDisk

MakeDisk = Callable[[], Disk]


@pytest.fixture(params=["real", "memory"])
def make_disk(request: pytest.FixtureRequest, tmp_path: Path) -> MakeDisk:
    """Opens the same disk at each call, as a restarted process would."""
    if request.param == "real":
        return lambda: RealDisk(tmp_path / "disk")
    disk = SimDisk()
    return lambda: disk


async def test_files_are_read_as_written(make_disk: MakeDisk) -> None:
    disk = make_disk()
    assert await disk.read("a/b") is None
    await disk.write_atomic("a/b", b"one")
    await disk.write_atomic("a/b", b"two")
    assert await disk.read("a/b") == b"two"
    assert await make_disk().read("a/b") == b"two"


async def test_removing_is_idempotent(make_disk: MakeDisk) -> None:
    disk = make_disk()
    await disk.write_atomic("x", b"")
    await disk.remove("x")
    await disk.remove("x")
    assert await disk.read("x") is None


async def test_listing_is_sorted_and_by_prefix(make_disk: MakeDisk) -> None:
    disk = make_disk()
    for path in ("wal/2", "wal/10", "snap/1", "wal-not", "top"):
        await disk.write_atomic(path, b"x")
    assert await disk.list("wal/") == ["wal/10", "wal/2"]
    assert await disk.list("") == ["snap/1", "top", "wal-not", "wal/10", "wal/2"]
    assert await disk.list("none") == []


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../x", "a//b", ".", "a\0b"])
async def test_paths_do_not_leave_the_disk(make_disk: MakeDisk, path: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        await make_disk().read(path)
    with pytest.raises(ValueError, match="not a path"):
        await make_disk().write_atomic(path, b"")


async def test_appends_add_up_over_opens(make_disk: MakeDisk) -> None:
    for expected, data in ((b"one", b"one"), (b"onetwo", b"two")):
        disk = make_disk()
        file = await disk.open_append("wal/1")
        file.append(data[:1])
        file.append(data[1:])
        assert file.size == len(expected)
        await file.sync()
        assert await disk.read("wal/1") == expected
        await file.close()


async def test_truncate_cuts_and_appending_goes_on_there(make_disk: MakeDisk) -> None:
    disk = make_disk()
    file = await disk.open_append("wal")
    file.append(b"0123456789")
    await file.sync()
    file.append(b"abc")
    await file.truncate(4)
    assert file.size == 4
    file.append(b"X")
    await file.sync()
    assert await disk.read("wal") == b"0123X"
    with pytest.raises(ValueError, match="truncate"):
        await file.truncate(99)
    await file.close()


async def test_syncs_side_by_side_keep_the_order(make_disk: MakeDisk) -> None:
    disk = make_disk()
    file = await disk.open_append("wal")
    syncs = []
    for number in range(20):
        file.append(b"%02d" % number)
        syncs.append(asyncio.create_task(file.sync()))
        await asyncio.sleep(0)
    await asyncio.gather(*syncs)
    assert await disk.read("wal") == b"".join(b"%02d" % number for number in range(20))
    await file.close()


async def test_a_cancelled_sync_loses_nothing(make_disk: MakeDisk) -> None:
    disk = make_disk()
    file = await disk.open_append("wal")
    file.append(b"one")
    sync = asyncio.create_task(file.sync())
    await asyncio.sleep(0)
    sync.cancel()
    await asyncio.wait([sync])
    file.append(b"two")
    await file.sync()
    assert await disk.read("wal") == b"onetwo"
    await file.close()


async def test_a_closed_file_refuses(make_disk: MakeDisk) -> None:
    file = await make_disk().open_append("wal")
    await file.close()
    await file.close()
    with pytest.raises(DiskFault):
        file.append(b"x")
    with pytest.raises(DiskFault):
        await file.sync()


async def test_a_failed_sync_is_final(make_disk: MakeDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = make_disk()
    file = await disk.open_append("wal")
    file.append(b"x")
    if isinstance(disk, SimDisk):
        disk.inject("sync", 5)
    else:
        failures = iter([OSError(5, os.strerror(5))])

        def failing(fd: int) -> None:
            raise next(failures)

        monkeypatch.setattr(real_disk.os, "fdatasync", failing)
    with pytest.raises(DiskFault, match=os.strerror(5)):
        await file.sync()
    with pytest.raises(DiskFault):
        await file.sync()
    with pytest.raises(DiskFault):
        file.append(b"y")
    await file.close()


async def test_a_disk_that_cannot_write_says_so(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk/file").write_bytes(b"")
    disk = RealDisk(tmp_path / "disk")
    with pytest.raises(DiskFault):
        await disk.write_atomic("file/below", b"x")
    sim = SimDisk()
    sim.inject("write", 28, prefix="wal", count=2)
    await sim.write_atomic("other", b"x")
    for _ in range(2):
        with pytest.raises(DiskFault, match="space"):
            await sim.write_atomic("wal", b"x")
    await sim.write_atomic("wal", b"x")


async def test_an_interrupted_atomic_write_leaves_the_old_file(tmp_path: Path) -> None:
    disk = RealDisk(tmp_path)
    await disk.write_atomic("x", b"old")
    (tmp_path / ("x" + real_disk.TEMPORARY_SUFFIX)).write_bytes(b"ne")
    assert await disk.read("x") == b"old"
    assert await disk.list("") == ["x"]
    await disk.write_atomic("x", b"new")
    assert await disk.read("x") == b"new"


async def test_a_part_of_a_file_is_read(make_disk: MakeDisk) -> None:
    disk = make_disk()
    await disk.write_atomic("x", b"0123456789")
    assert await disk.read_at("x", 3, 4) == b"3456"
    assert await disk.read_at("x", 8, 4) == b"89"
    assert await disk.read_at("x", 12, 4) == b""
    assert await disk.read_at("y", 0, 4) is None


async def test_a_renamed_file_takes_the_place_and_stays_open(make_disk: MakeDisk) -> None:
    disk = make_disk()
    await disk.write_atomic("new", b"old")
    file = await disk.open_append("a/x")
    file.append(b"one")
    await file.sync()
    await disk.rename("a/x", "new")
    file.append(b"two")
    await file.sync()
    await file.close()
    assert await disk.list("") == ["new"]
    assert await make_disk().read("new") == b"onetwo"
    with pytest.raises(DiskFault):
        await disk.rename("a/x", "b")


async def test_a_prepared_file_is_zeros_and_is_overwritten_in_place(make_disk: MakeDisk) -> None:
    disk = make_disk()
    await disk.write_atomic("a/next", b"what was there")
    await disk.prepare("a/next", 3_000_000)
    assert await disk.read("a/next") == bytes(3_000_000)
    file = await disk.open_append("a/next", 0)
    assert file.size == 0
    file.append(b"one", b"two")
    assert file.size == 6
    await file.sync()
    await file.close()
    assert await disk.read("a/next") == b"onetwo".ljust(3_000_000, b"\0")
    file = await disk.open_append("a/next", 3)
    file.append(b"X")
    await file.sync()
    await file.truncate(4)
    await file.close()
    assert await disk.read("a/next") == b"oneX"
    await disk.prepare("a/none", 0)
    assert await disk.read("a/none") == b""


async def test_appends_go_on_behind_the_room_prepared(make_disk: MakeDisk) -> None:
    disk = make_disk()
    await disk.prepare("x", 4)
    file = await disk.open_append("x", 2)
    file.append(b"abcdef")
    await file.sync()
    await file.close()
    assert await disk.read("x") == b"\0\0abcdef"
    with pytest.raises(ValueError, match="ends at 8, before 9"):
        await disk.open_append("x", 9)


async def test_what_is_written_behind_the_end_is_overwritten_by_what_comes_next(
    make_disk: MakeDisk,
) -> None:
    disk = make_disk()
    await disk.write_atomic("x", b"." * 12)
    file = await disk.open_append("x", 1)
    file.append(b"one")
    await file.sync(b"||||")
    assert file.size == 4
    assert await disk.read("x") == b".one||||...."
    file.append(b"two")
    await file.sync(b"|")
    assert await disk.read("x") == b".onetwo|...."
    await file.sync(b"++")
    assert file.size == 7 and await disk.read("x") == b".onetwo++..."
    file.append(b"X")
    await file.close()
    assert await disk.read("x") == b".onetwoX+..."


async def test_syncs_side_by_side_keep_what_is_behind_behind(make_disk: MakeDisk) -> None:
    disk = make_disk()
    file = await disk.open_append("wal")
    syncs = []
    for number in range(20):
        file.append(b"%02d" % number)
        syncs.append(asyncio.create_task(file.sync(b"|||")))
        await asyncio.sleep(0)
    await asyncio.gather(*syncs)
    await file.close()
    assert await disk.read("wal") == b"".join(b"%02d" % number for number in range(20)) + b"|||"


async def test_many_and_large_pieces_arrive_in_order(make_disk: MakeDisk) -> None:
    disk = make_disk()
    file = await disk.open_append("x")
    pieces = [b"%06d" % number * 100 for number in range(4000)]
    file.append(*pieces)
    await file.sync()
    file.append(bytes(2_000_000), b"end")
    await file.close()
    assert await disk.read("x") == b"".join([*pieces, bytes(2_000_000), b"end"])


async def test_a_full_disk_says_so_and_keeps_nothing_half_made(
    make_disk: MakeDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = make_disk()
    await disk.write_atomic("x", b"old")
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fail(*_: object) -> None:
        raise full

    if isinstance(disk, SimDisk):
        disk.capacity = 10
    else:
        monkeypatch.setattr(real_disk.os, "pwrite", fail)
    with pytest.raises(DiskFull, match="No space left"):
        await disk.prepare("next", 100)
    with pytest.raises(DiskFull, match="No space left"):
        await disk.write_atomic("x", b"new" * 10)
    file = await disk.open_append("y")
    file.append(bytes(100))
    with pytest.raises(DiskFull, match="No space left"):
        await file.sync()
    await file.close()
    assert await disk.list("") == ["x", "y"]
    assert await disk.read("x") == b"old"


async def test_a_cancelled_rename_is_over_when_its_asker_is(tmp_path: Path) -> None:
    disk = RealDisk(tmp_path)
    await disk.write_atomic("x", b"")
    renaming = asyncio.create_task(disk.rename("x", "y"))
    await asyncio.sleep(0)
    renaming.cancel()
    await asyncio.wait([renaming])
    assert renaming.cancelled() and os.listdir(tmp_path) == ["y"]


async def test_a_power_cut_keeps_what_was_synced_and_a_prefix_of_the_rest() -> None:
    kept = set()
    for seed in range(60):
        disk = SimDisk()
        file = await disk.open_append("wal")
        file.append(b"synced.")
        await file.sync()
        file.append(b"not")
        disk.crash(SeededEntropy(seed), "prefix")
        content = await disk.read("wal")
        assert content is not None
        assert b"synced.not".startswith(content)
        assert content.startswith(b"synced.")
        kept.add(len(content) - len(b"synced."))
        with pytest.raises(DiskFault):
            file.append(b"x")
    assert kept == {0, 1, 2, 3}


async def test_a_power_cut_keeps_each_unsynced_sector_or_not() -> None:
    seen = set()
    for seed in range(200):
        disk = SimDisk()
        await disk.prepare("wal", 4096)
        file = await disk.open_append("wal", 0)
        file.append(b"s" * 700)
        await file.sync()
        file.append(b"u" * 1000)
        disk.crash(SeededEntropy(seed), "sectors")
        content = await disk.read("wal") or b""
        assert len(content) == 4096
        assert content[:700] == b"s" * 700 and not any(content[1700:])
        parts = (content[700:1024], content[1024:1536], content[1536:1700])
        assert all(part in (b"u" * len(part), bytes(len(part))) for part in parts)
        seen.add(tuple(part[0] for part in parts))
    assert len(seen) == 8


@pytest.mark.parametrize("loss", ["prefix", "sectors"])
async def test_a_power_cut_may_keep_a_group_without_what_was_written_behind_it(
    loss: Literal["prefix", "sectors"],
) -> None:
    found = set()
    for seed in range(300):
        disk = SimDisk()
        await disk.write_atomic("wal", b"." * 2048)
        file = await disk.open_append("wal", 1000)
        file.append(b"g" * 24)
        syncing = asyncio.ensure_future(file.sync(b"|" * 17))
        disk.sync_latency = 0.001
        await asyncio.sleep(0)
        disk.crash(SeededEntropy(seed), loss)
        with pytest.raises(DiskFault):
            await syncing
        content = await disk.read("wal") or b""
        assert len(content) == 2048
        found.add((content[1000:1024] == b"g" * 24, content[1024:1041] == b"|" * 17))
    assert (True, False) in found and (True, True) in found
    assert ((False, True) in found) == (loss == "sectors")


async def test_a_power_cut_keeps_any_length_of_a_file_that_grew() -> None:
    lengths = set()
    for seed in range(100):
        disk = SimDisk()
        file = await disk.open_append("wal")
        file.append(b"u" * 10)
        disk.crash(SeededEntropy(seed), "sectors")
        content = await disk.read("wal") or b""
        assert content in (b"u" * len(content), bytes(len(content)))
        lengths.add(len(content))
    assert lengths == set(range(11))


async def test_bytes_of_a_failed_sync_are_readable_and_never_durable() -> None:
    disk = SimDisk()
    file = await disk.open_append("wal")
    file.append(b"lost")
    disk.inject("sync", errno.EIO)
    with pytest.raises(DiskFault):
        await file.sync()
    assert await disk.read("wal") == b"lost"
    file = await disk.open_append("wal")
    file.append(b"kept")
    await file.sync()
    assert await disk.read("wal") == b"lostkept"
    disk.crash(SeededEntropy(1))
    assert await disk.read("wal") == b"\0\0\0\0kept"


async def test_a_damaged_byte_reads_back_changed() -> None:
    disk = SimDisk()
    await disk.prepare("x", 3)
    disk.damage("x", 1, 0x80)
    assert await disk.read("x") == b"\0\x80\0"
    disk.inject("read", errno.EIO, "x")
    with pytest.raises(DiskFault, match="Input/output"):
        await disk.read_at("x", 0, 1)
    other = disk.copy()
    disk.damage("x", 1, 0x80)
    assert await other.read("x") == b"\0\x80\0"
    assert await disk.read("x") == bytes(3)


async def test_a_change_cut_by_a_power_cut_happened_or_not() -> None:
    found = set()
    for seed in range(40):
        disk = SimDisk()
        await disk.write_atomic("a", b"a")
        disk.sync_latency = 0.001
        work = [
            asyncio.ensure_future(work)
            for work in (disk.write_atomic("b", b"b"), disk.rename("a", "c"), disk.prepare("d", 1))
        ]
        await asyncio.sleep(0)
        disk.crash(SeededEntropy(seed))
        for result in await asyncio.gather(*work, return_exceptions=True):
            assert isinstance(result, DiskFault)
        found.add(tuple(await disk.list("")))
    assert len(found) == 8


async def test_power_lost_during_a_sync_or_write_fails_it() -> None:
    disk = SimDisk(sync_latency=0.001)
    file = await disk.open_append("wal")
    file.append(b"x")
    work = [asyncio.create_task(file.sync()), asyncio.create_task(disk.write_atomic("s", b"x"))]
    await asyncio.sleep(0)
    disk.crash(SeededEntropy(0))
    for task in work:
        with pytest.raises(DiskFault):
            await task


async def test_a_failed_replacement_leaves_the_old_bytes_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = RealDisk(tmp_path)
    await disk.write_atomic("a", b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(real_disk, "_write_all", full)
        with pytest.raises(DiskFault, match=f"{tmp_path}/a: No space left"):
            await disk.write_atomic("a", b"new")
        file = await disk.open_append("b")
        file.append(b"x")
        with pytest.raises(DiskFault, match=f"{tmp_path}/b: No space left"):
            await file.sync()
        await file.close()
    assert await disk.read("a") == b"old"
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


async def test_a_full_disk_takes_what_needs_no_more_room() -> None:
    disk = SimDisk()
    await disk.prepare("log", 1000)
    disk.capacity = disk.used
    growing = await disk.open_append("other")
    growing.append(b"x")
    file = await disk.open_append("log", 0)
    file.append(bytes(range(100)))
    await file.sync()
    with pytest.raises(DiskFull):
        await growing.sync()
    file.append(bytes(1000))
    with pytest.raises(DiskFull):
        await file.sync()


async def test_the_root_is_made_durably(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(real_disk, "_sync_directory", synced.append)
    root = tmp_path / "a" / "b"
    RealDisk(root)
    RealDisk(root)
    assert root.is_dir() and synced == [tmp_path, tmp_path / "a"]
