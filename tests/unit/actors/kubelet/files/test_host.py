"""Pods' directories on a real disk."""

import os
import stat
from pathlib import Path

import pytest

from actors.kubelet.files.host import HostFiles
from actors.kubelet.pod_files import FilesFault
from actors.kubelet.volumes import FileEntry


async def test_empty_directory_is_kept_and_open_to_all(tmp_path: Path) -> None:
    files = HostFiles(str(tmp_path))
    path = await files.make_directory("u", "kubernetes.io~empty-dir", "data", None)
    assert path == f"{tmp_path}/u/volumes/kubernetes.io~empty-dir/data"
    Path(path, "x").write_text("kept")
    assert await files.make_directory("u", "kubernetes.io~empty-dir", "data", None) == path
    assert Path(path, "x").read_text() == "kept"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o777


async def test_pods_and_their_removal(tmp_path: Path) -> None:
    files = HostFiles(str(tmp_path / "pods"))
    assert await files.pods() == []
    await files.write_file("u", "containers/main/0/termination-log", b"x" * 10, 0o666)
    assert await files.pods() == ["u"]
    assert await files.read_file("u", "containers/main/0/termination-log", 4) == b"xxxx"
    assert await files.read_file("u", "none", 4) == b""
    await files.remove_pod("u")
    await files.remove_pod("u")
    assert await files.pods() == []


async def test_sub_paths_stay_inside(tmp_path: Path) -> None:
    files = HostFiles(str(tmp_path / "pods"))
    root = tmp_path / "volume"
    root.mkdir()
    assert await files.sub_path(str(root), "a/b") == f"{root}/a/b"
    assert (root / "a" / "b").is_dir()
    (root / "out").symlink_to("/etc")
    with pytest.raises(FilesFault, match="leads out"):
        await files.sub_path(str(root), "out/passwd")
    with pytest.raises(FilesFault, match="leads out"):
        await files.sub_path(str(root), "../x")


async def test_host_paths(tmp_path: Path) -> None:
    files = HostFiles(str(tmp_path / "pods"))
    await files.host_path(f"{tmp_path}/made", "DirectoryOrCreate")
    await files.host_path(f"{tmp_path}/made", "Directory")
    await files.host_path(f"{tmp_path}/file", "FileOrCreate")
    with pytest.raises(FilesFault, match="is not a directory"):
        await files.host_path(f"{tmp_path}/file", "Directory")
    with pytest.raises(FilesFault, match="is not a file"):
        await files.host_path(f"{tmp_path}/none", "File")
    with pytest.raises(FilesFault, match="is not a socket"):
        await files.host_path(f"{tmp_path}/file", "Socket")


async def test_uids_are_no_paths(tmp_path: Path) -> None:
    with pytest.raises(FilesFault, match="no pod uid"):
        await HostFiles(str(tmp_path)).remove_pod("../etc")


async def test_generated_volume(tmp_path: Path) -> None:
    files = HostFiles(str(tmp_path))
    entries = {"a": FileEntry(b"1", 0o644)}
    path = await files.write_volume("u", "kubernetes.io~configmap", "c", entries, None)
    assert Path(path, "a").read_bytes() == b"1"
