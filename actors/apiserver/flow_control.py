"""Priority and fairness: requests wait for seats of their priority level, fairly among flows.

Job: the levels of one server as the store has them, who waits for how long, what is counted. Must
not know: HTTP, what requests ask for, whose turn it is (``fair_seats``). Source: docs "API Priority
and Fairness", KEP-1040. Free seats are lent at once, where Kubernetes moves limits every ten
seconds.
"""

import asyncio
from collections.abc import Iterable

from actors.apiserver.flow_metrics import FlowCounts, FlowMetrics
from actors.apiserver.outside_time import spent
from cluster.api import status
from cluster.api.encoding import decode
from cluster.api.fair_seats import Pool, Seats, Turn
from cluster.api.flow_schemas import GROUP, Flow, Level, Schemas
from cluster.api.types import Object
from cluster.api.work_estimates import ONE, Work
from cluster.messages.store import KeyValue, StoreEvent
from cluster.security.rbac import Attributes

PREFIX = f"/registry/{GROUP}/"
# Seats of one server (kube-apiserver: 400 for reads and 200 for writes).
SEATS = 600
# A quarter of the time that a request may take.
WAIT_SECONDS_MAX = 15.0
# Who takes its answer slowly does not keep its seats longer (kube-apiserver: the whole request).
KEPT_SECONDS_MAX = 60.0
REMEMBERED_MAX = 10_000


class FlowControl:
    """One per API server. Until the store has been read nothing is limited."""

    def __init__(self, total: int = SEATS) -> None:
        self._total = total
        self._objects: dict[str, Object] = {}
        self._schemas: Schemas | None = None
        self._pool = Pool()
        self.metrics = FlowMetrics()
        self._remembered: dict[tuple[str, tuple[str, ...], Attributes], Flow | None] = {}

    # As a ``following.Follower``.

    def reset(self, items: Iterable[KeyValue]) -> None:
        """All FlowSchemas and PriorityLevelConfigurations."""
        self._objects = {item.key: decode(item.value) for item in items}
        self._compile()

    def apply(self, events: Iterable[StoreEvent]) -> None:
        """Changes, in order."""
        changed = False
        for event in events:
            changed = True
            if event.kind == "delete":
                self._objects.pop(event.item.key, None)
            else:
                self._objects[event.item.key] = decode(event.item.value)
        if changed:
            self._compile()

    def lost(self) -> None:
        """The last known levels count."""

    def _compile(self) -> None:
        objects = self._objects.values()
        schemas = [one for one in objects if one.get("kind") == "FlowSchema"]
        levels = [one for one in objects if one.get("kind") == "PriorityLevelConfiguration"]
        self._schemas = Schemas(schemas, levels, self._total)
        self._remembered.clear()
        named = {level.name: level for level in self._schemas.levels}
        for name in self._pool.levels.keys() - named.keys():
            del self._pool.levels[name]
        for level in named.values():
            self.seats_of(level)

    # Requests.

    def flow(self, user: str, groups: tuple[str, ...], asked: Attributes) -> Flow | None:
        """The flow of a request; None: it is not limited."""
        if self._schemas is None:
            return None
        key = (user, groups, asked)
        if key not in self._remembered:
            if len(self._remembered) >= REMEMBERED_MAX:
                self._remembered.clear()
            self._remembered[key] = self._schemas.flow(user, groups, asked)
        return self._remembered[key]

    def seat(self, flow: Flow | None, work: Work = ONE, kind: str = "regular") -> "Seat":
        """Hold seats. Raises StatusError 429 if there are none in time. ``kind``: "watch" if it is
        the beginning of one."""
        return Seat(self, flow, work, kind)

    def seats_of(self, level: Level) -> Seats:
        """Those of a level that has a limit."""
        known = self._pool.levels
        seats = known.get(level.name)
        if seats is not None and seats.level is level:
            return seats
        if seats is not None and seats.level == level:
            # The same from a newer reading.
            seats.level = level
        else:
            # (Who has a seat or waits under an older form of the level ends there.)
            seats = known[level.name] = Seats(level, self._pool)
        return seats

    async def wait(self, seats: Seats, flow: Flow, work: Work, counts: FlowCounts) -> Turn:
        """Seats for who finds none free. Raises StatusError 429."""
        loop = asyncio.get_running_loop()
        began, reason = loop.time(), "time-out"
        counts.waiting += 1
        try:
            turn = await self._queued(seats, flow, work)
            if turn is None:
                reason = "queue-full" if flow.level.queues else "concurrency-limit"
        except TimeoutError:
            turn = None
        finally:
            counts.waiting -= 1
        seconds = loop.time() - began
        counts.waited(turn is not None, seconds)
        spent(seconds)
        if turn is None:
            counts.rejected[reason] += 1
            text = "too many requests, please try again later"
            raise status.too_many_requests(text, retry_after=1)
        return turn

    async def _queued(self, seats: Seats, flow: Flow, work: Work) -> Turn | None:
        """Raises TimeoutError."""
        loop = asyncio.get_running_loop()
        seated: asyncio.Future[None] = loop.create_future()

        def tell() -> None:
            if not seated.done():
                seated.set_result(None)

        turn = seats.wait(flow.key, work, tell)
        if turn is None:
            return None
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                await seated
        except TimeoutError:
            if seats.forget(turn, loop.time()):
                raise
        except asyncio.CancelledError:
            if not seats.forget(turn, loop.time()):
                seats.drop(turn, loop.time())
            raise
        return turn

    def levels(self) -> list[Level]:
        """Those that are known now."""
        return [] if self._schemas is None else list(self._schemas.levels)


class Seat:
    """See ``FlowControl.seat``; ``flow`` None: what is not limited."""

    __slots__ = ("_began", "_control", "_counts", "_flow", "_kept", "_kind", "_seats", "_turn",
                 "_work")  # fmt: skip

    def __init__(self, control: FlowControl, flow: Flow | None, work: Work, kind: str) -> None:
        self._control = control
        self._flow = flow
        self._work = work
        self._kind = kind
        self._began = 0.0
        self._counts: FlowCounts | None = None
        self._seats: Seats | None = None
        self._turn: Turn | None = None
        self._kept: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> "Seat":
        flow = self._flow
        if flow is None:
            return self
        counts, work = self._control.metrics.of(flow), self._work
        if flow.level.seats:
            seats = self._seats = self._control.seats_of(flow.level)
            self._turn = seats.sit(work)
            if self._turn is None:
                self._turn = await self._control.wait(seats, flow, work, counts)
            else:
                counts.waited(True, 0.0)
        self._began = asyncio.get_running_loop().time()
        counts.begun(work)
        self._counts = counts
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._kept is None or error[0] is not None:
            self.leave()

    def keep(self) -> "Seat":
        """Until ``leave``, also outside of the block; but not for ever."""
        loop = asyncio.get_running_loop()
        self._kept = loop.call_later(KEPT_SECONDS_MAX, self.leave)
        return self

    def leave(self) -> None:
        """The request is served (again: no effect)."""
        counts = self._counts
        if self._kept is not None:
            self._kept.cancel()
        if counts is None:
            return
        self._counts = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        counts.served(self._kind, now - self._began)
        seats, turn = self._seats, self._turn
        more = seats.leave(turn, now) if seats is not None and turn is not None else 0.0
        if more:
            loop.call_later(more, self._drop, counts)
        else:
            counts.ended(self._work.width)

    def _drop(self, counts: FlowCounts) -> None:
        counts.ended(self._work.width)
        if self._seats is not None and self._turn is not None:
            self._seats.drop(self._turn, asyncio.get_running_loop().time())
