"""Arithmetic with the bounds of 64 bits. Raises CelError, with cel-go's texts.

Source: CEL language definition, "Numeric Values", "Overflow".
"""

import math
from typing import Any

from cluster.cel.errors import CelError
from cluster.cel.values import (
    INT_MAX,
    INT_MIN,
    UINT_MAX,
    Duration,
    MapList,
    SetList,
    Timestamp,
    UInt,
    contains,
    is_list,
)

SECOND = 1_000_000_000
# From the year 1 to the year 9999.
TIMESTAMP_MIN, TIMESTAMP_MAX = -62_135_596_800 * SECOND, 253_402_300_800 * SECOND - 1


def as_int(value: int) -> int:
    """Within 64 bits."""
    if INT_MIN <= value <= INT_MAX:
        return value
    raise CelError("integer overflow")


def as_uint(value: int) -> UInt:
    """Within 64 bits, not negative."""
    if 0 <= value <= UINT_MAX:
        return UInt(value)
    raise CelError("unsigned integer overflow")


def as_duration(nanoseconds: int) -> Duration:
    """Within 64 bits of nanoseconds."""
    if INT_MIN <= nanoseconds <= INT_MAX:
        return Duration(nanoseconds)
    raise CelError("integer overflow")


def as_timestamp(nanoseconds: int) -> Timestamp:
    """Within the years 1 to 9999."""
    if TIMESTAMP_MIN <= nanoseconds <= TIMESTAMP_MAX:
        return Timestamp(nanoseconds)
    raise CelError("timestamp overflow")


def add(left: Any, right: Any) -> Any:
    """``left + right``, of texts and lists too."""
    match left, right:
        case (bool(), _) | (_, bool()):
            raise CelError("no such overload")
        case UInt(), UInt():
            return as_uint(int(left) + int(right))
        case (UInt(), _) | (_, UInt()):
            raise CelError("no such overload")
        case int(), int():
            return as_int(left + right)
        case float(), float():
            return left + right
        case (str(), str()) | (bytes(), bytes()):
            return left + right
        case Duration(), Duration():
            return as_duration(left.nanoseconds + right.nanoseconds)
        case (Timestamp(), Duration()) | (Duration(), Timestamp()):
            return as_timestamp(left.nanoseconds + right.nanoseconds)
    if is_list(left) and is_list(right):
        return _joined(left, right)
    raise CelError("no such overload")


def _joined(left: Any, right: Any) -> Any:
    """Of sets the union; of lists with keys ``left`` with what ``right`` has under the same keys,
    and the rest of ``right``."""
    if type(left) is SetList:
        return SetList([*left, *(item for item in right if not contains(left, item))])
    if type(left) is MapList:
        newer = {left.key_of(item): item for item in right}
        items = [newer.pop(left.key_of(item), item) for item in left]
        return MapList([*items, *newer.values()], left.keys)
    return [*left, *right]


def subtract(left: Any, right: Any) -> Any:
    """``left - right``"""
    match left, right:
        case (bool(), _) | (_, bool()):
            raise CelError("no such overload")
        case UInt(), UInt():
            return as_uint(int(left) - int(right))
        case (UInt(), _) | (_, UInt()):
            raise CelError("no such overload")
        case int(), int():
            return as_int(left - right)
        case float(), float():
            return left - right
        case (Duration(), Duration()) | (Timestamp(), Timestamp()):
            return as_duration(left.nanoseconds - right.nanoseconds)
        case Timestamp(), Duration():
            return as_timestamp(left.nanoseconds - right.nanoseconds)
    raise CelError("no such overload")


def _pair(left: Any, right: Any) -> type:
    """The one type of number that both are."""
    kind = type(left)
    if kind is type(right) and kind in (int, UInt, float):
        return kind
    raise CelError("no such overload")


def multiply(left: Any, right: Any) -> Any:
    """``left * right``"""
    kind = _pair(left, right)
    if kind is float:
        return left * right
    product = int(left) * int(right)
    return as_uint(product) if kind is UInt else as_int(product)


def divide(left: Any, right: Any) -> Any:
    """``left / right``, of integers towards zero."""
    kind = _pair(left, right)
    if kind is float:
        return _divided(left, right)
    if right == 0:
        raise CelError("division by zero")
    quotient = abs(int(left)) // abs(int(right))
    if kind is UInt:
        return UInt(quotient)
    return as_int(-quotient if (left < 0) != (right < 0) else quotient)


def _divided(left: float, right: float) -> float:
    if right:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def modulo(left: Any, right: Any) -> Any:
    """``left % right``, with the sign of ``left``."""
    kind = _pair(left, right)
    if kind is float:
        raise CelError("no such overload")
    if right == 0:
        raise CelError("modulus by zero")
    rest = abs(int(left)) % abs(int(right))
    if kind is UInt:
        return UInt(rest)
    if left == INT_MIN and right == -1:
        raise CelError("integer overflow")
    return -rest if left < 0 else rest


def negate(value: Any) -> Any:
    """``-value``"""
    kind = type(value)
    if kind is float:
        return -value
    if kind is int:
        return as_int(-value)
    if kind is Duration:
        return as_duration(-value.nanoseconds)
    raise CelError("no such overload")
