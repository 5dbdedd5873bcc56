"""PodFiles on the machine's disk: ``<root>/<uid>/...``.

Work is done in a thread, so that a slow disk does not stop the node's loop. Must not know: pods'
specs. Source for the layout and the atomic swap: Kubernetes' kubelet volume directories.
"""

import asyncio
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ParamSpec, TypeVar

from actors.kubelet.files import atomic_volume
from actors.kubelet.pod_files import FilesFault
from actors.kubelet.volumes import FileEntry

P = ParamSpec("P")
T = TypeVar("T")
MOUNT_SECONDS = 10.0


class HostFiles:
    """``root``: absolute path of the node's pods directory."""

    def __init__(self, root: str) -> None:
        self._root = Path(root)

    async def make_directory(self, uid: str, plugin: str, name: str, group: int | None) -> str:
        return await self._run(self._make_directory, self._volume(uid, plugin, name), group)

    async def make_tmpfs(
        self, uid: str, plugin: str, name: str, group: int | None, size: int
    ) -> str:
        path = self._volume(uid, plugin, name)
        await self._run(self._mount_tmpfs, path, size)
        return await self._run(self._make_directory, path, group)

    async def write_volume(
        self,
        uid: str,
        plugin: str,
        name: str,
        files: Mapping[str, FileEntry],
        group: int | None,
    ) -> str:
        path = self._volume(uid, plugin, name)
        await self._run(atomic_volume.write, path, dict(files), group)
        return str(path)

    async def host_path(self, path: str, kind: str) -> str:
        return await self._run(check_host_path, path, kind)

    async def sub_path(self, root: str, path: str) -> str:
        return await self._run(safe_sub_path, root, path)

    async def write_file(self, uid: str, name: str, data: bytes, mode: int) -> str:
        return await self._run(write_plain, self._pod(uid) / name, data, mode)

    async def read_file(self, uid: str, name: str, size_max: int) -> bytes:
        return await self._run(read_end, self._pod(uid) / name, size_max)

    async def host_resolver(self) -> str:
        path = Path("/etc/resolv.conf")
        data = await self._run(read_end, path, 1 << 16)
        return data.decode(errors="replace")

    async def pods(self) -> list[str]:
        return await self._run(self._pods)

    async def remove_pod(self, uid: str) -> None:
        await self._run(remove_tree, self._pod(uid))

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await asyncio.to_thread(work, *args, **kwargs)
        except (OSError, subprocess.SubprocessError) as error:
            raise FilesFault(str(error)) from error

    def _pod(self, uid: str) -> Path:
        if "/" in uid or uid in ("", ".", ".."):
            raise FilesFault(f"{uid!r} is no pod uid")
        return self._root / uid

    def _volume(self, uid: str, plugin: str, name: str) -> Path:
        return self._pod(uid) / "volumes" / plugin / name

    def _pods(self) -> list[str]:
        try:
            return sorted(os.listdir(self._root))
        except FileNotFoundError:
            return []

    def _make_directory(self, path: Path, group: int | None) -> str:
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o777)
        if group is not None:
            os.chown(path, -1, group)
            path.chmod(0o777 | stat.S_ISGID)
        return str(path)

    def _mount_tmpfs(self, path: Path, size: int) -> None:
        path.mkdir(parents=True, exist_ok=True)
        if os.path.ismount(path):
            return
        options = ["-o", f"size={size}"] if size else []
        command = ["mount", "-t", "tmpfs", *options, "tmpfs", str(path)]
        run_command(command)


def run_command(command: list[str]) -> None:
    """Raises OSError with what it said."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=MOUNT_SECONDS, check=False
    )
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")


# hostPath.type → (test of the mode bits, words)
TYPE_TESTS: dict[str, tuple[Callable[[int], bool], str]] = {
    "Directory": (stat.S_ISDIR, "a directory"),
    "DirectoryOrCreate": (stat.S_ISDIR, "a directory"),
    "File": (stat.S_ISREG, "a file"),
    "FileOrCreate": (stat.S_ISREG, "a file"),
    "Socket": (stat.S_ISSOCK, "a socket file"),
    "CharDevice": (stat.S_ISCHR, "a character device"),
    "BlockDevice": (stat.S_ISBLK, "a block device"),
}


def check_host_path(path: str, kind: str) -> str:
    """As core/v1 HostPathType; '' makes no check, but the engine needs something to mount."""
    target = Path(path)
    if kind in ("DirectoryOrCreate", "") and not target.exists():
        target.mkdir(mode=0o755, parents=True)
    if kind == "FileOrCreate" and not target.exists():
        target.touch(mode=0o644)
    if kind in TYPE_TESTS:
        test, words = TYPE_TESTS[kind]
        if not target.exists() or not test(target.stat().st_mode):
            raise FilesFault(f"hostPath type check failed: {path} is not {words}")
    return path


def safe_sub_path(root: str, path: str) -> str:
    """Symbolic links inside the volume may not lead out of it."""
    base = Path(root).resolve()
    target = (base / path).resolve()
    if target != base and base not in target.parents:
        raise FilesFault(f"subPath {path!r} leads out of its volume")
    if not target.exists():
        target.mkdir(parents=True, mode=0o777)
        target.chmod(0o777)
    return str(target)


def write_plain(path: Path, data: bytes, mode: int) -> str:
    """In place, so that a mounted file shows the change."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)
    return str(path)


def read_end(path: Path, size_max: int) -> bytes:
    """The file's last bytes."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - size_max))
            return file.read(size_max)
    except FileNotFoundError:
        return b""


def remove_tree(path: Path) -> None:
    """Unmount what is mounted below, then remove; never follows a mount."""
    if not path.exists():
        return
    with open("/proc/self/mounts", encoding="utf-8") as file:
        mounted = [line.split(" ")[1] for line in file]
    for point in sorted(mounted, reverse=True):
        if point.startswith(f"{path}/"):
            run_command(["umount", point])
    shutil.rmtree(path)
