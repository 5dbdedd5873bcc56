"""The embedded engine: this replica is a member of the Raft cluster that holds the state.

Job: the ``Store`` contract over the engine, the writes and the reads. Must not know: Raft's rules,
the log's format.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from functools import partial

from actors.kit.actor import Delivery, Later
from actors.kit.context import Context
from actors.store.actor import StoreActor, within
from actors.store.engine import Engine
from actors.store.leader_line import LeaderLine
from actors.store.reads import Reads
from actors.store.store import LeaseRequest, Unsupported
from actors.store.writes import Writes
from cluster import limits
from cluster.errors import NotLeader, PeerFault, StoreError
from cluster.messages.base import ConnectionLost, Message
from cluster.messages.store import (
    ChangeMembership,
    Compact,
    HashResult,
    Leadership,
    MembershipStatus,
    Propose,
    RaftHeartbeat,
    RaftMessage,
    Range,
    RangeResult,
    ReadIndexRequest,
    ReadIndexResult,
    StoreEvents,
    StoreStatus,
    TransferLeadership,
    Txn,
    TxnRecord,
    TxnResult,
    Watch,
)
from cluster.raft.member_state import Config
from cluster.raft.memberships import names_of
from cluster.raft.messages import Membership, SnapshotMeta
from cluster.settings import ClusterSettings
from cluster.state.checks import check_txn
from cluster.state.snapshot import encode_snapshot


class RaftStore:
    """``member`` is the replica's name in ``settings``. ``snapshot_entries``: log entries after
    which it snapshots."""

    def __init__(
        self,
        ctx: Context,
        settings: ClusterSettings,
        member: str,
        snapshot_entries: int = limits.RAFT_SNAPSHOT_ENTRIES,
    ) -> None:
        timing = settings.timing
        self._ctx = ctx
        self._config = Config(
            member=settings.replica(member).name,
            heartbeat=timing.heartbeat,
            election_min=timing.election_min,
            election_max=timing.election_max,
            entries_max=limits.RAFT_APPEND_ENTRIES_MAX,
            bytes_max=limits.RAFT_APPEND_BYTES_MAX,
            inflight_max=limits.RAFT_INFLIGHT_APPENDS_MAX,
            lease_reads=settings.store.lease_reads,
        )
        voters = tuple(sorted(replica.name for replica in settings.replicas))
        founding = SnapshotMeta(membership=Membership(voters))
        self.engine = Engine(ctx, self._config, settings.name, founding, snapshot_entries)

    async def start(self) -> None:
        """Recover from disk, then take part."""
        await self.engine.start()
        line = LeaderLine(self._ctx, self.engine)
        self._writes = Writes(self._ctx, self.engine, line)
        self._reads = Reads(self._ctx, self.engine, line)
        for peer in names_of(self.engine.member.membership):
            if peer != self._config.member:
                self._ctx.monitor_process(peer)

    async def close(self) -> None:
        """Release the log."""
        await self.engine.close()

    async def txns(
        self, records: Sequence[TxnRecord], deadline: float
    ) -> Sequence[TxnResult | StoreError]:
        """See ``Store``."""
        return await asyncio.gather(*(self._txn(record, deadline) for record in records))

    async def _txn(self, record: TxnRecord, deadline: float) -> TxnResult | StoreError:
        txn = Txn(record.compare, record.success, record.fence, record.client, record.sequence)
        try:
            return await self._writes.submit(
                txn, record.trace, deadline, record.done_below, record.established
            )
        except StoreError as error:
            return error

    def range_now(self, query: Range) -> RangeResult | None:
        """See ``Store``."""
        machine = self.engine.machine
        if query.linearizable or query.end or query.at_least > machine.revision:
            return None
        return machine.read(query.key, "", 0, query.revision, query.count_only)

    async def range(self, query: Range, deadline: float) -> RangeResult:
        """See ``Store``."""
        return await self._reads.read(query, deadline)

    async def watch(self, watch: Watch) -> AsyncGenerator[StoreEvents, None]:
        """See ``Store``."""
        hub = self.engine.hub
        watcher = hub.open(watch)
        try:
            item = hub.next_item(watcher) or hub.standing_item()
            while True:
                yield item
                following = hub.next_item(watcher)
                while following is None:
                    following = await hub.follow(watcher) or hub.next_item(watcher)
                item = following
        finally:
            hub.close(watcher)

    async def lease(self, request: LeaseRequest, deadline: float) -> Message:
        """See ``Store``."""
        raise Unsupported("leases are not here yet")

    async def compact(self, revision: int, deadline: float) -> None:
        """See ``Store``."""
        member = self.engine.member
        if member.role == "leader":
            await self._writes.compact(revision, "", deadline)
            return
        if not member.leader:
            raise NotLeader("no leader is known")
        remaining = max(deadline - asyncio.get_running_loop().time(), 0.001)
        await self._ctx.ref(f"store@{member.leader}").ask(Compact(revision), remaining)

    async def hash(self, revision: int, deadline: float) -> HashResult:
        """See ``Store``."""
        raise Unsupported("hashes are not here yet")

    def status(self) -> StoreStatus:
        """See ``Store``."""
        member, machine = self.engine.member, self.engine.machine
        return StoreStatus(
            member=self._config.member,
            role=member.role,
            leader=member.leader,
            term=member.term,
            commit_index=member.commit,
            applied_index=machine.applied,
            revision=machine.revision,
            compacted=machine.compacted,
            members=member.membership.voters,
            state_hash=machine.state_hash(),
        )

    def leadership(self) -> Leadership:
        """See ``Store``."""
        member = self.engine.member
        return Leadership(member.leader, member.term, self.engine.leading)

    async def leadership_changed(self) -> None:
        """See ``Store``."""
        await self.engine.standings.wait()

    async def hand_over(self, deadline: float) -> None:
        """See ``Store``."""
        engine = self.engine
        try:
            async with asyncio.timeout_at(deadline):
                if engine.member.role == "leader" and not engine.hand_over():
                    raise NotLeader("there is nobody to hand over to")
                while engine.member.role == "leader":
                    await engine.standings.wait()
        except TimeoutError as error:
            raise NotLeader("nobody took over in time") from error

    async def transfer(self, request: TransferLeadership, deadline: float) -> None:
        """See ``Store``."""
        raise Unsupported("transfer is not here yet")

    async def change_membership(
        self, request: ChangeMembership, deadline: float
    ) -> MembershipStatus:
        """See ``Store``."""
        raise Unsupported("membership change is not here yet")

    async def membership(self, deadline: float) -> MembershipStatus:
        """See ``Store``."""
        raise Unsupported("membership is not here yet")

    async def snapshot(self) -> AsyncGenerator[bytes, None]:
        """See ``Store``."""
        for piece in encode_snapshot(self.engine.machine):
            yield piece

    def metrics(self) -> bytes:
        """See ``Store``."""
        return b""

    def peer(self, message: Message, delivery: Delivery) -> Message | Later | None:
        """See ``Store``."""
        match message:
            case RaftMessage() | RaftHeartbeat():
                self.engine.receive(message, delivery)
                return None
            case ConnectionLost():
                self.engine.peer_lost(message.process)
                return None
            case Propose():
                check_txn(message.txn)
                deadline = delivery.deadline or asyncio.get_running_loop().time() + 1.0
                text = "no quorum confirmed in time"
                return Later(within(self._writes.lead(message), deadline, text))
            case ReadIndexRequest():
                deadline = delivery.deadline or asyncio.get_running_loop().time() + 1.0
                return Later(within(self._read_index(), deadline, "leadership was not confirmed"))
        raise PeerFault(f"the store takes no {type(message).__name__}")

    async def _read_index(self) -> Message:
        """Only the leader answers: an asker that guessed wrong must find it, not be forwarded."""
        return ReadIndexResult(await self.engine.read_index())


def raft_actor(
    settings: ClusterSettings,
    member: str,
    snapshot_entries: int = limits.RAFT_SNAPSHOT_ENTRIES,
) -> StoreActor:
    """A store actor with this engine."""
    return StoreActor(
        partial(RaftStore, settings=settings, member=member, snapshot_entries=snapshot_entries)
    )
