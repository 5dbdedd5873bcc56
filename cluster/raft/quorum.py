"""Majorities of a fixed set of members (itself included).

Job: the arithmetic of quorums. Must not know: anything else.
"""

from collections.abc import Collection, Iterable
from typing import TypeVar

Number = TypeVar("Number", int, float)


def majority(size: int) -> int:
    """The smallest number of members of which any two groups share one: 3 → 2, 4 → 3."""
    return size // 2 + 1


def has_quorum(members: Collection[str], supporters: Iterable[str]) -> bool:
    """True if a majority of ``members`` is among ``supporters`` (strangers do not count)."""
    known = set(members)
    return len(known.intersection(supporters)) >= majority(len(known))


def quorum_value(values: Iterable[Number]) -> Number:
    """The highest value that a majority has reached, of one value per member."""
    ordered = sorted(values, reverse=True)
    return ordered[majority(len(ordered)) - 1]
