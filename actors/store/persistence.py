"""The member's disk: write-ahead log, snapshots and spool as one, on ``World.disk``.

Job: recover at start, make Readys durable with one sync per group, let snapshots take the place of
the log they cover. Must not know: roles, peers, what entries mean.

A snapshot counts once its marker is durable in the log; only then is what it covers removed. A
failed sync raises DiskFault, which nobody retries: the actor dies, and its successor recovers from
what is on disk. DiskFull before anything was written leaves everything as it was.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from actors.kit.world.disk import Disk, DiskFull
from actors.store.layout import Layout
from actors.store.snapshot_files import SnapshotFiles
from actors.store.spool import SnapshotSpool
from actors.store.term_runs import TermRuns
from actors.store.wal_reader import LogDamaged, LogReader
from actors.store.wal_records import ENTRY_OVERHEAD_BYTES, Reset
from actors.store.wal_segments import Log
from cluster import limits
from cluster.raft.messages import BLANK, Entry, HardState, SnapshotMeta
from cluster.raft.ready import Ready

SEGMENT_BYTES = limits.RAFT_SEGMENT_BYTES


@dataclass(frozen=True, slots=True)
class Recovered:
    """What is durable. ``meta``: the snapshot's, or the founding's; ``snapshot``: its bytes, None
    if there is none. ``spooled``: the snapshot being received, and how many bytes of it are here.
    ``torn``: where the log was cut off and why, '' if it was not."""

    hard_state: HardState
    entries: list[Entry]
    meta: SnapshotMeta
    snapshot: bytes | None
    spooled: tuple[SnapshotMeta, int] | None
    torn: str


class Persistence:
    """One member's log. ``load`` first; ``write``, ``install`` and ``mark`` may overlap with one
    ``save_snapshot``."""

    def __init__(
        self, disk: Disk, cluster: str, member: str, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self._disk = disk
        self._cluster = cluster
        self._member = member
        self._layout = Layout.of(member)
        self._lock = asyncio.Lock()
        self._log = Log(disk, cluster, member, segment_bytes)
        self._snapshots = SnapshotFiles(disk, self._layout)
        self._spool = SnapshotSpool(disk, self._layout)
        self._terms = TermRuns(SnapshotMeta())

    @property
    def log_bytes(self) -> int:
        """Room that the log takes on disk."""
        return self._log.bytes

    # -- recovery -------------------------------------------------------------------------------

    async def load(self, founding: SnapshotMeta | None) -> Recovered:
        """Read the log, repair a torn tail. On an empty disk: begin the log of a new member, whose
        cluster is ``founding``; None: this member is not new. Raises LogMissing, LogDamaged,
        DiskFault."""
        loaded = False
        try:
            recovered = await self._load(founding)
            loaded = True
        finally:
            if not loaded:
                await self.close()
        return recovered

    async def _load(self, founding: SnapshotMeta | None) -> Recovered:
        found = LogReader(self._disk, self._cluster, self._member)
        await found.read()
        # First of all, since it makes room.
        await self._snapshots.remove_unfinished()
        await self._log.remove_leftovers()
        tail = found.tail
        if tail is None:
            if founding is None or await self._snapshots.exist():
                raise found.missing()
            meta, snapshot = founding, None
            await self._spool.discard()
            await self._log.create(BLANK, founding)
        else:
            meta = found.replay.meta
            await self._spool.recover(meta.index)
            snapshot = await self._load_snapshot(found, meta.index)
            await self._log.resume(found, tail)
        self._terms = TermRuns(meta, found.replay.entries)
        await self._snapshots.remove_others(meta.index)
        spooled = None if self._spool.meta is None else (self._spool.meta, self._spool.size)
        replay, torn = found.replay, "" if tail is None else tail.torn
        return Recovered(replay.hard_state, replay.entries, meta, snapshot, spooled, torn)

    async def _load_snapshot(self, found: LogReader, index: int) -> bytes | None:
        snapshot = await self._snapshots.read(index) if index else None
        if index and snapshot is None:
            raise found.damaged(self._layout.snapshot(index), "missing")
        return snapshot

    def snapshot_damaged(self, index: int, problem: str) -> LogDamaged:
        """The error for a snapshot that cannot be read."""
        reader = LogReader(self._disk, self._cluster, self._member)
        return reader.damaged(self._layout.snapshot(index), problem)

    # -- writing --------------------------------------------------------------------------------

    async def write(self, readies: Sequence[Ready]) -> None:
        """Make hard states, entries and chunks durable, in order, with one sync of the log (and of
        the spool, if there are chunks). Raises DiskFault."""
        async with self._lock:
            chunks = [chunk for ready in readies for chunk in ready.chunks]
            if any(chunk.offset == 0 for chunk in chunks):
                # Its size is not known, and no room for it ends this process.
                await self._log.give_up_spares()
            await self._spool.write(chunks)
            readies = [ready for ready in readies if ready.hard_state or ready.entries]
            if not readies:
                return
            log = self._log
            await log.make_room(_size(readies))
            for ready in readies:
                if ready.hard_state is not None:
                    log.append(ready.hard_state)
                if ready.entries:
                    log.append_entries(ready.entries)
                    self._terms.take(ready.entries)
            await log.sync()

    async def mark(self) -> None:
        """Write down that the last group is durable, so that damage to it cannot pass for a torn
        tail. For idle times: under load the next group does it. Raises DiskFault."""
        async with self._lock:
            await self._log.mark()

    async def close(self) -> None:
        """Release all files. What was not synced was promised to nobody."""
        await self._spool.close()
        await self._log.close()

    # -- snapshots ------------------------------------------------------------------------------

    async def save_snapshot(self, meta: SnapshotMeta, pieces: Iterable[bytes]) -> None:
        """Make a snapshot durable, then drop the segments and snapshots it covers.

        ``pieces`` are taken in strides with the loop running between. Raises DiskFault; the log is
        as it was then. If it is DiskFull, there is more room for the next try if there can be.
        """
        if meta.index <= self._log.meta.index:
            return
        try:
            await self._snapshots.write(meta.index, pieces)
        except DiskFull:
            async with self._lock:
                await self._log.give_up_spares()
            raise
        async with self._lock:
            # Else a newer one was received from the leader meanwhile.
            if meta.index > self._log.meta.index:
                await self._count(meta)
            await self._snapshots.remove_others(self._log.meta.index)

    async def install(self, meta: SnapshotMeta) -> None:
        """What was spooled becomes the snapshot, and takes the place of all that it covers: of the
        log only what follows that very entry stays. Raises DiskFault."""
        async with self._lock:
            await self._spool.hand_over(meta)
            await self._count(meta)
            await self._spool.discard()
            await self._snapshots.remove_others(meta.index)

    async def _count(self, meta: SnapshotMeta) -> None:
        """From here on the snapshot counts."""
        log = self._log
        await log.make_room(0)
        held = self._terms.holds(meta.index, meta.term)
        log.append(meta if held else Reset(meta))
        await log.sync()
        if not held:
            self._terms = TermRuns(meta)
        self._terms.compact(meta.index)
        await log.drop_covered(meta.index)

    async def read_snapshot(self, index: int) -> bytes | None:
        """The snapshot's bytes, None if it is not kept (any more). Raises DiskFault."""
        return await self._snapshots.read(index)

    async def read_chunk(self, index: int, offset: int, size: int) -> tuple[bytes, bool] | None:
        """Up to ``size`` bytes of the snapshot and whether they are its last, None if it is not
        kept (any more). Raises DiskFault."""
        return await self._snapshots.read_chunk(index, offset, size)

    async def read_spool(self) -> bytes:
        """What was received, to be looked at before ``install``. Raises DiskFault."""
        return await self._spool.read()

    async def discard_spool(self) -> None:
        """What was received is of no use. Raises DiskFault."""
        async with self._lock:
            await self._spool.discard()


def _size(readies: Sequence[Ready]) -> int:
    """Bytes of their records, about."""
    return sum(
        ENTRY_OVERHEAD_BYTES + len(entry.data) for ready in readies for entry in ready.entries
    )
