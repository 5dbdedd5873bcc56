"""The work queue: ``QueueState`` with a waiting ``get``.

Job: let workers sleep until a key is ready: woken by an add or by the loop's timer, never by
polling. Must not know: what a key means.
"""

import asyncio
from collections import deque
from typing import Generic, TypeVar

from actors.client.queue_state import QueueState, Work

Key = TypeVar("Key")

# A delay below what clocks tell apart would bring the key back at once, again and again, until
# the time that it waits for has come.
DELAY_MIN_SECONDS = 0.001


class WorkQueue(Generic[Key]):
    """One per controller; its workers and its informers run on the same loop."""

    def __init__(self) -> None:
        self._state: QueueState[Key] = QueueState()
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._state)

    def add(self, key: Key, trace: str = "") -> None:
        """Ask for work on ``key`` now."""
        self._state.add(key, trace)
        self._wake()

    def add_after(self, key: Key, seconds: float, trace: str = "") -> None:
        """Ask for work on ``key`` in ``seconds``."""
        self._state.add_after(key, self._now() + max(DELAY_MIN_SECONDS, seconds), trace)
        self._wake()

    def retry(self, key: Key, trace: str = "") -> float:
        """Ask again after a failure, with the key's backoff; returns the delay in seconds."""
        delay = self._state.retry(key, self._now(), trace)
        self._wake()
        return delay

    def forget(self, key: Key) -> None:
        """The key's work went well."""
        self._state.forget(key)

    def failures(self, key: Key) -> int:
        """Failures of the key since it last went well."""
        return self._state.failures(key)

    async def get(self) -> Work[Key]:
        """Wait for the next key; call ``done`` with it after."""
        while True:
            work = self._state.take(self._now())
            if work is not None:
                # More may be ready: the next waiter looks for itself.
                self._wake()
                return work
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            self._set_timer()
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
                elif waiter.done() and not waiter.cancelled():
                    # It was this worker's turn: hand the turn on.
                    self._wake()
                raise

    def done(self, key: Key) -> None:
        """The work on ``key`` ended."""
        self._state.done(key)
        self._wake()

    def close(self) -> None:
        """Stop the timer; nobody waits any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _set_timer(self) -> None:
        self.close()
        due = self._state.next_due()
        if due is not None:
            self._timer = asyncio.get_running_loop().call_at(due, self._wake)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
