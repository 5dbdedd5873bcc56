"""The machine's clock, which can be made to lie. Must not know: who makes it, or why."""

import asyncio
import time

from cluster.chaos.faults import ClockFault

Struck = dict[str, int]


class FaultyClock:
    """Wall time is bent by faults, monotonic time never: as by a person who sets the time."""

    actual = staticmethod(time.time)

    def __init__(self) -> None:
        self._faults: list[tuple[ClockFault, float, Struck]] = []

    def suffer(self, faults: list[tuple[ClockFault, Struck]]) -> None:
        """These from now on, and no others. Who asks for the time is counted in their dicts."""
        since = {fault.name: begin for fault, begin, _ in self._faults}
        now = time.monotonic()
        self._faults = [(f, since.get(f.name, now), struck) for f, struck in faults]

    def now(self) -> float:
        """UNIX seconds, as far as this process knows."""
        stamp = time.time()
        for fault, since, struck in self._faults:
            struck["read"] = struck.get("read", 0) + 1
            stamp += fault.jump + (fault.rate - 1.0) * (time.monotonic() - since)
        return stamp

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds."""
        await asyncio.sleep(seconds)
