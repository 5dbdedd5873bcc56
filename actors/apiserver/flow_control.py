"""Priority and fairness: requests wait for a seat of their priority level, fairly among flows.

Job: seats, queues, whose turn it is, what levels lend each other. Must not know: HTTP, what
requests ask for. Source: docs "API Priority and Fairness", KEP-1040. Every request takes one seat.
A free seat is lent at once, where Kubernetes moves limits every ten seconds.
"""

import asyncio
from collections import deque
from collections.abc import Iterable

from actors.apiserver.flow_metrics import FlowMetrics, names_of
from cluster.api import status
from cluster.api.encoding import decode
from cluster.api.flow_schemas import GROUP, Flow, Level, Schemas, hand_of
from cluster.api.types import Object
from cluster.messages.store import KeyValue, StoreEvent
from cluster.security.rbac import Attributes

PREFIX = f"/registry/{GROUP}/"
# Seats of one server (kube-apiserver: 400 for reads and 200 for writes).
SEATS = 600
# A quarter of the time that a request may take.
WAIT_SECONDS_MAX = 15.0
REMEMBERED_MAX = 10_000


class Queue:
    """Requests of one or a few flows, the first that came first. ``served``: seats it has had, in
    the level's virtual time."""

    def __init__(self) -> None:
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.served = 0.0


class Pool:
    """The levels of one server, which lend each other seats."""

    def __init__(self) -> None:
        self.levels: dict[str, Seats] = {}

    def spare(self) -> int:
        """Seats that may be lent now."""
        free = sum(min(one.level.lendable, one.free) for one in self.levels.values())
        return free - sum(one.borrowed for one in self.levels.values())

    def offer(self) -> None:
        """Somebody gave a seat back that no request of its level waits for: who borrowed least may
        borrow it."""
        waiting = [one for one in self.levels.values() if one.waiting]
        for one in sorted(waiting, key=lambda one: one.borrowed):
            one.serve()


class Seats:
    """One level's. ``taken`` are in use, ``waiting``: requests without one."""

    def __init__(self, level: Level, pool: Pool | None = None) -> None:
        self.level = level
        self.taken = 0
        self.waiting = 0
        self._pool = pool or Pool()
        # By number; made when first used, for most never are.
        self._queues: dict[int, Queue] = {}
        self._virtual = 0.0

    @property
    def free(self) -> int:
        """Of its own."""
        return max(0, self.level.seats - self.taken)

    @property
    def borrowed(self) -> int:
        """Seats of others."""
        return max(0, self.taken - self.level.seats)

    def _has_seat(self) -> bool:
        if self.free:
            return True
        limit = self.level.borrowing
        return (limit is None or self.borrowed < limit) and self._pool.spare() > 0

    async def take(self, key: str) -> bool:
        """A seat for a request of the flow ``key``; False if there is none, and none in time."""
        level = self.level
        if not self.waiting and self._has_seat():
            self.taken += 1
            return True
        hand = hand_of(level, key)
        if not hand:
            return False
        dealt = (self._queues.setdefault(at, Queue()) for at in hand)
        queue = min(dealt, key=lambda one: len(one.waiting))
        if len(queue.waiting) >= level.length:
            return False
        if not queue.waiting:
            # One that was idle does not save up turns.
            queue.served = max(queue.served, self._virtual)
        return await self._wait(queue)

    async def _wait(self, queue: Queue) -> bool:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.waiting.append(turn)
        self.waiting += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                await turn
        except TimeoutError:
            return self._gave_up(queue, turn)
        except asyncio.CancelledError:
            if self._gave_up(queue, turn):
                self.give_back()
            raise
        return True

    def _gave_up(self, queue: Queue, turn: "asyncio.Future[None]") -> bool:
        """True if the seat had come already."""
        if turn in queue.waiting:
            queue.waiting.remove(turn)
            self.waiting -= 1
            return False
        return turn.done() and not turn.cancelled()

    def give_back(self) -> None:
        """The seat goes to the queue that has had least, else to another level."""
        self.taken -= 1
        self.serve()
        if not self.waiting:
            self._pool.offer()

    def serve(self) -> None:
        """Let in who waits, as long as there are seats."""
        while self.waiting and self._has_seat():
            ready = [queue for queue in self._queues.values() if queue.waiting]
            queue = min(ready, key=lambda one: one.served)
            turn = queue.waiting.popleft()
            self.waiting -= 1
            if turn.done():
                continue
            self._virtual = queue.served
            queue.served += 1.0
            self.taken += 1
            turn.set_result(None)


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
            self._seats_of(level)

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

    def seat(self, flow: Flow | None) -> "Seat":
        """Hold a seat. Raises StatusError 429 if there is none in time."""
        return Seat(self, flow)

    async def enter(self, flow: Flow) -> Seats | None:
        """Take a seat of a level (None: it has no limit). Raises StatusError 429."""
        seats = self._seats_of(flow.level) if flow.level.seats else None
        if seats is not None:
            await self._take(seats, flow)
        names = names_of(flow)
        self.metrics.dispatched[names] += 1
        self.metrics.executing[names] += 1
        return seats

    def leave(self, flow: Flow, seats: Seats | None) -> None:
        """Give it back."""
        self.metrics.executing[names_of(flow)] -= 1
        if seats is not None:
            seats.give_back()

    async def _take(self, seats: Seats, flow: Flow) -> None:
        clock, names, metrics = asyncio.get_running_loop().time, names_of(flow), self.metrics
        began = clock()
        metrics.waiting[names] += 1
        try:
            taken = await seats.take(flow.key)
        finally:
            metrics.waiting[names] -= 1
        metrics.waited(flow, taken, clock() - began)
        if taken:
            return
        late = clock() - began >= WAIT_SECONDS_MAX
        full = "queue-full" if flow.level.queues else "concurrency-limit"
        metrics.rejected[*names, "time-out" if late else full] += 1
        raise status.too_many_requests("too many requests, please try again later", retry_after=1)

    def levels(self) -> list[Level]:
        """Those that are known now."""
        return [] if self._schemas is None else list(self._schemas.levels)

    def _seats_of(self, level: Level) -> Seats:
        known = self._pool.levels
        seats = known.get(level.name)
        if seats is None or seats.level != level:
            # (Who has a seat or waits under an older form of the level ends there.)
            seats = known[level.name] = Seats(level, self._pool)
        return seats


class Seat:
    """See ``FlowControl.seat``; None: what is not limited."""

    __slots__ = ("_control", "_flow", "_seats")

    def __init__(self, control: FlowControl, flow: Flow | None) -> None:
        self._control = control
        self._flow = flow
        self._seats: Seats | None = None

    async def __aenter__(self) -> None:
        if self._flow is not None:
            self._seats = await self._control.enter(self._flow)

    async def __aexit__(self, *_: object) -> None:
        if self._flow is not None:
            self._control.leave(self._flow, self._seats)
