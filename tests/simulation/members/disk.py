"""A disk of sectors, with a cache before its platter, that can lose power, lie dead, fill and rot.

Job: the ``Disk`` protocol. What was written and not synced is in the cache: a process that dies
leaves it there, a loss of power keeps any subset of its sectors. After a failed sync some pages
count as clean though they never reached the platter ("Can Applications Recover from fsync
Failures?", USENIX ATC 2020). Names and atomic writes are durable when their call returns.
Must not know: what is written.
"""

import asyncio
import random
from collections.abc import Callable

from actors.kit.world.disk import DiskFault, DiskFull
from tests.simulation.members.timeline import Pause


class File:
    """``cache``: what reads show. ``platter``: what a loss of power leaves. ``dirty``: ranges of
    the cache not synced yet. ``lost``: ranges that a failed sync forgot."""

    __slots__ = ("cache", "dirty", "lost", "platter", "syncing")

    def __init__(self, data: bytes = b"") -> None:
        self.cache = bytearray(data)
        self.platter = bytearray(data)
        self.dirty: list[tuple[int, int]] = []
        # Being synced just now: a loss of power may keep any of it.
        self.syncing: list[tuple[int, int]] = []
        self.lost: list[tuple[int, int]] = []

    def write(self, offset: int, data: bytes) -> None:
        """Into the cache."""
        end = offset + len(data)
        if len(self.cache) < offset:
            self.cache += bytes(offset - len(self.cache))
        self.cache[offset:end] = data
        if self.dirty and self.dirty[-1][1] == offset:
            self.dirty[-1] = (self.dirty[-1][0], end)
        else:
            self.dirty.append((offset, end))

    def flush(self, start: int, end: int) -> None:
        """This range reaches the platter."""
        platter = self.platter
        if len(platter) < start:
            platter += bytes(start - len(platter))
        platter[start:end] = self.cache[start:end]

    def sync(self) -> None:
        """All that is dirty reaches the platter."""
        for start, end in self.dirty:
            self.flush(start, end)
        self.dirty.clear()

    def cut(self, size: int) -> None:
        """Both end here."""
        del self.cache[size:]
        del self.platter[size:]
        self.dirty = [(start, min(end, size)) for start, end in self.dirty if start < size]
        self.lost = [(start, min(end, size)) for start, end in self.lost if start < size]

    def lose_power(self, rng: random.Random, size: int) -> bool:
        """Any subset of what is not synced stays, in sectors of ``size`` bytes. True if some was
        lost."""
        sectors = [
            sector
            for start, end in self.syncing + self.dirty
            for sector in range(start // size, (end + size - 1) // size)
        ]
        keep = rng.choice((0.0, 0.5, 0.9, 1.0))
        torn = False
        for sector in sectors:
            if rng.random() < keep:
                start = sector * size
                self.flush(start, min(start + size, len(self.cache)))
            else:
                torn = True
        torn = torn or bool(self.lost)
        self.cache = bytearray(self.platter)
        self.dirty.clear()
        self.syncing = []
        self.lost.clear()
        return torn


class SectorDisk:
    """One host's disk. ``boundary(what)`` is called before and after each operation takes effect,
    and may raise. ``delay()``: seconds that one takes. ``full``: nothing more fits.
    ``fail_syncs``: so many of the next syncs fail. ``offline``: no process uses it now."""

    def __init__(
        self,
        rng: random.Random,
        boundary: Callable[[str], None],
        delay: Callable[[], float],
        sector_bytes: int = 512,
    ) -> None:
        self.sector_bytes = sector_bytes
        self.files: dict[str, File] = {}
        self.full = False
        self.fail_syncs = 0
        self.offline = False
        self.generation = 0
        self.rng = rng
        self._boundary = boundary
        self._delay = delay
        # Prepared files that are not durable yet.
        self._preparing: dict[str, None] = {}

    # -- faults ---------------------------------------------------------------------------------

    def lose_power(self) -> bool:
        """Only what was synced surely stays; True if something else was lost."""
        for path in list(self._preparing):
            self.files.pop(path, None)
        torn = False
        for path in sorted(self.files):
            torn = self.files[path].lose_power(self.rng, self.sector_bytes) or torn
        return torn

    def disconnect(self) -> None:
        """The process that used it is gone: its open files do nothing any more."""
        self.generation += 1
        self.offline = True

    def flip(self, path: str, offset: int, bit: int) -> None:
        """One bit of the platter rots."""
        file = self.files[path]
        file.platter[offset] ^= 1 << bit
        file.cache[offset] ^= 1 << bit

    # -- the protocol ---------------------------------------------------------------------------

    async def read(self, path: str) -> bytes | None:
        """The file's bytes, None if there is none."""
        file = self.files.get(path)
        return None if file is None else bytes(file.cache)

    async def read_at(self, path: str, offset: int, count: int) -> bytes | None:
        """Bytes from the middle of a file."""
        file = self.files.get(path)
        return None if file is None else bytes(file.cache[offset : offset + count])

    async def write_atomic(self, path: str, data: bytes) -> None:
        """Replace the file: old or new, whole."""
        await self.operate("write_atomic", path)
        self._no_room(path)
        self.files[path] = File(data)
        self.after("write_atomic")

    async def rename(self, old: str, new: str) -> None:
        """Move the file."""
        await self.operate("rename", old)
        if old not in self.files:
            raise DiskFault(f"{old}: no such file")
        self.files[new] = self.files.pop(old)
        self.after("rename")

    async def remove(self, path: str) -> None:
        """Forget the file."""
        if path in self.files:
            await self.operate("remove", path)
            self.files.pop(path, None)
            self.after("remove")

    async def list(self, prefix: str) -> list[str]:
        """Paths of all files that begin with ``prefix``, sorted."""
        return sorted(path for path in self.files if path.startswith(prefix))

    def locate(self, path: str) -> str:
        """The path itself."""
        return path

    def prepare(self, path: str, size: int) -> "asyncio.Future[None]":
        """There at once, durable after a delay; without power before that it vanishes."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.full or self.offline:
            future.set_exception(DiskFull(f"{path}: no space left on device"))
            future.exception()
            return future
        self.files[path] = File(bytes(size))
        self._preparing[path] = None
        generation = self.generation

        def finish() -> None:
            if generation == self.generation and not future.done():
                self._preparing.pop(path, None)
                future.set_result(None)

        asyncio.get_running_loop().call_later(self._delay(), finish)
        return future

    async def open_append(self, path: str, end: int | None = None) -> "SectorFile":
        """Open for appending at ``end``."""
        if path not in self.files:
            await self.operate("open", path)
            self._no_room(path)
            self.files[path] = File()
        file = self.files[path]
        if end is not None and end > len(file.cache):
            raise ValueError(f"{path} ends at {len(file.cache)}, before {end}")
        return SectorFile(self, file, path, len(file.cache) if end is None else end)

    async def operate(self, what: str, path: str) -> None:
        """Everything before an operation takes effect: it takes time, and the process may die."""
        generation = self.generation
        self.check(generation, path)
        self._boundary(f"before {what}")
        seconds = self._delay()
        if seconds:
            await Pause(seconds)
        self.check(generation, path)

    def check(self, generation: int, path: str) -> None:
        """Raises DiskFault if the process that asks is gone."""
        if self.offline or generation != self.generation:
            raise DiskFault(f"{path}: of a process that is gone")

    def after(self, what: str) -> None:
        """It has taken effect, and nobody was told yet."""
        self._boundary(f"after {what}")

    def _no_room(self, path: str) -> None:
        if self.full:
            raise DiskFull(f"{path}: no space left on device")


class SectorFile:
    """An ``AppendFile`` of a SectorDisk: written in its cache at once."""

    def __init__(self, disk: SectorDisk, file: File, path: str, end: int) -> None:
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
        """What was appended before this call, and what comes behind it, is durable once it
        returns."""
        self._check()
        disk, file = self._disk, self._file
        if behind:
            file.write(self._end, behind)
        dirty, file.syncing = file.dirty, file.dirty
        file.dirty = []
        try:
            await disk.operate("sync", self._path)
            self._check()
        except BaseException:
            file.dirty = dirty + file.dirty
            raise
        finally:
            file.syncing = []
        if disk.fail_syncs or (disk.full and self._grows(dirty)):
            full = not disk.fail_syncs
            disk.fail_syncs = max(0, disk.fail_syncs - 1)
            self._failed = True
            self._forget(dirty)
            kind = DiskFull if full else DiskFault
            raise kind(f"{self._path}: sync failed")
        for start, end in dirty:
            file.flush(start, end)
        disk.after("sync")

    def _grows(self, dirty: "list[tuple[int, int]]") -> bool:
        return any(end > len(self._file.platter) for _, end in dirty)

    def _forget(self, dirty: "list[tuple[int, int]]") -> None:
        """A failed sync: some of it is on the platter, the rest is called clean all the same."""
        for start, end in dirty:
            if self._disk.rng.random() < 0.5:
                self._file.flush(start, end)
            else:
                self._file.lost.append((start, end))

    async def truncate(self, size: int) -> None:
        """Cut, durably."""
        self._check()
        if size > self._end:
            raise ValueError(f"cannot truncate {self._path} from {self._end} to {size} bytes")
        await self._disk.operate("truncate", self._path)
        self._check()
        self._file.sync()
        self._file.cut(size)
        self._end = size
        self._disk.after("truncate")

    async def close(self) -> None:
        """Release it; what was not synced stays so."""
        self._failed = True

    def _check(self) -> None:
        if self._failed:
            raise DiskFault(f"{self._path}: failed before, or closed")
        self._disk.check(self._generation, self._path)
