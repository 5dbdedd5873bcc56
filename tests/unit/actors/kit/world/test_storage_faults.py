"""A real disk with faults put into it."""

from pathlib import Path

import pytest

from actors.kit.world.disk import DiskFault, DiskFull
from actors.kit.world.real_disk import RealDisk
from actors.kit.world.storage_faults import StorageFaults
from cluster.chaos.faults import StorageFault


class Suffering:
    """A disk, and what happened to who waits or dies."""

    def __init__(self, root: Path) -> None:
        self.slept: list[float] = []
        self.deaths = 0
        self.struck: dict[str, int] = {}
        self.faults = StorageFaults(self.slept.append, self._die)
        self.disk = RealDisk(root, self.faults)

    def _die(self) -> None:
        self.deaths += 1
        raise OSError(5, "dead")

    def suffer(self, **fault: object) -> None:
        self.struck = {}
        self.faults.suffer([(StorageFault("f", **fault), self.struck)])  # type: ignore[arg-type]


@pytest.fixture
def suffering(tmp_path: Path) -> Suffering:
    return Suffering(tmp_path)


async def test_a_slow_disk_is_slow_and_loses_nothing(suffering: Suffering) -> None:
    file = await suffering.disk.open_append("log")
    suffering.suffer(kind="slow", seconds=0.25)
    file.append(b"abc")
    await file.sync()
    await suffering.disk.write_atomic("other", b"x")
    suffering.faults.suffer([])
    file.append(b"def")
    await file.sync()
    await file.close()
    assert suffering.slept == [0.25, 0.25]
    assert suffering.struck == {"slowed": 2}
    assert await suffering.disk.read("log") == b"abcdef"


async def test_a_full_disk_refuses_until_there_is_room(suffering: Suffering) -> None:
    file = await suffering.disk.open_append("log")
    suffering.suffer(kind="full")
    file.append(b"abc")
    with pytest.raises(DiskFull):
        await file.sync()
    with pytest.raises(DiskFull):
        await suffering.disk.write_atomic("other", b"x")
    with pytest.raises(DiskFull):
        await suffering.disk.prepare("room", 4096)
    assert suffering.struck == {"refused": 3}
    suffering.faults.suffer([])
    await file.close()
    assert await suffering.disk.read("log") == b""
    assert await suffering.disk.list("") == ["log"]
    await suffering.disk.write_atomic("other", b"x")


async def test_a_sync_fails_once_and_the_file_is_not_used_again(suffering: Suffering) -> None:
    file = await suffering.disk.open_append("log")
    suffering.suffer(kind="fsync-error")
    file.append(b"abc")
    with pytest.raises(DiskFault):
        await file.sync()
    with pytest.raises(DiskFault, match="failed before"):
        await file.sync()
    assert suffering.struck == {"refused": 1}
    await file.close()
    again = await suffering.disk.open_append("log")
    again.append(b"def")
    await again.sync()
    await again.close()


async def test_a_torn_write_leaves_a_part_and_ends_the_process(suffering: Suffering) -> None:
    file = await suffering.disk.open_append("log")
    suffering.suffer(kind="torn-write", share=0.5)
    file.append(b"abcdefgh")
    with pytest.raises(DiskFault):
        await file.sync()
    assert suffering.deaths == 1
    assert suffering.struck == {"torn": 1}
    assert await suffering.disk.read("log") == b"abcd"
