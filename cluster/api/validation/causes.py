"""Causes of invalidity by their makers, in Kubernetes' words. Must not know kinds.

Source: apimachinery's field errors. ``path`` is the field as ``spec.ports[0].port``.
"""

from collections.abc import Iterable
from typing import Any

import orjson

from cluster.api.status import Cause

IMMUTABLE = "field is immutable"


def required(path: str, detail: str = "") -> Cause:
    """The field must be set."""
    return Cause(path, "FieldValueRequired", f"Required value: {detail}".removesuffix(": "))


def invalid(path: str, value: Any, detail: str) -> Cause:
    """The value cannot be."""
    return Cause(path, "FieldValueInvalid", f"Invalid value: {shown(value)}: {detail}")


def wrong(path: str, detail: str) -> Cause:
    """The value cannot be, and is not worth showing."""
    return Cause(path, "FieldValueInvalid", f"Invalid value: {detail}")


def duplicate(path: str, value: Any) -> Cause:
    """The value is there already."""
    return Cause(path, "FieldValueDuplicate", f"Duplicate value: {shown(value)}")


def unsupported(path: str, value: Any, supported: Iterable[str]) -> Cause:
    """The value is none of those there are."""
    listed = ", ".join(f'"{item}"' for item in sorted(supported))
    message = f"Unsupported value: {shown(value)}: supported values: {listed}"
    return Cause(path, "FieldValueNotSupported", message)


def forbidden(path: str, detail: str) -> Cause:
    """The field may not be set, or not be changed, here."""
    return Cause(path, "FieldValueForbidden", f"Forbidden: {detail}")


def too_long(path: str, limit: int) -> Cause:
    """More bytes than the limit."""
    return Cause(path, "FieldValueTooLong", f"Too long: may not be more than {limit} bytes")


def too_many(path: str, count: int, limit: int) -> Cause:
    """More items than the limit."""
    message = f"Too many: {count}: must have at most {limit} items"
    return Cause(path, "FieldValueTooMany", message)


def absent(path: str, value: Any) -> Cause:
    """What the value names is not there."""
    return Cause(path, "FieldValueNotFound", f"Not found: {shown(value)}")


def shown(value: Any) -> str:
    """A value as messages show it: JSON, which for text is with quotes."""
    return orjson.dumps(value).decode()


def one_of(path: str, value: Any, supported: frozenset[str], found: list[Cause]) -> None:
    """Required, and one of these."""
    if not value:
        found.append(required(path))
    elif value not in supported:
        found.append(unsupported(path, value, supported))


def not_negative(path: str, value: Any, found: list[Cause]) -> None:
    """An optional number that may not be negative."""
    if value is not None and value < 0:
        found.append(invalid(path, value, "must be greater than or equal to 0"))


def port_number(path: str, value: Any, found: list[Cause]) -> None:
    """A port: 1 to 65535."""
    if not isinstance(value, int) or not 1 <= value <= 65535:
        found.append(invalid(path, value, "must be between 1 and 65535, inclusive"))


def each(path: str, value: Any, errors: Iterable[str], found: list[Cause]) -> None:
    """What a syntax check of ``cluster.api.names`` said."""
    for error in errors:
        found.append(invalid(path, value, error))
