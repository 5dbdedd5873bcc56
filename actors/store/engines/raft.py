"""The embedded engine: this replica is a member of the Raft cluster that holds the state.

Job: the ``Store`` contract over the engine, the writes and the reads. Must not know: Raft's rules,
the log's format.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from functools import partial

from actors.kit.actor import Delivery, Later
from actors.kit.context import Context
from actors.store.actor import StoreActor, deadline_of, within
from actors.store.causes import trace_of
from actors.store.consistency import Consistency, refuse_if_corrupt
from actors.store.engine import Engine
from actors.store.leader_line import LeaderLine
from actors.store.leases import Leases
from actors.store.memberships import Memberships
from actors.store.reads import Reads
from actors.store.store import LeaseRequest
from actors.store.writes import Writes
from cluster import limits
from cluster.errors import PeerFault, StoreError
from cluster.messages.base import ConnectionLost, Message
from cluster.messages.store import (
    ChangeMembership,
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
    TxnRecord,
    TxnResult,
    Watch,
)
from cluster.raft.member_state import Config
from cluster.raft.messages import Membership, SnapshotMeta
from cluster.settings import ClusterSettings
from cluster.state.commands import CompactCommand
from cluster.state.snapshot import encode_snapshot


def founding_of(settings: ClusterSettings, member: str) -> SnapshotMeta | None:
    """What an empty disk stands for; None: it must not be empty."""
    initial = settings.replica(member).initial
    if initial == "existing":
        return None
    if initial == "join":
        return SnapshotMeta()
    founders = sorted(item.name for item in settings.replicas if item.initial != "join")
    return SnapshotMeta(0, 0, Membership(voters=tuple(founders)))


def config_of(settings: ClusterSettings, member: str) -> Config:
    """The core's configuration."""
    timing = settings.timing
    return Config(
        member=settings.replica(member).name,
        heartbeat=timing.heartbeat,
        election_min=timing.election_min,
        election_max=timing.election_max,
        entries_max=limits.RAFT_APPEND_ENTRIES_MAX,
        bytes_max=limits.RAFT_APPEND_BYTES_MAX,
        inflight_max=limits.RAFT_INFLIGHT_APPENDS_MAX,
        lease_reads=settings.store.lease_reads,
    )


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
        self._ctx = ctx
        self._member = member
        self.engine = Engine(
            ctx,
            config_of(settings, member),
            settings.name,
            founding_of(settings, member),
            snapshot_entries,
            settings.store.segment_bytes,
        )

    async def start(self) -> None:
        """Recover from disk, then take part."""
        await self.engine.start()
        line = LeaderLine(self._ctx, self.engine)
        self._writes = Writes(self._ctx, self.engine, line)
        self._reads = Reads(self._ctx, self.engine, line)
        self._leases = Leases(self._ctx, self.engine, self._writes, self._reads, line)
        self._memberships = Memberships(self.engine, line)
        consistency = Consistency(self._ctx, self.engine, self.hash)
        self._ctx.task(consistency.watch(), "consistency")

    async def close(self) -> None:
        """Release the log."""
        await self.engine.close()

    async def txns(
        self, records: Sequence[TxnRecord], deadline: float
    ) -> Sequence[TxnResult | StoreError]:
        """See ``Store``."""
        refuse_if_corrupt(self.engine.machine, self._member)
        return await self._writes.txns(records, deadline)

    def range_now(self, query: Range) -> RangeResult | None:
        """See ``Store``."""
        machine = self.engine.machine
        refuse_if_corrupt(machine, self._member)
        if query.linearizable or query.end or query.at_least > machine.revision:
            return None
        return machine.read(query.key, "", 0, query.revision, query.count_only)

    async def range(self, query: Range, deadline: float) -> RangeResult:
        """See ``Store``."""
        result = await self._reads.read(query, deadline)
        # An alarm may have been raised while the read waited.
        refuse_if_corrupt(self.engine.machine, self._member)
        return result

    async def watch(self, watch: Watch) -> AsyncGenerator[StoreEvents, None]:
        """See ``Store``."""
        refuse_if_corrupt(self.engine.machine, self._member)
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
        return await self._leases.answer(request, deadline)

    def trace_of(self, revision: int) -> str:
        """See ``Store``."""
        return trace_of(self.engine.machine.history, revision)

    async def compact(self, revision: int, deadline: float) -> None:
        """See ``Store``."""
        await self._writes.insist(CompactCommand(revision), deadline)

    async def hash(self, revision: int, deadline: float) -> HashResult:
        """See ``Store``."""
        return await self._reads.hash(revision, deadline)

    def status(self) -> StoreStatus:
        """See ``Store``."""
        member, machine = self.engine.member, self.engine.machine
        membership = member.membership
        return StoreStatus(
            member=self._member,
            role=member.role,
            leader=member.leader,
            term=member.term,
            commit_index=member.commit,
            applied_index=machine.applied,
            revision=machine.revision,
            compacted=machine.compacted,
            members=tuple(sorted({*membership.voters, *membership.outgoing})),
            state_hash=machine.state_hash(),
            learners=membership.learners,
            joint=bool(membership.outgoing),
            engine="raft",
            alarms=tuple(f"{name}: {text}" for name, text in sorted(machine.alarms.items())),
            snapshot_index=member.log.snapshot_index,
            last_index=member.log.last_index,
            leases=len(machine.leases),
            keys=len(machine.items),
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
        if self.engine.member.role == "leader":
            await self._memberships.lead_no_more("", deadline)

    async def transfer(self, request: TransferLeadership, deadline: float) -> None:
        """See ``Store``."""
        await self._memberships.transfer(request, deadline)

    async def change_membership(
        self, request: ChangeMembership, deadline: float
    ) -> MembershipStatus:
        """See ``Store``."""
        return await self._memberships.change(request, deadline)

    async def membership(self, deadline: float) -> MembershipStatus:
        """See ``Store``."""
        return await self._memberships.status(deadline)

    async def snapshot(self) -> AsyncGenerator[bytes, None]:
        """See ``Store``."""
        await self._reads.barrier()
        for piece in encode_snapshot(self.engine.machine):
            yield piece
            await asyncio.sleep(0)

    def metrics(self) -> bytes:
        """See ``Store``."""
        return self.engine.metrics.render()

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
                return self._writes.accept(message)
            case ReadIndexRequest():
                text = "leadership was not confirmed in time"
                return Later(within(self._read_index(), deadline_of(delivery), text))
        raise PeerFault(f"the store takes no {type(message).__name__}")

    async def _read_index(self) -> Message:
        """Only the leader answers: an asker that guessed wrong must find it, not be forwarded."""
        index = await self.engine.read_index()
        self.engine.tell_commit()
        return ReadIndexResult(index)


def raft_actor(
    settings: ClusterSettings,
    member: str,
    snapshot_entries: int = limits.RAFT_SNAPSHOT_ENTRIES,
) -> StoreActor:
    """A store actor with this engine."""
    return StoreActor(
        partial(RaftStore, settings=settings, member=member, snapshot_entries=snapshot_entries)
    )
