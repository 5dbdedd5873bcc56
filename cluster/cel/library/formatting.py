"""``"%s is %d".format([a, b])``. Pure.

Source: cel-go's strings extension, format: verbs %s %d %f %e %b %x %X %o %%, precision of %f and
%e. Must not know: costs of other functions.
"""

import math
import re
from typing import Any

from cluster.cel.conversions import to_string
from cluster.cel.errors import CelError
from cluster.cel.functions import TRAVERSAL, walk_cost
from cluster.cel.values import Duration, Optional, Timestamp, TypeValue, UInt, keys, type_name

_CLAUSE = re.compile(r"%(?:\.([0-9]{1,4}))?([a-zA-Z%]|$)|%", re.DOTALL)
_PRECISION_MAX = 1000
_DEFAULT_PRECISION = 6


def format_text(text: str, args: list[Any]) -> str:
    """Raises CelError."""
    left = iter(args)
    count = 0

    def filled(found: re.Match[str]) -> str:
        nonlocal count
        verb = found[2] or ""
        if verb == "%":
            return "%"
        if verb not in _VERBS:
            raise CelError(
                f'could not parse formatting clause: unrecognized formatting clause "{verb}"'
            )
        if count >= len(args):
            raise CelError(f"index {count} out of range")
        value = next(left)
        count += 1
        precision = int(found[1]) if found[1] else _DEFAULT_PRECISION
        if precision > _PRECISION_MAX:
            raise CelError(f"precision of {precision} exceeds {_PRECISION_MAX}")
        return str(_VERBS[verb](value, precision))

    return _CLAUSE.sub(filled, text)


def format_cost(args: tuple[Any, ...], result: Any) -> int:
    """Of reading the text, and of writing what it holds."""
    return math.ceil((len(args[0]) + len(result)) * TRAVERSAL)


def format_growth(text: str, args: list[Any]) -> int:
    """Characters at most, roughly."""
    # ``walk_cost`` counts ten characters, or one number, as 1.
    return len(text) + 20 * walk_cost(args)


def _text(value: Any, precision: int) -> str:
    match value:
        case None:
            return "null"
        case Optional():
            return (
                f"optional({_text(value.value, precision)})" if value.present else "optional.none()"
            )
        case dict():
            pairs = [
                (_text(key, 0), value[raw]) for raw, key in zip(value, keys(value), strict=True)
            ]
            told = (f"{key}: {_text(item, precision)}" for key, item in sorted(pairs, key=_first))
            return "{" + ", ".join(told) + "}"
        case list() | tuple():
            return "[" + ", ".join(_text(item, precision) for item in value) + "]"
        case str() | bool() | int() | float() | bytes() | Timestamp() | Duration() | TypeValue():
            return _special(value) or to_string(value)
    raise _wrong("string", value)


def _first(pair: tuple[str, Any]) -> str:
    return pair[0]


def _special(value: Any) -> str:
    if type(value) is float and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return ""


def _wrong(verb: str, value: Any) -> CelError:
    return CelError(f"error during formatting: {verb} clause cannot be used on {type_name(value)}")


def _decimal(value: Any, precision: int) -> str:
    if type(value) in (int, UInt):
        return str(int(value))
    if type(value) is float and not math.isfinite(value):
        return "NaN" if math.isnan(value) else _special(value)
    if type(value) is float and value.is_integer():
        return str(int(value))
    raise CelError(
        "error during formatting: decimal clause can only be used on integers, was given "
        f"{type_name(value)}"
    )


def _number(value: Any, verb: str) -> float:
    if type(value) in (int, UInt, float):
        return float(value)
    raise CelError(
        f"error during formatting: {verb} clause can only be used on doubles, was given "
        f"{type_name(value)}"
    )


def _fixed(value: Any, precision: int) -> str:
    number = _number(value, "fixed-point")
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else _special(number)
    return f"{number:.{precision}f}"


def _scientific(value: Any, precision: int) -> str:
    number = _number(value, "scientific")
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else _special(number)
    return f"{number:.{precision}e}"


def _binary(value: Any, precision: int) -> str:
    if type(value) is bool:
        return "1" if value else "0"
    if type(value) in (int, UInt):
        return f"{int(value):b}"
    raise CelError(
        "error during formatting: only integers and bools can be formatted as binary, was given "
        f"{type_name(value)}"
    )


def _octal(value: Any, precision: int) -> str:
    if type(value) in (int, UInt):
        return f"{int(value):o}"
    raise CelError(
        "error during formatting: octal clause can only be used on integers, was given "
        f"{type_name(value)}"
    )


def _hex(value: Any, precision: int) -> str:
    if type(value) in (int, UInt):
        return f"{int(value):x}"
    if type(value) is str:
        return str(value.encode().hex())
    if type(value) is bytes:
        return str(value.hex())
    raise CelError(
        "error during formatting: only integers, byte buffers, and strings can be formatted as "
        f"hex, was given {type_name(value)}"
    )


def _upper_hex(value: Any, precision: int) -> str:
    return _hex(value, precision).upper()


_VERBS = {
    "s": _text,
    "d": _decimal,
    "f": _fixed,
    "e": _scientific,
    "b": _binary,
    "x": _hex,
    "X": _upper_hex,
    "o": _octal,
}
