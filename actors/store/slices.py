"""Long work done a slice at a time, with the loop running between. Must not know: what work."""

import asyncio
from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")


async def in_slices(work: Generator[None, None, Result]) -> Result:
    """The generator's return value; other tasks have their turn at each yield."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            result: Result = done.value
            return result
        await asyncio.sleep(0)
