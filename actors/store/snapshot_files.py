"""Snapshots as files: written in strides, whole under their names, read in chunks.

Must not know: what is in them, when they count (their marker in the log says so).
"""

import asyncio
from collections.abc import Iterable

from actors.kit.world.disk import AppendFile, Disk
from actors.store.layout import Layout

# Bytes written between two syncs: few enough not to hold up the log's syncs much.
STRIDE_BYTES = 1024 * 1024


class SnapshotFiles:
    """The snapshots in a member's folder."""

    def __init__(self, disk: Disk, layout: Layout) -> None:
        self._disk = disk
        self._layout = layout

    async def write(self, index: int, pieces: Iterable[bytes]) -> None:
        """Make a snapshot durable. The loop runs between any two pieces. Raises DiskFault; then
        nothing is left of it."""
        unfinished = self._layout.unfinished_snapshot(index)
        # What an earlier attempt left would stay behind the end of this one.
        await self._disk.remove(unfinished)
        named = False
        try:
            file = await self._disk.open_append(unfinished)
            try:
                await _write(file, pieces)
            finally:
                await file.close()
            await self._disk.rename(unfinished, self._layout.snapshot(index))
            named = True
        finally:
            if not named:
                await self._disk.remove(unfinished)

    async def read(self, index: int) -> bytes | None:
        """All of it, None if it is not kept (any more). Raises DiskFault."""
        return await self._disk.read(self._layout.snapshot(index))

    async def read_chunk(self, index: int, offset: int, size: int) -> tuple[bytes, bool] | None:
        """Up to ``size`` bytes and whether they are the last, None if it is not kept (any more).
        Raises DiskFault."""
        data = await self._disk.read_at(self._layout.snapshot(index), offset, size + 1)
        if data is None:
            return None
        return data[:size], len(data) <= size

    async def exist(self) -> bool:
        """Whether there is any."""
        return bool(await self._disk.list(self._layout.snapshots))

    async def remove_others(self, index: int) -> None:
        """Keep only this one (0: none). Raises DiskFault."""
        for path in await self._disk.list(self._layout.snapshots):
            if path != self._layout.snapshot(index):
                await self._disk.remove(path)

    async def remove_unfinished(self) -> None:
        """What was being written when power was lost. Raises DiskFault."""
        for path in await self._disk.list(self._layout.unfinished):
            await self._disk.remove(path)


async def _write(file: AppendFile, pieces: Iterable[bytes]) -> None:
    gathered = 0
    for piece in pieces:
        file.append(piece)
        gathered += len(piece)
        if gathered >= STRIDE_BYTES:
            await file.sync()
            gathered = 0
        else:
            await asyncio.sleep(0)
    await file.sync()
