"""Virtual time as a heap of events, and coroutines driven by it without an event loop.

Job: call things in the order of their times; resume production coroutines (which await disks and
locks). Must not know: what is called.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from heapq import heappop, heappush
from typing import Any, Protocol


class Timeline:
    """``now``: virtual seconds. Events of one instant happen in the order they were asked for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.count = 0
        self._heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []

    def at(self, when: float, call: Callable[..., None], *args: Any) -> None:
        """Call it then (now, if that is past)."""
        self.count += 1
        heappush(self._heap, (when if when > self.now else self.now, self.count, call, args))

    def after(self, seconds: float, call: Callable[..., None], *args: Any) -> None:
        """Call it so much later."""
        self.at(self.now + seconds, call, *args)

    def run(self, until: float, done: Callable[[], bool] | None = None) -> bool:
        """Until that time, or until ``done`` (looked at after each event); True if it was done."""
        heap = self._heap
        while heap and heap[0][0] <= until:
            self.now, _, call, args = heappop(heap)
            call(*args)
            if done is not None and done():
                return True
        self.now = max(self.now, until)
        return False


class Handle:
    """A timer that was set."""

    __slots__ = ("cancelled",)

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        """It does not ring any more."""
        self.cancelled = True


class Process(Protocol):
    """Whose step it is: it has a clock of its own, and ends."""

    def now(self) -> float:
        """By its clock."""

    def true_time(self, local: float) -> float:
        """The timeline's time when its clock shows ``local``."""

    def gate_of_now(self) -> Callable[..., None]:
        """Lets the process, as long as it is the present one, do something."""


class FutureLoop:
    """As much of an event loop as futures, locks and timers ask for, for all processes of a run:
    time and timers are of the one whose step it is (``active``)."""

    def __init__(self, timeline: Timeline) -> None:
        self.active: Process | None = None
        self._timeline = timeline

    def create_future(self) -> "asyncio.Future[Any]":
        """A future whose callbacks are events of the timeline."""
        return asyncio.Future(loop=self)  # type: ignore[arg-type]  # all of a loop it asks for

    def call_soon(self, call: Callable[..., None], *args: Any, context: object = None) -> None:
        """At this instant, after what is due already."""
        self._timeline.at(self._timeline.now, call, *args)

    def call_later(self, seconds: float, call: Callable[..., None], *args: Any) -> Handle:
        """So much later by its clock."""
        active = self.active
        assert active is not None, "a timer of nobody"
        handle, gate = Handle(), active.gate_of_now()

        def ring() -> None:
            if not handle.cancelled:
                gate(call, *args)

        self._timeline.at(active.true_time(active.now() + seconds), ring)
        return handle

    def time(self) -> float:
        """By the clock of the process whose step it is."""
        assert self.active is not None, "the time of nobody"
        return self.active.now()

    def get_debug(self) -> bool:
        """Never."""
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """A future's error that nobody looked at."""
        raise AssertionError(str(context))


class Pause:
    """Awaited by simulated things: goes on ``seconds`` later."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __await__(self) -> Generator["Pause", None, None]:
        yield self


class Job:
    """A coroutine under way. ``finished`` gets its result; ``failed`` every exception. ``gate``
    carries out a later step for its owner: it may put it off, or forget it."""

    def __init__(
        self,
        timeline: Timeline,
        work: Coroutine[Any, Any, Any],
        gate: Callable[..., None],
        finished: Callable[[Any], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._timeline = timeline
        self._work = work
        self._gate = gate
        self._finished = finished
        self._failed = failed
        self.dead = False

    def step(self) -> None:
        """Go on to the next thing that takes time, or to the end."""
        if self.dead:
            return
        try:
            awaited = self._work.send(None)
        except StopIteration as stop:
            self.dead = True
            self._finished(stop.value)
        except BaseException as error:  # whatever it is, the owner judges it
            self.dead = True
            self._failed(error)
        else:
            self._wait(awaited)

    def _wait(self, awaited: Any) -> None:
        if isinstance(awaited, Pause):
            self._timeline.after(awaited.seconds, self._gate, self.step)
        elif awaited is None:
            self._timeline.after(0.0, self._gate, self.step)
        else:
            awaited._asyncio_future_blocking = False
            awaited.add_done_callback(lambda _: self._gate(self.step))

    def kill(self) -> None:
        """Its owner died: it never goes on."""
        self.dead = True
        self._work.close()
