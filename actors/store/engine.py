"""The Raft engine: one member, its log on disk and its state machine, turning together.

Job: carry out Readys in the order the core prescribes (send now; persist, then send; apply), time
it with one timer. Must not know: who asks and what is done with results.
"""

import asyncio
from collections.abc import Sequence

from actors.kit.actor import Delivery
from actors.kit.context import Context
from actors.store.commit_news import CommitNews
from actors.store.group_commit import GroupCommit
from actors.store.lease_keeper import LeaseKeeper
from actors.store.metrics import Gauges, StoreMetrics
from actors.store.peers import Peers
from actors.store.persistence import Persistence
from actors.store.proposals import Outcomes, Proposals
from actors.store.slices import in_slices
from actors.store.snapshots import Snapshots
from actors.store.waiters import ChangeWaiters, LevelWaiters
from actors.store.watch_hub import WatchHub
from cluster import limits
from cluster.errors import NotLeader, SteersmanError
from cluster.messages.store import RaftHeartbeat, RaftMessage
from cluster.raft.member import Member
from cluster.raft.member_state import Config
from cluster.raft.messages import COMMAND, Entry, Membership, SnapshotMeta
from cluster.raft.ready import ReadState, Ready, Standing
from cluster.state.commands import Command, TxnsCommand, decode_command, encode_command
from cluster.state.mvcc import StateMachine
from cluster.state.snapshot import decode_snapshot_slices
from cluster.state.snapshot_pieces import SnapshotDamaged

# Readys carried out before other tasks get their turn.
TURN_READIES = 4
# Loops round to milliseconds: a timer set for the very moment may ring before it, and again, until
# it is over. One set so much later rings once.
GRAIN_SECONDS = 0.001


class Engine:
    """``machine`` is the replicated state as applied here. ``standings`` change when role, leader
    or term do, when a new leader has applied an entry of its term, and with the membership."""

    def __init__(
        self,
        ctx: Context,
        config: Config,
        cluster: str,
        founding: SnapshotMeta | None,
        snapshot_entries: int = limits.RAFT_SNAPSHOT_ENTRIES,
        segment_bytes: int = limits.RAFT_SEGMENT_BYTES,
    ) -> None:
        # Asking for the running loop is a system call each time.
        self._now = asyncio.get_running_loop().time
        self.applied = LevelWaiters()
        self.revisions = LevelWaiters()
        self.standings = ChangeWaiters()
        self.machine = StateMachine()
        self.hub = WatchHub(self.machine)
        self.metrics = StoreMetrics(self._gauges)
        self._ctx = ctx
        self._config = config
        self._founding = founding
        self._persistence = Persistence(ctx.world.disk, cluster, config.member, segment_bytes)
        self._proposals = Proposals(self._now)
        self._peers = Peers(ctx, self._persistence, self._trace_of)
        self._news = CommitNews(self._peers.send)
        self.leases = LeaseKeeper(lambda: self.machine, self.propose_own)
        self._snapshots = Snapshots(ctx, self._persistence, self.metrics, snapshot_entries)
        self._disk = GroupCommit(
            ctx,
            self._persistence,
            self.metrics.fsync,
            self._durable,
            self._install,
            self._turn_at_once,
        )
        self._reads: dict[int, asyncio.Future[int]] = {}
        self._last_read = 0
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = float("inf")
        self._was_leading = False
        # Something was carried out that those who wait have not been told of.
        self._untold = True
        self.member: Member

    # -- life -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Recover from disk and begin to turn. Raises LogDamaged, LogMissing, DiskFault."""
        recovered = await self._persistence.load(self._founding)
        if recovered.snapshot is not None:
            try:
                self.machine = await in_slices(decode_snapshot_slices(recovered.snapshot))
            except SnapshotDamaged as error:
                index = recovered.meta.index
                raise self._persistence.snapshot_damaged(index, str(error)) from error
            self.hub = WatchHub(self.machine)
            self._snapshots.last_bytes = len(recovered.snapshot)
        if recovered.torn:
            self._ctx.log.warning("store.repaired", torn=recovered.torn)
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
            torn=recovered.torn,
        )
        self._ctx.task(self._turn_forever(), "raft")
        self._disk.start()
        self.wake()

    async def close(self) -> None:
        """Stop timers and release the log. Waiting proposals are the actor's tasks: cancelled."""
        if self._timer is not None:
            self._timer.cancel()
        self._disk.close()
        self._news.close()
        self.leases.close()
        await self._persistence.close()

    def wake(self) -> None:
        """There is something to do: turn soon."""
        self._wake.set()

    # -- what is asked --------------------------------------------------------------------------

    @property
    def leading(self) -> bool:
        """True if this member leads and has applied an entry of its own term."""
        return self.member.role == "leader" and self.machine.applied_term == self.member.term

    def receive(self, message: RaftMessage | RaftHeartbeat, delivery: Delivery) -> None:
        """A Raft message came in. Raises PeerFault if it is none, or not from who it says."""
        member = self.member
        member.step(self._peers.receive(message, delivery), self._now())
        if member.has_news or member.next_deadline() < self._timer_due:
            self._turn_at_once()

    def peer_lost(self, process: str) -> None:
        """The connection to a process broke."""
        self.member.peer_lost(process, self._now())
        self.wake()

    def propose(
        self, command: Command, data: bytes, trace: str, waited_for: bool
    ) -> "asyncio.Future[Outcomes] | None":
        """Put a command (and its encoding) into the log. The future fails with NotLeader if
        leadership is lost first: then the outcome is unknown. Raises NotLeader, Overloaded (nothing
        was proposed)."""
        self._proposals.check_room(len(data))
        name = self.member.propose(data)
        self.wake()
        return self._proposals.add(name, len(data), trace, command, waited_for)

    def propose_own(self, command: Command) -> None:
        """What the leader has to do by itself; nobody waits for it."""
        self.propose(command, encode_command(command), "", waited_for=False)

    def change_membership(self, action: str, member: str, voters: Sequence[str]) -> int:
        """Put a change into the log; its index. Raises NotLeader, StoreError."""
        _, index = self.member.change_membership(action, member, tuple(voters))
        self.wake()
        return index

    async def outcomes_of(self, term: int, index: int, command: Command) -> Outcomes:
        """What applying the entry (term, index) gives here, which the leader has proposed for this
        replica. Raises NotLeader if it may be lost: ask again."""
        if self.machine.applied < index:
            if self.member.term > term:
                raise NotLeader("another term has begun; outcome unknown")
            return await self._proposals.expect((term, index))
        remembered = []
        for record in command.records if isinstance(command, TxnsCommand) else ():
            outcome = self.machine.sessions.remembered(record.client, record.sequence)
            if outcome is None:
                break
            remembered.append(outcome)
        else:
            if remembered:
                return tuple(remembered)
        raise NotLeader("applied before it could be waited for")

    def read_index(self) -> "asyncio.Future[int]":
        """The index to wait for before a linearizable read. Raises NotLeader, at once or later."""
        self._last_read += 1
        self.member.read_index(self._last_read)
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._reads[self._last_read] = future
        self.wake()
        return future

    def tell_commit(self) -> None:
        """Somebody at another replica waits for what is committed: let it know at once."""
        self._news.hurry()

    async def wait_applied(self, index: int) -> None:
        """Return once the entry ``index`` is applied here."""
        if self.machine.applied < index:
            await self.applied.wait(index)

    async def wait_revision(self, revision: int) -> None:
        """Return once ``revision`` is reached here."""
        if self.machine.revision < revision:
            await self.revisions.wait(revision)

    def transfer(self, to: str) -> None:
        """Begin to hand leadership to ``to`` ('': who holds most). Raises NotLeader."""
        to = to or self.member.most_advanced_peer()
        if not to:
            raise NotLeader("there is nobody to hand over to")
        self.member.transfer(to, self._now())
        self.wake()

    # -- the turn -------------------------------------------------------------------------------

    async def _turn_forever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._turn()

    def _turn_at_once(self) -> None:
        """Turn, unless a turn is to come soon anyway: it does all at once."""
        if self._wake.is_set():
            return
        try:
            self._turn()
        except SteersmanError as error:
            # No fault of whoever's message this turn is about: it is a crash.
            raise RuntimeError("the turn failed") from error

    def _turn(self) -> None:
        """Everything that came in since the last turn, as few Readys as possible."""
        self.member.tick(self._now())
        for _ in range(TURN_READIES):
            ready = self.member.ready()
            if ready is None:
                break
            self._carry_out(ready)
        else:
            self.wake()
        if self._untold or self._snapshots.owed or self.member.wants_snapshot:
            self._untold = False
            self._tell_waiters()
            if self._snapshots.due(self.machine, self.member):
                self._snapshots.take(self.machine, self.member)
            else:
                self._snapshots.trim(self.machine, self.member)
        self._arm()

    def _carry_out(self, ready: Ready) -> None:
        self._peers.send(self._news.take(ready.send_now))
        if not self._disk.takes(ready):
            self._peers.send(ready.send_after_persist)
        if ready.membership is not None:
            self._on_membership(ready.membership)
        if ready.standing is not None:
            self._untold = True
            self._on_standing(ready.standing)
        if ready.committed:
            self._untold = True
            self._apply(ready.committed)
        for read in ready.reads:
            self._on_read(read)

    def _durable(self, ready: Ready) -> None:
        self._peers.send(ready.send_after_persist)
        self.member.advance(ready)

    def _apply(self, entries: Sequence[Entry]) -> None:
        machine, proposals = self.machine, self._proposals
        oldest, awaited = 0.0, False
        for entry in entries:
            pending = proposals.take((entry.term, entry.index))
            command: Command | None = None
            if entry.kind == COMMAND and entry.data:
                known = pending.command if pending is not None else None
                command = known or decode_command(entry.data)
            outcomes = machine.apply(entry.index, entry.term, command)
            self._snapshots.applied_bytes += len(entry.data)
            if pending is None:
                continue
            # Another replica waits until it has applied the entry itself.
            awaited = awaited or pending.future is None
            oldest = oldest or pending.since
            self.metrics.proposals_committed += 1
            if pending.future is not None and not pending.future.done():
                pending.future.set_result(outcomes)
        if awaited:
            self.tell_commit()
        if oldest:
            self.metrics.commit.observe(self._now() - oldest)

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
        self.metrics.elections += standing.role == "candidate"
        self.metrics.leader_changes += bool(standing.leader)
        self._proposals.keep_only(standing.term if standing.leader else 0)
        self.standings.changed()

    def _on_membership(self, membership: Membership) -> None:
        self._ctx.note(
            "raft.membership",
            self._config.member,
            voters=list(membership.voters),
            outgoing=list(membership.outgoing),
            learners=list(membership.learners),
        )
        for name in sorted({*membership.voters, *membership.outgoing, *membership.learners}):
            self._ctx.monitor_process(name)
        self.standings.changed()

    def _tell_waiters(self) -> None:
        self.applied.reached(self.machine.applied)
        self.revisions.reached(self.machine.revision)
        self.hub.publish()
        leading = self.leading
        if leading != self._was_leading:
            self._was_leading = leading
            self.leases.lead(leading)
            self.standings.changed()
        elif leading:
            self.leases.look()

    def _trace_of(self, index: int) -> str:
        return self._proposals.trace_of((self.member.term, index))

    def _arm(self) -> None:
        """One timer, moved only when it would ring too late."""
        due = self.member.next_deadline()
        if self._timer is not None:
            if self._timer_due <= due:
                return
            self._timer.cancel()
        self._timer_due = due
        self._timer = asyncio.get_running_loop().call_at(due + GRAIN_SECONDS, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._now() < self.member.next_deadline():
            # The deadline has moved meanwhile, as it does whenever the leader speaks.
            self._arm()
        else:
            self.wake()

    async def _install(self, meta: SnapshotMeta) -> None:
        """The leader's snapshot is whole: it takes the place of state and log."""
        machine = await self._snapshots.install(meta)
        self.machine = machine
        self.hub.replace(machine)
        self._untold = True

    def _gauges(self) -> Gauges:
        member, machine = self.member, self.machine
        return Gauges(
            term=member.term,
            is_leader=member.role == "leader",
            is_learner=self._config.member in member.membership.learners,
            has_leader=bool(member.leader),
            commit_index=member.commit,
            applied_index=machine.applied,
            last_index=member.log.last_index,
            snapshot_index=member.log.snapshot_index,
            revision=machine.revision,
            compacted_revision=machine.compacted,
            keys=len(machine.items),
            leases=len(machine.leases),
            database_bytes=self._persistence.log_bytes + self._snapshots.last_bytes,
            pending_proposals=len(self._proposals),
            watchers=self.hub.watchers,
            alarms=len(machine.alarms),
            queues={"persist": len(self._disk), "read_index": len(self._reads)},
        )
