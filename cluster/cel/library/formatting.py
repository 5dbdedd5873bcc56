"""``"%s is %d".format([a, b])``. Pure.

Source: cel-go's strings extension, version 2, which Kubernetes chose: verbs %s %d %f %e %b %x %X %o
%%. Inside lists and maps values stand as literals; %f groups thousands, %e raises its exponent, as
in American English. Must not know: costs of other functions.
"""

import math
import re
from typing import Any

from cluster.cel.conversions import to_string
from cluster.cel.errors import CelError
from cluster.cel.functions import TRAVERSAL, walk_cost
from cluster.cel.values import Duration, Timestamp, TypeValue, UInt, is_list, keys, type_name

_CLAUSE = re.compile(r"%(?:\.([0-9]{1,4}))?([a-zA-Z%]|$)|%", re.DOTALL)
_PRECISION_MAX = 1000
_DEFAULT_PRECISION = 6
_NAMED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_QUOTED = str.maketrans(
    {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
    | {"\\": r"\\", '"': r"\""}
)


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
        case dict():
            pairs = [
                (_key(key), _member(value[raw]))
                for raw, key in zip(value, keys(value), strict=True)
            ]
            return "{" + ", ".join(f"{key}:{item}" for key, item in sorted(pairs, key=_first)) + "}"
        case str() | bool() | int() | float() | bytes() | Timestamp() | Duration() | TypeValue():
            return to_string(value)
    if is_list(value):
        return "[" + ", ".join(map(_member, value)) + "]"
    raise _wrong("string", value)


def _member(value: Any) -> str:
    """Inside a list or map, as a literal of the language."""
    match value:
        case str():
            return quoted(value)
        case bytes():
            return "b" + quoted(to_string(value))
        case float():
            return f"{value:.6f}" if math.isfinite(value) else quoted(to_string(value))
        case Timestamp() | Duration():
            name = "timestamp" if isinstance(value, Timestamp) else "duration"
            return f"{name}({quoted(to_string(value))})"
    return _text(value, 0)


def _key(value: Any) -> str:
    if type(value) in (str, bool, int, UInt):
        return _member(value)
    raise CelError(f"no formatting function for map key of type {type_name(value)}")


def quoted(text: str) -> str:
    """As a literal of the language."""
    return f'"{text.translate(_QUOTED)}"'


def _first(pair: tuple[str, str]) -> str:
    return pair[0]


def _wrong(verb: str, value: Any) -> CelError:
    return CelError(f"error during formatting: {verb} clause cannot be used on {type_name(value)}")


def _decimal(value: Any, precision: int) -> str:
    if type(value) in (int, UInt):
        return str(int(value))
    raise CelError(
        "error during formatting: decimal clause can only be used on integers, was given "
        f"{type_name(value)}"
    )


def _number(value: Any, verb: str) -> float:
    if type(value) is float:
        return value
    if type(value) is str and value in _NAMED:
        return _NAMED[value]
    raise CelError(
        f"error during formatting: {verb} clause can only be used on doubles, was given "
        f"{type_name(value)}"
    )


def _odd(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return "∞" if number > 0 else "-∞"


def _fixed(value: Any, precision: int) -> str:
    number = _number(value, "fixed-point")
    if not math.isfinite(number):
        return _odd(number)
    return ("-" if number < 0 else "") + f"{abs(number):,.{precision}f}"


def _scientific(value: Any, width: int) -> str:
    """cel-go takes what should be the precision for the width."""
    number = _number(value, "scientific")
    if not math.isfinite(number):
        return _odd(number).rjust(width)
    mantissa, power = f"{abs(number):.6e}".split("e")
    sign = "-" if number < 0 else ""
    text = f"{sign}{mantissa}×10{power.removeprefix('+').translate(_RAISED)}"
    return text.rjust(width)


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
