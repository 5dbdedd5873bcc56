"""Resource quantities. Source: docs "Common Expression Language in Kubernetes", quantity library.

A quantity that a calculation makes may be finer or larger than one that is written.
"""

from dataclasses import dataclass
from typing import Any

from cluster.api.quantity import NANO, QuantityError, parse
from cluster.cel.errors import CelError
from cluster.cel.functions import Functions, function, method, traversal
from cluster.cel.types import BOOL, DOUBLE, INT, STRING, Type
from cluster.cel.values import INT_MAX, INT_MIN

QUANTITY = Type("kubernetes.Quantity")


@dataclass(frozen=True, slots=True)
class QuantityValue:
    """In billionths."""

    nano: int

    @property
    def type_name(self) -> str:
        """Of the language."""
        return QUANTITY.name


def _quantity(text: str) -> QuantityValue:
    try:
        return QuantityValue(parse(text).nano)
    except QuantityError as error:
        raise CelError(str(error)) from error


def _is_quantity(text: str) -> bool:
    try:
        parse(text)
    except QuantityError:
        return False
    return True


def _is_integer(value: QuantityValue) -> bool:
    return value.nano % NANO == 0 and INT_MIN <= value.nano // NANO <= INT_MAX


def _as_integer(value: QuantityValue) -> int:
    if not _is_integer(value):
        raise CelError("cannot convert value to integer")
    return value.nano // NANO


def _compare(one: QuantityValue, other: QuantityValue) -> int:
    return (one.nano > other.nano) - (one.nano < other.nano)


def _add(one: QuantityValue, other: Any) -> QuantityValue:
    return QuantityValue(one.nano + _nano(other))


def _subtract(one: QuantityValue, other: Any) -> QuantityValue:
    return QuantityValue(one.nano - _nano(other))


def _nano(value: Any) -> int:
    return value.nano if isinstance(value, QuantityValue) else int(value) * NANO


_PAIR = (QUANTITY, QUANTITY)

QUANTITIES: Functions = {
    "quantity": (function("string_to_quantity", (STRING,), QUANTITY, _quantity, traversal()),),
    "isQuantity": (function("is_quantity_string", (STRING,), BOOL, _is_quantity, traversal()),),
    "sign": (
        method("quantity_sign", (QUANTITY,), INT, lambda value: _compare(value, QuantityValue(0))),
    ),
    "isInteger": (method("quantity_is_integer", (QUANTITY,), BOOL, _is_integer),),
    "asInteger": (method("quantity_get_int", (QUANTITY,), INT, _as_integer),),
    "asApproximateFloat": (
        method("quantity_get_float", (QUANTITY,), DOUBLE, lambda value: value.nano / NANO),
    ),
    "isGreaterThan": (
        method("quantity_is_greater_than", _PAIR, BOOL, lambda a, b: a.nano > b.nano),
    ),
    "isLessThan": (method("quantity_is_less_than", _PAIR, BOOL, lambda a, b: a.nano < b.nano),),
    "compareTo": (method("quantity_compare_to", _PAIR, INT, _compare),),
    "add": (
        method("quantity_add", _PAIR, QUANTITY, _add),
        method("quantity_add_int", (QUANTITY, INT), QUANTITY, _add),
    ),
    "sub": (
        method("quantity_sub", _PAIR, QUANTITY, _subtract),
        method("quantity_sub_int", (QUANTITY, INT), QUANTITY, _subtract),
    ),
}
