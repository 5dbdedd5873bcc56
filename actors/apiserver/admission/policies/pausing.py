"""Turns for others while costly expressions are evaluated: the loop is theirs too."""

import asyncio

# Units of cost after which others get a turn: about a tenth of a second.
TURN_UNITS = 100_000


async def pause(before: int, left: int) -> int:
    """Let others work if that much of a budget was spent. What to compare with next time."""
    if before - left < TURN_UNITS:
        return before
    await asyncio.sleep(0)
    return left
