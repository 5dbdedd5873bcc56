"""Transactions on etcd, exactly once: lanes, attempts, and what an unknown outcome turns out to be.

Job: try until an outcome is known or the deadline passes. Must not know: what is written. How it
comes to be exactly once stands in ``markers``.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from actors.kit.context import Context
from actors.store.engines.etcd import messages as etcd
from actors.store.engines.etcd.client import PAUSE_SECONDS, EtcdClient
from actors.store.engines.etcd.layout import Layout
from actors.store.engines.etcd.markers import Fate, decode_marker, find
from actors.store.engines.etcd.own_leases import OwnLease
from actors.store.engines.etcd.transactions import (
    Lane,
    Moved,
    build,
    check_size,
    outcome,
    recall,
    recalled,
    wrote_marker,
)
from cluster.errors import (
    AskTimeout,
    Compacted,
    Fenced,
    LeaseNotFound,
    Overloaded,
    SessionExpired,
    StoreError,
    TemporaryFault,
)
from cluster.messages.store import TxnRecord, TxnResult

# Markers outlive a replica by so much: longer than any ask that may still be under way.
SESSION_SECONDS = 60
# Markers of foreign sessions are remembered for at least half of it after their last use.
FOREIGN_SECONDS = 3600
# Lanes of a session that are not used again before another session is begun.
RETIRED_MAX = 256


@dataclass(slots=True)
class Session:
    """``lease``: of all its markers. ``free``: lanes whose marker is known and that are idle."""

    name: str
    lease: OwnLease
    lanes: int = 0
    retired: int = 0
    sequence: int = 0
    free: list[Lane] = field(default_factory=list)

    def take(self, layout: Layout) -> Lane:
        """A lane for one transaction."""
        if self.free:
            return self.free.pop()
        self.lanes += 1
        return Lane(layout.lane(self.name, self.lanes), self.lease.id)

    def retire(self) -> None:
        """A lane's marker is not known any more."""
        self.retired += 1
        if self.retired >= RETIRED_MAX:
            self.lease.give_up()


class EtcdWrites:
    """The writing side of one replica. ``unresolved``: attempts so far whose outcome was not known
    at once; ``recalled``: results that were read from markers."""

    def __init__(self, ctx: Context, client: EtcdClient, layout: Layout) -> None:
        self._ctx = ctx
        self._client = client
        self._layout = layout
        self._session: Session
        self._foreign: OwnLease | None = None
        self._foreign_until = 0.0
        self.unresolved = 0
        self.recalled = 0
        # The highest revision that was made here, as far as is known.
        self.revision = 0

    async def start(self) -> None:
        """Begin a session."""
        self._session = await self._open()
        self._ctx.task(self._keep_forever(), "session")

    async def close(self) -> None:
        """End the session, and its markers."""
        await self._session.lease.revoke()

    async def _open(self) -> Session:
        lease = OwnLease(self._client, self._ctx.world.entropy, SESSION_SECONDS)
        await lease.grant()
        return Session(self._ctx.world.entropy.hex(16), lease)

    async def _keep_forever(self) -> None:
        while True:
            await self._session.lease.keep()
            self._session = await self._open()

    async def txns(
        self, records: Sequence[TxnRecord], deadline: float
    ) -> Sequence[TxnResult | StoreError]:
        """See ``Store``. What touches the same keys is done in order, the rest at once."""
        last: dict[str, asyncio.Future[None]] = {}
        works = []
        for record in records:
            touched = _touched(record)
            before = [last[name] for name in touched if name in last]
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            last.update(dict.fromkeys(touched, done))
            works.append(self._in_turn(record, before, done, deadline))
        if len(works) == 1:
            return [await works[0]]
        outcomes = await asyncio.gather(*works, return_exceptions=True)
        results: list[TxnResult | StoreError] = []
        for found in outcomes:
            if isinstance(found, BaseException) and not isinstance(found, StoreError):
                raise found
            results.append(found)
        return results

    async def _in_turn(
        self,
        record: TxnRecord,
        before: list[asyncio.Future[None]],
        done: asyncio.Future[None],
        deadline: float,
    ) -> TxnResult | StoreError:
        try:
            for other in before:
                await other
            check_size(record)
            async with asyncio.timeout_at(deadline):
                if record.client:
                    return await self._foreign_txn(record)
                return await self._own_txn(record)
        except StoreError as error:
            return error
        except TimeoutError as error:
            raise AskTimeout("etcd did not confirm the write in time; outcome unknown") from error
        finally:
            done.set_result(None)

    # -- own sessions ---------------------------------------------------------------------------

    async def _own_txn(self, record: TxnRecord) -> TxnResult:
        while True:
            session = self._session
            session.sequence += 1
            own = TxnRecord(
                record.compare,
                record.success,
                record.fence,
                sequence=session.sequence,
                trace=record.trace,
            )
            result = await self._in_lane(own, session)
            if result is not None:
                return result
            # The session was lost before anything was tried in it.
            await asyncio.sleep(PAUSE_SECONDS)

    async def _in_lane(self, record: TxnRecord, session: Session) -> TxnResult | None:
        """None: it was not applied, because the session is gone."""
        lane = session.take(self._layout)
        known, tries = False, 0
        try:
            while True:
                tries += 1
                try:
                    result = await self._own_attempt(record, lane, insist=tries > 1)
                    known = True
                    return result
                except (LeaseNotFound, SessionExpired) as error:
                    # A lease that has ended: the one named by the transaction, or the session's
                    # (its markers have gone with it); this attempt was refused.
                    if isinstance(error, LeaseNotFound) and await session.lease.exists():
                        known = tries == 1
                        raise
                    session.lease.give_up()
                    if tries == 1:
                        return None
                    raise TemporaryFault("the session was lost; outcome unknown") from error
                except StoreError as error:
                    # A fence that is over is told of by the marker; else an attempt may be left.
                    known = tries == 1 or isinstance(error, Fenced)
                    raise
                except Overloaded:
                    tries -= 1
                except TemporaryFault:
                    self.unresolved += 1
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            if known:
                session.free.append(lane)
            else:
                session.retire()

    async def _own_attempt(self, record: TxnRecord, lane: Lane, insist: bool) -> TxnResult:
        found = await self._attempt(record, lane, insist)
        if isinstance(found, TxnResult):
            return found
        kept = found.marker
        if kept is None:
            raise SessionExpired("the marker is gone")
        lane.mod = kept.mod_revision
        fate = find(decode_marker(kept.value), kept.mod_revision, record.sequence)
        assert fate is not None, "nobody else uses this lane"
        return await self._result(record, fate)

    async def _attempt(self, record: TxnRecord, lane: Lane, insist: bool) -> TxnResult | Moved:
        request = build(self._layout, record, lane, insist)
        answer = await self._client.once(etcd.TXN, request, etcd.TxnResponse)
        try:
            return outcome(self._layout, record, lane, answer)
        finally:
            if wrote_marker(answer):
                lane.mod = answer.header.revision
                self.revision = max(self.revision, lane.mod)

    async def _result(self, record: TxnRecord, fate: Fate) -> TxnResult:
        """Of an attempt whose answer never came. Raises Fenced if it was refused for that."""
        self.recalled += 1
        reads = recall(self._layout, record, fate)
        deadline = asyncio.get_running_loop().time() + SESSION_SECONDS
        try:
            answer = await self._client.insist(etcd.TXN, reads, etcd.TxnResponse, deadline)
        except Compacted as error:
            was = "applied" if fate.applied else "refused"
            raise TemporaryFault(f"it was {was} at {fate.revision}, compacted since") from error
        return recalled(self._layout, record, fate, answer)

    # -- foreign sessions -----------------------------------------------------------------------

    async def _foreign_txn(self, record: TxnRecord) -> TxnResult:
        """Any replica may be asked, and asked again: the marker is read first. A refusal is always
        marked, as attempts of other replicas may be on their way."""
        while True:
            try:
                known = await self._foreign_marker(record)
                if isinstance(known, TxnResult):
                    return known
                found = await self._attempt(record, known, insist=True)
                if isinstance(found, TxnResult):
                    return found
                continue
            except LeaseNotFound:
                if self._foreign is not None and await self._foreign.exists():
                    raise
                self._foreign = None
            except Overloaded:
                pass
            except TemporaryFault:
                self.unresolved += 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def _foreign_marker(self, record: TxnRecord) -> TxnResult | Lane:
        key = self._layout.foreign_lane(record.client)
        lease = await self._foreign_lease()
        answer = await self._client.once(etcd.RANGE, etcd.RangeRequest(key), etcd.RangeResponse)
        if not answer.kvs:
            if record.established:
                raise SessionExpired(f"session {record.client} is forgotten")
            return Lane(key, lease)
        kept = answer.kvs[0]
        marker = decode_marker(kept.value)
        fate = find(marker, kept.mod_revision, record.sequence)
        if fate is not None:
            return await self._result(record, fate)
        return Lane(key, lease, kept.mod_revision, marker)

    async def _foreign_lease(self) -> int:
        now = asyncio.get_running_loop().time()
        if self._foreign is None or now > self._foreign_until:
            lease = OwnLease(self._client, self._ctx.world.entropy, FOREIGN_SECONDS)
            await lease.grant()
            self._foreign, self._foreign_until = lease, now + FOREIGN_SECONDS / 2
        return self._foreign.id


def _touched(record: TxnRecord) -> list[str]:
    """Keys, and the session: what gives transactions of one batch an order."""
    keys = [item.key for item in (*record.compare, *record.success)]
    return [*keys, f"\0{record.client}"] if record.client else keys
