"""The external engine: the state is in an etcd v3 cluster, and this replica is its client.

Job: the ``Store`` contract over the parts. Must not know: gRPC.

What etcd's users must know stands in docs/store-engines.md.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from functools import partial

import msgspec

from actors.kit.actor import Delivery, Later
from actors.kit.context import Context
from actors.kit.supervisor import Unrecoverable
from actors.store.actor import StoreActor
from actors.store.causes import trace_of
from actors.store.engines.etcd import messages as etcd
from actors.store.engines.etcd.client import TRY_SECONDS, EtcdClient
from actors.store.engines.etcd.election import Election
from actors.store.engines.etcd.endpoints import parse_endpoints
from actors.store.engines.etcd.feed import Feed
from actors.store.engines.etcd.layout import Layout
from actors.store.engines.etcd.leases import EtcdLeases
from actors.store.engines.etcd.reads import EtcdReads
from actors.store.engines.etcd.writes import EtcdWrites
from actors.store.metrics import Gauges, StoreMetrics
from actors.store.store import LeaseRequest, Unsupported
from cluster.errors import (
    Compacted,
    FutureRevision,
    LeaseNotFound,
    PeerFault,
    StoreError,
    TemporaryFault,
)
from cluster.messages.base import ConnectionLost, Message
from cluster.messages.store import (
    ChangeMembership,
    HashResult,
    KeyValue,
    Leadership,
    LeaseStatus,
    MembershipStatus,
    MemberStatus,
    Range,
    RangeResult,
    StoreEvents,
    StoreStatus,
    TransferLeadership,
    TxnRecord,
    TxnResult,
    Watch,
)
from cluster.settings import ClusterSettings
from cluster.state.mvcc import StateMachine
from cluster.state.snapshot import encode_snapshot

# How often etcd is asked how it is.
STATUS_SECONDS = 2.0
# The leader compacts to what was the revision so long ago (as kube-apiserver does).
HISTORY_SECONDS = 300.0
# A leader that is silent for so long is replaced. (etcd gives no less than 2 at its default timing;
# the controllers of a new leader begin anew, so a pause of a busy machine must not be one.)
LEADER_SECONDS = 4
# A snapshot reads everything.
SNAPSHOT_SECONDS = 60.0
# Beyond all keys.
LAST_KEY = "\U0010ffff"
# How long a start waits for etcd before it is given up (and tried again by the supervisor).
START_SECONDS = 10.0


class EtcdStore:
    """``endpoints``: see ``endpoints``. ``member``: this replica's name."""

    def __init__(self, ctx: Context, settings: ClusterSettings, member: str) -> None:
        self._ctx = ctx
        self._member = member
        self._members = tuple(replica.name for replica in settings.replicas)
        self._layout = Layout(settings.name)
        self.client = EtcdClient(parse_endpoints(settings.store.endpoints))
        self.election = Election(ctx, self.client, self._layout, member, LEADER_SECONDS)
        self.writes = EtcdWrites(ctx, self.client, self._layout)
        self.reads = EtcdReads(self.client, self._layout)
        self._leases = EtcdLeases(self.client, self._layout, ctx.world.entropy)
        self.feed = Feed(ctx, self.client, self._layout, self.election.appear, self.election.see)
        self._etcd = etcd.StatusResponse()
        self._keys = self._watchers = 0
        self._metrics = StoreMetrics(self._gauges)

    async def start(self) -> None:
        """See ``Store``."""
        try:
            self.client.open()
        except OSError as error:
            raise Unrecoverable(f"etcd: {error}") from error
        try:
            async with asyncio.timeout(START_SECONDS):
                await self.feed.start()
                await self.writes.start()
        except TimeoutError as error:
            await self.client.close()
            raise TemporaryFault(f"etcd does not answer at {self.client.endpoint}") from error
        self.election.begin()
        self._ctx.task(self._look_forever(), "status")
        self._ctx.task(self._compact_forever(), "compaction")
        self._ctx.note("etcd.connected", self._member, endpoint=self.client.endpoint)

    async def close(self) -> None:
        """See ``Store``. Lets go of the leadership first."""
        await asyncio.gather(self.election.close(), self.writes.close())
        await self.client.close()

    async def txns(
        self, records: Sequence[TxnRecord], deadline: float
    ) -> Sequence[TxnResult | StoreError]:
        """See ``Store``."""
        began = asyncio.get_running_loop().time()
        try:
            outcomes = await self.writes.txns(records, deadline)
        except TemporaryFault:
            self._metrics.proposals_failed += len(records)
            raise
        self._metrics.proposals_committed += len(records)
        self._metrics.commit.observe(asyncio.get_running_loop().time() - began)
        return outcomes

    def range_now(self, query: Range) -> RangeResult | None:
        """See ``Store``: nothing but history is here."""
        return None

    async def range(self, query: Range, deadline: float) -> RangeResult:
        """See ``Store``. A member of etcd that lags behind must not take back what was told here
        before."""
        told = max(self.feed.window.revision, self.writes.revision)
        found = await self.reads.read(query, deadline)
        if found.revision >= told:
            return found
        return await self.reads.read(msgspec.structs.replace(query, linearizable=True), deadline)

    async def watch(self, watch: Watch) -> AsyncGenerator[StoreEvents, None]:
        """See ``Store``."""
        if watch.start:
            await self.feed.reach_back(watch.start)
        else:
            # From now on: what was written here before is not new.
            await self.feed.reach(self.writes.revision)
        hub = self.feed.hub
        watcher = hub.open(watch)
        self._watchers += 1
        try:
            item = hub.next_item(watcher) or hub.standing_item()
            while True:
                yield item
                following = hub.next_item(watcher)
                while following is None:
                    following = await hub.follow(watcher) or hub.next_item(watcher)
                item = following
        finally:
            self._watchers -= 1
            hub.close(watcher)

    async def lease(self, request: LeaseRequest, deadline: float) -> Message:
        """See ``Store``."""
        return await self._leases.lease(request, deadline)

    def trace_of(self, revision: int) -> str:
        """See ``Store``."""
        return trace_of(self.feed.window.history, revision)

    async def compact(self, revision: int, deadline: float) -> None:
        """See ``Store``. etcd is compacted to the revision before (see ``reads``)."""
        present = await self.reads.revision(deadline)
        last_gone = min(revision, present) - 1
        if last_gone < 1:
            return
        request = etcd.CompactionRequest(last_gone)
        try:
            await self.client.insist(etcd.COMPACT, request, etcd.CompactionResponse, deadline)
        except Compacted:
            pass
        # The window forgets only what has come in: what was written here before must have.
        await self.feed.reach(self.writes.revision)
        self.feed.window.compact(last_gone + 1)

    async def hash(self, revision: int, deadline: float) -> HashResult:
        """See ``Store``: of the etcd member in use, over all that etcd holds."""
        request = etcd.HashKVRequest(revision)
        try:
            answer = await self.client.insist(etcd.HASH_KV, request, etcd.HashKVResponse, deadline)
        except FutureRevision:
            present = await self.reads.revision(deadline)
            raise FutureRevision(f"{revision}, current: {present}") from None
        if revision and revision <= answer.compact_revision:
            raise Compacted(f"revision {revision} is compacted in etcd")
        text = f"{answer.hash:08x}"
        return HashResult(self.client.endpoint, revision or answer.header.revision, text)

    def status(self) -> StoreStatus:
        """See ``Store``."""
        leading = self.election.leading
        return StoreStatus(
            member=self._member,
            role="leader" if leading else "follower",
            leader=self.election.leader,
            term=self.election.term,
            commit_index=self._etcd.raft_index,
            applied_index=self._etcd.raft_applied_index,
            revision=self.feed.window.revision,
            compacted=self.feed.window.compacted,
            members=self._members,
            engine="etcd",
            alarms=tuple(f"etcd: {error}" for error in self._etcd.errors),
            last_index=self._etcd.raft_index,
            keys=self._keys,
        )

    def leadership(self) -> Leadership:
        """See ``Store``."""
        return self.election.leadership()

    async def leadership_changed(self) -> None:
        """See ``Store``."""
        await self.election.changes.wait()

    async def hand_over(self, deadline: float) -> None:
        """See ``Store``."""
        if self.election.leading:
            await self.election.transfer("", deadline)

    async def transfer(self, request: TransferLeadership, deadline: float) -> None:
        """See ``Store``."""
        await self.election.transfer(request.to, deadline)

    async def change_membership(
        self, request: ChangeMembership, deadline: float
    ) -> MembershipStatus:
        """See ``Store``: a replica takes part as long as it runs, there is nothing to change."""
        if request.action == "replace":
            raise Unsupported("on etcd replicas have no vote: start those that are wanted")
        return await self.membership(deadline)

    async def membership(self, deadline: float) -> MembershipStatus:
        """See ``Store``: the replicas that run. (etcd's own members: etcdctl member list.)"""
        present = await self.election.present(deadline)
        leader = self.election.leader
        members = tuple(
            MemberStatus(name, "voter", state="etcd", leader=name == leader) for name in present
        )
        return MembershipStatus(members, joint=False, index=0)

    async def snapshot(self) -> AsyncGenerator[bytes, None]:
        """See ``Store``: the keys and their leases as of one revision, without history."""
        deadline = asyncio.get_running_loop().time() + SNAPSHOT_SECONDS
        found = await self.reads.read(Range("", LAST_KEY), deadline)
        leases = [
            await self._lease_or_ended(lease, deadline)
            for lease in sorted({item.lease for item in found.items if item.lease})
        ]
        for piece in encode_snapshot(machine_of(found.items, leases, found.revision)):
            yield piece

    async def _lease_or_ended(self, lease: int, deadline: float) -> LeaseStatus:
        try:
            return await self._leases.time_to_live(lease, False, deadline)
        except LeaseNotFound:
            # It ended since the keys were read: it will end as soon as time goes on.
            return LeaseStatus(lease, 1, 0.0)

    def metrics(self) -> bytes:
        """See ``Store``."""
        return self._metrics.render()

    def peer(self, message: Message, delivery: Delivery) -> Message | Later | None:
        """See ``Store``: replicas on etcd say nothing to each other."""
        if isinstance(message, ConnectionLost):
            return None
        raise PeerFault(f"the store on etcd takes no {type(message).__name__}")

    def _gauges(self) -> Gauges:
        election = self.election
        return Gauges(
            term=election.term,
            is_leader=election.leading,
            has_leader=bool(election.leader),
            commit_index=self._etcd.raft_index,
            applied_index=self._etcd.raft_applied_index,
            last_index=self._etcd.raft_index,
            revision=self.feed.window.revision,
            compacted_revision=self.feed.window.compacted,
            keys=self._keys,
            database_bytes=self._etcd.db_size,
            watchers=self._watchers,
            alarms=len(self._etcd.errors),
        )

    # -- upkeep ---------------------------------------------------------------------------------

    async def _look_forever(self) -> None:
        while True:
            try:
                self._etcd = await self.client.once(
                    etcd.STATUS, etcd.Nothing(), etcd.StatusResponse
                )
                self._keys = await self._count()
            except (TemporaryFault, StoreError) as error:
                self._ctx.log.info("etcd.no_status", error=str(error))
            await asyncio.sleep(STATUS_SECONDS)

    async def _count(self) -> int:
        keys = etcd.RangeRequest(
            self._layout.key(""),
            self._layout.keys_end,
            serializable=True,
            count_only=True,
        )
        return (await self.client.once(etcd.RANGE, keys, etcd.RangeResponse)).count

    async def _compact_forever(self) -> None:
        """The leader forgets what is older than ``HISTORY_SECONDS``, in steps of a fifth."""
        marks: deque[int] = deque(maxlen=5)
        step = HISTORY_SECONDS / 5
        while True:
            await asyncio.sleep(step)
            if len(marks) == marks.maxlen and self.election.leading:
                try:
                    deadline = asyncio.get_running_loop().time() + TRY_SECONDS
                    await self.compact(marks[0], deadline)
                except (TemporaryFault, StoreError) as error:
                    self._ctx.log.info("etcd.not_compacted", error=str(error))
            marks.append(self.feed.window.revision)


def machine_of(
    items: Sequence[KeyValue], leases: Sequence[LeaseStatus], revision: int
) -> StateMachine:
    """The embedded engine's state with these keys, as if it had come there by itself."""
    machine = StateMachine()
    machine.applied, machine.applied_term = revision, 1
    machine.history.begin(revision, revision)
    for lease in leases:
        machine.leases.restore(lease.id, lease.ttl, int(lease.left * 1000))
    for item in items:
        machine.items.add(item)
        if item.lease:
            machine.leases.move(item.key, 0, item.lease)
    return machine


def etcd_actor(settings: ClusterSettings, member: str) -> StoreActor:
    """A store actor with this engine."""
    return StoreActor(partial(EtcdStore, settings=settings, member=member))
