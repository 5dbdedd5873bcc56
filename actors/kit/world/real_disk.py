"""The real disk: files below one directory, all blocking calls in threads.

An append-only file has one thread of its own, so its writes and syncs keep their order and a slow
sync of one file stops no other. Must not know: what the bytes mean.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from actors.kit.world.disk import AppendFile, DiskFault, check_path

T = TypeVar("T")

TEMPORARY_SUFFIX = ".tmp~"


class RealDisk:
    """A ``Disk`` below ``root``, which is made if it is missing."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    async def read(self, path: str) -> bytes | None:
        """The file's bytes, None if there is none."""
        return await asyncio.to_thread(_guard, lambda: _read(self._at(path)))

    async def write_atomic(self, path: str, data: bytes) -> None:
        """Write beside, sync, rename over, sync the directory."""
        target = self._at(path)
        await asyncio.shield(
            asyncio.to_thread(_guard, lambda: _write_atomic(self._root, target, data))
        )

    async def remove(self, path: str) -> None:
        """Unlink and sync the directory."""
        await asyncio.shield(asyncio.to_thread(_guard, lambda: _remove(self._at(path))))

    async def list(self, prefix: str) -> list[str]:
        """Paths of all files that begin with ``prefix``, sorted."""
        return await asyncio.to_thread(_guard, lambda: _list(self._root, prefix))

    def locate(self, path: str) -> str:
        """Its absolute path."""
        return str(self._at(path))

    async def open_append(self, path: str) -> AppendFile:
        """Open for appending, with a thread of its own."""
        target = self._at(path)
        fd, size = await asyncio.to_thread(_guard, lambda: _open(self._root, target))
        return RealAppendFile(fd, size, str(target))

    def _at(self, path: str) -> Path:
        return self._root / check_path(path)


class RealAppendFile:
    """An ``AppendFile`` over a descriptor. Appends gather in memory until the next ``sync``, which
    writes and syncs them in this file's thread: one system call for a whole group commit."""

    def __init__(self, fd: int, size: int, path: str) -> None:
        self._fd = fd
        self._size = size
        self._path = path
        self._pending: list[bytes] = []
        self._failed: DiskFault | None = None
        self._closed = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="append")

    @property
    def size(self) -> int:
        """Bytes, with those not yet synced."""
        return self._size

    def append(self, data: bytes) -> None:
        """Add at the end."""
        self._check()
        self._pending.append(data)
        self._size += len(data)

    async def sync(self) -> None:
        """Write what gathered, then fdatasync."""
        data = b"".join(self._pending)
        self._pending.clear()
        await self._in_thread(lambda: _write_and_sync(self._fd, data))

    async def truncate(self, size: int) -> None:
        """Write what gathered, cut, then fdatasync."""
        if size > self._size:
            raise ValueError(f"cannot truncate {self._path} from {self._size} to {size} bytes")
        data = b"".join(self._pending)
        self._pending.clear()
        self._size = size
        await self._in_thread(lambda: _write_and_truncate(self._fd, data, size))

    async def close(self) -> None:
        """Write what gathered (without a sync) unless the file failed, and release it."""
        if self._closed:
            return
        data = b"".join(self._pending)
        self._pending.clear()
        try:
            if self._failed is None and data:
                await self._in_thread(lambda: _write_all(self._fd, data))
        finally:
            self._closed = True
            self._thread.shutdown(wait=True)
            os.close(self._fd)

    def _check(self) -> None:
        if self._failed is not None:
            raise DiskFault(f"{self._path}: failed before") from self._failed
        if self._closed:
            raise DiskFault(f"{self._path}: closed")

    async def _in_thread(self, work: Callable[[], None]) -> None:
        """Run in this file's thread. Shielded: a cancelled asker must not lose appended bytes."""
        self._check()
        loop = asyncio.get_running_loop()
        await asyncio.shield(loop.run_in_executor(self._thread, self._attempt, work))

    def _attempt(self, work: Callable[[], None]) -> None:
        if self._failed is not None:
            raise DiskFault(f"{self._path}: failed before") from self._failed
        try:
            _guard(work, self._path)
        except DiskFault as fault:
            self._failed = fault
            raise


def _guard(work: Callable[[], T], path: str = "") -> T:
    """Run it; the operating system's errors become DiskFault. ``path``: the file, where the system
    does not say it."""
    try:
        return work()
    except OSError as error:
        raise DiskFault(f"{error.filename or path}: {error.strerror}") from error


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _write_and_sync(fd: int, data: bytes) -> None:
    _write_all(fd, data)
    os.fdatasync(fd)


def _write_and_truncate(fd: int, data: bytes, size: int) -> None:
    _write_all(fd, data)
    os.ftruncate(fd, size)
    os.fdatasync(fd)


def _sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _make_directory(root: Path, directory: Path) -> None:
    """Make missing directories, each durably entered in its parent."""
    missing: list[Path] = []
    while directory != root and not directory.is_dir():
        missing.append(directory)
        directory = directory.parent
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        _sync_directory(path.parent)


def _write_atomic(root: Path, target: Path, data: bytes) -> None:
    _make_directory(root, target.parent)
    temporary = target.with_name(target.name + TEMPORARY_SUFFIX)
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            _write_all(fd, data)
            os.fsync(fd)
        finally:
            os.close(fd)
        temporary.rename(target)
    except OSError as error:
        # On a full disk it would take the room that the next try needs.
        temporary.unlink(missing_ok=True)
        error.filename = error.filename or str(target)
        raise
    _sync_directory(target.parent)


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except FileNotFoundError:
        return
    _sync_directory(path.parent)


def _list(root: Path, prefix: str) -> list[str]:
    found = (
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and not path.name.endswith(TEMPORARY_SUFFIX)
    )
    return sorted(path for path in found if path.startswith(prefix))


def _open(root: Path, path: Path) -> tuple[int, int]:
    _make_directory(root, path.parent)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    _sync_directory(path.parent)
    return fd, os.fstat(fd).st_size
