"""A disk in memory that knows which bytes are synced: it can lose power, tear a tail, and fail.

Model: names of files and atomic writes are durable when their call returns; appended bytes are
durable after ``sync``; a crash keeps of the rest a random prefix. Must not know: what runs on it.
"""

import asyncio
import os
from dataclasses import dataclass, field

from actors.kit.world.disk import AppendFile, DiskFault, check_path
from actors.kit.world.entropy import Entropy


@dataclass
class _File:
    synced: bytearray = field(default_factory=bytearray)
    # Handed to the kernel or the process, not to the platter.
    unsynced: bytearray = field(default_factory=bytearray)

    def content(self) -> bytes:
        return bytes(self.synced + self.unsynced)


@dataclass
class _Fault:
    operation: str
    number: int
    prefix: str
    count: int


class SimDisk:
    """A ``Disk`` in memory. ``sync_latency``: seconds that each sync or atomic write takes."""

    def __init__(self, sync_latency: float = 0.0) -> None:
        self.sync_latency = sync_latency
        self._files: dict[str, _File] = {}
        self._faults: list[_Fault] = []
        self.generation = 0

    def inject(self, operation: str, number: int, prefix: str = "", count: int = 1) -> None:
        """Let the next ``count`` operations on paths with ``prefix`` fail with errno ``number``.

        ``operation``: read, write, sync, remove or open.
        """
        self._faults.append(_Fault(operation, number, prefix, count))

    def crash(self, entropy: Entropy) -> None:
        """Lose power: of each file's unsynced bytes a random prefix stays; open files are dead."""
        self.generation += 1
        for path in sorted(self._files):
            file = self._files[path]
            keep = int(entropy.random() * (len(file.unsynced) + 1))
            file.synced += file.unsynced[:keep]
            file.unsynced.clear()

    async def read(self, path: str) -> bytes | None:
        """The file's bytes, None if there is none."""
        self.check("read", check_path(path))
        file = self._files.get(path)
        return None if file is None else file.content()

    def locate(self, path: str) -> str:
        """The path itself: there is no other."""
        return path

    async def write_atomic(self, path: str, data: bytes) -> None:
        """Replace the file once the latency has passed."""
        check_path(path)
        await self.settle()
        self.check("write", path)
        self._files[path] = _File(synced=bytearray(data))

    async def remove(self, path: str) -> None:
        """Forget the file."""
        self.check("remove", check_path(path))
        self._files.pop(path, None)

    async def list(self, prefix: str) -> list[str]:
        """Paths of all files that begin with ``prefix``, sorted."""
        return sorted(path for path in self._files if path.startswith(prefix))

    async def open_append(self, path: str) -> AppendFile:
        """Open for appending."""
        self.check("open", check_path(path))
        return SimAppendFile(self, self._files.setdefault(path, _File()), path)

    async def settle(self) -> None:
        """Wait as long as the platter takes. Raises DiskFault if power was lost meanwhile."""
        generation = self.generation
        if self.sync_latency:
            await asyncio.sleep(self.sync_latency)
        if generation != self.generation:
            raise DiskFault("power lost")

    def check(self, operation: str, path: str) -> None:
        """Raises DiskFault if a fault was injected for this."""
        for fault in self._faults:
            if fault.operation == operation and path.startswith(fault.prefix) and fault.count:
                fault.count -= 1
                raise DiskFault(f"{path}: {os.strerror(fault.number)}")


class SimAppendFile:
    """An ``AppendFile`` of a SimDisk."""

    def __init__(self, disk: SimDisk, file: _File, path: str) -> None:
        self._disk = disk
        self._file = file
        self._path = path
        self._generation = disk.generation
        self._failed = False

    @property
    def size(self) -> int:
        """Bytes, with those not yet synced."""
        return len(self._file.synced) + len(self._file.unsynced)

    def append(self, data: bytes) -> None:
        """Add at the end."""
        self._check()
        self._file.unsynced += data

    async def sync(self) -> None:
        """What was appended before this call is durable once the latency has passed."""
        self._check()
        count = len(self._file.synced) + len(self._file.unsynced)
        await self._settle()
        moved = max(0, count - len(self._file.synced))
        self._file.synced += self._file.unsynced[:moved]
        del self._file.unsynced[:moved]

    async def truncate(self, size: int) -> None:
        """Cut, durably."""
        self._check()
        if size > self.size:
            raise ValueError(f"cannot truncate {self._path} from {self.size} to {size} bytes")
        await self._settle()
        self._file.synced[:] = self._file.content()[:size]
        self._file.unsynced.clear()

    async def close(self) -> None:
        """Release it; what was not synced stays so."""
        self._failed = True

    async def _settle(self) -> None:
        await self._disk.settle()
        self._check()
        try:
            self._disk.check("sync", self._path)
        except DiskFault:
            self._failed = True
            raise

    def _check(self) -> None:
        if self._failed or self._generation != self._disk.generation:
            raise DiskFault(f"{self._path}: failed before, or closed")
