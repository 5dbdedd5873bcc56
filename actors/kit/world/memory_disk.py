"""A disk in memory that knows which bytes are on the platter: it can lose power, tear what was not
synced, run full, fail, and rot.

Model: appended bytes are durable after ``sync``; names of files, atomic writes and prepared files
when their call returns. A power cut during such a call leaves it done or not; of unsynced bytes it
leaves a prefix, or of each 512-byte sector the new content or the old. Bytes of a failed sync stay
readable but never become durable, as pages that the kernel calls clean. Must not know: what runs on
it.
"""

import asyncio
import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from actors.kit.world.disk import AppendFile, DiskFault, DiskFull, check_path
from actors.kit.world.entropy import Entropy
from actors.kit.world.memory_file import MemoryFile

Loss = Literal["any", "prefix", "sectors"]


@dataclass
class _Fault:
    operation: str
    number: int
    prefix: str
    count: int


class SimDisk:
    """A ``Disk`` in memory. ``sync_latency``: seconds that each sync or other durable change takes.
    ``capacity``: bytes of all files together, None for no bound. ``full``: nothing can be written,
    whatever there is. All may be set at any time."""

    def __init__(self, sync_latency: float = 0.0, capacity: int | None = None) -> None:
        self.sync_latency = sync_latency
        self.capacity = capacity
        self.full = False
        self.refused = 0
        self._tear: tuple[float, Callable[[], None]] | None = None
        self._files: dict[str, MemoryFile] = {}
        self._faults: list[_Fault] = []
        # Durable changes whose callers still wait.
        self._underway: list[Callable[[], None]] = []
        self.generation = 0

    def inject(self, operation: str, number: int, prefix: str = "", count: int = 1) -> None:
        """Let the next ``count`` operations on paths with ``prefix`` fail with errno ``number``.

        ``operation``: read, write (atomic, or preparing), sync, rename, remove or open.
        """
        self._faults.append(_Fault(operation, number, prefix, count))

    def pardon(self) -> None:
        """No operation fails that has not failed yet."""
        self._faults.clear()

    def tear(self, share: float, died: Callable[[], None]) -> None:
        """Of what the next sync writes only that share reaches the platter, then the machine stands
        still; ``died`` is told."""
        self._tear = (share, died)

    def untear(self) -> bool:
        """The next sync is whole after all. False if it was torn already."""
        torn, self._tear = self._tear is None, None
        return not torn

    def damage(self, path: str, offset: int, mask: int = 1) -> None:
        """Flip bits of the byte at ``offset``, as a platter that rots."""
        self._files[path].flip(offset, mask)

    def crash(self, entropy: Entropy, loss: Loss = "any") -> None:
        """Lose power: see the module. ``loss`` any: each file draws its way. Open files die."""
        self.generation += 1
        for change in self._underway:
            if entropy.random() < 0.5:
                change()
        self._underway.clear()
        for path in sorted(self._files):
            drawn = loss if loss != "any" else entropy.choice(("prefix", "sectors"))
            self._files[path].lose_power(entropy, by_sectors=drawn == "sectors")

    def copy(self) -> "SimDisk":
        """Another disk with the same content, synced and not."""
        other = SimDisk(self.sync_latency, self.capacity)
        other._files = {path: file.copy() for path, file in self._files.items()}
        return other

    @property
    def used(self) -> int:
        """Bytes of all files together."""
        return sum(file.length for file in self._files.values())

    async def read(self, path: str) -> bytes | None:
        """The file's bytes, None if there is none."""
        self.check("read", check_path(path))
        file = self._files.get(path)
        return None if file is None else file.content()

    async def read_at(self, path: str, offset: int, count: int) -> bytes | None:
        """Bytes from the middle of a file."""
        self.check("read", check_path(path))
        file = self._files.get(path)
        return None if file is None else file.content(offset, offset + count)

    def locate(self, path: str) -> str:
        """The path itself: there is no other."""
        return path

    async def write_atomic(self, path: str, data: bytes) -> None:
        """Replace the file once the latency has passed."""
        check_path(path)
        file = MemoryFile(bytearray(data))

        def change() -> None:
            self._files[path] = file

        self._reserve(path, len(data))
        await self._settle_change("write", path, change)

    async def rename(self, old: str, new: str) -> None:
        """Move the file once the latency has passed."""
        check_path(new)
        if check_path(old) not in self._files:
            raise DiskFault(f"{old}: {os.strerror(errno.ENOENT)}")

        def change() -> None:
            if old in self._files:
                self._files[new] = self._files.pop(old)

        await self._settle_change("rename", old, change)

    async def remove(self, path: str) -> None:
        """Forget the file once the latency has passed."""
        if check_path(path) not in self._files:
            return
        await self._settle_change("remove", path, lambda: self._forget(path))

    async def list(self, prefix: str) -> list[str]:
        """Paths of all files that begin with ``prefix``, sorted."""
        return sorted(path for path in self._files if path.startswith(prefix))

    def prepare(self, path: str, size: int) -> "asyncio.Future[None]":
        """The file is there at once, and durable once the latency has passed."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        try:
            self.check("write", check_path(path))
            self._reserve(path, size)
        except DiskFault as fault:
            future.set_exception(fault)
            return future
        self._files[path] = MemoryFile(bytearray(), size)
        generation = self.generation

        def vanish() -> None:
            self._forget(path)

        def finish() -> None:
            if vanish in self._underway:
                self._underway.remove(vanish)
            if future.done():
                return
            if generation != self.generation:
                future.set_exception(DiskFault("power lost"))
            else:
                future.set_result(None)

        if self.sync_latency:
            self._underway.append(vanish)
            loop.call_later(self.sync_latency, finish)
        else:
            finish()
        return future

    async def open_append(self, path: str, end: int | None = None) -> AppendFile:
        """Open for appending."""
        self.check("open", check_path(path))
        file = self._files.setdefault(path, MemoryFile(bytearray()))
        if end is not None and end > file.length:
            raise ValueError(f"{path} ends at {file.length}, before {end}")
        return SimAppendFile(self, file, path, file.length if end is None else end)

    async def settle(self) -> None:
        """Wait as long as the platter takes. Raises DiskFault if power was lost meanwhile."""
        generation = self.generation
        if self.sync_latency:
            await asyncio.sleep(self.sync_latency)
        if generation != self.generation:
            raise DiskFault("power lost")

    async def _settle_change(self, operation: str, path: str, change: Callable[[], None]) -> None:
        self._underway.append(change)
        try:
            await self.settle()
            self.check(operation, path)
            change()
        finally:
            if change in self._underway:
                self._underway.remove(change)

    def check(self, operation: str, path: str) -> None:
        """Raises DiskFault if a fault was injected for this."""
        if self.full and operation in ("write", "sync"):
            self.refused += 1
            raise _fault(path, errno.ENOSPC)
        for fault in self._faults:
            if fault.operation == operation and path.startswith(fault.prefix) and fault.count:
                fault.count -= 1
                self.refused += 1
                raise _fault(path, fault.number)

    def check_tear(self, file: MemoryFile, written: int) -> None:
        """Raises DiskFault if this sync is the one to be torn."""
        if self._tear is None:
            return
        (share, died), self._tear = self._tear, None
        file.tear(written, share)
        self.generation += 1
        died()
        raise DiskFault("power lost")

    def check_room(self, path: str, file: MemoryFile) -> None:
        """Raises DiskFull if the file has grown to more than fits."""
        if file.has_grown and self.capacity is not None and self.used > self.capacity:
            raise _fault(path, errno.ENOSPC)

    def _reserve(self, path: str, size: int) -> None:
        """Raises DiskFull if ``size`` bytes more do not fit."""
        if self.capacity is not None and self.used + size > self.capacity:
            raise _fault(path, errno.ENOSPC)

    def _forget(self, path: str) -> None:
        self._files.pop(path, None)


def _fault(path: str, number: int) -> DiskFault:
    kind = DiskFull if number == errno.ENOSPC else DiskFault
    return kind(f"{path}: {os.strerror(number)}")


class SimAppendFile:
    """An ``AppendFile`` of a SimDisk."""

    def __init__(self, disk: SimDisk, file: MemoryFile, path: str, end: int) -> None:
        self._disk = disk
        self._file = file
        self._path = path
        self._end = end
        self._generation = disk.generation
        self._failed = False

    @property
    def size(self) -> int:
        """The end, with what is not yet synced."""
        return self._end

    def append(self, *pieces: bytes) -> None:
        """Add at the end."""
        self._check()
        for piece in pieces:
            self._file.write(self._end, piece)
            self._end += len(piece)

    async def sync(self, behind: bytes = b"") -> None:
        """What was appended before this call, and what comes behind it, is durable once the latency
        has passed."""
        self._check()
        self._file.write(self._end, behind)
        written = self._file.written
        await self._settle(written)
        self._file.harden(written)

    async def truncate(self, size: int) -> None:
        """Cut, durably."""
        self._check()
        if size > self._end:
            raise ValueError(f"cannot truncate {self._path} from {self._end} to {size} bytes")
        written = self._file.written
        await self._settle(written)
        self._file.harden(written)
        self._file.cut(size)
        self._end = size

    async def close(self) -> None:
        """Release it; what was not synced stays so."""
        self._failed = True

    async def _settle(self, written: int) -> None:
        await self._disk.settle()
        self._check()
        self._disk.check_tear(self._file, written)
        try:
            self._disk.check("sync", self._path)
            self._disk.check_room(self._path, self._file)
        except DiskFault:
            self._failed = True
            self._file.give_up(written)
            raise

    def _check(self) -> None:
        if self._failed or self._generation != self._disk.generation:
            raise DiskFault(f"{self._path}: failed before, or closed")
