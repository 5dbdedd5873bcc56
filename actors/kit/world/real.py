"""The world of a real process: the machine's clock and random numbers. The disk is in
``real_disk``. Must not know: simulation."""

import asyncio
import random
import secrets
import time
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


# Fetched from the kernel at once.
STOCK_BYTES = 4096


class RealEntropy:
    """The kernel's random numbers: fit for tokens and keys too. Names and ids, of which each
    request needs several, come from a stock of them without a system call each; floats, which
    spread timers, from a generator that it seeded."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()
        self._floats = random.Random(secrets.token_bytes(32))
        self._stock = b""
        self._used = 0

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
        return self._take((count + 1) // 2).hex()[:count]

    def uuid(self) -> str:
        """A version 4 UUID. Source: RFC 9562, 5.4."""
        octets = bytearray(self._take(16))
        octets[6] = octets[6] & 0x0F | 0x40
        octets[8] = octets[8] & 0x3F | 0x80
        text = octets.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def choice(self, items: Sequence[T]) -> T:
        """One of them. Raises IndexError if there are none."""
        count = len(items)
        if not 0 < count <= 256:
            return self._random.choice(items)
        # What is left of a byte's values beyond a multiple of the count would favour the first.
        fair = 256 - 256 % count
        while True:
            value = self._take(1)[0]
            if value < fair:
                return items[value % count]

    def _take(self, count: int) -> bytes:
        """Bytes that nobody was given before."""
        end = self._used + count
        if end > len(self._stock):
            if count > STOCK_BYTES:
                return secrets.token_bytes(count)
            self._stock, end = secrets.token_bytes(STOCK_BYTES), count
        start, self._used = end - count, end
        return self._stock[start:end]


def real_world(
    root: Path, clock: Clock | None = None, storage: StorageFaults | None = None
) -> World:
    """The machine's clock and entropy, and a disk rooted at ``root`` (made if missing). ``clock``
    and ``storage``: those that faults are put into."""
    disk = RealDisk(root, storage or StorageFaults())
    return World(clock=clock or RealClock(), entropy=RealEntropy(), disk=disk)
