"""The store of one replica: what others ask, mapped to whichever engine stands behind it.

Must not know: any engine, Kubernetes kinds.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any

from actors.kit.actor import Actor, Delivery, Later, Sink
from actors.kit.context import Context
from actors.kit.tracing import resume_trace
from actors.store.gather import Gather
from actors.store.store import Store
from cluster import names
from cluster.errors import AskTimeout, PeerFault
from cluster.messages.base import ConnectionLost, Done, Message
from cluster.messages.store import (
    ChangeMembership,
    Compact,
    HandOver,
    HashRequest,
    Leadership,
    LeaseGrant,
    LeaseKeepAlive,
    LeaseList,
    LeaseRevoke,
    LeaseTimeToLive,
    MembershipRequest,
    Metrics,
    MetricsRequest,
    Propose,
    RaftHeartbeat,
    RaftMessage,
    Range,
    ReadIndexRequest,
    SnapshotPiece,
    SnapshotRead,
    StatusRequest,
    TracesOfWrites,
    TransferLeadership,
    Txn,
    TxnBatch,
    Watch,
    WatchLeadership,
    WriteTraces,
)
from cluster.state.batches import check_batch, decode_records, encode_outcomes, record_of
from cluster.state.checks import check_txn

# For messages that came without a deadline.
DEADLINE_SECONDS = 10.0

OpenStore = Callable[[Context], Store]


class StoreActor(Actor):
    """``open_store`` makes the engine, anew at each restart. A crash (a disk fault, a damaged log)
    leaves nothing acknowledged behind that is not durable on a majority."""

    prompt = True
    # What comes most, and is the engine's own business.
    PEERS = (RaftMessage, RaftHeartbeat, Propose, ReadIndexRequest, ConnectionLost)

    def __init__(self, open_store: OpenStore) -> None:
        self._open_store = open_store
        self._store: Store | None = None

    async def started(self) -> None:
        """Recover, then take part."""
        store = self._open_store(self.ctx)
        await store.start()
        self._store = store
        self._gather = Gather(self.ctx, store)

    async def stopped(self) -> None:
        """Let go of the engine."""
        if self._store is not None:
            await self._store.close()

    @property
    def store(self) -> Store:
        """The engine, once started."""
        assert self._store is not None, "not started"
        return self._store

    async def handle(self, message: Message, delivery: Delivery) -> Message | Later | None:
        """One message; whatever waits goes on beside."""
        _check_principal(delivery)
        store = self.store
        if isinstance(message, self.PEERS):
            return store.peer(message, delivery)
        deadline = deadline_of(delivery)
        match message:
            case Txn():
                check_txn(message)
                return Later(self._gather.add(record_of(message, delivery.trace), deadline))
            case TxnBatch():
                return Later(self._batch(message, delivery, deadline))
            case Range():
                return store.range_now(message) or Later(store.range(message, deadline))
            case LeaseGrant() | LeaseKeepAlive() | LeaseRevoke() | LeaseTimeToLive() | LeaseList():
                return Later(store.lease(message, deadline))
            case Compact():
                return Later(_done(store.compact(message.revision, deadline)))
            case HashRequest():
                return Later(store.hash(message.revision, deadline))
            case WriteTraces():
                return TracesOfWrites(tuple([store.trace_of(one) for one in message.revisions]))
            case StatusRequest():
                return store.status()
            case MetricsRequest():
                return Metrics(store.metrics())
            case HandOver():
                return Later(_done(store.hand_over(deadline)))
            case TransferLeadership():
                return Later(_done(store.transfer(message, deadline)))
            case ChangeMembership():
                return Later(store.change_membership(message, deadline))
            case MembershipRequest():
                return Later(store.membership(deadline))
        return store.peer(message, delivery)

    async def _batch(self, message: TxnBatch, delivery: Delivery, deadline: float) -> Message:
        records = decode_records(message)
        check_batch(records)
        outcomes = await self.store.txns(records, deadline)
        return encode_outcomes(outcomes, message.brief)

    async def serve(self, message: Message, sink: Sink, delivery: Delivery) -> None:
        """Watches of keys and of leadership, and snapshots."""
        _check_principal(delivery)
        match message:
            case Watch():
                await self._serve_watch(message, sink)
            case WatchLeadership():
                await self._serve_leadership(sink)
            case SnapshotRead():
                async with aclosing(self.store.snapshot()) as pieces:
                    async for piece in pieces:
                        await sink.send(SnapshotPiece(piece))
            case _:
                await super().serve(message, sink, delivery)

    async def _serve_watch(self, message: Watch, sink: Sink) -> None:
        async with aclosing(self.store.watch(message)) as items:
            async for item in items:
                # The stream goes on in the trace of the write that it tells of.
                with resume_trace(item.events[0].trace if item.events else ""):
                    await sink.send(item)

    async def _serve_leadership(self, sink: Sink) -> None:
        told: Leadership | None = None
        while True:
            now = self.store.leadership()
            if now == told:
                await self.store.leadership_changed()
            else:
                told = now
                await sink.send(now)


async def _done(work: Coroutine[Any, Any, None]) -> Done:
    await work
    return Done()


def _check_principal(delivery: Delivery) -> None:
    """Only control-plane replicas and administrators speak to the store; all others go through the
    API server. Raises PeerFault."""
    principal = delivery.principal
    if not principal.is_trusted and names.GROUP_MASTERS not in principal.groups:
        raise PeerFault(f"{principal.user} may not speak to the store")


def deadline_of(delivery: Delivery) -> float:
    """The loop time until when an answer is wanted."""
    if delivery.deadline is not None:
        return delivery.deadline
    return asyncio.get_running_loop().time() + DEADLINE_SECONDS


async def within(work: Coroutine[Any, Any, Message], deadline: float, text: str) -> Message:
    """The result of ``work``. Raises AskTimeout with ``text`` at the deadline."""
    try:
        async with asyncio.timeout_at(deadline):
            return await work
    except TimeoutError as error:
        raise AskTimeout(text) from error
