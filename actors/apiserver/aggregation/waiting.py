"""Waits for one of several things to change. Must not know: which."""

import asyncio

from actors.kit.together import until_first


async def any_of(*changes: asyncio.Event, seconds: float | None) -> None:
    """Returns when one of them is set, or after that long (None: never)."""
    try:
        async with asyncio.timeout(seconds):
            await until_first(*(change.wait() for change in changes))
    except TimeoutError:
        pass
