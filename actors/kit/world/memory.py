"""The world in memory: the loop's time, seeded randomness, and a disk that can lose power.

With a virtual loop a whole cluster runs on it, the same from the same seed. Must not know: what
runs on it.
"""

import asyncio
import random
import uuid
from collections.abc import Sequence
from typing import TypeVar

from actors.kit.world.memory_disk import SimDisk
from actors.kit.world.world import World

T = TypeVar("T")

# 2026-01-01T00:00:00Z: an arbitrary but readable start of simulated time.
EPOCH = 1767225600.0


class MemoryClock:
    """Wall time that follows the running loop's time: ``start`` at loop time 0.

    ``rate`` above 1 is a clock that runs fast; ``skew`` may be set at any time (a clock that
    jumps). Both bend wall time only: monotonic time is always the loop's.
    """

    def __init__(self, start: float = EPOCH, rate: float = 1.0, skew: float = 0.0) -> None:
        self.start = start
        self.rate = rate
        self.skew = skew

    def now(self) -> float:
        """UNIX seconds."""
        return self.start + self.skew + self.rate * asyncio.get_running_loop().time()

    def actual(self) -> float:
        """As ``now``, but of a clock that goes right."""
        return self.start + asyncio.get_running_loop().time()

    def monotonic(self) -> float:
        """The loop's time."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Return after that much of the loop's time."""
        await asyncio.sleep(seconds)


class SeededEntropy:
    """Random values made from a seed (int or str): the same seed, the same values."""

    def __init__(self, seed: int | str) -> None:
        self._seed = seed
        self._random = random.Random(seed)

    def fork(self, name: str) -> "SeededEntropy":
        """An independent source for ``name``, made from the seed only."""
        return SeededEntropy(f"{self._seed}/{name}")

    def random(self) -> float:
        """In [0, 1)."""
        return self._random.random()

    def uniform(self, low: float, high: float) -> float:
        """Between the two."""
        return self._random.uniform(low, high)

    def token(self, count: int) -> bytes:
        """``count`` bytes."""
        return self._random.randbytes(count)

    def hex(self, count: int) -> str:
        """``count`` hexadecimal characters."""
        return self._random.randbytes((count + 1) // 2).hex()[:count]

    def uuid(self) -> str:
        """A version 4 UUID."""
        return str(uuid.UUID(bytes=self._random.randbytes(16), version=4))

    def choice(self, items: Sequence[T]) -> T:
        """One of them."""
        return self._random.choice(items)


def memory_world(seed: int | str = 0, disk: SimDisk | None = None) -> World:
    """A world from a seed. Give the ``disk`` of a crashed process to restart it."""
    return World(clock=MemoryClock(), entropy=SeededEntropy(seed), disk=disk or SimDisk())
