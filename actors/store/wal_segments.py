"""The log's end: records into segments that were prepared before they are needed.

Job: append, sync, rotate, repair the end, drop what is covered. Must not know: what entries mean,
snapshots' files.

A segment is written full of zeros and synced in advance, under another name; then its head is
written and synced; then it gets its name. So a sync changes nothing but bytes in place, a named
segment's head is never torn, and what follows the last record is zeros
(docs/decisions/0013-write-ahead-log.md).
"""

import asyncio
from collections.abc import Sequence

from actors.kit.world.disk import AppendFile, Disk, DiskFault
from actors.store.layout import Layout
from actors.store.wal_reader import LogReader, Segment, Tail
from actors.store.wal_records import (
    FORMAT,
    MARK_BYTES,
    Header,
    Mark,
    Record,
    Reset,
    encode_entries,
    encode_record,
)
from cluster.raft.messages import BLANK, Entry, HardState, SnapshotMeta

_ZEROS = bytes(1024 * 1024)


class Log:
    """``hard_state`` and ``meta`` are what the head of each new segment repeats."""

    def __init__(self, disk: Disk, cluster: str, member: str, segment_bytes: int) -> None:
        self.hard_state: HardState = BLANK
        self.meta = SnapshotMeta()
        self._disk = disk
        self._cluster = cluster
        self._member = member
        self._layout = Layout.of(member)
        self._segment_bytes = segment_bytes
        self._segments: list[Segment] = []
        self._file: AppendFile | None = None
        self._next: asyncio.Future[None] | None = None
        self._ordinal = 0
        self._head = 0
        self._durable = 0
        self._marked = 0

    @property
    def bytes(self) -> int:
        """Room that the segments take on disk."""
        return len(self._segments) * self._segment_bytes

    # -- beginning and end ----------------------------------------------------------------------

    async def create(self, hard_state: HardState, meta: SnapshotMeta) -> None:
        """The first segment of a new log. Raises DiskFault."""
        self.hard_state, self.meta = hard_state, meta
        await self._disk.remove(self._layout.next)
        await self._begin_segment()

    async def resume(self, found: LogReader, tail: Tail) -> None:
        """Go on where a log ends. Raises DiskFault."""
        self.hard_state, self.meta = found.replay.hard_state, found.replay.meta
        self._segments, self._ordinal = found.segments, found.ordinal
        # Its head may be written already. The next is made anew, and may need the room.
        await self._disk.remove(self._layout.next)
        await self._repair(tail)
        self._file = await self._disk.open_append(tail.path, tail.end)
        self.append(Mark(tail.end))
        await self.sync()
        self._marked = self._durable

    async def _repair(self, tail: Tail) -> None:
        """Rewrite in place what no mark covers, and zeros behind it: what a failed sync left may
        be in memory only, and remains of a torn group must never follow new records."""
        file = await self._disk.open_append(tail.path, tail.marked)
        try:
            file.append(tail.data[tail.marked : tail.end])
            room = len(tail.data) - tail.end
            for done in range(0, room, len(_ZEROS)):
                file.append(_ZEROS[: room - done])
            await file.sync()
        finally:
            await file.close()

    async def close(self) -> None:
        """Release the file. What was not synced was promised to nobody."""
        if self._next is not None:
            await asyncio.wait([self._next])
            self._next = None
        if self._file is not None:
            await self._file.close()
            self._file = None

    # -- writing --------------------------------------------------------------------------------

    async def make_room(self, size: int) -> None:
        """Before each group of records: begin a new segment if ``size`` bytes do not fit any more.
        A larger group than a segment makes its segment longer. Raises DiskFault; if it is
        DiskFull, nothing has changed."""
        file = self._opened
        full = file.size + size + MARK_BYTES > self._segment_bytes
        if full and file.size > self._head:
            await self._begin_segment()
        elif file.size * 2 > self._segment_bytes and self._next is None:
            self._prepare()
        if self._durable > self._marked:
            self.append(Mark(self._durable))

    def append(self, record: Record) -> None:
        """Add a record to the group."""
        if isinstance(record, Mark):
            self._marked = record.offset
        elif isinstance(record, HardState):
            self.hard_state = record
        elif isinstance(record, SnapshotMeta):
            self.meta = record
        elif isinstance(record, Reset):
            self.meta = record.meta
            for segment in self._segments:
                segment.highest = 0
        self._opened.append(encode_record(record, self._ordinal))
        self._ordinal += 1

    def append_entries(self, entries: Sequence[Entry]) -> None:
        """Add entries, at least one, to the group."""
        self._opened.append(*encode_entries(entries, self._ordinal))
        self._ordinal += len(entries)
        segment = self._segments[-1]
        segment.highest = max(segment.highest, entries[-1].index)

    async def sync(self) -> None:
        """Make the group durable. Raises DiskFault."""
        size = self._opened.size
        await self._opened.sync()
        self._durable = size

    async def mark(self) -> None:
        """Write down that the last group is durable, if that is not written yet."""
        if self._file is not None and self._durable > self._marked:
            self.append(Mark(self._durable))
            await self.sync()
            # What this sync made durable is only the mark itself.
            self._marked = self._durable

    async def drop_covered(self, index: int) -> None:
        """Remove segments whose entries a snapshot covers. Oldest first, so that what is left has
        no hole whenever this is cut short. Raises DiskFault."""
        while len(self._segments) > 1 and self._segments[0].highest <= index:
            await self._disk.remove(self._layout.log(self._segments[0].number))
            self._segments.pop(0)

    @property
    def _opened(self) -> AppendFile:
        assert self._file is not None, "load first"
        return self._file

    # -- segments -------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self._next = self._disk.prepare(self._layout.next, self._segment_bytes)
        # A failure counts only once the segment is needed: by then there may be room.
        self._next.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _await_prepared(self) -> None:
        prepared, self._next = self._next, None
        if prepared is not None:
            try:
                await asyncio.shield(prepared)
                return
            except DiskFault:
                pass
        await self._disk.prepare(self._layout.next, self._segment_bytes)

    async def _begin_segment(self) -> None:
        await self._await_prepared()
        number = self._segments[-1].number + 1 if self._segments else 1
        header = Header(FORMAT, self._cluster, self._member, number)
        head: tuple[Record, ...] = (header, self.hard_state, self.meta)
        file = await self._disk.open_append(self._layout.next, 0)
        named = False
        try:
            for ordinal, record in enumerate(head, self._ordinal):
                file.append(encode_record(record, ordinal))
            await file.sync()
            await self._disk.rename(self._layout.next, self._layout.log(number))
            named = True
        finally:
            if not named:
                await file.close()
        before, self._file = self._file, file
        self._ordinal += len(head)
        self._head = self._durable = self._marked = file.size
        self._segments.append(Segment(number, 0))
        if before is not None:
            await before.close()
