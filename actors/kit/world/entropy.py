"""What randomness is to an actor. Must not know: whether a seed made it."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Entropy(Protocol):
    """A source of random values. Under simulation a seed makes them, so a run can be repeated."""

    def random(self) -> float:
        """In [0, 1)."""

    def uniform(self, low: float, high: float) -> float:
        """Between the two."""

    def token(self, count: int) -> bytes:
        """``count`` random bytes."""

    def hex(self, count: int) -> str:
        """``count`` hexadecimal characters."""

    def uuid(self) -> str:
        """A version 4 UUID (RFC 9562), as Kubernetes' metadata.uid."""

    def choice(self, items: Sequence[T]) -> T:
        """One of them. Raises IndexError if there is none."""
