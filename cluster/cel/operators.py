"""The standard operators and functions, as a table. Logic (&&, ||, ?:) and ``type`` are the
interpreter's own.

Source: CEL language definition, "List of Standard Definitions".
"""

import math
from collections.abc import Callable
from typing import Any

from cluster.cel import arithmetic, conversions, times
from cluster.cel.arithmetic import SECOND
from cluster.cel.errors import CelError
from cluster.cel.functions import (
    TRAVERSAL,
    Functions,
    Overload,
    function,
    method,
    size_of,
    walk_cost,
)
from cluster.cel.functions import regex as regex_cost
from cluster.cel.regular import matches
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
    B,
    Type,
    list_of,
    map_of,
)
from cluster.cel.values import as_key, compare, contains, equal

_NUMBERS = (INT, UINT, DOUBLE)
_ORDERED = (BOOL, INT, UINT, DOUBLE, STRING, BYTES, TIMESTAMP, DURATION)


def _shorter(args: tuple[Any, ...], result: Any) -> int:
    """Of comparing two texts: the shorter one is read."""
    return math.ceil(min(size_of(args[0]), size_of(args[1])) * TRAVERSAL)


def _both(args: tuple[Any, ...], result: Any) -> int:
    """Of joining two texts."""
    return math.ceil((size_of(args[0]) + size_of(args[1])) * TRAVERSAL)


def _read(args: tuple[Any, ...], result: Any) -> int:
    """Of reading a text from one end."""
    return math.ceil(size_of(args[0]) * TRAVERSAL)


def _every(args: tuple[Any, ...], result: Any) -> int:
    """Of looking for an item in a list."""
    return size_of(args[1])


def _joined(args: tuple[Any, ...], result: Any) -> int:
    """Of copying two lists."""
    return math.ceil(size_of(result) * TRAVERSAL) or 1


def _compared(left: Any, right: Any) -> int:
    # Bounded by itself: what is shared inside a value is looked at again and again.
    walk_cost(left)
    walk_cost(right)
    return 0


def _arithmetic(
    sign: str, name: str, call: Callable[..., Any], types: tuple[Type, ...]
) -> tuple[Overload, ...]:
    return tuple(function(f"{name}_{item}", (item, item), item, call) for item in types)


def _orders(sign: str, holds: Callable[[int], bool]) -> tuple[Overload, ...]:
    def call(left: Any, right: Any) -> bool:
        found = compare(left, right)
        return found is not None and holds(found)

    same = tuple(
        function(f"{sign}_{item}", (item, item), BOOL, call,
                 _shorter if item in (STRING, BYTES) else None)
        for item in _ORDERED
    )  # fmt: skip
    mixed = tuple(
        function(f"{sign}_{one}_{other}", (one, other), BOOL, call)
        for one in _NUMBERS
        for other in _NUMBERS
        if one is not other
    )
    return same + mixed


def _in_map(key: Any, mapping: dict[Any, Any]) -> bool:
    try:
        return as_key(key) in mapping
    except CelError:
        return False


def _differ(left: Any, right: Any) -> bool:
    return not equal(left, right)


def _size(value: Any) -> int:
    return len(value)


_SIZED = (STRING, BYTES, list_of(A), map_of(A, B))
_SIZES = tuple(function(f"size_{item.name}", (item,), INT, _size) for item in _SIZED)


def _converted(
    name: str, result: Type, call: Callable[..., Any], *given: Type
) -> tuple[Overload, ...]:
    return tuple(function(f"{item}_to_{name}", (item,), result, call,
                          _read if {item, result} == {STRING, BYTES} else None)
                 for item in given)  # fmt: skip


def _part(name: str) -> tuple[Overload, ...]:
    call = times.milliseconds if name == "getMilliseconds" else times.part(name)
    return (
        method(f"timestamp_{name}", (TIMESTAMP,), INT, call),
        method(f"timestamp_{name}_zone", (TIMESTAMP, STRING), INT, call),
    )


def _span(name: str, unit: int) -> tuple[Overload, ...]:
    return (method(f"duration_{name}", (DURATION,), INT, lambda value: times.whole(value, unit)),)


def _sub_milliseconds(value: Any) -> int:
    return times.whole(value, 1_000_000)


_SUM = (
    *_arithmetic("_+_", "add", arithmetic.add, _NUMBERS),
    function("add_string", (STRING, STRING), STRING, arithmetic.add, _both),
    function("add_bytes", (BYTES, BYTES), BYTES, arithmetic.add, _both),
    function("add_list", (list_of(A), list_of(A)), list_of(A), arithmetic.add, _joined),
    function("add_duration_duration", (DURATION, DURATION), DURATION, arithmetic.add),
    function("add_timestamp_duration", (TIMESTAMP, DURATION), TIMESTAMP, arithmetic.add),
    function("add_duration_timestamp", (DURATION, TIMESTAMP), TIMESTAMP, arithmetic.add),
)
_DIFFERENCE = (
    *_arithmetic("_-_", "subtract", arithmetic.subtract, _NUMBERS),
    function("subtract_duration_duration", (DURATION, DURATION), DURATION, arithmetic.subtract),
    function("subtract_timestamp_duration", (TIMESTAMP, DURATION), TIMESTAMP, arithmetic.subtract),
    function("subtract_timestamp_timestamp", (TIMESTAMP, TIMESTAMP), DURATION,
             arithmetic.subtract),
)  # fmt: skip

OPERATORS: Functions = {
    "_==_": (function("equals", (A, A), BOOL, equal, _shorter, _compared),),
    "_!=_": (function("not_equals", (A, A), BOOL, _differ, _shorter, _compared),),
    "_<_": _orders("less", lambda order: order < 0),
    "_<=_": _orders("less_equals", lambda order: order <= 0),
    "_>_": _orders("greater", lambda order: order > 0),
    "_>=_": _orders("greater_equals", lambda order: order >= 0),
    "@in": (
        function(
            "in_list", (A, list_of(A)), BOOL, lambda x, items: contains(items, x), _every, _compared
        ),
        function("in_map", (A, map_of(A, B)), BOOL, _in_map),
    ),
    "_+_": _SUM,
    "_-_": _DIFFERENCE,
    "_*_": _arithmetic("_*_", "multiply", arithmetic.multiply, _NUMBERS),
    "_/_": _arithmetic("_/_", "divide", arithmetic.divide, _NUMBERS),
    "_%_": _arithmetic("_%_", "modulo", arithmetic.modulo, (INT, UINT)),
    "-_": _arithmetic("-_", "negate", arithmetic.negate, ())
    + tuple(
        function(f"negate_{item}", (item,), item, arithmetic.negate)
        for item in (INT, DOUBLE, DURATION)
    ),
    "!_": (function("logical_not", (BOOL,), BOOL, lambda value: not value),),
}

FUNCTIONS: Functions = {
    "size": _SIZES
    + tuple(method(f"{item.name}_size", (item,), INT, _size) for item in _SIZED),
    "contains": (
        method("contains_string", (STRING, STRING), BOOL, lambda text, part: part in text,
               lambda args, result: math.ceil(size_of(args[0]) * TRAVERSAL)
               * math.ceil(size_of(args[1]) * TRAVERSAL)),
    ),
    "startsWith": (
        method("starts_with_string", (STRING, STRING), BOOL, str.startswith,
               _read),
    ),
    "endsWith": (
        method("ends_with_string", (STRING, STRING), BOOL, str.endswith,
               _read),
    ),
    "matches": (
        function("matches", (STRING, STRING), BOOL, matches, regex_cost),
        method("matches_string", (STRING, STRING), BOOL, matches, regex_cost),
    ),
    "int": _converted("int", INT, conversions.to_int, INT, UINT, DOUBLE, STRING, TIMESTAMP,
                      DURATION),
    "uint": _converted("uint", UINT, conversions.to_uint, UINT, INT, DOUBLE, STRING),
    "double": _converted("double", DOUBLE, conversions.to_double, DOUBLE, INT, UINT, STRING),
    "bool": _converted("bool", BOOL, conversions.to_bool, BOOL, STRING),
    "bytes": _converted("bytes", BYTES, conversions.to_bytes, BYTES, STRING),
    "string": _converted("string", STRING, conversions.to_string, STRING, BOOL, INT, UINT, DOUBLE,
                         BYTES, TIMESTAMP, DURATION),
    "timestamp": _converted("timestamp", TIMESTAMP, conversions.to_timestamp, TIMESTAMP, STRING,
                            INT),
    "duration": _converted("duration", DURATION, conversions.to_duration, DURATION, STRING, INT),
    "dyn": (function("to_dyn", (A,), DYN, lambda value: value),),
    **{
        name: _part(name)
        for name in (*times.PARTS, "getMilliseconds")
        if name not in ("getHours", "getMinutes", "getSeconds", "getMilliseconds")
    },
    "getHours": _part("getHours") + _span("getHours", 3600 * SECOND),
    "getMinutes": _part("getMinutes") + _span("getMinutes", 60 * SECOND),
    "getSeconds": _part("getSeconds") + _span("getSeconds", SECOND),
    "getMilliseconds": (
        *_part("getMilliseconds"),
        method("duration_getMilliseconds", (DURATION,), INT, _sub_milliseconds),
    ),
}  # fmt: skip
