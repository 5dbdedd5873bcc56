"""Values at run time: plain Python for what JSON has, small classes for the rest. Knows no types of
the checker.

null is None; bool, int (64 bits), float, str, bytes are themselves; a list is a list or tuple; a
map or an object is a dict. Source: CEL language definition, "Values", "Equality", "Ordering".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cluster.cel.errors import CelError

INT_MIN, INT_MAX, UINT_MAX = -(1 << 63), (1 << 63) - 1, (1 << 64) - 1


class UInt(int):
    """An unsigned integer of 64 bits."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A span of time."""

    nanoseconds: int


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """A point in time: ``nanoseconds`` since 1970 in UTC."""

    nanoseconds: int


@dataclass(frozen=True, slots=True)
class Optional:
    """A value, or none."""

    value: Any
    present: bool = True


NONE = Optional(None, False)


@dataclass(frozen=True, slots=True)
class TypeValue:
    """A type as a value: what ``type(x)`` gives."""

    name: str


@dataclass(frozen=True, slots=True)
class BoolKey:
    """A bool as key of a map: to Python True is 1."""

    value: bool


_NAMES: dict[type, str] = {
    type(None): "null_type",
    bool: "bool",
    int: "int",
    UInt: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    list: "list",
    tuple: "list",
    dict: "map",
    Duration: "google.protobuf.Duration",
    Timestamp: "google.protobuf.Timestamp",
    Optional: "optional_type",
    TypeValue: "type",
}


def type_name(value: Any) -> str:
    """What the language calls the value's type."""
    found = _NAMES.get(type(value))
    return found if found is not None else str(getattr(value, "type_name", type(value).__name__))


class SetList(list[Any]):
    """A list with ``x-kubernetes-list-type: set``: order counts for nothing."""

    __slots__ = ()


class MapList(list[Any]):
    """A list with ``x-kubernetes-list-type: map``: order counts for nothing, items are told apart
    by their values under ``keys``."""

    __slots__ = ("keys",)

    def __init__(self, items: Iterable[Any], keys: tuple[str, ...]) -> None:
        super().__init__(items)
        self.keys = keys

    def key_of(self, item: Any) -> tuple[Any, ...]:
        """What tells the item apart."""
        return tuple(item.get(key) for key in self.keys) if type(item) is dict else (item,)


_NAMES[SetList] = _NAMES[MapList] = "list"
_LISTS = frozenset((list, tuple, SetList, MapList))
_UNORDERED = (SetList, MapList)


def is_plain(value: Any) -> bool:
    """Whether it is of a type of the language itself, not of a library."""
    return type(value) in _NAMES


def is_list(value: Any) -> bool:
    """Whether it is a list."""
    return type(value) in _LISTS


def as_key(value: Any) -> Any:
    """The value as key of a dict. Raises CelError."""
    kind = type(value)
    if kind is str or kind is int or kind is UInt:
        return value
    if kind is bool:
        return BoolKey(value)
    if kind is float and value.is_integer():
        return int(value)
    raise CelError(f"unsupported key type: {type_name(value)}")


def keys(value: Mapping[Any, Any]) -> Iterable[Any]:
    """Its keys, as expressions see them."""
    return (key.value if type(key) is BoolKey else key for key in value)


_NUMBERS = (int, UInt, float)


def equal(left: Any, right: Any) -> bool:
    """As ``==``: numbers across types, lists and maps by their items; else other types differ."""
    one, two = type(left), type(right)
    if one in _NUMBERS and two in _NUMBERS:
        return bool(left == right)
    if is_list(left):
        return is_list(right) and len(left) == len(right) and _equal_lists(left, right)
    if one is not two:
        return False
    if one is dict:
        return len(left) == len(right) and all(
            key in right and equal(value, right[key]) for key, value in left.items()
        )
    if one is Optional:
        return left.present == right.present and (
            not left.present or equal(left.value, right.value)
        )
    return bool(left == right)


def _equal_lists(left: Any, right: Any) -> bool:
    if type(left) in _UNORDERED or type(right) in _UNORDERED:
        return all(contains(right, item) for item in left)
    return all(equal(a, b) for a, b in zip(left, right, strict=True))


def contains(items: Iterable[Any], value: Any) -> bool:
    """Whether one of the items equals the value."""
    return any(equal(item, value) for item in items)


_ORDERED = (bool, str, bytes, Duration, Timestamp)


def compare(left: Any, right: Any) -> int | None:
    """-1, 0 or 1; None if one is not a number. Raises CelError if they have no order."""
    one, two = type(left), type(right)
    if not (one in _NUMBERS and two in _NUMBERS) and not (one is two and one in _ORDERED):
        raise CelError("no such overload")
    if left < right:
        return -1
    if left > right:
        return 1
    return 0 if left == right else None
