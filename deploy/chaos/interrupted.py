"""Ctrl-C, a closed terminal, SIGTERM: what was broken is to be mended first.

Must not know: what is broken.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """One of those signals came. Not an ``Exception``: nothing but its own handler stops it."""

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted by signal {number}")
        self.number = number


@contextmanager
def listening() -> Iterator[None]:
    """Within, those signals raise ``Interrupted``."""

    def handle(number: int, frame: FrameType | None) -> None:
        raise Interrupted(number)

    with _handled(handle):
        yield


@contextmanager
def deaf() -> Iterator[None]:
    """Within, those signals do nothing. (They are not ignored: processes started meanwhile would
    ignore them too.)"""
    with _handled(lambda number, frame: None):
        yield


@contextmanager
def _handled(handle: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handle) for number in NUMBERS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
