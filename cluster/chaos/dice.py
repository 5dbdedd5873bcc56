"""Chance from a seed, the same on every machine and in every version of Python. Pure.

SplitMix64. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA
2014, figure 16.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

from cluster.chaos.scenario import Span

T = TypeVar("T")
MASK = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15


class Dice:
    """``seed``: any text or number; ``fork`` gives dice of their own to whatever is named, which
    do not move when somebody else throws more often."""

    def __init__(self, seed: int | str) -> None:
        self.seed = str(seed)
        self._state = int.from_bytes(blake2b(self.seed.encode(), digest_size=8).digest(), "big")

    def fork(self, name: str) -> "Dice":
        """Made from the seed and the name only."""
        return Dice(f"{self.seed}/{name}")

    def number(self) -> int:
        """64 bits."""
        self._state = (self._state + GAMMA) & MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        return mixed ^ (mixed >> 31)

    def random(self) -> float:
        """In [0, 1)."""
        return (self.number() >> 11) / (1 << 53)

    def choice(self, items: Sequence[T]) -> T:
        """One of them."""
        return items[int(self.random() * len(items))]

    def within(self, least: int, most: int) -> int:
        """Both included."""
        return least + int(self.random() * (most - least + 1))

    def span(self, span: Span) -> float:
        """A number of the span; the number itself if it is one."""
        if isinstance(span, int | float):
            return float(span)
        least, most = span
        return least + (most - least) * self.random()
