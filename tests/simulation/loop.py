"""An event loop on virtual time: when nothing is ready, time jumps to the next timer.

No sockets, no threads, no waiting: hours pass in seconds, and the same code from the same seed
takes the same steps. A total deadlock raises instead of hanging. Whatever runs in the context of a
process (``PROCESS``) can be held back and let go on, as by SIGSTOP and SIGCONT.

Must not know: what runs on it.
"""

import asyncio
import functools
import heapq
import random
import selectors
from collections.abc import Callable, Coroutine, Mapping
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

# The process that a callback belongs to, '' for none: inherited by all that it starts.
PROCESS: ContextVar[str] = ContextVar("simulated_process", default="")


class Deadlock(RuntimeError):
    """Nothing is ready and no timer is set: nothing will ever happen again."""


class _NoFiles(selectors.BaseSelector):
    """A selector that waits for no file: it moves the loop's time instead."""

    def __init__(self) -> None:
        self._keys: dict[Any, selectors.SelectorKey] = {}
        self.advance: Callable[[float | None], None] = lambda timeout: None

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        # asyncio registers one end of the socket pair that threads wake it by; it stays silent.
        key = selectors.SelectorKey(fileobj, 0, events, data)
        self._keys[fileobj] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            self.advance(timeout)
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys


class Livelock(RuntimeError):
    """Callbacks go on and on, and no time passes."""


# Callbacks at one instant: far above what a whole cluster does at once.
INSTANT_CALLBACKS_MAX = 200_000


class VirtualLoop(asyncio.SelectorEventLoop):
    """``seed``: if given, callbacks that are ready together run in an order made from it."""

    def __init__(self, seed: int | None = None) -> None:
        selector = _NoFiles()
        selector.advance = self._advance
        self._virtual_time = 0.0
        self._instant = (0.0, 0)
        self._paused: dict[str, list[asyncio.Handle]] = {}
        self._order = None if seed is None else random.Random(seed)
        super().__init__(selector)
        # Two timers closer than this fire together.
        self._clock_resolution = 1e-9

    def time(self) -> float:
        """Seconds of virtual time since the loop was made."""
        return self._virtual_time

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        """Threads are not repeatable: what runs in simulation must not use them."""
        raise RuntimeError(f"no threads under virtual time: {func!r}")

    def pause(self, process: str) -> None:
        """From the next turn on nothing of this process runs; what is due waits."""
        self._paused.setdefault(process, [])

    def resume(self, process: str) -> int:
        """All that waited is due now, in its order. Returns how much that was."""
        waiting = self._paused.pop(process, [])
        self._ready.extend(waiting)  # type: ignore[attr-defined]
        return len(waiting)

    def held(self, process: str) -> int:
        """How much a paused process would have done by now; 0 if it is not paused."""
        return len(self._paused.get(process, ()))

    def _hold_back(self, handle: asyncio.Handle) -> bool:
        held = self._paused.get(handle._context.get(PROCESS, ""))  # type: ignore[attr-defined]
        if held is not None:
            held.append(handle)
        return held is not None

    def _process_events(self, event_list: Any) -> None:
        # The base class takes timers that are due just after this: too late to hold them back.
        super()._process_events(event_list)  # type: ignore[misc]
        timers = self._scheduled  # type: ignore[attr-defined]
        end = self._virtual_time + self._clock_resolution
        while self._paused and timers and timers[0].when() < end:
            handle = heapq.heappop(timers)
            handle._scheduled = False
            if not self._hold_back(handle):
                self._ready.append(handle)  # type: ignore[attr-defined]

    def _advance(self, timeout: float | None) -> None:
        timers = self._scheduled  # type: ignore[attr-defined]
        if timeout is None or not timers:
            raise Deadlock(self._story())
        self._virtual_time = max(self._virtual_time, timers[0].when())

    def _run_once(self) -> None:
        if self._paused:
            ready = self._ready  # type: ignore[attr-defined]
            going = [handle for handle in ready if not self._hold_back(handle)]
            ready.clear()
            ready.extend(going)
        if self._order is not None:
            self._shuffle()
        self._watch_time()
        super()._run_once()  # type: ignore[misc]

    def _watch_time(self) -> None:
        since, count = self._instant
        count += len(self._ready)  # type: ignore[attr-defined]
        if since != self._virtual_time:
            count = 0
        elif count > INSTANT_CALLBACKS_MAX:
            ready = list(self._ready)[:5]  # type: ignore[attr-defined]
            self._instant = (self._virtual_time, 0)
            raise Livelock(f"no time passes at {since:.6f} s: {ready}")
        self._instant = (self._virtual_time, count)

    def _shuffle(self) -> None:
        ready = self._ready  # type: ignore[attr-defined]
        if len(ready) > 1:
            handles = list(ready)
            self._order.shuffle(handles)  # type: ignore[union-attr]
            ready.clear()
            ready.extend(handles)

    def _story(self) -> str:
        waiting = sorted(task.get_name() for task in asyncio.all_tasks(self))
        return f"deadlock at {self._virtual_time:.6f} s; waiting: {', '.join(waiting[:20])}"


def run_simulation(
    main: Callable[[], Coroutine[Any, Any, T]],
    seed: int | None = None,
    shuffle: bool = False,
) -> T:
    """Run ``main()`` on a fresh virtual loop. ``shuffle``: also vary, by the seed, the order of
    callbacks that are ready together (code that counts on their order then fails)."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(seed if shuffle else None)) as runner:
        return runner.run(main())


def simulated(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Decorator of an async test: run it on a virtual loop of its own."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        run_simulation(lambda: test(*args, **kwargs))

    return run
