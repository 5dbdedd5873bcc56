"""The snapshot that the leader is sending, as far as it has come.

Job: keep chunks durably, know after a crash how many, hand the whole over. Must not know: the log,
what the bytes mean.

Two files: the bytes, and a table of records (of the log's form) that says which snapshot they are
of and how many are durable. A piece enters the table only once its bytes are synced; its checksum
finds damage.
"""

import zlib
from collections.abc import Sequence

from actors.kit.world.disk import AppendFile, Disk
from actors.store.layout import Layout
from actors.store.wal_records import Piece, Record, Spool, encode_record, scan
from cluster.raft.messages import SnapshotMeta
from cluster.raft.ready import SnapshotChunk


class SnapshotSpool:
    """``meta`` is None if nothing is being received. ``size``: durable bytes."""

    def __init__(self, disk: Disk, layout: Layout) -> None:
        self.meta: SnapshotMeta | None = None
        self.size = 0
        self._disk = disk
        self._layout = layout
        self._file: AppendFile | None = None
        self._table: AppendFile | None = None
        self._ordinal = 0

    async def recover(self, installed: int) -> None:
        """Find what is durable. A spool at or below the ``installed`` snapshot is done with. Raises
        DiskFault."""
        table = await self._disk.read(self._layout.spool_table)
        records = scan(table, None).records if table else []
        head = records[0] if records else None
        if not isinstance(head, Spool) or head.meta.index <= installed:
            await self.discard()
            return
        await self._undo_rename(head.meta)
        pieces: list[Piece] = []
        size = 0
        for record in records[1:]:
            if not isinstance(record, Piece) or not await self._holds(record, size):
                break
            pieces.append(record)
            size += record.size
        await self._reopen(head, pieces, size)

    async def _undo_rename(self, meta: SnapshotMeta) -> None:
        """Power was lost after it got the snapshot's name and before its marker was durable."""
        renamed = self._layout.snapshot(meta.index)
        spools = await self._disk.list(self._layout.spool)
        if self._layout.spool not in spools and await self._disk.list(renamed):
            await self._disk.rename(renamed, self._layout.spool)

    async def _holds(self, piece: Piece, offset: int) -> bool:
        data = await self._disk.read_at(self._layout.spool, offset, piece.size)
        return data is not None and len(data) == piece.size and zlib.crc32(data) == piece.checksum

    async def _reopen(self, head: Spool, pieces: Sequence[Piece], size: int) -> None:
        self.meta, self.size = head.meta, size
        records: list[Record] = [head, *pieces]
        table = b"".join(encode_record(record, n) for n, record in enumerate(records))
        await self._disk.write_atomic(self._layout.spool_table, table)
        self._ordinal = len(records)
        self._table = await self._disk.open_append(self._layout.spool_table)
        self._file = await self._disk.open_append(self._layout.spool)
        await self._file.truncate(size)

    async def write(self, chunks: Sequence[SnapshotChunk]) -> None:
        """Make chunks durable: each at the end of what is there, or at 0 to begin anew. Raises
        DiskFault."""
        pieces: list[Piece] = []
        for chunk in chunks:
            if chunk.offset == 0:
                await self._begin(chunk.meta)
                pieces.clear()
            expected = self.size + sum(piece.size for piece in pieces)
            assert (chunk.meta, chunk.offset) == (self.meta, expected), "a hole in the spool"
            assert self._file is not None
            self._file.append(chunk.data)
            pieces.append(Piece(len(chunk.data), zlib.crc32(chunk.data)))
        if pieces:
            await self._sync(pieces)

    async def _begin(self, meta: SnapshotMeta) -> None:
        await self.discard()
        self._table = await self._disk.open_append(self._layout.spool_table)
        self._file = await self._disk.open_append(self._layout.spool)
        self._table.append(encode_record(Spool(meta), 0))
        self.meta, self._ordinal = meta, 1

    async def _sync(self, pieces: Sequence[Piece]) -> None:
        assert self._file is not None and self._table is not None
        await self._file.sync()
        for piece in pieces:
            self._table.append(encode_record(piece, self._ordinal))
            self._ordinal += 1
        await self._table.sync()
        self.size += sum(piece.size for piece in pieces)

    async def read(self) -> bytes:
        """All that is there. Raises DiskFault."""
        return await self._disk.read(self._layout.spool) or b""

    async def hand_over(self, meta: SnapshotMeta) -> None:
        """The spool gets the snapshot's name. Its table stays until ``discard``. Raises
        DiskFault."""
        assert meta == self.meta, "not what was spooled"
        await self.close()
        await self._disk.rename(self._layout.spool, self._layout.snapshot(meta.index))

    async def discard(self) -> None:
        """Nothing is being received any more. The table goes first: without it the rest is
        nothing. Raises DiskFault."""
        await self.close()
        self.meta, self.size = None, 0
        await self._disk.remove(self._layout.spool_table)
        await self._disk.remove(self._layout.spool)

    async def close(self) -> None:
        """Release the files."""
        for file in (self._file, self._table):
            if file is not None:
                await file.close()
        self._file = self._table = None
