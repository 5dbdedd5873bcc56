"""Seats of priority levels: who sits, who waits in which queue, whose turn it is. Pure.

Job: fair turns among the queues of one level, wide requests, what levels lend each other. Must not
know: what requests ask for, who waits how. Time comes in as an argument. Source: KEP-1040 (fair
queuing for server requests).

A queue pays for what its requests take: seats times seconds. How long one will take is not known
when it begins: an estimate is charged, and put right when it ends. Whoever is the first of the
queue that has paid least is next, and the others wait for it even if it is wide and they would have
room: else the wide would wait for ever.
"""

from collections import deque
from collections.abc import Callable

from cluster.api.flow_schemas import Level, hand_of
from cluster.api.work_estimates import ONE, Work

# What a request is charged when it begins (kube-apiserver's own guess).
GUESS_SECONDS = 0.003


class Queue:
    """Requests of one or a few flows, the first that came first. ``served``: seat-seconds it has
    paid, in the level's virtual time; ``width``: seats that wait in it."""

    __slots__ = ("served", "waiting", "width")

    def __init__(self) -> None:
        self.waiting: deque[Turn] = deque()
        self.served = 0.0
        self.width = 0


class Turn:
    """One request at a level. ``seated``: called when it has its seats; ``held``: seats it has."""

    __slots__ = ("began", "held", "queue", "seated", "work")

    def __init__(self, work: Work, seated: Callable[[], None] | None = None) -> None:
        self.work = work
        self.seated = seated
        self.held = 0
        self.began = 0.0
        self.queue: Queue | None = None


class Pool:
    """The levels of one server, which lend each other seats."""

    def __init__(self) -> None:
        self.levels: dict[str, Seats] = {}

    def spare(self, apart: "Seats | None" = None) -> int:
        """Seats that may be lent now; those of ``apart`` are its own."""
        levels = self.levels.values()
        free = sum(min(one.level.lendable, one.free) for one in levels if one is not apart)
        return free - sum(one.borrowed for one in levels)

    def offer(self, now: float) -> None:
        """Somebody gave seats back that no request of its level waits for: who borrowed least may
        borrow them."""
        waiting = [one for one in self.levels.values() if one.waiting]
        for one in sorted(waiting, key=lambda one: one.borrowed):
            one.serve(now)


class Seats:
    """One level's. ``taken`` are in use, ``waiting``: requests without."""

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

    def _has_room(self, width: int) -> bool:
        over = self.taken + width - self.level.seats
        if over <= 0:
            return True
        if not self.taken and width > self.level.seats:
            # Wider than all (the level has shrunk): alone is as good as it gets.
            return True
        limit = self.level.borrowing
        more = over - self.borrowed
        return (limit is None or over <= limit) and self._pool.spare(self) >= more

    def sit(self, work: Work = ONE) -> Turn | None:
        """Seats at once, if nobody waits and there is room."""
        if self.waiting or not self._has_room(work.width):
            return None
        turn = Turn(work)
        turn.held = work.width
        self.taken += turn.held
        return turn

    def wait(self, key: str, work: Work, seated: Callable[[], None]) -> Turn | None:
        """A place among those who wait, for a request of the flow ``key``; None if there is none.
        ``serve`` seats it."""
        hand = hand_of(self.level, key)
        if not hand:
            return None
        dealt = (self._queues.setdefault(at, Queue()) for at in hand)
        queue = min(dealt, key=lambda one: one.width)
        if len(queue.waiting) >= self.level.length:
            return None
        if not queue.waiting:
            # One that was idle does not save up turns.
            queue.served = max(queue.served, self._virtual)
        turn = Turn(work, seated)
        turn.queue = queue
        queue.waiting.append(turn)
        queue.width += work.width
        self.waiting += 1
        return turn

    def forget(self, turn: Turn, now: float) -> bool:
        """Who waited goes away. False if it sits already, and must ``leave``."""
        queue = turn.queue
        if turn.held or queue is None or turn not in queue.waiting:
            return False
        first = queue.waiting[0] is turn
        queue.waiting.remove(turn)
        queue.width -= turn.work.width
        self.waiting -= 1
        if first:
            # It may be that all waited for this one, and the next is narrower.
            self.serve(now)
        return True

    def leave(self, turn: Turn, now: float) -> float:
        """The answer is there. Seconds for which its last seats are still kept (then: ``drop``)."""
        work, queue = turn.work, turn.queue
        if queue is not None:
            spent = turn.held * (now - turn.began) + work.final * work.extra
            queue.served += spent - turn.held * GUESS_SECONDS
        self._give_back(turn, work.final, now)
        return work.extra if work.final else 0.0

    def drop(self, turn: Turn, now: float) -> None:
        """All that it still holds."""
        self._give_back(turn, 0, now)

    def _give_back(self, turn: Turn, kept: int, now: float) -> None:
        """They go to the queue that has paid least, else to another level."""
        given, turn.held = turn.held - kept, kept
        if not given:
            return
        self.taken -= given
        self.serve(now)
        if not self.waiting:
            self._pool.offer(now)

    def serve(self, now: float) -> None:
        """Let in who waits, as long as there is room for the next."""
        while self.waiting:
            ready = [queue for queue in self._queues.values() if queue.waiting]
            queue = min(ready, key=_next_end)
            turn = queue.waiting[0]
            width = turn.work.width
            if not self._has_room(width):
                return
            queue.waiting.popleft()
            queue.width -= width
            self.waiting -= 1
            self._virtual = max(self._virtual, queue.served)
            queue.served += width * GUESS_SECONDS
            turn.held, turn.began = width, now
            self.taken += width
            if turn.seated is not None:
                turn.seated()


def _next_end(queue: Queue) -> float:
    """When its first would be done, in virtual time."""
    return queue.served + queue.waiting[0].work.width * GUESS_SECONDS
