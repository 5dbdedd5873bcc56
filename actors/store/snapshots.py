"""Snapshots of one member: when to take one, taking it, and putting the leader's in place; and what
of the log stays in memory.

Job: bound the log; the loop runs on meanwhile. Must not know: roles, messages.
"""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import chain

from actors.kit.context import Context
from actors.kit.world.disk import DiskFull
from actors.store.metrics import StoreMetrics
from actors.store.persistence import Persistence
from actors.store.slices import in_slices
from cluster import limits
from cluster.raft.log import ENTRY_BYTES
from cluster.raft.member import Member
from cluster.raft.messages import SnapshotMeta
from cluster.state.mvcc import StateMachine
from cluster.state.snapshot import decode_snapshot_slices, encode_snapshot
from cluster.state.snapshot_pieces import SnapshotDamaged

# How long to wait after a disk that was too full for one.
AGAIN_SECONDS = 5.0


class Counted:
    """Pieces, and how many ``bytes`` they had so far."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.bytes = 0
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.bytes += len(piece)
            yield piece


class Snapshots:
    """``entries``: log entries after which one is due. ``applied_bytes``: of entries applied since
    the last one, which had ``last_bytes``. It is due, too, when the first are
    ``RAFT_LOG_TO_SNAPSHOT`` times the second, so that writing snapshots costs less than writing the
    log, however large the state; and at once if a peer can only be helped by a newer one.
    """

    def __init__(
        self, ctx: Context, persistence: Persistence, metrics: StoreMetrics, entries: int
    ) -> None:
        self.applied_bytes = 0
        self._ctx = ctx
        self._persistence = persistence
        self._metrics = metrics
        self._entries = entries
        self._under_way = False
        self._not_before = 0.0
        # One is due once what is applied is durable.
        self._early = False
        # What was applied when ``trim`` last looked.
        self._trimmed_at = self._trimmed_bytes = 0
        self.last_bytes = 0

    @property
    def owed(self) -> bool:
        """Whether one is due though nothing more is applied: by time alone, if there was no room
        for the last one, or by what has become durable."""
        return self._not_before > 0.0 or self._early

    def due(self, machine: StateMachine, member: Member) -> bool:
        """Whether it is time. Not for what this replica's disk does not hold yet: the log must hold
        the entry that a snapshot ends with."""
        self._early = False
        if self._under_way or not member.membership_at(machine.applied).voters:
            return False
        due = self._is_time(machine, member)
        self._early = due and machine.applied > member.log.persisted
        return due and not self._early

    def _is_time(self, machine: StateMachine, member: Member) -> bool:
        if self._not_before and self._not_before > asyncio.get_running_loop().time():
            return False
        entries = machine.applied - member.log.snapshot_index
        if entries and member.wants_snapshot:
            return True
        if member.sending_snapshot:
            # Only once what follows the one that is sent cannot be held any longer: another means
            # to begin anew.
            return self.applied_bytes + entries * ENTRY_BYTES >= limits.RAFT_HOLD_BYTES
        return entries >= self._entries or self.applied_bytes >= max(
            limits.RAFT_SNAPSHOT_LOG_BYTES, limits.RAFT_LOG_TO_SNAPSHOT * self.last_bytes
        )

    def take(self, machine: StateMachine, member: Member) -> None:
        """Begin."""
        self._under_way = True
        self.applied_bytes = self._trimmed_bytes = 0
        self._ctx.task(self._take(machine, member), "snapshot")

    async def _take(self, machine: StateMachine, member: Member) -> None:
        loop = asyncio.get_running_loop()
        try:
            await self._make(machine, member)
            self._not_before = 0.0
        except DiskFull as error:
            # Nothing was lost, and the log may have room for long: it is no reason to stop serving.
            self._ctx.log.warning("no room for a snapshot", error=str(error))
            self._not_before = loop.time() + AGAIN_SECONDS
        self._under_way = False

    async def _make(self, machine: StateMachine, member: Member) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        index = machine.applied
        meta = SnapshotMeta(index, machine.applied_term, member.membership_at(index))
        pieces = encode_snapshot(machine)
        # The first piece fixes what the snapshot holds: before anything else is applied.
        counted = Counted(chain([next(pieces)], pieces))
        await self._persistence.save_snapshot(meta, counted)
        self.last_bytes = counted.bytes
        member.snapshot_taken(index, self._keep(member, index))
        self._metrics.snapshots += 1
        self._metrics.snapshot.observe(loop.time() - began)
        self._ctx.note("store.snapshot", self._ctx.process, index=index)

    def trim(self, machine: StateMachine, member: Member) -> None:
        """Let go of what is applied, now and then: the log on disk is as long as the state is
        large, memory need not hold it."""
        if self._under_way:
            return
        entries = machine.applied - self._trimmed_at
        size = self.applied_bytes - self._trimmed_bytes
        if entries >= limits.RAFT_TRIM_ENTRIES or size >= limits.RAFT_TRIM_BYTES:
            self._trimmed_at, self._trimmed_bytes = machine.applied, self.applied_bytes
            member.forget(machine.applied, self._keep(member, machine.applied))

    def _keep(self, member: Member, index: int) -> int:
        """How many entries up to ``index`` stay for those that are a little behind."""
        most = min(limits.RAFT_KEEP_ENTRIES, self._entries)
        return member.log.count_within(index, most, limits.RAFT_KEEP_BYTES)

    async def install(self, meta: SnapshotMeta) -> StateMachine:
        """The state of the leader's snapshot, which is whole in the spool: it must decode before it
        replaces anything. Raises SnapshotDamaged, DiskFault."""
        try:
            machine = await in_slices(decode_snapshot_slices(await self._persistence.read_spool()))
        except SnapshotDamaged:
            await self._persistence.discard_spool()
            raise
        assert (machine.applied, machine.applied_term) == (meta.index, meta.term)
        await self._persistence.install(meta)
        self.applied_bytes = self._trimmed_bytes = 0
        self._metrics.snapshots_installed += 1
        self._ctx.note("store.installed", self._ctx.process, index=meta.index)
        return machine
