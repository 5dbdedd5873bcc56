"""Long work leaves the loop to others between its slices."""

import asyncio
from collections.abc import Generator

import pytest

from actors.store.slices import in_slices


async def test_others_run_between_the_slices_and_the_result_comes_back() -> None:
    told: list[str] = []

    def work() -> Generator[None, None, int]:
        for number in range(3):
            told.append(f"slice {number}")
            yield
        return 7

    async def other() -> None:
        for _ in range(2):
            told.append("other")
            await asyncio.sleep(0)

    found, _ = await asyncio.gather(in_slices(work()), other())
    assert found == 7
    assert told[:4] == ["slice 0", "other", "slice 1", "other"]


async def test_what_the_work_raises_reaches_the_caller() -> None:
    def work() -> Generator[None, None, int]:
        yield
        raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        await in_slices(work())
