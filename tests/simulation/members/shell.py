"""What a running member's process does in its turns: carry out Readys as the store's engine does,
persist by the engine's own group commit, apply, snapshot, keep the log's time.

Job: call the product's core (``cluster.raft``, ``cluster.state``, the log on disk), with a place to
die at every boundary between sending, persisting and applying. Must not know: who asks; faults.
"""

import random
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from actors.store.group_commit import GroupCommit
from actors.store.lease_keeper import LeaseKeeper
from actors.store.persistence import Persistence
from actors.store.watch_hub import WatchHub
from cluster.raft.member import Member
from cluster.raft.messages import (
    COMMAND,
    AppendRequest,
    AppendResponse,
    Entry,
    RaftRpc,
    SnapshotMeta,
    SnapshotRequest,
    encode,
)
from cluster.raft.ready import ReadState, Ready, Standing
from cluster.state.commands import Command, decode_command, encode_command
from cluster.state.mvcc import StateMachine
from cluster.state.snapshot import decode_snapshot, encode_snapshot
from tests.simulation.members.asks import Failed

if TYPE_CHECKING:
    from tests.simulation.members.host import Host
    from tests.simulation.members.simulation import Simulation

Reply = Callable[[Any], None]
Name = tuple[int, int]


class Tasks:
    """What group commit asks of an actor's context: tasks; and of metrics: somewhere to tell."""

    def __init__(self, shell: "Shell") -> None:
        self._shell = shell

    def task(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        """Run it for this life of the host."""
        self._shell.job(work, lambda result: None)

    def observe(self, seconds: float) -> None:
        """Nobody looks."""


class WitnessedPersistence(Persistence):
    """The product's, with a witness of what is on disk now."""

    host: "Host"

    @property
    def marked(self) -> int:
        """How far the last segment says that it is durable; the rest may pass for torn."""
        return self._log._marked

    async def write(self, readies: Sequence[Ready]) -> None:
        """Also tell."""
        await super().write(readies)
        self.host.sim.witness.durable(self.host, readies)


class Shell:
    """The turning part of a Host."""

    sim: "Simulation"
    name: str
    life: int
    rng: random.Random
    member: Member | None
    machine: StateMachine
    persistence: WitnessedPersistence
    group_commit: GroupCommit
    hub: WatchHub
    leases: LeaseKeeper

    def reset_turns(self) -> None:
        """A new process knows nothing of these."""
        self.snapshotting = False
        self.since_snapshot = 0
        self.pending: dict[Name, list[Reply]] = {}
        self.reads: dict[int, Reply] = {}
        self.waiting: list[tuple[int, Callable[[], None]]] = []
        self.armed_for = float("inf")
        self.leading_term = 0
        self.told_commit = 0
        self.told_matches: dict[str, tuple[tuple[int, int], int]] = {}
        self.first_chunk = True
        self.applied_some = False

    def start_turns(self) -> None:
        """The member is there: begin."""
        tasks: Any = Tasks(self)
        self.hub = WatchHub(self.machine)
        self.leases = LeaseKeeper(lambda: self.machine, self._propose_own)
        self.group_commit = GroupCommit(
            tasks, self.persistence, tasks, self._durable, self._install, lambda: None
        )
        self.group_commit.start()

    # -- of the host ----------------------------------------------------------------------------

    def now(self) -> float:
        """The time by this host's clock."""
        raise NotImplementedError

    def true_time(self, local: float) -> float:
        """When this host's clock will show ``local``."""
        raise NotImplementedError

    def boundary(self, what: str) -> None:
        """A point between two steps: the process may die here."""
        raise NotImplementedError

    def gate(self, call: Callable[..., None], *args: Any, life: int = -1) -> None:
        """Let the process do something, then turn."""
        raise NotImplementedError

    def job(self, work: Any, finished: Callable[[Any], None]) -> None:
        """Run a coroutine of the product for this life."""
        raise NotImplementedError

    # -- the turn, as the engine's ---------------------------------------------------------------

    def _tick(self) -> None:
        self.armed_for = float("inf")
        if self.member is not None:
            self.member.tick(self.now())

    def _turn(self) -> None:
        member = self.member
        if member is None:
            return
        member.tick(self.now())
        for _ in range(1000):
            ready = member.ready()
            if ready is None:
                break
            self._carry_out(ready)
        else:
            raise AssertionError("a member is never done")
        self._after_turn(member)

    def _after_turn(self, member: Member) -> None:
        self.hub.publish()
        if self.waiting:
            applied = self.machine.applied
            due = [call for index, call in self.waiting if index <= applied]
            self.waiting = [item for item in self.waiting if item[0] > applied]
            for call in due:
                call()
        self._lead_time(member)
        if not self.snapshotting:
            knobs = self.sim.knobs
            if self.since_snapshot >= knobs.snapshot_entries or member.wants_snapshot:
                self._snapshot(member.wants_snapshot)
            elif self.machine.applied - member.log.base_index > knobs.memory_entries:
                member.forget(self.machine.applied, knobs.memory_entries // 2)
                beyond = member.log.base_index > member.log.snapshot_index
                self.sim.seen.saw("log in memory shorter than on disk", beyond)
        due_at = member.next_deadline()
        if due_at < self.armed_for:
            self.armed_for = due_at
            self.sim.timeline.at(self.true_time(due_at) + 1e-6, self.gate_tick, self.life)

    def gate_tick(self, life: int) -> None:
        """The timer rings."""
        self.gate(self._tick, life=life)

    def _carry_out(self, ready: Ready) -> None:
        sim, member = self.sim, self.member
        assert member is not None
        sim.witness.took(self, member, ready)  # type: ignore[arg-type]  # a Host
        if ready.send_now:
            self.boundary("before send_now")
            self._send(ready.send_now)
            self.boundary("after send_now")
        if not self.group_commit.takes(ready) and ready.send_after_persist:
            self._send_promises(ready)
        if ready.standing is not None:
            self._on_standing(ready.standing)
        for entry in ready.committed:
            self._apply(entry)
        for read in ready.reads:
            self._on_read(read)

    def _send_promises(self, ready: Ready) -> None:
        for message in ready.send_after_persist:
            self.boundary("before send_after_persist")
            self._send((message,))

    def _send(self, messages: Sequence[RaftRpc]) -> None:
        for message in messages:
            self.sim.witness.sent(self, message)
            if isinstance(message, SnapshotRequest):
                self._send_chunk(message)
            else:
                self._post(message)

    def _post(self, message: RaftRpc) -> None:
        payload = encode(message) if self.sim.knobs.wire else message
        network = self.sim.network
        network.send(self.name, message.to, payload)
        if isinstance(message, AppendResponse) and message.accepted:
            network.said(self.name, message.to, payload)
        elif isinstance(message, AppendRequest) and message.read:
            network.asked(self.name, message.to, payload)

    def _send_chunk(self, message: SnapshotRequest) -> None:
        def found(chunk: tuple[bytes, bool] | None) -> None:
            if chunk is not None:
                self._post(replace_chunk(message, *chunk))

        size = self.sim.knobs.chunk_bytes
        self.job(self.persistence.read_chunk(message.meta.index, message.offset, size), found)

    # -- persisting -----------------------------------------------------------------------------

    async def _install(self, meta: SnapshotMeta) -> None:
        data = await self.persistence.read_spool()
        machine = decode_snapshot(data, self.sim.knobs.history_revisions)
        assert (machine.applied, machine.applied_term) == (meta.index, meta.term)
        await self.persistence.install(meta)
        self.machine = machine
        self.since_snapshot = 0
        self.hub.replace(machine)
        self.sim.witness.installed(self, meta)

    def _durable(self, ready: Ready) -> None:
        member = self.member
        assert member is not None
        self.boundary("persisted")
        if ready.send_after_persist:
            self._send_promises(ready)
        member.advance(ready)
        self.boundary("after send_after_persist")

    # -- applying -------------------------------------------------------------------------------

    def _apply(self, entry: Entry) -> None:
        self.boundary("before apply")
        command: Command | None = None
        if entry.data and entry.kind == COMMAND:
            command = decode_command(entry.data)
        before = self.machine.revision
        outcomes = self.machine.apply(entry.index, entry.term, command)
        self.since_snapshot += 1
        self.applied_some = True
        self.sim.witness.applied(self, entry, command, before)
        replies = self.pending.pop((entry.term, entry.index), None)
        if replies is not None:
            for reply, outcome in zip(replies, outcomes, strict=False):
                reply(outcome)

    def _snapshot(self, wanted: bool) -> None:
        machine = self.machine
        member = self.member
        assert member is not None
        index = machine.applied
        if index <= member.log.snapshot_index or not member.membership_at(index).voters:
            return
        if index > member.log.persisted:
            self.sim.seen.saw("snapshot held for the disk")
            return
        self.snapshotting = True
        self.sim.seen.saw("snapshot taken because a peer wants it", wanted)
        self.since_snapshot = 0
        meta = SnapshotMeta(index, machine.applied_term, member.membership_at(index))
        pieces = list(encode_snapshot(machine))

        def saved(_: object) -> None:
            self.snapshotting = False
            if self.member is not None and index > self.member.log.snapshot_index:
                self.member.snapshot_taken(index, self.sim.knobs.keep_entries)
                self.sim.seen.saw("log compacted")

        self.job(self.persistence.save_snapshot(meta, pieces), saved)

    # -- leading --------------------------------------------------------------------------------

    def _on_standing(self, standing: Standing) -> None:
        self.sim.tell(
            f"{self.name} is {standing.role} of term {standing.term}, follows {standing.leader!r}"
        )
        term = standing.term if standing.leader else 0
        for name in [name for name in self.pending if name[0] != term]:
            for reply in self.pending.pop(name):
                reply(Failed("NotLeader", "lost"))

    def _on_read(self, read: ReadState) -> None:
        reply = self.reads.pop(read.context, None)
        if reply is not None:
            reply(Failed("NotLeader", "lost", True) if read.index is None else read.index)

    def _lead_time(self, member: Member) -> None:
        """The log's time goes on from where it stood when this member took office."""
        leads = member.role == "leader" and self.machine.applied_term == member.term
        term = member.term if leads else 0
        if term != self.leading_term:
            self.leading_term = term
            self.leases.lead(leads)
        if self.applied_some:
            self.applied_some = False
            self.leases.look()

    def _propose_own(self, command: Command) -> None:
        assert self.member is not None
        self._propose(self.member, command, [])

    def _propose(self, member: Member, command: Command, replies: list[Reply]) -> Name:
        name = member.propose(encode_command(command))
        self.pending[name] = replies
        return name


def replace_chunk(message: SnapshotRequest, data: bytes, done: bool) -> SnapshotRequest:
    """The request with its bytes filled in."""
    return SnapshotRequest(
        message.sender,
        message.to,
        message.term,
        message.meta,
        message.offset,
        data,
        done,
        message.tenure,
    )
