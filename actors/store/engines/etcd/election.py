"""Which replica leads, by a lease in etcd.

Job: be present, stand when nobody leads, know at once when leadership is lost. Must not know: what
the leader does.

Who creates the key ``leader`` leads until the key is gone; the revision of its creation is the term
and the fence: a write that compares it cannot happen under another leader. The key goes with a
short lease, so a dead leader is replaced; a leader that stops revokes it, or names an heir that may
stand first.
"""

import asyncio

from actors.kit.context import Context
from actors.store.engines.etcd import messages as etcd
from actors.store.engines.etcd.client import PAUSE_SECONDS, EtcdClient
from actors.store.engines.etcd.layout import Layout
from actors.store.engines.etcd.own_leases import REFUSED_SECONDS, OwnLease
from actors.store.waiters import ChangeWaiters
from cluster.errors import NotLeader, StoreError, TemporaryFault
from cluster.messages.store import Leadership

# Who is not the heir stands so much later.
HEIR_SECONDS = 1.0
# Without news, look again after this long.
LOOK_SECONDS = 1.0


class Election:
    """One replica's part. ``changes``: of the leadership. ``seconds``: of the lease."""

    def __init__(
        self, ctx: Context, client: EtcdClient, layout: Layout, member: str, seconds: int
    ) -> None:
        self._ctx = ctx
        self._client = client
        self._layout = layout
        self._member = member
        self._seconds = seconds
        self._lease = OwnLease(client, ctx.world.entropy, seconds)
        self.changes = ChangeWaiters()
        self.leader = ""
        self.term = 0
        self.elections = 0
        # The revision that ``leader`` and ``term`` are known from.
        self._known_at = 0
        self._won_term = 0
        self._rest_until = 0.0
        self._closed = False

    # -- presence -------------------------------------------------------------------------------

    async def appear(self) -> int:
        """Be listed among the replicas that run, and learn who leads. Returns the revision of
        that: the anchor of a window. Tries for ever."""
        while True:
            if not self._lease.valid:
                self._lease = OwnLease(self._client, self._ctx.world.entropy, self._seconds)
                await self._lease.grant()
            member = etcd.PutRequest(self._layout.member(self._member), b"", self._lease.id)
            leader = etcd.RangeRequest(self._layout.leader)
            request = etcd.TxnRequest(
                success=(etcd.RequestOp(put=member), etcd.RequestOp(range=leader))
            )
            try:
                answer = await self._client.once(etcd.TXN, request, etcd.TxnResponse)
            except TemporaryFault:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            except StoreError as error:
                self._ctx.log.warning("etcd.refuses", error=str(error))
                await asyncio.sleep(REFUSED_SECONDS)
                continue
            found = answer.responses[1].range
            assert found is not None
            self._know(answer.header.revision, found.kvs[0] if found.kvs else None)
            return answer.header.revision

    def begin(self) -> None:
        """Stand for election from now on (after ``appear``)."""
        self._ctx.task(self._keep_forever(), "presence")
        self._ctx.task(self._stand_forever(), "election")

    async def close(self) -> None:
        """Leave at once, leadership too."""
        self._closed = True
        await self._lease.revoke()
        self.changes.changed()

    async def _keep_forever(self) -> None:
        while True:
            await self._lease.keep()
            if self._closed:
                return
            # Perhaps still in etcd, but not surely: what was won with it is given back.
            self._won_term = 0
            self._ctx.log.warning("etcd.lease_lost", member=self._member)
            self.changes.changed()
            await self.appear()

    # -- leadership -----------------------------------------------------------------------------

    @property
    def leading(self) -> bool:
        """True if this replica surely leads."""
        return bool(self.term) and self.term == self._won_term and self._lease.valid

    def leadership(self) -> Leadership:
        """As known now."""
        return Leadership(self.leader, self.term, self.leading)

    def see(self, event: etcd.Event) -> None:
        """An event of etcd's that is not of a key of the cluster."""
        kept = event.kv
        if kept.key == self._layout.leader:
            gone = event.type == etcd.EVENT_DELETE
            self._know(kept.mod_revision, None if gone else kept)
            return
        named = kept.key == self._layout.heir and event.type != etcd.EVENT_DELETE
        if named and kept.value.decode() != self._member:
            self._rest_until = asyncio.get_running_loop().time() + HEIR_SECONDS

    def _know(self, revision: int, kept: etcd.KeyValue | None) -> None:
        if revision < self._known_at:
            return
        self._known_at = revision
        now = (kept.value.decode(), kept.create_revision) if kept else ("", 0)
        if now != (self.leader, self.term):
            self.leader, self.term = now
            self._ctx.note("etcd.leader", self._member, leader=self.leader, term=self.term)
            self.changes.changed()

    async def _stand_forever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            seen = self.changes.count
            try:
                if self.leader == self._member and self.term != self._won_term:
                    # An earlier life of this replica led: do not wait for its lease to end.
                    await self._remove(self.term)
                elif not self.leader and self._lease.valid and loop.time() >= self._rest_until:
                    await self._stand()
                    continue
            except (TemporaryFault, StoreError) as error:
                self._ctx.log.info("etcd.no_election", error=str(error))
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            rest = self._rest_until - loop.time()
            await self.changes.wait_since(seen, rest if rest > 0 else LOOK_SECONDS)

    async def _stand(self) -> None:
        layout = self._layout
        put = etcd.PutRequest(layout.leader, self._member.encode(), self._lease.id)
        request = etcd.TxnRequest(
            (etcd.Compare(layout.leader),),
            (
                etcd.RequestOp(put=put),
                etcd.RequestOp(delete=etcd.DeleteRangeRequest(layout.heir)),
            ),
            (etcd.RequestOp(range=etcd.RangeRequest(layout.leader)),),
        )
        answer = await self._client.once(etcd.TXN, request, etcd.TxnResponse)
        revision = answer.header.revision
        if answer.succeeded:
            self.elections += 1
            self._won_term = revision
            won = etcd.KeyValue(layout.leader, revision, revision, 1, self._member.encode())
            self._know(revision, won)
            # The feed may have told of the key before the answer came.
            self.changes.changed()
            return
        found = answer.responses[0].range
        kept = found.kvs[0] if found and found.kvs else None
        if kept is not None and kept.lease == self._lease.id:
            # An attempt whose answer never came.
            self._won_term = kept.create_revision
            self.changes.changed()
        self._know(revision, kept)

    async def _remove(self, term: int, heir: str = "") -> None:
        """End a leadership; ``heir`` may stand first."""
        layout = self._layout
        operations = [etcd.RequestOp(delete=etcd.DeleteRangeRequest(layout.leader))]
        if heir:
            named = etcd.PutRequest(layout.heir, heir.encode(), self._lease.id)
            operations.insert(0, etcd.RequestOp(put=named))
        request = etcd.TxnRequest(
            (etcd.Compare(layout.leader, target=etcd.CREATE, create_revision=term),),
            tuple(operations),
            (etcd.RequestOp(range=etcd.RangeRequest(layout.leader)),),
        )
        answer = await self._client.once(etcd.TXN, request, etcd.TxnResponse)
        if answer.succeeded:
            self._know(answer.header.revision, None)

    async def present(self, deadline: float) -> list[str]:
        """The replicas that run, sorted. Raises AskTimeout."""
        request = etcd.RangeRequest(self._layout.member(), self._layout.members_end, keys_only=True)
        answer = await self._client.insist(etcd.RANGE, request, etcd.RangeResponse, deadline)
        return [self._layout.member_name(kept.key) for kept in answer.kvs]

    async def transfer(self, to: str, deadline: float) -> None:
        """Make ``to`` ('': any other) the leader. Raises NotLeader if it did not take over."""
        present = await self.present(deadline)
        others = [name for name in present if name != self.leader]
        if to and to not in present:
            raise NotLeader(f"{to} does not run")
        if not to and not others:
            raise NotLeader("there is nobody to hand over to")
        heir = to or others[0]
        try:
            async with asyncio.timeout_at(deadline):
                while self.leader != heir:
                    seen = self.changes.count
                    if self.leader:
                        await self._remove(self.term, heir)
                    await self.changes.wait_since(seen, LOOK_SECONDS)
        except (TimeoutError, TemporaryFault) as error:
            raise NotLeader(f"{heir} did not take over in time") from error
