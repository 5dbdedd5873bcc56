"""The numbers that one incarnation of a store actor gives its transactions: pure.

Job: fresh numbers, and below which all are answered. Must not know: what they number.
"""


class Sequences:
    """``established``: an answer has come in this session."""

    def __init__(self) -> None:
        self.established = False
        self._last = 0
        self._open: dict[int, None] = {}

    def take(self) -> int:
        """The next number; it is open until ``close``."""
        self._last += 1
        self._open[self._last] = None
        return self._last

    def close(self, number: int) -> None:
        """Nobody waits for its result any more."""
        self._open.pop(number, None)

    @property
    def done_below(self) -> int:
        """Every number below is closed. Numbers open in order, so the first open is the lowest."""
        return next(iter(self._open), self._last + 1)
