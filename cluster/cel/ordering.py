"""Lists in order. Raises CelError if items have none."""

from collections.abc import Sequence
from functools import cmp_to_key
from typing import Any

from cluster.cel.errors import CelError
from cluster.cel.values import compare


def order(left: Any, right: Any) -> int:
    """-1, 0 or 1; what is no number is equal to all."""
    found = compare(left, right)
    return 0 if found is None else found


def sorted_by(items: Sequence[Any], ranks: Sequence[Any]) -> list[Any]:
    """The items in the order of their ranks, equal ones as they stood."""
    for rank in ranks:
        if type(rank) is not type(ranks[0]):
            raise CelError("list elements must have the same type")
        compare(rank, rank)

    def ranked(left: int, right: int) -> int:
        return order(ranks[left], ranks[right])

    return [items[position] for position in sorted(range(len(items)), key=cmp_to_key(ranked))]
