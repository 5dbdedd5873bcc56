"""Asking the store, with its errors turned into what an API client can read.

Job: the one border between store errors and Kubernetes Status, and between what is stored sealed
and what is read. Must not know: objects, kinds.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import cast

import msgspec

from actors.apiserver.encryption import Sealer
from actors.apiserver.request_metrics import DURATION_BOUNDS
from actors.kit.histogram import Histogram
from actors.kit.ref import Ref
from cluster import errors
from cluster.api import status
from cluster.errors import StatusError
from cluster.messages.store import (
    Delete,
    KeyValue,
    Range,
    RangeResult,
    StatusRequest,
    StoreEvents,
    StoreStatus,
    TracesOfWrites,
    Txn,
    TxnResult,
    Watch,
    WriteTraces,
)

# A write waits for a quorum through one lost leader (see TimingSettings) with room to spare.
STORE_SECONDS_MAX = 10.0
# Told to clients with 429, 503 and 504: when to come again.
RETRY_SECONDS = 1


def translate(error: errors.SteersmanError) -> StatusError:
    """A store or transport error as a Kubernetes Status (a StatusError passes through).

    500 is left for our own bugs: a rule of the store or of a message broken by this server.
    """
    match error:
        case StatusError():
            return error
        case errors.Compacted():
            return status.expired("The resourceVersion for the provided list is too old.")
        case errors.FutureRevision():
            return status.revision_too_large(str(error))
        case errors.Fenced():
            return status.status_error(
                409, "Conflict", "the writer's leadership term is over: it must stop writing"
            )
        case errors.Overloaded():
            return status.too_many_requests("the server is busy, please try again later")
        case errors.AskTimeout():
            return status.timeout("the store did not answer in time", retry_after=RETRY_SECONDS)
        case errors.NotLeader() | errors.ActorDown():
            return status.service_unavailable("the store has no leader now")
        case errors.TooLarge():
            return status.too_large(f"Request entity too large: {error}")
        case errors.Corrupt() | errors.Unusable():
            return status.service_unavailable(f"the store does not serve: {error}")
        case errors.LeaseNotFound():
            return status.service_unavailable(f"nothing was written, a lease is over: {error}")
        case errors.SessionExpired() | errors.TemporaryFault():
            # Not 503: that tells clients that nothing happened, and they send the write again.
            return status.timeout(f"whether it was done is not known: {error}", RETRY_SECONDS)
        case errors.Unsupported():
            return status.status_error(501, "NotImplemented", str(error))
    return status.internal_error(f"the store refused: {type(error).__name__}")


class ReadableErrors:
    """Raise StatusError instead of any other SteersmanError inside.

    Fenced stays what it is: the component whose term is over must see it (see ``http_errors`` for
    the other door).
    """

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        stack: TracebackType | None,
    ) -> None:
        if isinstance(error, errors.SteersmanError) and not isinstance(error, errors.Fenced):
            raise translate(error) from error


class Timed(ReadableErrors):
    """As that, and how long it took goes into ``found``. ``clock``: seconds."""

    __slots__ = ("_began", "_clock", "_found")

    def __init__(self, clock: Callable[[], float], found: Histogram) -> None:
        self._clock = clock
        self._found = found

    def __enter__(self) -> None:
        self._began = self._clock()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        stack: TracebackType | None,
    ) -> None:
        self._found.observe(self._clock() - self._began)
        ReadableErrors.__exit__(self, kind, error, stack)


class StoreClient:
    """Typed asks to one store actor. ``sealer``: of what is encrypted at rest (None: nothing is);
    ``clock``: seconds, for what is measured. All methods raise StatusError, or Fenced."""

    def __init__(
        self, ref: Ref, sealer: Sealer | None = None, clock: Callable[[], float] = lambda: 0.0
    ) -> None:
        self._ref = ref
        self._clock = clock
        self._sealer = sealer
        # How long the store took, in seconds, by (operation, group, resource).
        self.times: dict[tuple[str, str, str], Histogram] = {}

    def _timed(self, operation: str, key: str) -> Timed:
        labels = (operation, *kind_of_key(key))
        found = self.times.get(labels)
        if found is None:
            found = self.times[labels] = Histogram(DURATION_BOUNDS)
        return Timed(self._clock, found)

    async def status(self) -> StoreStatus:
        """What this replica's store knows of itself."""
        with ReadableErrors():
            return cast(StoreStatus, await self._ref.ask(StatusRequest(), STORE_SECONDS_MAX))

    async def range(self, request: Range) -> RangeResult:
        """Read keys (see ``messages.store.Range``)."""
        found = await self.range_stored(request)
        sealer = self._sealer
        if sealer is None or not found.items:
            return found
        return msgspec.structs.replace(found, items=sealer.open_range(found.items))

    async def range_stored(self, request: Range) -> RangeResult:
        """As ``range``, with values as they are stored."""
        operation = "count" if request.count_only else "list" if request.end else "get"
        with self._timed(operation, request.key):
            return cast(RangeResult, await self._ref.ask(request, STORE_SECONDS_MAX))

    async def traces(self, revisions: Sequence[int]) -> tuple[str, ...]:
        """Contexts of the writes that made these revisions, '' where none is known."""
        with ReadableErrors():
            answer = await self._ref.ask(WriteTraces(tuple(revisions)), STORE_SECONDS_MAX)
        return cast(TracesOfWrites, answer).traces

    async def get(
        self, key: str, *, linearizable: bool = True, at_least: int = 0
    ) -> KeyValue | None:
        """One key or None."""
        found = await self.range(Range(key=key, linearizable=linearizable, at_least=at_least))
        return found.items[0] if found.items else None

    async def txn(self, request: Txn) -> TxnResult:
        """Apply a transaction (see ``messages.store.Txn``)."""
        sealer = self._sealer
        if sealer is not None:
            sealed = tuple([sealer.seal(operation) for operation in request.success])
            request = msgspec.structs.replace(request, success=sealed)
        first = request.success[0] if request.success else None
        operation = "delete" if isinstance(first, Delete) else "update"
        with self._timed(operation, first.key if first else ""):
            try:
                result = cast(TxnResult, await self._ref.ask(request, STORE_SECONDS_MAX))
            except errors.ActorDown as error:
                # Perhaps after the write was proposed: nothing invites to send it again blindly.
                raise status.timeout(
                    "the store went down meanwhile; it may or may not have written",
                    retry_after=RETRY_SECONDS,
                ) from error
        if sealer is None:
            return result
        opened = tuple([item and sealer.open(item) for item in result.items])
        return msgspec.structs.replace(result, items=opened)

    @asynccontextmanager
    async def watch(self, request: Watch) -> AsyncIterator[AsyncIterator[StoreEvents]]:
        """Follow keys: iterate inside the context, which ends the stream when left."""
        with ReadableErrors():
            async with self._ref.stream(request) as stream:
                items = cast("AsyncIterator[StoreEvents]", aiter(stream))
                yield items if self._sealer is None else _opened(items, self._sealer)


async def _opened(items: AsyncIterator[StoreEvents], sealer: Sealer) -> AsyncIterator[StoreEvents]:
    async for item in items:
        if item.events:
            events = tuple([sealer.open_event(event) for event in item.events])
            item = msgspec.structs.replace(item, events=events)
        yield item


def kind_of_key(key: str) -> tuple[str, str]:
    """(group, plural) of what a key holds; both '' for what is no object."""
    parts = key.split("/", 4)
    if len(parts) < 5 or parts[1] != "registry":
        return "", ""
    return "" if parts[2] == "core" else parts[2], parts[3]


def prefix_end(prefix: str) -> str:
    """The first key after all keys that start with ``prefix``."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
