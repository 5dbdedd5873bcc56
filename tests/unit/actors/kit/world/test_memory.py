"""Seeded entropy and a clock that follows the loop."""

import asyncio
import uuid

from actors.kit.world.memory import EPOCH, MemoryClock, SeededEntropy, memory_world
from tests.simulation.loop import simulated


def _draw(entropy: SeededEntropy) -> tuple[object, ...]:
    return (
        entropy.random(),
        entropy.uniform(2, 3),
        entropy.token(5),
        entropy.hex(7),
        entropy.uuid(),
        entropy.choice("abc"),
    )


def test_the_same_seed_gives_the_same_values() -> None:
    assert _draw(SeededEntropy(1)) == _draw(SeededEntropy(1))
    assert _draw(SeededEntropy(1)) != _draw(SeededEntropy(2))
    assert _draw(SeededEntropy(1).fork("a")) == _draw(SeededEntropy(1).fork("a"))
    assert _draw(SeededEntropy(1).fork("a")) != _draw(SeededEntropy(1).fork("b"))


def test_values_have_their_shapes() -> None:
    entropy = SeededEntropy(3)
    assert len(entropy.token(9)) == 9
    assert len(entropy.hex(16)) == 16
    assert uuid.UUID(entropy.uuid()).version == 4
    assert 2 <= entropy.uniform(2, 3) <= 3


@simulated
async def test_wall_time_follows_the_loop() -> None:
    clock = memory_world().clock
    assert clock.now() == EPOCH
    await clock.sleep(10)
    assert clock.now() == EPOCH + 10
    assert clock.monotonic() == asyncio.get_running_loop().time() == 10


@simulated
async def test_a_clock_may_run_fast_and_jump() -> None:
    clock = MemoryClock(start=100, rate=2)
    await asyncio.sleep(10)
    assert clock.now() == 120
    clock.skew = -50
    assert clock.now() == 70
    assert clock.monotonic() == 10
