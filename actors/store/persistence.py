"""The member's disk: a segmented write-ahead log and snapshots, on ``World.disk``.

Job: recover at start, make Readys durable with one sync per group, rotate, keep one snapshot. Must
not know: roles, peers, what entries mean.

Layout: ``raft/<member>/log-<number>`` and ``raft/<member>/snapshot-<index>``. A segment is made
atomically with its header, so only its tail can be torn. A snapshot counts once its marker is
durable in the log; only then are the segments it covers removed. A failed sync raises DiskFault,
which nobody retries: the actor dies, and its successor rewrites the last segment before it trusts
what it can read of it (pages of a failed sync may be in memory only).
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from actors.kit.supervisor import Unrecoverable
from actors.kit.world.disk import AppendFile, Disk
from actors.store.wal_records import (
    FORMAT,
    Header,
    Mark,
    Record,
    Replay,
    SnapshotMarker,
    encode_record,
    judge,
    scan,
)
from cluster.raft.messages import BLANK, Entry, HardState, SnapshotMeta
from cluster.raft.ready import Ready

SEGMENT_BYTES = 16 * 1024 * 1024
# Snapshot pieces written between two syncs.
SNAPSHOT_STRIDE_BYTES = 2 * 1024 * 1024
ADVICE = (
    "What this replica promised to keep is damaged, so it takes no part any more; the other "
    "replicas are not affected. Put the file back as it was"
)


class LogDamaged(Unrecoverable):
    """The log on disk is not what was written there. Names file and offset. Going on without what
    is damaged would break promises made to the other members: a person must act."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What is durable. ``snapshot``: its bytes, None if there is none. ``torn_bytes``: cut off."""

    hard_state: HardState
    entries: list[Entry]
    marker: SnapshotMarker
    snapshot: bytes | None
    torn_bytes: int


@dataclass(slots=True)
class Segment:
    """``highest``: highest entry index in it."""

    number: int
    highest: int


class Persistence:
    """One member's log. ``load`` first; then ``write`` and ``save_snapshot``; one at a time."""

    def __init__(
        self, disk: Disk, cluster: str, member: str, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self._disk = disk
        self._cluster = cluster
        self._member = member
        self._segment_bytes = segment_bytes
        self._root = f"raft/{member}"
        self._lock = asyncio.Lock()
        self._segments: list[Segment] = []
        self._file: AppendFile | None = None
        self._ordinal = 0
        self._durable = 0
        self._marked = 0
        self._hard_state = BLANK
        self._marker = SnapshotMarker(0, 0)

    # -- recovery -------------------------------------------------------------------------------

    async def load(self) -> Recovered:
        """Read the log, repair a torn tail. Raises LogDamaged, DiskFault."""
        paths = await self._disk.list(f"{self._root}/log-")
        replay = Replay(BLANK, SnapshotMarker(0, 0), [])
        torn = 0
        ordinal: int | None = None
        kept = b""
        for position, path in enumerate(paths):
            data = await self._disk.read(path) or b""
            found = scan(data, ordinal)
            if found.damage:
                last = position == len(paths) - 1
                if not last or not found.records or judge(data, found) == "corrupt":
                    raise self._damaged(path, f"{found.damage} at offset {found.end}")
                torn = len(data) - found.end
            kept = data[: found.end]
            ordinal = found.ordinal
            self._replay(path, found.records, replay)
        self._ordinal = ordinal or 0
        self._hard_state, self._marker = replay.hard_state, replay.snapshot
        snapshot = await self._load_snapshot(replay)
        if paths:
            await self._reopen(paths[-1], kept)
        else:
            await self._new_segment()
        return Recovered(replay.hard_state, replay.entries, replay.snapshot, snapshot, torn)

    def _replay(self, path: str, records: Sequence[Record], replay: Replay) -> None:
        header = records[0] if records else None
        if not isinstance(header, Header):
            raise self._damaged(path, "no header at offset 0")
        if (header.cluster, header.member) != (self._cluster, self._member):
            raise self._damaged(
                path,
                f"belongs to member {header.member} of cluster {header.cluster}, not to "
                f"{self._member} of {self._cluster}",
            )
        if header.format != FORMAT:
            raise self._damaged(path, f"format {header.format}, this version reads {FORMAT}")
        expected = self._segments[-1].number + 1 if self._segments else header.segment
        if path != self._log_path(header.segment) or header.segment != expected:
            raise self._damaged(path, f"is segment {header.segment}, {expected} belongs here")
        replay.highest = 0
        for record in records[1:]:
            wrong = replay.take(record)
            if wrong:
                raise self._damaged(path, wrong)
        self._segments.append(Segment(header.segment, replay.highest))

    def snapshot_damaged(self, index: int, problem: str) -> LogDamaged:
        """The error for a snapshot that cannot be read."""
        return self._damaged(self._snapshot_path(index), problem)

    def _damaged(self, path: str, problem: str) -> LogDamaged:
        return LogDamaged(f"{self._disk.locate(path)}: {problem}. {ADVICE}")

    async def _load_snapshot(self, replay: Replay) -> bytes | None:
        index = replay.snapshot.index
        if replay.entries and replay.entries[0].index > index + 1:
            first = replay.entries[0].index
            raise self._damaged(self._root, f"entries {index + 1} to {first - 1} are missing")
        snapshot = await self.read_snapshot(index) if index else None
        if index and snapshot is None:
            raise self._damaged(self._snapshot_path(index), "missing")
        for path in await self._disk.list(f"{self._root}/snapshot-"):
            if path != self._snapshot_path(index):
                await self._disk.remove(path)
        return snapshot

    async def _reopen(self, path: str, content: bytes) -> None:
        """Rewrite the last segment durably, without its torn tail, with a mark over all of it."""
        content += self._encode(Mark(len(content)))
        await self._disk.write_atomic(path, content)
        self._file = await self._disk.open_append(path)
        self._durable = self._marked = self._file.size

    # -- writing --------------------------------------------------------------------------------

    async def write(self, readies: Sequence[Ready]) -> None:
        """Make hard states and entries durable, in order, with one sync. Raises DiskFault."""
        async with self._lock:
            file = await self._writable()
            if self._durable > self._marked:
                self._append(file, Mark(self._durable))
            for ready in readies:
                if ready.hard_state is not None:
                    self._hard_state = ready.hard_state
                    self._append(file, ready.hard_state)
                for entry in ready.entries:
                    self._append(file, entry)
                if ready.entries:
                    segment = self._segments[-1]
                    segment.highest = max(segment.highest, ready.entries[-1].index)
            await self._sync(file)

    async def mark(self) -> None:
        """Write down that the last group is durable, so that damage to it cannot pass for a torn
        tail. For idle times: under load the next group does it."""
        async with self._lock:
            if self._file is not None and self._durable > self._marked:
                file = self._file
                self._append(file, Mark(self._durable))
                await self._sync(file)
                # What this sync made durable is only the mark itself.
                self._marked = self._durable

    async def _sync(self, file: AppendFile) -> None:
        size = file.size
        await file.sync()
        self._durable = size

    def _append(self, file: AppendFile, record: Record) -> None:
        if isinstance(record, Mark):
            self._marked = record.offset
        file.append(self._encode(record))

    def _encode(self, record: Record) -> bytes:
        encoded = encode_record(record, self._ordinal)
        self._ordinal += 1
        return encoded

    async def _writable(self) -> AppendFile:
        assert self._file is not None, "load first"
        if self._file.size >= self._segment_bytes:
            await self._file.close()
            await self._new_segment()
        return self._file

    async def _new_segment(self) -> None:
        number = self._segments[-1].number + 1 if self._segments else 1
        path = self._log_path(number)
        header = Header(FORMAT, self._cluster, self._member, number)
        records = (header, self._hard_state, self._marker)
        await self._disk.write_atomic(path, b"".join(self._encode(item) for item in records))
        self._file = await self._disk.open_append(path)
        self._durable = self._marked = self._file.size
        self._segments.append(Segment(number, 0))

    # -- snapshots ------------------------------------------------------------------------------

    async def save_snapshot(self, meta: SnapshotMeta, pieces: Iterable[bytes]) -> None:
        """Make a snapshot durable, then drop the segments and snapshots it covers.

        ``pieces`` are taken in strides with the loop running between. Raises DiskFault.
        """
        index = meta.index
        if index <= self._marker.index:
            return
        path = self._snapshot_path(index)
        await self._disk.remove(path)
        file = await self._disk.open_append(path)
        try:
            gathered = 0
            for piece in pieces:
                file.append(piece)
                gathered += len(piece)
                if gathered >= SNAPSHOT_STRIDE_BYTES:
                    await file.sync()
                    gathered = 0
            await file.sync()
        finally:
            await file.close()
        async with self._lock:
            if index <= self._marker.index:
                # A newer one was received from the leader meanwhile.
                await self._disk.remove(path)
                return
            log = await self._writable()
            old, self._marker = self._marker, SnapshotMarker(index, meta.term, meta.membership)
            self._append(log, self._marker)
            await self._sync(log)
            await self._drop_covered(index)
            if old.index:
                await self._disk.remove(self._snapshot_path(old.index))

    async def _drop_covered(self, index: int) -> None:
        """Oldest first, so that what is left has no hole whenever this is cut short."""
        while len(self._segments) > 1 and self._segments[0].highest <= index:
            await self._disk.remove(self._log_path(self._segments[0].number))
            self._segments.pop(0)

    async def read_snapshot(self, index: int) -> bytes | None:
        """The snapshot's bytes, None if it is not kept (any more)."""
        return await self._disk.read(self._snapshot_path(index))

    async def close(self) -> None:
        """Release the log's file. What was not synced was promised to nobody."""
        if self._file is not None:
            await self._file.close()
            self._file = None

    def _log_path(self, number: int) -> str:
        return f"{self._root}/log-{number:016d}"

    def _snapshot_path(self, index: int) -> str:
        return f"{self._root}/snapshot-{index:020d}"
