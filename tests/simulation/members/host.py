"""One host: a member, its disk and its state, carrying out Readys as the store's engine does, with
a place to die at every boundary between sending, persisting and applying.

Job: the only file that calls the product's core (``cluster.raft``, ``cluster.state``, the log on
disk). Must not know: what clients want; which faults come when.
"""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from actors.kit.world.disk import DiskFault
from actors.store.lease_keeper import LeaseKeeper
from actors.store.persistence import LogDamaged, Persistence
from actors.store.watch_hub import WatchHub
from cluster.errors import StoreError, TemporaryFault
from cluster.messages.store import StoreEvents, Watch
from cluster.raft.member import Member
from cluster.raft.member_state import Config
from cluster.raft.messages import (
    BLANK,
    COMMAND,
    AppendResponse,
    Entry,
    Membership,
    RaftRpc,
    SnapshotMeta,
    SnapshotRequest,
    decode,
    encode,
)
from cluster.raft.ready import ReadState, Ready, Standing
from cluster.state.commands import (
    Command,
    CompactCommand,
    LeaseGrantCommand,
    LeaseKeepAliveCommand,
    LeaseRevokeCommand,
    TxnsCommand,
    decode_command,
    encode_command,
)
from cluster.state.mvcc import StateMachine
from cluster.state.snapshot import SnapshotDamaged, decode_snapshot, encode_snapshot
from tests.simulation.members.asks import (
    ChangeAsk,
    CompactAsk,
    Failed,
    Forward,
    LeaseAsk,
    ReadAsk,
    ReadIndexAsk,
    TransferAsk,
    Write,
)
from tests.simulation.members.disk import SectorDisk
from tests.simulation.members.timeline import Job

if TYPE_CHECKING:
    from tests.simulation.members.simulation import Simulation

Reply = Callable[[Any], None]
CLUSTER = "simulated"


class Crashed(BaseException):
    """The process dies at this very point."""


@dataclass(eq=False, slots=True)
class Stream:
    """A watch served to a client. ``item`` and ``closed`` are the client's."""

    watcher: Any
    item: Callable[[StoreEvents], None]
    closed: Callable[[str], None]


class Host:
    """``life`` counts processes that ran here. ``founding``: None for one that joins later.

    ``rate`` and ``offset`` make its clock of the true time.
    """

    def __init__(self, sim: "Simulation", name: str, founding: SnapshotMeta | None) -> None:
        self.sim = sim
        self.name = name
        self.founding = founding
        self.rng = random.Random(f"{sim.seed}/{name}")
        self.disk = SectorDisk(self.rng, self.boundary, self.disk_delay, sim.knobs.sector_bytes)
        self.life = 0
        self.up = False
        self.damaged = ""
        self.flips: list[tuple[str, int, int]] = []
        self.paused = False
        self.backlog: list[tuple[int, Callable[..., None], tuple[Any, ...]]] = []
        self.countdown = 0
        self.armed_power = False
        self.slow_until = 0.0
        self.rate = 1.0
        self.offset = self.rng.random() * 1000.0
        self._rate_since = 0.0
        self.down_at = 0.0
        self.member: Member | None = None
        self.machine = StateMachine(sim.knobs.history_revisions)
        self.joined = founding is not None
        self.busy = False
        # What it decided by when it last ran: an entry of it may be on its disk.
        self.last_membership = founding.membership if founding else Membership()
        self._reset()

    def _reset(self) -> None:
        """Everything that a process forgets when it dies."""
        self.unsynced: list[Ready] = []
        self.syncing = False
        self.snapshotting = False
        self.since_snapshot = 0
        self.jobs: list[Job] = []
        self.pending: dict[tuple[int, int], list[Reply]] = {}
        self.reads: dict[int, Reply] = {}
        self.waiting: list[tuple[int, Callable[[], None]]] = []
        self.gathered: list[tuple[Write, Reply]] = []
        self.asked: dict[int, Reply] = {}
        self.numbers = 0
        self.streams: list[Stream] = []
        self.armed_for = float("inf")
        self.leading_term = 0
        self.told_commit = 0
        self.told_matches: dict[str, tuple[tuple[int, int], int]] = {}
        self.first_chunk = True
        self.applied_some = False

    # -- time -----------------------------------------------------------------------------------

    def now(self) -> float:
        """The time by this host's clock."""
        return self.offset + (self.sim.timeline.now - self._rate_since) * self.rate

    def true_time(self, local: float) -> float:
        """When this host's clock will show ``local``."""
        return self._rate_since + (local - self.offset) / self.rate

    def set_rate(self, rate: float) -> None:
        """From now on the clock runs so fast."""
        self.offset = self.now()
        self._rate_since = self.sim.timeline.now
        self.rate = rate

    def disk_delay(self) -> float:
        """Seconds that the next disk operation takes."""
        if self.sim.timeline.now < self.slow_until:
            return 0.02 + self.rng.random() * 0.5
        base = self.sim.knobs.sync_seconds
        return base * (0.5 + self.rng.random()) if base else 0.0

    # -- life and death -------------------------------------------------------------------------

    def boundary(self, what: str) -> None:
        """A point between two steps: the process may die here."""
        if self.countdown:
            self.countdown -= 1
            if not self.countdown:
                self.sim.seen.saw(f"crash {what}")
                self.disk.offline = True
                raise Crashed(what)

    def gate(self, call: Callable[..., None], *args: Any, life: int = -1) -> None:
        """Let the process do something, if it lives and is not asleep; then turn."""
        if not self.up or life not in (-1, self.life):
            return
        if self.paused:
            self.backlog.append((self.life, call, args))
            return
        if self.busy:
            # Called from within its own step: after it.
            self.sim.timeline.after(0.0, self._gate_again, self.life, call, args)
            return
        loop = self.sim.loop
        assert loop.active is None, "one host at a time"
        self.busy = True
        loop.active = self
        try:
            call(*args)
            self._turn()
        except Crashed as crash:
            self.die(self.armed_power, str(crash))
        except DiskFault as fault:
            self.sim.seen.saw("died of its disk")
            self.die(False, f"disk: {fault}")
        except LogDamaged as error:
            self.refuse(str(error))
        except Exception as error:  # a bug: whatever it is
            self.sim.problem(f"{self.name} died of {type(error).__name__}: {error}")
            self.die(False, "a bug")
        finally:
            self.busy = False
            loop.active = None

    def _gate_again(self, life: int, call: Callable[..., None], args: tuple[Any, ...]) -> None:
        self.gate(call, *args, life=life)

    def _gate_of(self, life: int) -> Callable[..., None]:
        def gate(call: Callable[..., None], *args: Any) -> None:
            self.gate(call, *args, life=life)

        return gate

    def gate_of_now(self) -> Callable[..., None]:
        """For the process that runs now."""
        return self._gate_of(self.life)

    def job(self, work: Any, finished: Callable[[Any], None]) -> None:
        """Run a coroutine of the product for this life."""

        def failed(error: BaseException) -> None:
            raise error

        job = Job(self.sim.timeline, work, self._gate_of(self.life), finished, failed)
        self.jobs = [other for other in self.jobs if not other.dead]
        self.jobs.append(job)
        job.step()

    def start(self) -> None:
        """A new process: recover from disk."""
        if self.up or self.damaged:
            return
        self.up = True
        self.disk.offline = False
        self.life += 1
        self._reset()
        knobs = self.sim.knobs
        self.persistence = Persistence(
            self.disk, CLUSTER, self.name, segment_bytes=knobs.segment_bytes
        )
        self.gate(self.job, self.persistence.load(self.founding_now()), self._recovered)

    def founding_now(self) -> SnapshotMeta | None:
        """What an empty disk means: the founding, joining, or (had it been in before) a loss."""
        return self.founding

    def die(self, power: bool, why: str) -> None:
        """The process is gone; ``power``: and what the disk had not synced."""
        self.sim.tell(f"{self.name} dies ({'power' if power else 'process'}): {why}")
        self.up = False
        self.paused = False
        self.backlog.clear()
        self.countdown = 0
        self.down_at = self.sim.timeline.now
        self.disk.disconnect()
        for job in self.jobs:
            with suppress(Crashed, DiskFault):
                job.kill()
        if power and self.disk.lose_power():
            self.sim.seen.saw("unsynced bytes lost")
        for stream in self.streams:
            self.sim.to_client(stream.closed, "down")
        if self.member is not None:
            self.last_membership = self.member.membership
        self.member = None
        self._reset()
        self.sim.host_died(self)

    def refuse(self, why: str) -> None:
        """It does not trust its disk: a person must act."""
        self.damaged = why
        self.die(False, why)

    def pause(self) -> None:
        """The process does nothing for a while."""
        self.paused = True

    def resume(self) -> None:
        """It goes on: what waited comes in any order, timers too."""
        if not self.paused:
            return
        self.paused = False
        backlog, self.backlog = self.backlog, []
        if self.rng.random() < 0.5:
            self.gate(self._tick)
        for life, call, args in backlog:
            self.gate(call, *args, life=life)
        self.gate(self._tick)

    def wipe(self) -> None:
        """An operator empties its disk: it joins as a stranger, if ever."""
        self.sim.network.void(self.name)
        self.disk.files.clear()
        self.damaged = ""
        self.flips.clear()
        self.founding = SnapshotMeta()
        self.last_membership = Membership()
        self.sim.raft.wiped(self.name)
        self.start()

    def rot_place(self, rng: random.Random) -> tuple[str, int] | None:
        """A byte whose damage must be noticed, as it was durable when the last mark was written."""
        logs = [path for path in sorted(self.disk.files) if "/log-" in path][:-1]
        paths = [*logs, *(path for path in sorted(self.disk.files) if "/snapshot-" in path)]
        if not paths:
            return None
        path = rng.choice(paths)
        size = len(self.disk.files[path].platter)
        return (path, rng.randrange(size)) if size else None

    # -- recovery -------------------------------------------------------------------------------

    def _recovered(self, found: Any) -> None:
        sim, knobs = self.sim, self.sim.knobs
        self.machine = StateMachine(knobs.history_revisions)
        if found.snapshot is not None:
            try:
                self.machine = decode_snapshot(found.snapshot, knobs.history_revisions)
            except SnapshotDamaged as error:
                raise LogDamaged(str(error)) from error
        self.hub = WatchHub(self.machine)
        self.leases = LeaseKeeper(lambda: self.machine, self._propose_own)
        if found.torn_bytes:
            sim.seen.saw("torn tail repaired")
        if found.spooled is not None:
            sim.seen.saw("spool kept over a crash")
        sim.raft.recovered(
            self.name,
            found.hard_state.term,
            found.hard_state.vote,
            found.meta.index,
            [(e.index, e.term) for e in found.entries if e.index > found.meta.index],
        )
        config = Config(
            self.name,
            heartbeat=knobs.heartbeat,
            election_min=knobs.election_min,
            election_max=knobs.election_max,
            entries_max=knobs.entries_max,
            bytes_max=knobs.bytes_max,
            inflight_max=knobs.inflight_max,
            apply_max=knobs.apply_max,
            lease_reads=knobs.lease_reads,
        )
        self.member = Member(
            config,
            self.rng.random,
            self.now(),
            found.hard_state,
            found.entries,
            found.meta,
            found.spooled,
        )
        self.founding = None
        sim.tell(
            f"{self.name} starts: term {found.hard_state.term}, snapshot {found.meta.index}, "
            f"last {self.member.log.last_index}, torn {found.torn_bytes}"
        )

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
            if ready is not None:
                self._carry_out(ready)
            elif self.unsynced and not self.syncing:
                self._start_sync()
            else:
                break
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
        if self.since_snapshot >= self.sim.knobs.snapshot_entries and not self.snapshotting:
            self._snapshot()
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
        sim.witness.took(self, member, ready)
        if ready.send_now:
            self.boundary("before send_now")
            self._send(ready.send_now)
            self.boundary("after send_now")
        if ready.must_persist or self.unsynced or self.syncing:
            self.unsynced.append(ready)
        elif ready.send_after_persist:
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

    def _send_chunk(self, message: SnapshotRequest) -> None:
        def found(chunk: tuple[bytes, bool] | None) -> None:
            if chunk is not None:
                self._post(replace_chunk(message, *chunk))

        size = self.sim.knobs.chunk_bytes
        self.job(self.persistence.read_chunk(message.meta.index, message.offset, size), found)

    # -- persisting -----------------------------------------------------------------------------

    def _start_sync(self) -> None:
        batch, self.unsynced = self.unsynced, []
        self.syncing = True

        def synced(_: object) -> None:
            self.syncing = False
            self._synced(batch)

        self.job(self._persist(batch), synced)

    async def _persist(self, batch: Sequence[Ready]) -> None:
        """Group commit, split where a snapshot is installed."""
        group: list[Ready] = []
        for ready in batch:
            if ready.snapshot is None:
                if ready.must_persist:
                    group.append(ready)
                continue
            await self._write([*group, replace(ready, entries=(), snapshot=None)])
            await self._install(ready.snapshot)
            group = [replace(ready, hard_state=None, chunks=(), snapshot=None)]
            group = group if ready.entries else []
        if group:
            await self._write(group)

    async def _write(self, group: Sequence[Ready]) -> None:
        await self.persistence.write(group)
        self.sim.witness.durable(self, group)

    async def _install(self, meta: SnapshotMeta) -> None:
        data = await self.persistence.read_spool()
        machine = decode_snapshot(data, self.sim.knobs.history_revisions)
        assert (machine.applied, machine.applied_term) == (meta.index, meta.term)
        await self.persistence.install(meta)
        self.machine = machine
        self.since_snapshot = 0
        self.hub.replace(machine)
        self.sim.witness.installed(self, meta)

    def _synced(self, batch: Sequence[Ready]) -> None:
        member = self.member
        assert member is not None
        self.boundary("persisted")
        for ready in batch:
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

    def _snapshot(self) -> None:
        machine = self.machine
        member = self.member
        assert member is not None
        index = machine.applied
        if index <= member.log.snapshot_index or not member.membership_at(index).voters:
            return
        self.snapshotting = True
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
        term = standing.term if standing.role == "leader" else 0
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

    def _propose(self, member: Member, command: Command, replies: list[Reply]) -> None:
        name = member.propose(encode_command(command))
        self.pending[name] = replies

    # -- being asked ----------------------------------------------------------------------------

    def raft(self, payload: Any) -> None:
        """A Raft message came in."""
        if self.member is not None:
            message = decode(payload) if isinstance(payload, bytes) else payload
            self.member.step(message, self.now())

    def peer_lost(self, peer: str) -> None:
        """The connection to a peer broke, it is told."""
        if self.member is not None:
            self.member.peer_lost(peer, self.now())

    def ask(self, ask: Any, reply: Reply) -> None:
        """Of a client or of itself: do it, or have the leader do it."""
        member = self.member
        if member is None:
            reply(Failed("ActorDown", "starting", True))
        elif isinstance(ask, ReadAsk):
            self._read(ask, reply)
        elif member.role == "leader":
            self.lead(ask, reply)
        elif member.leader:
            self.numbers += 1
            self.asked[self.numbers] = reply
            forward = Forward(self.name, self.life, self.numbers, ask)
            self.sim.network.send(self.name, member.leader, forward, isinstance(ask, Write))
        else:
            reply(Failed("NotLeader", "no leader is known", True))

    def forwarded(self, forward: Forward) -> None:
        """From another host, or an answer back."""
        if forward.answered:
            reply = self.asked.pop(forward.number, None)
            if forward.life == self.life and reply is not None:
                reply(forward.answer)
            return

        def answer(outcome: Any) -> None:
            back = Forward(forward.origin, forward.life, forward.number, None, outcome, True)
            self.sim.network.send(self.name, forward.origin, back)

        if self.member is None or self.member.role != "leader":
            answer(Failed("NotLeader", "not I", True))
        else:
            self.lead(forward.ask, answer)

    def lead(self, ask: Any, reply: Reply) -> None:
        """Do it as the leader, or say why not."""
        member = self.member
        assert member is not None
        try:
            if isinstance(ask, Write):
                self._gather(member, ask, reply)
            elif isinstance(ask, ReadIndexAsk):
                self.numbers += 1
                member.read_index(self.numbers)
                self.reads[self.numbers] = reply
            elif isinstance(ask, LeaseAsk):
                self._lease(member, ask, reply)
            elif isinstance(ask, CompactAsk):
                self._propose(member, CompactCommand(ask.revision), [reply])
            elif isinstance(ask, TransferAsk):
                member.transfer(ask.to, self.now())
                reply("begun")
            else:
                assert isinstance(ask, ChangeAsk)
                self.pending[member.change_membership(ask.action, ask.member, ask.voters)] = [reply]
        except (TemporaryFault, StoreError) as error:
            reply(Failed(type(error).__name__, str(error), True))

    def _gather(self, member: Member, ask: Write, reply: Reply) -> None:
        if not self.sim.knobs.gather_seconds:
            self._propose(member, TxnsCommand((ask.record,)), [reply])
            return
        if not self.gathered:
            self.sim.timeline.after(
                self.sim.knobs.gather_seconds, self._gate_again, self.life, self._flush, ()
            )
        self.gathered.append((ask, reply))

    def _flush(self) -> None:
        gathered, self.gathered = self.gathered, []
        replies = [reply for _, reply in gathered]
        assert self.member is not None
        try:
            command = TxnsCommand(tuple(write.record for write, _ in gathered))
            self._propose(self.member, command, replies)
        except TemporaryFault as error:
            for reply in replies:
                reply(Failed(type(error).__name__, str(error), True))

    def _lease(self, member: Member, ask: LeaseAsk, reply: Reply) -> None:
        if self.machine.applied_term != member.term:
            reply(Failed("NotLeader", "the log's time is not known yet", True))
        elif ask.action == "grant":
            self._propose(member, LeaseGrantCommand(ask.id, ask.ttl, self.leases.now()), [reply])
        elif ask.action == "keepalive":
            self._propose(member, LeaseKeepAliveCommand((ask.id,), self.leases.now()), [reply])
        else:
            self._propose(member, LeaseRevokeCommand(ask.id), [reply])

    # -- reading --------------------------------------------------------------------------------

    def _read(self, ask: ReadAsk, reply: Reply) -> None:
        def serve() -> None:
            try:
                reply(self.machine.read(ask.key, ask.end, 0, ask.revision))
            except StoreError as error:
                reply(Failed(type(error).__name__, str(error), True))

        def confirmed(index: Any) -> None:
            if isinstance(index, Failed):
                reply(index)
            elif self.machine.applied >= index:
                serve()
            else:
                self.waiting.append((index, serve))

        if ask.mode == "serializable":
            serve()
        else:
            self.ask(ReadIndexAsk(), confirmed)

    def watch(
        self,
        watch: Watch,
        item: Callable[[StoreEvents], None],
        closed: Callable[[str], None],
    ) -> None:
        """Serve a watch until the client or the process is gone."""
        if self.member is None:
            self.sim.to_client(closed, "down")
            return
        try:
            watcher = self.hub.open(watch)
        except StoreError as error:
            self.sim.to_client(closed, type(error).__name__)
            return
        stream = Stream(watcher, item, closed)
        self.streams.append(stream)
        self._stream(stream)

    def unwatch(self, item: Callable[[StoreEvents], None]) -> None:
        """The client is gone."""
        for stream in [s for s in self.streams if s.item == item]:
            self.streams.remove(stream)
            self.hub.close(stream.watcher)

    def _stream(self, stream: Stream, given: StoreEvents | None = None) -> None:
        if stream not in self.streams:
            return
        if given is not None:
            stream.item(given)
        try:
            while (item := self.hub.next_item(stream.watcher)) is not None:
                stream.item(item)
        except StoreError as error:
            self.streams.remove(stream)
            self.hub.close(stream.watcher)
            self.sim.to_client(stream.closed, type(error).__name__)
            return
        life = self.life
        future = self.hub.follow(stream.watcher)
        future.add_done_callback(
            lambda done: self.gate(self._stream, stream, done.result(), life=life)
        )

    # -- to look at -----------------------------------------------------------------------------

    @property
    def membership(self) -> Membership:
        """As this member knows it; empty if it does not run."""
        return self.member.membership if self.member is not None else Membership()

    def state_bytes(self) -> bytes:
        """Equal states, equal bytes."""
        return b"".join(encode_snapshot(self.machine))


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


assert BLANK.term == 0
