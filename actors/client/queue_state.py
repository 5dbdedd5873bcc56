"""The rules of the work queue: serial per key, parallel over keys, backoff per key.

Job: the pure machine behind ``WorkQueue``. A key added while it is worked on is taken again after;
added twice before it is taken, it is taken once. Failures of a key delay only that key.
Must not know: the event loop, clocks; ``now`` is an argument, in seconds of any steady clock.
"""

import heapq
from collections import deque
from typing import Generic, NamedTuple, TypeVar

from actors.kit.causes import Causes, merged, parent

BACKOFF_FIRST_SECONDS = 0.005
BACKOFF_MAX_SECONDS = 30.0

Key = TypeVar("Key")


class Work(NamedTuple, Generic[Key]):
    """A key to work on, and what asked for it: the trace of the first ('' if none has one), and
    ``links`` to those that came before it was taken."""

    key: Key
    trace: str
    links: Causes = ()


class QueueState(Generic[Key]):
    """Keys are hashable and are ordered by arrival."""

    def __init__(self) -> None:
        self._ready: deque[Key] = deque()
        self._dirty: dict[Key, Causes] = {}
        self._processing: set[Key] = set()
        self._failures: dict[Key, int] = {}
        # Delayed: the heap may hold stale entries; the dict says which due time counts.
        self._delayed: dict[Key, tuple[float, Causes]] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._pushed = 0

    def __len__(self) -> int:
        return len(self._dirty)

    def add(self, key: Key, trace: str = "") -> None:
        """Ask for work on ``key`` now."""
        self._add(key, (trace,) if trace else ())

    def _add(self, key: Key, causes: Causes) -> None:
        known = self._dirty.get(key)
        if known is None:
            self._dirty[key] = causes
            if key not in self._processing:
                self._ready.append(key)
            return
        for cause in causes:
            known = merged(known, cause)
        self._dirty[key] = known

    def add_after(self, key: Key, due: float, trace: str = "") -> None:
        """Ask for work on ``key`` at ``due``; the earliest of several counts."""
        known = self._delayed.get(key)
        causes = merged(() if known is None else known[1], trace)
        if known is not None and known[0] <= due:
            self._delayed[key] = (known[0], causes)
            return
        self._delayed[key] = (due, causes)
        self._pushed += 1
        heapq.heappush(self._heap, (due, self._pushed, key))

    def retry(self, key: Key, now: float, trace: str = "") -> float:
        """Ask again after a failure; returns the delay: 5 ms doubling up to half a minute."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        delay = min(BACKOFF_MAX_SECONDS, BACKOFF_FIRST_SECONDS * 2.0 ** min(failures, 30))
        self.add_after(key, now + delay, trace)
        return delay

    def forget(self, key: Key) -> None:
        """The key's work went well: its next failure starts from the first delay."""
        self._failures.pop(key, None)

    def failures(self, key: Key) -> int:
        """Failures of the key since it last went well."""
        return self._failures.get(key, 0)

    def take(self, now: float) -> Work[Key] | None:
        """The next key to work on, or None. The taker calls ``done`` after."""
        self._promote(now)
        if not self._ready:
            return None
        key = self._ready.popleft()
        self._processing.add(key)
        causes = self._dirty.pop(key)
        return Work(key, parent(causes), causes[1:])

    def done(self, key: Key) -> None:
        """The work on ``key`` ended; if it was asked for meanwhile it is ready again."""
        self._processing.discard(key)
        if key in self._dirty:
            self._ready.append(key)

    def next_due(self) -> float | None:
        """When the earliest delayed key becomes ready, or None."""
        while self._heap:
            due, _, key = self._heap[0]
            known = self._delayed.get(key)
            if known is not None and known[0] == due:
                return due
            heapq.heappop(self._heap)
        return None

    def _promote(self, now: float) -> None:
        due = self.next_due()
        while due is not None and due <= now:
            _, _, key = heapq.heappop(self._heap)
            _, causes = self._delayed.pop(key)
            self._add(key, causes)
            due = self.next_due()
