"""Lists taken as sets. Source: cel-go's sets extension; costs as cel-go's, product of sizes."""

from typing import Any

from cluster.cel.functions import Functions, function, walk_cost
from cluster.cel.types import BOOL, A, list_of
from cluster.cel.values import contains

_LIST = list_of(A)


def _contains(items: list[Any], part: list[Any]) -> bool:
    return all(contains(items, item) for item in part)


def _equivalent(one: list[Any], other: list[Any]) -> bool:
    return _contains(one, other) and _contains(other, one)


def _intersects(one: list[Any], other: list[Any]) -> bool:
    return any(contains(other, item) for item in one)


def _weight(items: list[Any]) -> int:
    # Items that are large themselves take longer to compare.
    return max(len(items), walk_cost(items) // 10)


def _cost(args: tuple[Any, ...], result: Any) -> int:
    return 1 + _weight(args[0]) * _weight(args[1])


def _twice(args: tuple[Any, ...], result: Any) -> int:
    return 1 + 2 * _weight(args[0]) * _weight(args[1])


def _growth(one: list[Any], other: list[Any]) -> int:
    # It is time that grows, and it is checked before it is spent.
    return 10 * _weight(one) * _weight(other)


SETS: Functions = {
    "sets.contains": (
        function("list_sets_contains_list", (_LIST, _LIST), BOOL, _contains, _cost, _growth),
    ),
    "sets.equivalent": (
        function("list_sets_equivalent_list", (_LIST, _LIST), BOOL, _equivalent, _twice, _growth),
    ),
    "sets.intersects": (
        function("list_sets_intersects_list", (_LIST, _LIST), BOOL, _intersects, _cost, _growth),
    ),
}
