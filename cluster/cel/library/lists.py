"""Functions of lists: Kubernetes' own, and cel-go's lists extension, version 3.

Source: docs "Common Expression Language in Kubernetes", list library. Costs: Kubernetes' where it
has them; of what makes or sorts lists, so that each item costs something.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from cluster.cel import arithmetic
from cluster.cel.errors import CelError
from cluster.cel.functions import Functions, Overload, function, method, walk_cost, walked
from cluster.cel.ordering import order, sorted_by
from cluster.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    A,
    Type,
    list_of,
    optional_of,
)
from cluster.cel.values import NONE, Duration, Optional, UInt, equal, is_list

_LIST = list_of(A)
_ORDERED = (INT, UINT, DOUBLE, BOOL, DURATION, TIMESTAMP, STRING, BYTES)
_ZEROS = ((INT, 0), (UINT, UInt(0)), (DOUBLE, 0.0), (DURATION, Duration(0)))


def _is_sorted(items: list[Any]) -> bool:
    return all(order(one, other) <= 0 for one, other in pairwise(items))


def _sum(zero: Any) -> Callable[[list[Any]], Any]:
    def call(items: list[Any]) -> Any:
        if not items:
            return zero
        total = items[0]
        if type(total) in (str, bytes) or is_list(total):
            raise CelError("no such overload: sum")
        for item in items[1:]:
            total = arithmetic.add(total, item)
        return total

    return call


def _extreme(items: list[Any], name: str, sign: int) -> Any:
    if not items:
        raise CelError(f"{name} called on empty list")
    found = items[0]
    for item in items[1:]:
        if order(item, found) * sign > 0:
            found = item
    return found


def _index_of(items: list[Any], value: Any) -> int:
    return next((position for position, item in enumerate(items) if equal(item, value)), -1)


def _last_index_of(items: list[Any], value: Any) -> int:
    for position in range(len(items) - 1, -1, -1):
        if equal(items[position], value):
            return position
    return -1


def _slice(items: list[Any], start: int, end: int) -> list[Any]:
    if start < 0 or end < 0:
        raise CelError(f"cannot slice({start}, {end}), negative indexes not supported")
    if start > end:
        raise CelError(
            f"cannot slice({start}, {end}), start index must be less than or equal to end index"
        )
    if end > len(items):
        raise CelError(f"cannot slice({start}, {end}), list is length {len(items)}")
    return items[start:end]


def _flatten(items: list[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise CelError("level must be non-negative")
    found = list(items)
    while depth > 0 and any(is_list(item) for item in found):
        flat: list[Any] = []
        for item in found:
            flat.extend(item if is_list(item) else (item,))
        found, depth = flat, depth - 1
    return found


def _distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if not any(equal(item, other) for other in found):
            found.append(item)
    return found


def _sort(items: list[Any]) -> list[Any]:
    return sorted_by(items, items)


def _first(items: list[Any]) -> Optional:
    return Optional(items[0]) if items else NONE


def _last(items: list[Any]) -> Optional:
    return Optional(items[-1]) if items else NONE


def _sort_cost(args: tuple[Any, ...], result: Any) -> int:
    """``n log n`` comparisons."""
    count = len(args[0])
    return 1 + math.ceil(walk_cost(args[0]) * math.log2(count + 1)) if count else 1


def _size_cost(args: tuple[Any, ...], result: Any) -> int:
    return 1 + len(result)


def _square_cost(args: tuple[Any, ...], result: Any) -> int:
    return 1 + len(args[0]) * (1 + walk_cost(args[0]) // 10)


def _square_growth(items: list[Any]) -> int:
    # It is time that grows, and it is checked before it is spent.
    return 10 * _square_cost((items,), None)


def _sort_growth(items: list[Any]) -> int:
    return 10 * _sort_cost((items,), None)


def _flat_growth(items: list[Any], depth: int = 1) -> int:
    return 10 * walk_cost(items)


def _aggregate(
    name: str, call: Any, items: tuple[Type, ...], result: Type | None
) -> tuple[Overload, ...]:
    return tuple(
        method(f"list_{item}_{name}", (list_of(item),), result or item, call, walked)
        for item in items
    )


LISTS: Functions = {
    "isSorted": _aggregate("is_sorted", _is_sorted, _ORDERED, BOOL),
    "sum": tuple(
        method(f"list_{item}_sum", (list_of(item),), item, _sum(zero), walked)
        for item, zero in _ZEROS
    ),
    "max": _aggregate("max", lambda items: _extreme(items, "max", 1), _ORDERED, None),
    "min": _aggregate("min", lambda items: _extreme(items, "min", -1), _ORDERED, None),
    "indexOf": (method("list_a_index_of_int", (_LIST, A), INT, _index_of, walked),),
    "lastIndexOf": (method("list_a_last_index_of_int", (_LIST, A), INT, _last_index_of, walked),),
    "slice": (method("list_slice", (_LIST, INT, INT), _LIST, _slice, _size_cost),),
    "flatten": (
        method("list_flatten", (list_of(_LIST),), _LIST, _flatten, _size_cost, _flat_growth),
        method(
            "list_flatten_int", (list_of(DYN), INT), list_of(DYN), _flatten, _size_cost,
            _flat_growth,
        ),
    ),
    "lists.range": (
        function(
            "lists_range", (INT,), list_of(INT),
            lambda count: list(range(count)), _size_cost, lambda count: 10 * max(count, 0),
        ),
    ),
    "distinct": (
        method("list_distinct", (_LIST,), _LIST, _distinct, _square_cost, _square_growth),
    ),
    "reverse": (method("list_reverse", (_LIST,), _LIST, lambda items: items[::-1], _size_cost),),
    "sort": (method("list_sort", (_LIST,), _LIST, _sort, _sort_cost, _sort_growth),),
    "first": (method("list_first", (_LIST,), optional_of(A), _first),),
    "last": (method("list_last", (_LIST,), optional_of(A), _last),),
}  # fmt: skip
