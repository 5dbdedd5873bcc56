"""What the real disk does beyond the conformance suite (``tests/backends/test_disk.py``)."""

import errno
from pathlib import Path

import pytest

from actors.kit.world import real_disk
from actors.kit.world.disk import DiskFault
from actors.kit.world.real_disk import RealDisk


async def test_a_name_whose_sync_failed_is_durable_once_the_file_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new name can be seen, but a loss of power might take it away with all that is written
    to the file until then."""
    disk = RealDisk(tmp_path)
    await disk.write_atomic("raft/next", b"zeros")
    synced: list[Path] = []
    sync_directory = real_disk._sync_directory

    def failing(path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error", str(path))

    def watched(path: Path) -> None:
        sync_directory(path)
        synced.append(path)

    monkeypatch.setattr(real_disk, "_sync_directory", failing)
    with pytest.raises(DiskFault):
        await disk.rename("raft/next", "raft/log-1")
    assert await disk.list("raft/") == ["raft/log-1"]
    with pytest.raises(DiskFault):
        await disk.open_append("raft/log-1", 0)
    monkeypatch.setattr(real_disk, "_sync_directory", watched)
    file = await disk.open_append("raft/log-1", 0)
    assert synced == [tmp_path / "raft"]
    await file.close()
