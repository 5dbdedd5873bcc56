"""Functions of texts. Positions are in characters.

Source: cel-go's strings extension, version 2 (Kubernetes 1.29 and newer); costs as Kubernetes'.
"""

from typing import Any

from cluster.cel.errors import CelError
from cluster.cel.functions import Functions, function, made, method, traversal
from cluster.cel.library.formatting import format_cost, format_growth, format_text, quoted
from cluster.cel.types import DYN, INT, STRING, list_of

_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
# What Unicode calls white space (unicode.IsSpace of Go).
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


def _char_at(text: str, position: int) -> str:
    if position == len(text):
        return ""
    if not 0 <= position < len(text):
        raise CelError(f"index out of range: {position}")
    return text[position]


def _index_of(text: str, part: str, start: int = 0) -> int:
    if not part:
        return start
    if start < 0:
        raise CelError(f"index out of range: {start}")
    return text.find(part, start)


def _last_index_of(text: str, part: str, start: int | None = None) -> int:
    if start is None:
        return text.rfind(part) if part else len(text)
    if not part:
        return start
    if start < 0:
        raise CelError(f"index out of range: {start}")
    return text.rfind(part, 0, start + len(part)) if start < len(text) else -1


def _join(items: list[Any], separator: str = "") -> str:
    for item in items:
        if type(item) is not str:
            raise CelError("no such overload: join")
    return separator.join(items)


def _join_growth(items: list[Any], separator: str = "") -> int:
    return sum(len(item) for item in items if type(item) is str) + len(items) * len(separator)


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    if not old and not text:
        # Python 3.11 and 3.12 put nothing into an empty text when they are given a count.
        return new if count else ""
    return text.replace(old, new, count if count >= 0 else -1)


def _replace_growth(text: str, old: str, new: str, count: int = -1) -> int:
    places = text.count(old)
    if count >= 0:
        places = min(places, count)
    return len(text) + places * max(len(new) - len(old), 0)


def _split(text: str, separator: str, count: int = -1) -> list[str]:
    if count == 0:
        return []
    if not separator:
        if 0 < count < len(text):
            return [*text[: count - 1], text[count - 1 :]]
        return list(text)
    return text.split(separator, count - 1 if count > 0 else -1)


def _split_growth(text: str, separator: str, count: int = -1) -> int:
    # One item of a list weighs as much as ten characters.
    return 10 * (text.count(separator) + 1) if count else 0


def _substring(text: str, start: int, end: int | None = None) -> str:
    last = len(text) if end is None else end
    if end is not None and start > end:
        raise CelError(f"invalid substring range. start: {start}, end: {end}")
    if not 0 <= start <= len(text):
        raise CelError(f"index out of range: {start}")
    if not 0 <= last <= len(text):
        raise CelError(f"index out of range: {last}")
    return text[start:last]


_ONCE, _TWICE = traversal(), traversal(times=2)

STRINGS: Functions = {
    "charAt": (method("string_char_at_int", (STRING, INT), STRING, _char_at),),
    "indexOf": (
        method("string_index_of_string", (STRING, STRING), INT, _index_of, _ONCE),
        method("string_index_of_string_int", (STRING, STRING, INT), INT, _index_of, _ONCE),
    ),
    "lastIndexOf": (
        method("string_last_index_of_string", (STRING, STRING), INT, _last_index_of, _ONCE),
        method(
            "string_last_index_of_string_int", (STRING, STRING, INT), INT, _last_index_of, _ONCE
        ),
    ),
    "join": (
        method("list_join", (list_of(STRING),), STRING, _join, made(2), _join_growth),
        method("list_join_string", (list_of(STRING), STRING), STRING, _join, made(2), _join_growth),
    ),
    "lowerAscii": (
        method("string_lower_ascii", (STRING,), STRING, lambda t: t.translate(_LOWER), _ONCE),
    ),
    "upperAscii": (
        method("string_upper_ascii", (STRING,), STRING, lambda t: t.translate(_UPPER), _ONCE),
    ),
    "replace": (
        method(
            "string_replace_string_string", (STRING, STRING, STRING), STRING,
            _replace, _TWICE, _replace_growth,
        ),
        method(
            "string_replace_string_string_int", (STRING, STRING, STRING, INT), STRING,
            _replace, _TWICE, _replace_growth,
        ),
    ),
    "split": (
        method(
            "string_split_string", (STRING, STRING), list_of(STRING), _split, _TWICE, _split_growth
        ),
        method(
            "string_split_string_int", (STRING, STRING, INT), list_of(STRING),
            _split, _TWICE, _split_growth,
        ),
    ),
    "substring": (
        method("string_substring_int", (STRING, INT), STRING, _substring, _ONCE),
        method("string_substring_int_int", (STRING, INT, INT), STRING, _substring, _ONCE),
    ),
    "trim": (method("string_trim", (STRING,), STRING, lambda t: t.strip(_SPACE), _ONCE),),
    "reverse": (method("string_reverse", (STRING,), STRING, lambda t: t[::-1], _ONCE),),
    "strings.quote": (function("strings_quote", (STRING,), STRING, quoted, _ONCE),),
    "format": (
        method(
            "string_format", (STRING, list_of(DYN)), STRING,
            format_text, format_cost, format_growth,
        ),
    ),
}  # fmt: skip
