"""When packets that wait may go on. Pure.

Must not know: where they wait, what the time is.
"""

import heapq
from typing import Literal

import msgspec


class Hold(msgspec.Struct, frozen=True):
    """What happens to the packets that the rules of one namespace ('' : the machine's own) choose.
    ``seconds``: each waits so long, and up to ``jitter`` more, and they keep their order; apart:
    each waits by itself, up to ``seconds``, so that others overtake it."""

    namespace: str
    seconds: float
    jitter: float = 0.0
    order: Literal["kept", "apart"] = "kept"


class Line:
    """Of one queue. Times are in seconds, of any clock that never goes back."""

    def __init__(self, hold: Hold) -> None:
        self._hold = hold
        self._waiting: list[tuple[float, int, int]] = []
        self._last = 0.0
        self.taken = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, now: float, number: int, chance: float) -> None:
        """A packet has come. ``chance``: drawn for it, from 0 to 1."""
        if self._hold.order == "apart":
            due = now + self._hold.seconds * chance
        else:
            due = self._last = max(
                self._last, now + self._hold.seconds + self._hold.jitter * chance
            )
        self.taken += 1
        heapq.heappush(self._waiting, (due, self.taken, number))

    def due(self, now: float) -> list[int]:
        """The packets that may go on by now, in the order in which they go. They are forgotten."""
        found = []
        while self._waiting and self._waiting[0][0] <= now:
            found.append(heapq.heappop(self._waiting)[2])
        return found

    def rest(self) -> list[int]:
        """All of them, in the order in which they would have gone. They are forgotten."""
        return self.due(float("inf"))

    def next(self) -> float | None:
        """When the next one may go on, None if nobody waits."""
        return self._waiting[0][0] if self._waiting else None
