"""The store of one replica: what others ask, mapped to the engine, the writes and the reads.

Must not know: Raft's rules, the log's format, Kubernetes kinds.
"""

import asyncio

from actors.kit.actor import Actor, Delivery, Later, Sink
from actors.kit.tracing import resume_trace
from actors.store.engine import Engine
from actors.store.leader_line import LeaderLine
from actors.store.reads import Reads
from actors.store.writes import Writes
from cluster import limits, names
from cluster.errors import AskTimeout, NotLeader, Overloaded, PeerFault
from cluster.messages.base import ConnectionLost, Done, Message
from cluster.messages.store import (
    Compact,
    HandOver,
    Leadership,
    Propose,
    RaftHeartbeat,
    RaftMessage,
    Range,
    RangeResult,
    ReadIndexRequest,
    ReadIndexResult,
    StatusRequest,
    StoreStatus,
    Txn,
    Watch,
    WatchLeadership,
)
from cluster.raft.member_state import Config
from cluster.settings import ClusterSettings
from cluster.state.mvcc import check_txn

# For messages that came without a deadline.
DEADLINE_SECONDS = 10.0


class StoreActor(Actor):
    """One member of the replicated store: ``member`` is the replica's name in ``settings``.

    ``snapshot_entries``: log entries after which it snapshots. A crash (a disk fault, a damaged
    log) leaves nothing acknowledged behind that is not durable on a majority.
    """

    def __init__(
        self,
        settings: ClusterSettings,
        member: str,
        snapshot_entries: int = limits.RAFT_SNAPSHOT_ENTRIES,
    ) -> None:
        timing = settings.timing
        self._cluster = settings.name
        self._config = Config(
            member=settings.replica(member).name,
            members=tuple(replica.name for replica in settings.replicas),
            heartbeat=timing.heartbeat,
            election_min=timing.election_min,
            election_max=timing.election_max,
            entries_max=limits.RAFT_APPEND_ENTRIES_MAX,
            bytes_max=limits.RAFT_APPEND_BYTES_MAX,
            inflight_max=limits.RAFT_INFLIGHT_APPENDS_MAX,
        )
        self._snapshot_entries = snapshot_entries
        self._writing = 0
        self._engine: Engine | None = None

    async def started(self) -> None:
        """Recover from disk, then take part."""
        engine = Engine(self.ctx, self._config, self._cluster, self._snapshot_entries)
        await engine.start()
        self._engine = engine
        line = LeaderLine(self.ctx, engine)
        self._writes = Writes(self.ctx, engine, line)
        self._reads = Reads(self.ctx, engine, line)
        for peer in self._config.peers:
            self.ctx.monitor_process(peer)

    async def stopped(self) -> None:
        """Release the log."""
        if self._engine is not None:
            await self._engine.close()

    @property
    def engine(self) -> Engine:
        """The engine, once started."""
        assert self._engine is not None, "not started"
        return self._engine

    async def handle(self, message: Message, delivery: Delivery) -> Message | Later | None:
        """One message; whatever waits goes on as a task."""
        _check_principal(delivery)
        if isinstance(message, RaftMessage | RaftHeartbeat):
            self.engine.receive(message, delivery)
            return None
        if isinstance(message, ConnectionLost):
            self.engine.peer_lost(message.process)
            return None
        deadline = _deadline(delivery)
        if isinstance(message, Txn):
            check_txn(message)
            return Later(self._write(message, delivery.trace, deadline))
        if isinstance(message, Propose):
            return Later(self._propose(message, deadline))
        if isinstance(message, Range):
            return self._range(message, deadline)
        if isinstance(message, ReadIndexRequest):
            return Later(self._read_index(deadline))
        if isinstance(message, Compact):
            return Later(self._compact(message, delivery, deadline))
        if isinstance(message, StatusRequest):
            return self._status()
        if isinstance(message, HandOver):
            return Later(self._hand_over(deadline))
        return await super().handle(message, delivery)

    async def _write(self, txn: Txn, trace: str, deadline: float) -> Message:
        if self._writing >= limits.RAFT_PENDING_PROPOSALS_MAX:
            raise Overloaded("too many writes wait in this replica")
        self._writing += 1
        try:
            return await self._writes.submit(txn, trace, deadline)
        finally:
            self._writing -= 1

    async def _propose(self, message: Propose, deadline: float) -> Message:
        check_txn(message.txn)
        try:
            async with asyncio.timeout_at(deadline):
                return await self._writes.lead(message)
        except TimeoutError as error:
            raise AskTimeout("no quorum confirmed in time") from error

    def _range(self, query: Range, deadline: float) -> RangeResult | Later:
        """Local reads of one key are answered at once, all others as a task."""
        if not query.linearizable and not query.end and query.at_least <= self._revision:
            return self.engine.machine.read(query.key, "", 0, query.revision, query.count_only)
        return Later(self._reads.read(query, deadline))

    @property
    def _revision(self) -> int:
        return self.engine.machine.revision

    async def _read_index(self, deadline: float) -> Message:
        """Only the leader answers: an asker that guessed wrong must find it, not be forwarded."""
        try:
            async with asyncio.timeout_at(deadline):
                return ReadIndexResult(await self.engine.read_index())
        except TimeoutError as error:
            raise AskTimeout("leadership was not confirmed in time") from error

    async def _compact(self, message: Compact, delivery: Delivery, deadline: float) -> Message:
        member = self.engine.member
        if member.role == "leader":
            await self._writes.compact(message.revision, delivery.trace, deadline)
            return Done()
        if not member.leader or delivery.sender == self.ctx.address:
            raise NotLeader("no leader is known")
        remaining = max(deadline - asyncio.get_running_loop().time(), 0.001)
        return await self.ctx.ref(f"store@{member.leader}").ask(message, remaining)

    def _status(self) -> StoreStatus:
        engine = self.engine
        member, machine = engine.member, engine.machine
        return StoreStatus(
            member=self._config.member,
            role=member.role,
            leader=member.leader,
            term=member.term,
            commit_index=member.commit,
            applied_index=machine.applied,
            revision=machine.revision,
            compacted=machine.compacted,
            members=self._config.members,
            state_hash=machine.digest.hex(),
        )

    async def _hand_over(self, deadline: float) -> Message:
        engine = self.engine
        try:
            async with asyncio.timeout_at(deadline):
                if engine.member.role == "leader" and not engine.hand_over():
                    raise NotLeader("there is nobody to hand over to")
                while engine.member.role == "leader":
                    await engine.standings.wait()
        except TimeoutError as error:
            raise NotLeader("nobody took over in time") from error
        return Done()

    async def serve(self, message: Message, sink: Sink, delivery: Delivery) -> None:
        """Watches of keys and of leadership."""
        _check_principal(delivery)
        if isinstance(message, Watch):
            await self._serve_watch(message, sink)
        elif isinstance(message, WatchLeadership):
            await self._serve_leadership(sink)
        else:
            await super().serve(message, sink, delivery)

    async def _serve_watch(self, message: Watch, sink: Sink) -> None:
        hub = self.engine.hub
        watcher = hub.open(message)
        try:
            item = hub.next_item(watcher) or hub.standing_item()
            while True:
                # The stream goes on in the trace of the write that it tells of.
                with resume_trace(item.events[0].trace if item.events else ""):
                    await sink.send(item)
                following = hub.next_item(watcher)
                while following is None:
                    following = await hub.follow(watcher) or hub.next_item(watcher)
                item = following
        finally:
            hub.close(watcher)

    async def _serve_leadership(self, sink: Sink) -> None:
        told: Leadership | None = None
        while True:
            member = self.engine.member
            now = Leadership(member.leader, member.term, self.engine.leading)
            if now == told:
                await self.engine.standings.wait()
            else:
                told = now
                await sink.send(now)


def _check_principal(delivery: Delivery) -> None:
    """Only control-plane replicas and administrators speak to the store; all others go through the
    API server. Raises PeerFault."""
    principal = delivery.principal
    if not principal.is_trusted and names.GROUP_MASTERS not in principal.groups:
        raise PeerFault(f"{principal.user} may not speak to the store")


def _deadline(delivery: Delivery) -> float:
    if delivery.deadline is not None:
        return delivery.deadline
    return asyncio.get_running_loop().time() + DEADLINE_SECONDS
