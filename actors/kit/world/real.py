"""The world of a real process: the machine's clock and random numbers. The disk is in
``real_disk``. Must not know: simulation."""

import asyncio
import random
import secrets
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from actors.kit.world.clock import Clock
from actors.kit.world.real_disk import RealDisk
from actors.kit.world.storage_faults import StorageFaults
from actors.kit.world.world import World

T = TypeVar("T")


class RealClock:
    """The machine's clocks."""

    # UNIX seconds. Asked for with every message: without a call between.
    now = actual = staticmethod(time.time)

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds."""
        await asyncio.sleep(seconds)


class RealEntropy:
    """The kernel's random numbers: fit for tokens and keys too. Floats, which spread timers, come
    from a generator that it seeded, without a system call each."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()
        self._floats = random.Random(secrets.token_bytes(32))

    def random(self) -> float:
        """In [0, 1)."""
        return self._floats.random()

    def uniform(self, low: float, high: float) -> float:
        """Between the two."""
        return self._floats.uniform(low, high)

    def token(self, count: int) -> bytes:
        """``count`` bytes."""
        return secrets.token_bytes(count)

    def hex(self, count: int) -> str:
        """``count`` hexadecimal characters."""
        return secrets.token_hex((count + 1) // 2)[:count]

    def uuid(self) -> str:
        """A version 4 UUID."""
        return str(uuid.uuid4())

    def choice(self, items: Sequence[T]) -> T:
        """One of them."""
        return self._random.choice(items)


def real_world(
    root: Path, clock: Clock | None = None, storage: StorageFaults | None = None
) -> World:
    """The machine's clock and entropy, and a disk rooted at ``root`` (made if missing). ``clock``
    and ``storage``: those that faults are put into."""
    disk = RealDisk(root, storage or StorageFaults())
    return World(clock=clock or RealClock(), entropy=RealEntropy(), disk=disk)
