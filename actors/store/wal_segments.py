"""The log's end: records into segments whose room is there before it is needed.

Job: append, sync, rotate, repair the end, drop what is covered. Must not know: what entries mean,
snapshots' files.

A segment's file is a spare, which was an earlier segment until a snapshot covered it, or one that
is written full of zeros and synced in advance. Its head is written and synced under another name;
then it gets its name. So a sync changes nothing but bytes in place, and a named segment's head is
never torn. What a spare holds has lower ordinals than all that is written over it
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
    TERMINATOR,
    Header,
    Mark,
    Record,
    Reset,
    encode_entries,
    encode_record,
)
from cluster import limits
from cluster.raft.messages import BLANK, Entry, HardState, SnapshotMeta

_ZEROS = bytes(1024 * 1024)
# Under load a snapshot is due once so much of the log is new, and then covers that much: more than
# is written until the next one would only lie there.
SPARES_MAX = limits.RAFT_SNAPSHOT_LOG_BYTES // limits.RAFT_SEGMENT_BYTES


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
        self._spares: list[str] = []
        self._ordinal = 0
        self._head = 0
        self._durable = 0
        self._marked = 0
        # Where a mark ends that came alone: nothing else is behind it.
        self._lone_mark = 0

    @property
    def bytes(self) -> int:
        """Room that segments and spares take on disk."""
        return (len(self._segments) + len(self._spares)) * self._segment_bytes

    # -- beginning and end ----------------------------------------------------------------------

    async def create(self, hard_state: HardState, meta: SnapshotMeta) -> None:
        """The first segment of a new log. Raises DiskFault."""
        self.hard_state, self.meta = hard_state, meta
        await self.remove_leftovers()
        await self._begin_segment()

    async def resume(self, found: LogReader, tail: Tail) -> None:
        """Go on where a log ends. Raises DiskFault."""
        self.hard_state, self.meta = found.replay.hard_state, found.replay.meta
        self._segments, self._ordinal = found.segments, found.ordinal
        await self.remove_leftovers()
        await self._repair(tail)
        self._file = await self._disk.open_append(tail.path, tail.end)
        self.append(Mark(tail.end))
        await self.sync()
        self._lone_mark = self._durable

    async def remove_leftovers(self) -> None:
        """Files of an earlier life that are no part of the log. None is used again: a head may be
        written there already, with ordinals that will be given anew. Raises DiskFault."""
        for path in (self._layout.next, *await self._disk.list(self._layout.spares)):
            await self._disk.remove(path)

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
        elif file.size * 2 > self._segment_bytes and self._next is None and not self._spares:
            self._prepare()
        if size > self._segment_bytes:
            # The file must grow, and a failed sync is not retried.
            await self.give_up_spares()
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
        file, segment = self._opened, self._segments[-1]
        size = file.size
        await file.sync(TERMINATOR[: max(0, segment.room - size)])
        segment.room = max(segment.room, size)
        self._durable = size

    async def mark(self) -> None:
        """Write down that the last group is durable, if that is not written yet. The next group
        says so of this mark, which it must not be lost with."""
        if self._file is not None and self._durable > max(self._marked, self._lone_mark):
            self.append(Mark(self._durable))
            await self.sync()
            self._lone_mark = self._durable

    async def drop_covered(self, index: int) -> None:
        """Segments whose entries a snapshot covers become spares, or go. Oldest first, so that
        what is left has no hole whenever this is cut short. Raises DiskFault."""
        while len(self._segments) > 1 and self._segments[0].highest <= index:
            segment = self._segments[0]
            path, spare = self._layout.log(segment.number), self._layout.spare(segment.number)
            if segment.room == self._segment_bytes and len(self._spares) < SPARES_MAX:
                await self._disk.rename(path, spare)
                self._spares.append(spare)
            else:
                await self._disk.remove(path)
            self._segments.pop(0)

    async def give_up_spares(self) -> None:
        """Their room is needed otherwise. Raises DiskFault."""
        while self._spares:
            await self._disk.remove(self._spares.pop())

    @property
    def _opened(self) -> AppendFile:
        assert self._file is not None, "load first"
        return self._file

    # -- segments -------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self._next = self._disk.prepare(self._layout.next, self._segment_bytes)
        # A failure counts only once the segment is needed: by then there may be room.
        self._next.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _take_room(self) -> str:
        """The path of a file that the next segment is made of."""
        prepared, self._next = self._next, None
        if prepared is not None:
            try:
                await asyncio.shield(prepared)
                return self._layout.next
            except DiskFault:
                pass
        if self._spares:
            return self._spares.pop(0)
        await self._disk.prepare(self._layout.next, self._segment_bytes)
        return self._layout.next

    async def _begin_segment(self) -> None:
        path = await self._take_room()
        number = self._segments[-1].number + 1 if self._segments else 1
        header = Header(FORMAT, self._cluster, self._member, number)
        head: tuple[Record, ...] = (header, self.hard_state, self.meta)
        file = await self._disk.open_append(path, 0)
        named = False
        try:
            for ordinal, record in enumerate(head, self._ordinal):
                file.append(encode_record(record, ordinal))
            await file.sync(TERMINATOR)
            await self._disk.rename(path, self._layout.log(number))
            named = True
        finally:
            if not named:
                await file.close()
        before, self._file = self._file, file
        self._ordinal += len(head)
        self._head = self._durable = self._marked = self._lone_mark = file.size
        self._segments.append(Segment(number, 0, max(self._segment_bytes, file.size)))
        if before is not None:
            await before.close()
