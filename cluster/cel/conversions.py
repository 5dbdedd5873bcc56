"""Values of one type made from those of another: ``int("1")``, ``string(x)``. Raises CelError.

Source: CEL language definition, "Type Conversions".
"""

import math
import re
from typing import Any

from cluster.cel.arithmetic import SECOND, as_duration, as_int, as_timestamp, as_uint
from cluster.cel.errors import CelError
from cluster.cel.times import duration_text, parse_duration, parse_timestamp, timestamp_text
from cluster.cel.values import INT_MAX, INT_MIN, UINT_MAX, Duration, Timestamp, TypeValue, UInt

_INTEGER = re.compile(r"[+-]?[0-9]{1,20}", re.ASCII)
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|inf|infinity|nan)",
    re.ASCII | re.IGNORECASE,
)
_TRUE = ("1", "t", "true", "TRUE", "True")
_FALSE = ("0", "f", "false", "FALSE", "False")


def _refused(kind: str) -> CelError:
    return CelError(f"type conversion error to '{kind}'")


def to_int(value: Any) -> int:
    """Doubles are cut off towards zero."""
    match value:
        case bool():
            raise CelError("no such overload")
        case int():
            return as_int(int(value))
        case float():
            if not math.isfinite(value) or not INT_MIN < value < INT_MAX:
                raise CelError("integer overflow")
            return as_int(int(value))
        case str():
            if not _INTEGER.fullmatch(value) or not INT_MIN <= int(value) <= INT_MAX:
                raise _refused("int")
            return int(value)
        case Timestamp():
            return value.nanoseconds // SECOND
        case Duration():
            return value.nanoseconds
    raise CelError("no such overload")


def to_uint(value: Any) -> UInt:
    """Doubles are cut off towards zero."""
    match value:
        case bool():
            raise CelError("no such overload")
        case int():
            return as_uint(int(value))
        case float():
            if not math.isfinite(value) or not -1 < value < UINT_MAX:
                raise CelError("unsigned integer overflow")
            return as_uint(int(value))
        case str():
            if not _INTEGER.fullmatch(value) or not 0 <= int(value) <= UINT_MAX:
                raise _refused("uint")
            return UInt(int(value))
    raise CelError("no such overload")


def to_double(value: Any) -> float:
    """The nearest one."""
    match value:
        case bool():
            raise CelError("no such overload")
        case int() | float():
            return float(value)
        case str():
            if len(value) > 400 or not _NUMBER.fullmatch(value):
                raise _refused("double")
            return float(value)
    raise CelError("no such overload")


def to_bool(value: Any) -> bool:
    """Of a text as strconv.ParseBool reads it."""
    if type(value) is bool:
        return value
    if type(value) is str and value in (*_TRUE, *_FALSE):
        return value in _TRUE
    raise _refused("bool")


def to_bytes(value: Any) -> bytes:
    """Of a text in UTF-8."""
    if type(value) is bytes:
        return value
    if type(value) is str:
        return value.encode("utf-8", "surrogatepass")
    raise CelError("no such overload")


def to_string(value: Any) -> str:
    """As it would be written."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(int(value))
        case float():
            return double_text(value)
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError as error:
                raise CelError("invalid UTF-8 in bytes, cannot convert to string") from error
        case Timestamp():
            return timestamp_text(value)
        case Duration():
            return duration_text(value)
        case TypeValue():
            return value.name
    text = getattr(value, "as_text", None)
    if isinstance(text, str):
        return text
    raise CelError("no such overload")


def double_text(value: float) -> str:
    """The shortest text that reads back as the same number, as Go's 'g' with precision -1."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    mantissa, _, exponent = f"{value!r}".partition("e")
    if exponent:
        return f"{mantissa.removesuffix('.0')}e{exponent[0]}{exponent[1:].rjust(2, '0')}"
    return mantissa.removesuffix(".0")


def to_timestamp(value: Any) -> Timestamp:
    """Of seconds since 1970, or of RFC 3339."""
    match value:
        case Timestamp():
            return value
        case bool() | UInt():
            raise CelError("no such overload")
        case int():
            return as_timestamp(value * SECOND)
        case str():
            return parse_timestamp(value)
    raise CelError("no such overload")


def to_duration(value: Any) -> Duration:
    """Of nanoseconds, or of a text as ``1h30m``."""
    match value:
        case Duration():
            return value
        case bool() | UInt():
            raise CelError("no such overload")
        case int():
            return as_duration(value)
        case str():
            return parse_duration(value)
    raise CelError("no such overload")
