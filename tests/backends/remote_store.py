"""A store that runs in another process, asked by messages, behind the same interface."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import cast

from actors.kit.actor import Delivery, Later
from actors.kit.system import ActorSystem
from actors.store.store import LeaseRequest
from cluster import names
from cluster.errors import StoreError
from cluster.messages.base import Message
from cluster.messages.store import (
    ChangeMembership,
    Compact,
    HandOver,
    HashRequest,
    HashResult,
    Leadership,
    MembershipRequest,
    MembershipStatus,
    Metrics,
    Range,
    RangeResult,
    SnapshotPiece,
    SnapshotRead,
    StoreEvents,
    StoreStatus,
    TransferLeadership,
    TxnBatchResult,
    TxnRecord,
    TxnResult,
    Watch,
    WatchLeadership,
)
from cluster.state.batches import decode_outcomes, encode_batch


class RemoteStore:
    """The store of the replica ``member``. ``status``, ``leadership`` and ``metrics`` are as they
    were when ``look`` was last called, or leadership last told."""

    def __init__(self, system: ActorSystem, member: str) -> None:
        self._ref = system.ref(names.address(names.STORE, member))
        self._status: StoreStatus | None = None
        self._leadership = Leadership("", 0, False)
        self._changed = asyncio.Event()

    async def start(self) -> None:
        """It runs already."""

    async def close(self) -> None:
        """It runs on."""

    async def follow(self) -> None:
        """Follow the leadership, until cancelled."""
        async with self._ref.stream(WatchLeadership()) as stream:
            async for item in stream:
                self._leadership = cast(Leadership, item)
                self._changed.set()

    async def _ask(self, message: Message, deadline: float) -> Message:
        seconds = max(deadline - asyncio.get_running_loop().time(), 0.001)
        return await self._ref.ask(message, seconds)

    async def txns(
        self, records: Sequence[TxnRecord], deadline: float
    ) -> Sequence[TxnResult | StoreError]:
        """See ``Store``."""
        answer = await self._ask(encode_batch(records), deadline)
        return decode_outcomes(cast(TxnBatchResult, answer))

    def range_now(self, query: Range) -> RangeResult | None:
        """Nothing is here."""
        return None

    async def range(self, query: Range, deadline: float) -> RangeResult:
        """See ``Store``."""
        return cast(RangeResult, await self._ask(query, deadline))

    async def watch(self, watch: Watch) -> AsyncGenerator[StoreEvents, None]:
        """See ``Store``."""
        async with self._ref.stream(watch) as stream:
            async for item in stream:
                yield cast(StoreEvents, item)

    async def lease(self, request: LeaseRequest, deadline: float) -> Message:
        """See ``Store``."""
        return await self._ask(request, deadline)

    async def compact(self, revision: int, deadline: float) -> None:
        """See ``Store``."""
        await self._ask(Compact(revision), deadline)

    async def hash(self, revision: int, deadline: float) -> HashResult:
        """See ``Store``."""
        return cast(HashResult, await self._ask(HashRequest(revision), deadline))

    def status(self) -> StoreStatus:
        """As it was found when the rig was made: names and engine."""
        assert self._status is not None
        return self._status

    def leadership(self) -> Leadership:
        """As it was last told."""
        return self._leadership

    async def leadership_changed(self) -> None:
        """See ``Store``."""
        self._changed.clear()
        await self._changed.wait()

    async def hand_over(self, deadline: float) -> None:
        """See ``Store``."""
        await self._ask(HandOver(), deadline)

    async def transfer(self, request: TransferLeadership, deadline: float) -> None:
        """See ``Store``."""
        await self._ask(request, deadline)

    async def change_membership(
        self, request: ChangeMembership, deadline: float
    ) -> MembershipStatus:
        """See ``Store``."""
        return cast(MembershipStatus, await self._ask(request, deadline))

    async def membership(self, deadline: float) -> MembershipStatus:
        """See ``Store``."""
        return cast(MembershipStatus, await self._ask(MembershipRequest(), deadline))

    async def snapshot(self) -> AsyncGenerator[bytes, None]:
        """See ``Store``."""
        async with self._ref.stream(SnapshotRead()) as stream:
            async for item in stream:
                yield cast(SnapshotPiece, item).data

    def metrics(self) -> bytes:
        """Not asked for."""
        return Metrics(b"").text

    def peer(self, message: Message, delivery: Delivery) -> Message | Later | None:
        """Nobody sends it anything."""
        return None
