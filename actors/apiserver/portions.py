"""Long work on many things, a portion at a time, with turns of others between.

Job: an event loop that is not held up for long by one request. Must not know: what the work is.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def in_portions(
    items: tuple[T, ...], size: int, work: Callable[[tuple[T, ...]], list[R]]
) -> list[R]:
    """What ``work`` makes of all of them, ``size`` at once."""
    if len(items) <= size:
        return work(items)
    found: list[R] = []
    for start in range(0, len(items), size):
        found += work(items[start : start + size])
        await others()
    return found


async def others() -> None:
    """Whatever else is ready has its turn."""
    await asyncio.sleep(0)
