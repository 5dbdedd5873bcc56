"""Works that run together never outlive their caller."""

import asyncio

import pytest

from actors.kit.together import Together, until_first
from tests.simulation.loop import simulated


class Work:
    """Waits for ever; knows how it ended."""

    def __init__(self) -> None:
        self.ended = False

    async def run(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(1)
            self.ended = True


async def fails(seconds: float) -> None:
    await asyncio.sleep(seconds)
    raise LookupError("lost")


@simulated
async def test_the_first_ends_all() -> None:
    work = Work()
    await until_first(work.run(), asyncio.sleep(3))
    assert work.ended


@simulated
async def test_the_first_failure_is_raised_once_all_are_over() -> None:
    work = Work()
    with pytest.raises(LookupError):
        await until_first(work.run(), fails(1), asyncio.sleep(2))
    assert work.ended


@simulated
async def test_a_cancelled_caller_takes_all_along() -> None:
    work = Work()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await until_first(work.run(), Work().run())
    assert work.ended


@simulated
async def test_a_group_ends_with_its_block() -> None:
    work = Work()
    async with Together() as group:
        group.start(work.run())
        group.start(asyncio.sleep(1))
        await asyncio.sleep(2)
        assert len(group) == 1
    assert work.ended
    with pytest.raises(LookupError):
        async with Together() as group:
            group.start(fails(1))
            await asyncio.sleep(2)
