"""What a clock is to an actor. Must not know: which clock it is."""

from typing import Protocol


class Clock(Protocol):
    """Wall time, monotonic time and a way to wait. Units are seconds."""

    def now(self) -> float:
        """UNIX time: for timestamps people read and certificates, never for measuring."""

    def actual(self) -> float:
        """UNIX time without the faults that were put into this clock on purpose: for records of
        what happened, which people put beside those of other processes."""

    def monotonic(self) -> float:
        """Time that only grows, from an arbitrary start: the loop's time."""

    async def sleep(self, seconds: float) -> None:
        """Return after that long."""
