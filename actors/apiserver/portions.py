"""Long work on many things, a portion at a time, with turns of others between.

Job: an event loop that is not held up for long by one request. Must not know: what the work is.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

T = TypeVar("T")


async def in_portions(items: Sequence[T], size: int) -> AsyncIterator[Sequence[T]]:
    """All of them, ``size`` at once; whatever else is ready has its turn after each."""
    if len(items) <= size:
        yield items
        return
    for start in range(0, len(items), size):
        yield items[start : start + size]
        await others()


async def others() -> None:
    """Whatever else is ready has its turn."""
    await asyncio.sleep(0)
