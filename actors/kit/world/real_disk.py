"""The real disk: files below one directory, all blocking calls in threads.

A file open for appending has one thread of its own, so its writes and syncs keep their order and a
slow sync of one file stops no other. Must not know: what the bytes mean.
"""

import asyncio
import errno
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from actors.kit.world.disk import AppendFile, DiskFault, DiskFull, check_path
from actors.kit.world.file_thread import FileThread
from actors.kit.world.storage_faults import StorageFaults

T = TypeVar("T")

TEMPORARY_SUFFIX = ".tmp~"
# Zeros written between two syncs while a file is prepared: few enough not to hold up the syncs of
# others much.
PREPARE_STRIDE_BYTES = 1024 * 1024
# Up to here one joined write is as quick as a vector of buffers (measured with 1 KiB buffers); more
# would be copied needlessly.
JOINED_BYTES_MAX = 1024 * 1024
VECTOR_BUFFERS_MAX = 1024  # Linux' IOV_MAX
FULL = (errno.ENOSPC, errno.EDQUOT)


class RealDisk:
    """A ``Disk`` below ``root``, which is made if it is missing."""

    def __init__(self, root: Path, faults: StorageFaults | None = None) -> None:
        self._root = root
        self._faults = faults or StorageFaults()
        # One that a crashed actor began must not end over one begun later.
        self._preparing = threading.Lock()
        _make_directory(Path(root.anchor), root.absolute())

    async def read(self, path: str) -> bytes | None:
        """The file's bytes, None if there is none."""
        return await asyncio.to_thread(_guard, lambda: _read(self._at(path)))

    async def read_at(self, path: str, offset: int, count: int) -> bytes | None:
        """Bytes from the middle of a file."""
        target = self._at(path)
        return await asyncio.to_thread(_guard, lambda: _read_at(target, offset, count), str(target))

    async def write_atomic(self, path: str, data: bytes) -> None:
        """Write beside, sync, rename over, sync the directory."""
        target = self._at(path)

        def write(fd: int) -> None:
            self._faults.before_write(fd, [data], 0)
            _write_all(fd, [data], 0)
            self._faults.before_sync()
            os.fsync(fd)

        await _uninterrupted(lambda: _make(self._root, target, write))

    async def rename(self, old: str, new: str) -> None:
        """Rename and sync the directories."""
        source, target = self._at(old), self._at(new)
        await _uninterrupted(lambda: _rename(self._root, source, target))

    async def remove(self, path: str) -> None:
        """Unlink and sync the directory."""
        target = self._at(path)
        await _uninterrupted(lambda: _remove(target))

    async def list(self, prefix: str) -> list[str]:
        """Paths of all files that begin with ``prefix``, sorted."""
        return await asyncio.to_thread(_guard, lambda: _list(self._root, prefix))

    def locate(self, path: str) -> str:
        """Its absolute path."""
        return str(self._at(path))

    def prepare(self, path: str, size: int) -> "asyncio.Future[None]":
        """Write zeros beside, a stride at a time, then rename."""
        target = self._at(path)

        def write(fd: int) -> None:
            self._faults.before_room()
            _write_zeros(fd, size)

        def work() -> None:
            with self._preparing:
                _guard(lambda: _make(self._root, target, write))

        return asyncio.get_running_loop().run_in_executor(None, work)

    async def open_append(self, path: str, end: int | None = None) -> AppendFile:
        """Open for appending, with a thread of its own."""
        target = self._at(path)
        fd, size = await asyncio.to_thread(_guard, lambda: _open(self._root, target))
        if end is not None and end > size:
            os.close(fd)
            raise ValueError(f"{target} ends at {size}, before {end}")
        return RealAppendFile(fd, size if end is None else end, str(target), self._faults)

    def _at(self, path: str) -> Path:
        return self._root / check_path(path)


class RealAppendFile:
    """An ``AppendFile`` over a descriptor. Appends gather in memory until the next ``sync``, which
    writes and syncs them in this file's thread: one system call for a whole group commit."""

    def __init__(self, fd: int, size: int, path: str, faults: StorageFaults) -> None:
        self._fd = fd
        self._faults = faults
        self._size = size
        self._path = path
        self._pending: list[bytes] = []
        self._written = size
        self._failed: DiskFault | None = None
        self._closed = False
        self._thread = FileThread(f"append {path}")

    @property
    def size(self) -> int:
        """The end, with what is not yet synced."""
        return self._size

    def append(self, *pieces: bytes) -> None:
        """Add at the end."""
        self._check()
        self._pending.extend(pieces)
        self._size += sum(map(len, pieces))

    async def sync(self, behind: bytes = b"") -> None:
        """Write what gathered and what comes behind it, then fdatasync."""
        pieces, offset = self._take()
        pieces.append(behind)
        await self._in_thread(lambda: self._write_and_sync(pieces, offset))

    async def truncate(self, size: int) -> None:
        """Write what gathered, cut, then fdatasync."""
        if size > self._size:
            raise ValueError(f"cannot truncate {self._path} from {self._size} to {size} bytes")
        pieces, offset = self._take()
        self._size = self._written = size
        await self._in_thread(lambda: self._write_and_truncate(pieces, offset, size))

    async def close(self) -> None:
        """Write what gathered (without a sync) unless the file failed, and release it."""
        if self._closed:
            return
        pieces, offset = self._take()
        try:
            if self._failed is None and pieces:
                await self._in_thread(lambda: _write_all(self._fd, pieces, offset))
        finally:
            self._closed = True
            closing = self._thread.do(lambda: os.close(self._fd))
            self._thread.end()
            # What an earlier, cancelled sync still does is over by then.
            await asyncio.wait([closing])

    def _write_and_sync(self, pieces: Sequence[bytes], offset: int) -> None:
        self._faults.before_write(self._fd, pieces, offset)
        _write_all(self._fd, pieces, offset)
        self._faults.before_sync()
        os.fdatasync(self._fd)

    def _write_and_truncate(self, pieces: Sequence[bytes], offset: int, size: int) -> None:
        self._faults.before_write(self._fd, pieces, offset)
        _write_all(self._fd, pieces, offset)
        os.ftruncate(self._fd, size)
        self._faults.before_sync()
        os.fdatasync(self._fd)

    def _take(self) -> tuple[list[bytes], int]:
        """What gathered, and where it belongs."""
        pieces, self._pending = self._pending, []
        offset, self._written = self._written, self._size
        return pieces, offset

    def _check(self) -> None:
        if self._failed is not None:
            raise DiskFault(f"{self._path}: failed before") from self._failed
        if self._closed:
            raise DiskFault(f"{self._path}: closed")

    async def _in_thread(self, work: Callable[[], None]) -> None:
        """Run in this file's thread. A cancelled asker loses no appended bytes."""
        self._check()
        await self._thread.do(lambda: self._attempt(work))

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
        kind = DiskFull if error.errno in FULL else DiskFault
        raise kind(f"{error.filename or path}: {error.strerror}") from error


async def _uninterrupted(work: Callable[[], None]) -> None:
    """Run in a thread. Who is cancelled meanwhile waits for its end all the same: it must not come
    to pass later, when somebody else is at work on the files."""
    future = asyncio.get_running_loop().run_in_executor(None, _guard, work)
    try:
        await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        future.exception()
        raise


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _read_at(path: Path, offset: int, count: int) -> bytes | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return os.pread(fd, count, offset)
    finally:
        os.close(fd)


def _write_all(fd: int, pieces: Sequence[bytes], offset: int) -> None:
    if sum(map(len, pieces)) <= JOINED_BYTES_MAX:
        _write(fd, b"".join(pieces), offset)
        return
    for first in range(0, len(pieces), VECTOR_BUFFERS_MAX):
        batch = pieces[first : first + VECTOR_BUFFERS_MAX]
        size = sum(map(len, batch))
        written = os.pwritev(fd, batch, offset)
        if written < size:
            _write(fd, b"".join(batch)[written:], offset + written)
        offset += size


def _write(fd: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        view = view[written:]
        offset += written


def _write_zeros(fd: int, size: int) -> None:
    if size:
        # Tells at once if there is no room, and keeps the file in one place.
        os.posix_fallocate(fd, 0, size)
    zeros = bytes(min(size, PREPARE_STRIDE_BYTES))
    for offset in range(0, size, PREPARE_STRIDE_BYTES):
        _write(fd, zeros[: size - offset], offset)
        os.fdatasync(fd)
    os.fsync(fd)


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


def _make(root: Path, target: Path, write: Callable[[int], None]) -> None:
    """Let a file be written (and synced) beside ``target`` and take its place."""
    _make_directory(root, target.parent)
    temporary = target.with_name(target.name + TEMPORARY_SUFFIX)
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            write(fd)
        finally:
            os.close(fd)
        temporary.rename(target)
    except OSError as error:
        # On a full disk it would take the room that the next try needs.
        temporary.unlink(missing_ok=True)
        error.filename = error.filename or str(target)
        raise
    _sync_directory(target.parent)


def _rename(root: Path, source: Path, target: Path) -> None:
    _make_directory(root, target.parent)
    source.rename(target)
    _sync_directory(target.parent)
    if source.parent != target.parent:
        _sync_directory(source.parent)


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
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _sync_directory(path.parent)
        return fd, os.fstat(fd).st_size
    except OSError:
        os.close(fd)
        raise
