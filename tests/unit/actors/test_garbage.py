"""The collector looks at what is young, sets aside what is old, and frees what is garbage."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator

import pytest

from actors import garbage
from actors.garbage import Collector


class Knot:
    """An object that only the collector can free."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    made = Collector()
    made.start()
    yield made
    made.close()


async def churn(containers: int) -> list[list[int]]:
    """Make that many containers that live, in turns of the loop."""
    kept: list[list[int]] = []
    while len(kept) < containers:
        kept.extend([] for _ in range(1000))
        await asyncio.sleep(0)
    return kept


async def test_what_survives_is_set_aside_without_a_full_look(collector: Collector) -> None:
    before = gc.get_freeze_count()
    kept = await churn(100_000)
    assert gc.get_freeze_count() >= before + 80_000
    assert gc.get_count()[2] <= 1
    assert collector.full_looks == 1, "only the first"
    del kept


async def test_young_garbage_is_freed(collector: Collector) -> None:
    seen = weakref.ref(Knot())
    await churn(50_000)
    assert seen() is None


async def test_old_garbage_is_freed_once_much_is_set_aside(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(garbage, "SHARE_MAX", 1e9)
    collector.look()
    knot = Knot()
    seen = weakref.ref(knot)
    kept = await churn(50_000)
    del knot
    looks = collector.full_looks
    await churn(50_000)
    assert seen() is not None, "it was set aside"
    while collector.full_looks == looks:
        kept += await churn(100_000)
        assert len(kept) < 20_000_000
    assert seen() is None


async def test_full_looks_take_a_small_part_of_the_time(collector: Collector) -> None:
    # (The first look has taken some milliseconds: the next may come after minutes.)
    looks = collector.full_looks
    kept = await churn(2_000_000)
    assert collector.full_looks == looks
    del kept


def test_a_closed_loop_ends_it() -> None:
    loop = asyncio.new_event_loop()
    made = Collector()
    before = gc.get_threshold()

    async def begin() -> None:
        made.start()

    loop.run_until_complete(begin())
    loop.close()
    kept = [[] for _ in range(100_000)]  # type: ignore[var-annotated]
    assert gc.get_threshold() == before
    del kept
