"""A hybrid logical clock: timestamps near wall time that never contradict causality.

Kulkarni and others, "Logical Physical Clocks and Consistent Snapshots in Globally Distributed
Databases" (2014), here as one integer: milliseconds since 1970 shifted left by 16 bits, plus a
counter. Must not know: which clock gives the wall time.
"""

COUNTER_BITS = 16
# A peer whose clock is this far ahead is not followed: it would drag the cluster into the future.
AHEAD_SECONDS_MAX = 60.0


class HybridClock:
    """The clock of one process. Times only grow."""

    def __init__(self) -> None:
        self.last = 0

    def tick(self, wall: float) -> int:
        """The time of a local event or a send. ``wall``: UNIX seconds."""
        physical = int(wall * 1000) << COUNTER_BITS
        following = self.last + 1
        self.last = physical if physical > following else following
        return self.last

    def observe(self, remote: int, wall: float) -> int:
        """The time of a receipt: later than ``remote``, unless that is absurdly far ahead."""
        limit = int((wall + AHEAD_SECONDS_MAX) * 1000) << COUNTER_BITS
        if self.last < remote <= limit:
            self.last = remote
        return self.tick(wall)
