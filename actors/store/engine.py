"""The Raft engine: one member, its log on disk and its state machine, turning together.

Job: carry out Readys in the order the core prescribes (send now; persist, then send; apply), time
it with one timer, snapshot. Must not know: who asks and what is done with results.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from actors.kit.actor import Delivery
from actors.kit.context import Context
from actors.store.peers import Peers
from actors.store.persistence import Persistence
from actors.store.waiters import ChangeWaiters, LevelWaiters
from actors.store.watch_hub import WatchHub
from cluster import limits
from cluster.errors import NotLeader, Overloaded
from cluster.messages.store import RaftHeartbeat, RaftMessage
from cluster.raft.member import Member
from cluster.raft.member_state import Config
from cluster.raft.memberships import names_of
from cluster.raft.messages import COMMAND, Entry, SnapshotMeta
from cluster.raft.ready import ReadState, Ready, Standing
from cluster.state.commands import Command, decode_command, encode_command
from cluster.state.mvcc import StateMachine
from cluster.state.sessions import Outcome
from cluster.state.snapshot import decode_snapshot, encode_snapshot
from cluster.state.snapshot_pieces import SnapshotDamaged

# Readys carried out before other tasks get their turn.
TURN_READIES = 4
# How long the log must be quiet before its last group is marked durable.
MARK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Pending:
    """A proposal made here. ``size``: bytes of its entry."""

    future: "asyncio.Future[Outcome]"
    trace: str
    size: int


class Engine:
    """``founding``: what an empty disk stands for. ``machine`` is the replicated state as applied
    here. ``standings`` change when role, leader or term do, or when a new leader has applied an
    entry of its term."""

    def __init__(
        self,
        ctx: Context,
        config: Config,
        cluster: str,
        founding: SnapshotMeta,
        snapshot_entries: int = limits.RAFT_SNAPSHOT_ENTRIES,
    ) -> None:
        self.applied = LevelWaiters()
        self.revisions = LevelWaiters()
        self.standings = ChangeWaiters()
        self.machine = StateMachine()
        self.hub = WatchHub(self.machine)
        self._ctx = ctx
        self._config = config
        self._founding = founding
        self._snapshot_entries = snapshot_entries
        self._persistence = Persistence(ctx.world.disk, cluster, config.member)
        self._peers = Peers(ctx, self._persistence, self._trace_of)
        self._pending: dict[tuple[int, int], Pending] = {}
        self._pending_bytes = 0
        self._reads: dict[int, asyncio.Future[int]] = {}
        self._last_read = 0
        self._wake = asyncio.Event()
        self._unsynced: list[Ready] = []
        self._syncing = False
        self._sync_wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._mark_timer: asyncio.TimerHandle | None = None
        self._bytes_since_snapshot = 0
        self._snapshotting = False
        self._was_leading = False
        self.member: Member

    # -- life -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Recover from disk and begin to turn. Raises LogDamaged, LogMissing,
        DiskFault."""
        recovered = await self._persistence.load(self._founding)
        if recovered.snapshot is not None:
            try:
                self.machine = decode_snapshot(recovered.snapshot)
            except SnapshotDamaged as error:
                index = recovered.meta.index
                raise self._persistence.snapshot_damaged(index, str(error)) from error
            self.hub = WatchHub(self.machine)
        if recovered.torn_bytes:
            self._ctx.log.warning("store.repaired", torn_bytes=recovered.torn_bytes)
        self.member = Member(
            self._config,
            self._ctx.world.entropy.random,
            self._now(),
            recovered.hard_state,
            recovered.entries,
            recovered.meta,
            recovered.spooled,
        )
        self._ctx.note(
            "store.recovered",
            self._config.member,
            term=recovered.hard_state.term,
            snapshot=recovered.meta.index,
            last=self.member.log.last_index,
            torn_bytes=recovered.torn_bytes,
        )
        self._ctx.task(self._turn_forever(), "raft")
        self._ctx.task(self._persist_forever(), "write-ahead log")
        self._wake.set()

    async def close(self) -> None:
        """Stop timers and release the log. Waiting proposals are the actor's tasks: cancelled."""
        for timer in (self._timer, self._mark_timer):
            if timer is not None:
                timer.cancel()
        await self._persistence.close()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    # -- what the actor asks --------------------------------------------------------------------

    @property
    def leading(self) -> bool:
        """True if this member leads and has applied an entry of its own term."""
        return self.member.role == "leader" and self.machine.applied_term == self.member.term

    def receive(self, message: RaftMessage | RaftHeartbeat, delivery: Delivery) -> None:
        """A Raft message came in. Raises PeerFault if it is none, or not from who it says."""
        self.member.step(self._peers.receive(message, delivery), self._now())
        self._wake.set()

    def peer_lost(self, process: str) -> None:
        """The connection to a process broke."""
        if process in names_of(self.member.membership):
            self.member.peer_lost(process, self._now())
            self._wake.set()

    def propose(self, command: Command, trace: str) -> "asyncio.Future[Outcome]":
        """Put a command into the log. The future fails with NotLeader if leadership is lost first:
        then the outcome is unknown. Raises NotLeader, Overloaded (nothing was proposed)."""
        data = encode_command(command)
        full = len(self._pending) >= limits.RAFT_PENDING_PROPOSALS_MAX
        if full or self._pending_bytes + len(data) > limits.RAFT_PENDING_BYTES_MAX:
            raise Overloaded("too many proposals wait for a quorum")
        name = self.member.propose(data)
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._pending[name] = Pending(future, trace, len(data))
        self._pending_bytes += len(data)
        self._wake.set()
        return future

    def read_index(self) -> "asyncio.Future[int]":
        """The index to wait for before a linearizable read. Raises NotLeader, at once or later."""
        self._last_read += 1
        self.member.read_index(self._last_read)
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._reads[self._last_read] = future
        self._wake.set()
        return future

    async def wait_applied(self, index: int) -> None:
        """Return once the entry ``index`` is applied here."""
        if self.machine.applied < index:
            await self.applied.wait(index)

    async def wait_revision(self, revision: int) -> None:
        """Return once ``revision`` is reached here."""
        if self.machine.revision < revision:
            await self.revisions.wait(revision)

    def hand_over(self) -> bool:
        """Begin to transfer leadership to the peer that holds most. False if not leading."""
        to = self.member.most_advanced_peer()
        if not to:
            return False
        self.member.transfer(to, self._now())
        self._wake.set()
        return True

    # -- the turn -------------------------------------------------------------------------------

    async def _turn_forever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._turn()

    def _turn(self) -> None:
        """Everything that came in since the last turn, as few Readys as possible."""
        self.member.tick(self._now())
        for _ in range(TURN_READIES):
            ready = self.member.ready()
            if ready is None:
                break
            self._carry_out(ready)
        else:
            self._wake.set()
        self._tell_waiters()
        self._maybe_snapshot()
        self._arm()

    def _carry_out(self, ready: Ready) -> None:
        self._peers.send(ready.send_now)
        if ready.must_persist or self._unsynced or self._syncing:
            self._unsynced.append(ready)
            self._sync_wake.set()
        else:
            self._peers.send(ready.send_after_persist)
        if ready.standing is not None:
            self._on_standing(ready.standing)
        for entry in ready.committed:
            self._apply(entry)
        for read in ready.reads:
            self._on_read(read)

    def _apply(self, entry: Entry) -> None:
        commanding = entry.kind == COMMAND and entry.data
        command = decode_command(entry.data) if commanding else None
        outcome = self.machine.apply(entry.index, entry.term, command)[0]
        self._bytes_since_snapshot += len(entry.data)
        pending = self._pending.pop((entry.term, entry.index), None)
        if pending is not None:
            self._pending_bytes -= pending.size
            if not pending.future.done():
                pending.future.set_result(outcome)

    def _on_read(self, read: ReadState) -> None:
        future = self._reads.pop(read.context, None)
        if future is None or future.done():
            return
        if read.index is None:
            future.set_exception(NotLeader("leadership was lost during the read"))
        else:
            future.set_result(read.index)

    def _on_standing(self, standing: Standing) -> None:
        self._ctx.note(
            "raft.standing",
            self._config.member,
            role=standing.role,
            leader=standing.leader,
            term=standing.term,
        )
        term = standing.term if standing.role == "leader" else 0
        for name in [name for name in self._pending if name[0] != term]:
            pending = self._pending.pop(name)
            self._pending_bytes -= pending.size
            if not pending.future.done():
                pending.future.set_exception(NotLeader("leadership was lost; outcome unknown"))
        self.standings.changed()

    def _tell_waiters(self) -> None:
        self.applied.reached(self.machine.applied)
        self.revisions.reached(self.machine.revision)
        self.hub.publish()
        if self.leading != self._was_leading:
            self._was_leading = self.leading
            self.standings.changed()

    def _trace_of(self, index: int) -> str:
        pending = self._pending.get((self.member.term, index))
        return pending.trace if pending is not None else ""

    def _arm(self) -> None:
        """One timer, moved only when it would ring too late."""
        due = self.member.next_deadline()
        if self._timer is not None:
            if self._timer_due <= due:
                return
            self._timer.cancel()
        self._timer_due = due
        self._timer = asyncio.get_running_loop().call_at(due, self._ring)

    def _ring(self) -> None:
        # Loops ring up to a millisecond early: the turn then finds nothing due and arms again.
        self._timer = None
        self._wake.set()

    # -- persistence ----------------------------------------------------------------------------

    async def _persist_forever(self) -> None:
        """Group commit: what gathers during one sync shares the next."""
        while True:
            await self._sync_wake.wait()
            self._sync_wake.clear()
            while self._unsynced:
                batch, self._unsynced = self._unsynced, []
                self._syncing = True
                await self._persist(batch)
                for ready in batch:
                    self._peers.send(ready.send_after_persist)
                    self.member.advance(ready)
                self._syncing = False
                self._wake.set()
            self._mark_later()

    async def _persist(self, batch: Sequence[Ready]) -> None:
        group: list[Ready] = []
        for ready in batch:
            if ready.snapshot is None:
                if ready.must_persist:
                    group.append(ready)
                continue
            await self._persistence.write([*group, replace(ready, entries=())])
            await self._install(ready)
            group = [replace(ready, hard_state=None, chunks=())] if ready.entries else []
        if group:
            await self._persistence.write(group)

    async def _install(self, ready: Ready) -> None:
        """A snapshot of the leader: it must decode before it replaces anything."""
        meta = ready.snapshot
        assert meta is not None
        try:
            machine = decode_snapshot(await self._persistence.read_spool())
        except SnapshotDamaged:
            await self._persistence.discard_spool()
            raise
        assert (machine.applied, machine.applied_term) == (meta.index, meta.term)
        await self._persistence.install(meta)
        self.machine = machine
        self.hub.replace(machine)
        self._bytes_since_snapshot = 0
        self._ctx.note("store.installed", self._config.member, index=meta.index)

    def _mark_later(self) -> None:
        if self._mark_timer is not None:
            self._mark_timer.cancel()
        loop = asyncio.get_running_loop()
        self._mark_timer = loop.call_later(MARK_SECONDS, self._mark_now)

    def _mark_now(self) -> None:
        if not self._syncing:
            self._ctx.task(self._persistence.mark(), "mark the log")

    # -- snapshots ------------------------------------------------------------------------------

    def _maybe_snapshot(self) -> None:
        """Snapshot after so many entries; later if a peer is just being sent one."""
        entries = self.machine.applied - self.member.log.snapshot_index
        patience = 5 if self.member.sending_snapshot else 1
        due = (
            entries >= self._snapshot_entries * patience
            or self._bytes_since_snapshot >= limits.RAFT_SNAPSHOT_LOG_BYTES * patience
        )
        if due and not self._snapshotting:
            self._snapshotting = True
            self._bytes_since_snapshot = 0
            self._ctx.task(self._snapshot(), "snapshot")

    async def _snapshot(self) -> None:
        index, term = self.machine.applied, self.machine.applied_term
        meta = SnapshotMeta(index, term, self.member.membership_at(index))
        pieces = encode_snapshot(self.machine)
        first = next(pieces)
        await self._persistence.save_snapshot(meta, chain([first], pieces))
        self.member.snapshot_taken(index, min(limits.RAFT_KEEP_ENTRIES, self._snapshot_entries))
        self._snapshotting = False
        self._ctx.note("store.snapshot", self._config.member, index=index)
