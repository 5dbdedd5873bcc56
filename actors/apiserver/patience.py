"""Work that is nearly always short, and may be long: at once, or in a thread if it is.

A thread leaves the event loop its turns: a replica whose loop stands still is taken for dead. Must
not know: what the work is.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from cluster.cel.errors import CelTooLong

T = TypeVar("T")
# About a hundredth of a second.
UNITS = 10_000


async def unhurried(call: Callable[[int | None], T]) -> T:
    """``call(units)`` raises CelTooLong if it would cost more; it is then done anew without limit
    (None), in a thread. It must leave nothing behind when it raises."""
    try:
        return call(UNITS)
    except CelTooLong:
        return await asyncio.to_thread(call, None)
