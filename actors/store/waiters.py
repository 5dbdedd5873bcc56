"""Futures that wait for the state to get somewhere.

Job: bookkeeping of who waits for what. Must not know: what moves the state.
"""

import asyncio
import heapq
from itertools import count


class LevelWaiters:
    """Waits until a number that only grows has reached a level."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = count()

    def wait(self, level: int) -> "asyncio.Future[None]":
        """Done once ``reached(level)`` or more was called."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._heap, (level, next(self._order), future))
        return future

    def reached(self, level: int) -> None:
        """Release everybody up to ``level``."""
        while self._heap and self._heap[0][0] <= level:
            _resolve(heapq.heappop(self._heap)[2])


class ChangeWaiters:
    """Waits for the next change of something. ``count``: changes so far."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: list[asyncio.Future[None]] = []

    def wait(self) -> "asyncio.Future[None]":
        """Done at the next ``changed``."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting = [other for other in self._waiting if not other.done()]
        self._waiting.append(future)
        return future

    async def wait_since(self, count: int, seconds: float) -> None:
        """Return at the first change after ``count``, or when ``seconds`` have passed."""
        if self.count == count:
            await asyncio.wait([self.wait()], timeout=seconds)

    def changed(self) -> None:
        """Release everybody."""
        self.count += 1
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            _resolve(future)


def _resolve(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
