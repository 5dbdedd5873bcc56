"""JSON paths as printer columns use them.

The part of kubectl's JSONPath that they need: fields, quoted fields, indices, slices, wildcards,
descent and filters, as ``.status.conditions[?(@.type=="Ready")].status``. Source: Kubernetes
"JSONPath Support". Must not know what a path is for.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

# From the values so far to those a step leads to.
Step = Callable[[list[Any]], list[Any]]
_NAME = re.compile(r"(?:[A-Za-z0-9_$/-]|\\.)+")
_FILTER = re.compile(
    r"@((?:\.[A-Za-z0-9_\\/-]+)*)\s*(?:(==|!=|<=|>=|<|>)\s*(\"[^\"]*\"|'[^']*'|[-\w.]+))?"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}
_WORDS = {"true": True, "false": False, "null": None}


class PathError(ValueError):
    """The text is no JSON path."""


@lru_cache(maxsize=4096)
def compile_path(text: str) -> Callable[[Any], list[Any]]:
    """``.spec.replicas`` → a function from an object to all values found. Raises PathError."""
    steps = list(_steps(text))

    def find(obj: Any) -> list[Any]:
        values = [obj]
        for step in steps:
            values = step(values)
        return values

    return find


def _steps(text: str) -> Iterable[Step]:
    position = 0
    text = text.removeprefix("$")
    if not text:
        raise PathError("empty path")
    while position < len(text):
        if text.startswith("..", position):
            position += 2
            yield _descend
            if position < len(text) and text[position] != "[":
                name, position = _name(text, position)
                yield _field(name)
        elif text[position] == ".":
            position += 1
            if position == len(text):
                if position == 1:
                    return
                raise PathError("unexpected end of path")
            if text[position] == "[":
                continue
            if text[position] == "*":
                position += 1
                yield _each
            else:
                name, position = _name(text, position)
                yield _field(name)
        elif text[position] == "[":
            end = _closing(text, position)
            yield _bracket(text[position + 1 : end].strip())
            position = end + 1
        else:
            raise PathError(f"unrecognized character at position {position}: {text[position]!r}")


def _name(text: str, position: int) -> tuple[str, int]:
    match = _NAME.match(text, position)
    if match is None:
        raise PathError(f"unrecognized character at position {position}: {text[position]!r}")
    return match[0].replace("\\", ""), match.end()


def _closing(text: str, position: int) -> int:
    quote, depth = "", 0
    for place in range(position, len(text)):
        sign = text[place]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign == "[":
            depth += 1
        elif sign == "]":
            depth -= 1
            if depth == 0:
                return place
    raise PathError("unterminated array")


def _bracket(inside: str) -> Step:
    if inside == "*":
        inside = ":"
    if inside.startswith("?(") and inside.endswith(")"):
        return _filter(inside[2:-1].strip())
    if len(inside) > 1 and inside[0] in "'\"" and inside[-1] == inside[0]:
        return _field(inside[1:-1])
    parts = inside.split(":")
    if not all(re.fullmatch(r"-?[0-9]{0,9}", part) for part in parts) or not inside:
        raise PathError(f"invalid array index {inside}")
    if len(parts) == 1:
        index = int(inside)
        return lambda values: [
            value[index] for value in values
            if isinstance(value, list) and -len(value) <= index < len(value)
        ]  # fmt: skip
    bounds = [int(part) if part else None for part in parts]
    if len(bounds) > 3 or bounds[2:] == [0]:
        raise PathError(f"invalid array index {inside}")
    return lambda values: [
        item for value in values if isinstance(value, list) for item in value[slice(*bounds)]
    ]


def _field(name: str) -> Step:
    return lambda values: [
        value[name] for value in values if isinstance(value, dict) and name in value
    ]


def _each(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if isinstance(value, dict):
            found.extend(value.values())
        elif isinstance(value, list):
            found.extend(value)
    return found


def _descend(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        found.append(value)
        found.extend(_descend(_each([value])))
    return found


def _filter(text: str) -> Step:
    match = _FILTER.fullmatch(text)
    if match is None:
        raise PathError(f"unrecognized filter {text}")
    find = compile_path(match[1]) if match[1] else lambda value: [value]
    operator, wanted = match[2], _literal(match[3])

    def holds(item: Any) -> bool:
        found = find(item)
        if not operator:
            return bool(found)
        if not found:
            return False
        comparable = operator in ("==", "!=") or type(found[0]) is type(wanted)
        return comparable and _COMPARE[operator](found[0], wanted)

    return lambda values: [item for item in _each(values) if holds(item)]


def _literal(text: str | None) -> Any:
    if text is None:
        return None
    if text[0] in "'\"":
        return text[1:-1]
    if text in _WORDS:
        return _WORDS[text]
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError as error:
        raise PathError(f"unrecognized literal {text}") from error
