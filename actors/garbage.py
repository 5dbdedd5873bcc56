"""Python's cyclic garbage collector, kept from stalling the event loop of a large process.

Job: look at what is young often, at what is old seldom. Must not know: actors, what lives.

By default a full collection looks at every container that lives, whenever a quarter more of them
has come: with twenty thousand pods in a replica's caches that stops the loop for a quarter of a
second, again and again. Nearly all of those objects die by their reference count and need no
collector. So what has survived two looks is frozen: set aside, until twice as many are frozen as
after the last full look, and until that one's time is a small part of the time since. Source:
Python's ``gc`` module, ``freeze``.
"""

import asyncio
import gc
from typing import Any

# New containers before the youngest are looked at, how often that before the middle generation is.
# The oldest generation's own threshold is out of reach: ``Collector`` takes its place.
YOUNG, MIDDLE, NEVER = 5_000, 1, 1_000_000
# Below this a full look costs next to nothing.
FROZEN_MIN = 200_000
# A full look may take this part of the time: one of a quarter of a second every hour.
SHARE_MAX = 1 / 15_000


class Collector:
    """In place of the automatic full collections, from ``start`` to ``close``."""

    def __init__(self) -> None:
        self.full_looks = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._frozen = 0
        self._added = 0
        self._not_before = 0.0
        self._due = False
        self._before = gc.get_threshold()

    def start(self) -> None:
        """From the event loop, once what lives on has been made."""
        self._loop = asyncio.get_running_loop()
        self.look()
        gc.set_threshold(YOUNG, MIDDLE, NEVER)
        gc.callbacks.append(self._collected)

    def close(self) -> None:
        """As before ``start``."""
        if self._collected in gc.callbacks:
            gc.callbacks.remove(self._collected)
            gc.set_threshold(*self._before)
            gc.unfreeze()

    def look(self) -> None:
        """Look at everything."""
        assert self._loop is not None
        began = self._loop.time()
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        # (It walks them all, so it is asked here only.)
        self._frozen = gc.get_freeze_count()
        self._added = 0
        now = self._loop.time()
        self._not_before = now + (now - began) / SHARE_MAX
        self.full_looks += 1

    def _collected(self, phase: str, info: dict[str, Any]) -> None:
        """After a look at the middle generation: its survivors are the oldest now."""
        if phase != "stop" or info["generation"] != 1 or self._due:
            return
        assert self._loop is not None
        try:
            # Not here: the collector runs in the middle of anything, in any thread.
            self._loop.call_soon_threadsafe(self._settle)
            self._due = True
        except RuntimeError:
            # The loop is closed: the process ends.
            self.close()

    def _settle(self) -> None:
        assert self._loop is not None
        self._due = False
        gc.freeze()
        # At most so many have come.
        self._added += YOUNG * MIDDLE
        many = self._added > max(self._frozen, FROZEN_MIN)
        if many and self._loop.time() >= self._not_before:
            self.look()
