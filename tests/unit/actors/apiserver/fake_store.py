"""A store in one process without Raft or disk: same answers, for tests of the API server."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from sortedcontainers import SortedDict

from actors.kit.actor import Actor, Delivery, Sink
from cluster import errors
from cluster.messages.base import Message
from cluster.messages.store import (
    Delete,
    KeyValue,
    Leadership,
    Range,
    RangeResult,
    StoreEvent,
    StoreEvents,
    Txn,
    TxnResult,
    Watch,
    WatchLeadership,
)


class FakeStore(Actor):
    """``events``: all of history. ``compacted``: what is older is refused."""

    def __init__(self) -> None:
        self.live: Any = SortedDict()
        self.revision = 1
        self.events: list[StoreEvent] = []
        self.compacted = 0
        self.fence = 1
        self.changed = asyncio.Condition()

    async def handle(self, message: Message, delivery: Delivery) -> Message | None:
        match message:
            case Range():
                return self._range(message)
            case Txn():
                result = self._txn(message)
                async with self.changed:
                    self.changed.notify_all()
                return result
        raise errors.PeerFault(type(message).__name__)

    def _state(self, revision: int) -> Any:
        if revision in (0, self.revision):
            return self.live
        if revision <= self.compacted:
            raise errors.Compacted(str(revision))
        if revision > self.revision:
            raise errors.FutureRevision(str(revision))
        state: Any = SortedDict()
        for event in self.events:
            if event.item.mod_revision <= revision:
                if event.kind == "put":
                    state[event.item.key] = event.item
                else:
                    state.pop(event.item.key, None)
        return state

    def _range(self, message: Range) -> RangeResult:
        if message.at_least > self.revision:
            raise errors.FutureRevision(str(message.at_least))
        state = self._state(message.revision)
        end = message.end or message.key + "\x00"
        keys = list(state.irange(message.key, end, inclusive=(True, False)))
        chosen = keys[: message.limit] if message.limit else keys
        items = tuple(state[key] for key in chosen)
        return RangeResult(items, self.revision, len(keys), len(chosen) < len(keys))

    def _txn(self, message: Txn) -> TxnResult:
        if message.fence and message.fence != self.fence:
            raise errors.Fenced("old term")
        for compare in message.compare:
            item = self.live.get(compare.key)
            values = {"mod": 0, "create": 0, "version": 0}
            if item is not None:
                values = {
                    "mod": item.mod_revision,
                    "create": item.create_revision,
                    "version": item.version,
                }
            assert compare.op == "="
            if values[compare.target] != compare.value:
                present = tuple(self.live.get(c.key) for c in message.compare)
                return TxnResult(False, self.revision, present)
        revision = self.revision + 1
        items: list[KeyValue | None] = []
        for operation in message.success:
            old = self.live.get(operation.key)
            if isinstance(operation, Delete):
                items.append(old)
                if old is not None:
                    del self.live[operation.key]
                    gone = KeyValue(old.key, old.value, old.create_revision, revision, 0, old.index)
                    self.events.append(StoreEvent("delete", gone, old))
                continue
            value = operation.value
            if operation.stamp >= 0:
                stamp = operation.stamp
                value = value[:stamp] + str(revision).encode() + value[stamp:]
            new = KeyValue(
                operation.key,
                value,
                old.create_revision if old else revision,
                revision,
                old.version + 1 if old else 1,
                operation.index,
            )
            self.live[operation.key] = new
            items.append(new)
            self.events.append(StoreEvent("put", new, old))
        if items:
            self.revision = revision
        return TxnResult(True, self.revision, tuple(items))

    async def serve(self, message: Message, sink: Sink, delivery: Delivery) -> None:
        if isinstance(message, WatchLeadership):
            await sink.send(Leadership("replica-1", self.fence, True))
            await asyncio.Event().wait()
        assert isinstance(message, Watch)
        if message.start and message.start <= self.compacted:
            raise errors.Compacted(str(message.start))
        async for item in self._follow(message):
            await sink.send(item)

    async def _follow(self, message: Watch) -> AsyncIterator[StoreEvents]:
        end = message.end or message.key + "\x00"
        seen = len(self.events) if not message.start else 0
        first = True
        while True:
            fresh = tuple(
                event
                for event in self.events[seen:]
                if message.key <= event.item.key < end and event.item.mod_revision >= message.start
            )
            seen = len(self.events)
            if fresh or first:
                first = False
                yield StoreEvents(fresh, self.revision)
            async with self.changed:
                if seen == len(self.events):
                    await self.changed.wait()
