"""YAML bodies, with the types Kubernetes' clients expect, and without bombs.

As sigs.k8s.io/yaml: YAML 1.1 booleans, no timestamps and no base-60 numbers, merge keys, the
last of two equal keys wins. Values are built from the parser's events: composing nodes recurses
in C, and a deep document would end the process. Must not know schemas or HTTP.
"""

import json
import math
import re
from typing import Any

import yaml

from cluster.limits import NESTING_MAX

# A document may repeat parts by alias; what it would be without aliases is bounded.
EXPANDED_NODES_MAX = 200_000
# Keys that came again are told, but not without end.
DUPLICATES_MAX = 100

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TRUE = frozenset(("yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"))
_FALSE = frozenset(("no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"))
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_INT = re.compile(r"[-+]?(?:0b[0-1_]+|0o?[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_TAG = "tag:yaml.org,2002:"


def decode_yaml(body: bytes) -> tuple[Any, tuple[str, ...]]:
    """The one document as JSON-like values, and a text, as Go's decoder has it, for each key that
    came again: ``line 2: key "a" already set in map``.

    Raises ValueError for bad YAML, several documents, odd tags, too deep or too large documents.
    """
    try:
        loader = _Loader(body.decode("utf-8"))
        try:
            builder = _Builder(loader)
            return builder.document(), tuple(builder.duplicates)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise ValueError(f"yaml: {_as_go_says(error)}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"yaml: {error}") from error


def _as_go_says(error: yaml.MarkedYAMLError) -> str:
    """The problem, and a line. Go's decoder counts from 0, but in what is no token."""
    for mark in (error.context_mark, error.problem_mark):
        if mark is not None and mark.line:
            line = mark.line + isinstance(error, yaml.scanner.ScannerError)
            return f"line {line}: {error.problem}"
    return str(error.problem)


class _Builder:
    """Events to values, counting every node that an alias repeats."""

    def __init__(self, loader: Any) -> None:
        self.duplicates: list[str] = []
        self._next = loader.get_event
        self._nodes = 0
        self._anchors: dict[str, Any] = {}

    def document(self) -> Any:
        self._next()  # the stream starts
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            return None
        value = self._value(self._next(), 0)
        self._next()  # the document ends
        if not isinstance(self._next(), yaml.StreamEndEvent):
            raise ValueError("yaml: expected a single document")
        return value

    def _count(self, depth: int) -> None:
        self._nodes += 1
        if self._nodes > EXPANDED_NODES_MAX:
            raise ValueError("yaml: document contains excessive aliasing")
        if depth > NESTING_MAX:
            raise ValueError(f"yaml: exceeded max depth of {NESTING_MAX}")

    def _value(self, event: Any, depth: int) -> Any:
        self._count(depth)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise ValueError(f"yaml: unknown anchor {event.anchor!r} referenced")
            return self._copy(self._anchors[event.anchor], depth)
        if isinstance(event, yaml.ScalarEvent):
            value = _scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(depth)
        else:
            value = self._mapping(depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        return value

    def _copy(self, value: Any, depth: int) -> Any:
        """A part repeated by alias: an own copy, as objects are changed in place."""
        self._count(depth)
        if isinstance(value, dict):
            return {key: self._copy(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self._copy(item, depth + 1) for item in value]
        return value

    def _sequence(self, depth: int) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            found.append(self._value(event, depth + 1))
        return found

    def _mapping(self, depth: int) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
                self._merge(merged, self._value(self._next(), depth + 1))
                continue
            key = self._value(event, depth + 1)
            name, after = _key(key), self._next()
            own_before = name in own or name in merged
            line: int = after.start_mark.line + 1
            own[name] = self._value(after, depth + 1)
            if own_before and len(self.duplicates) < DUPLICATES_MAX:
                # The value's line, and what is inside of it first.
                self.duplicates.append(f"line {line}: key {_shown(key)} already set in map")
        return {**merged, **own} if merged else own

    def _merge(self, merged: dict[str, Any], value: Any) -> None:
        for source in value if isinstance(value, list) else [value]:
            if not isinstance(source, dict):
                raise ValueError("yaml: map merge requires map or sequence of maps as the value")
            for key, item in source.items():
                merged.setdefault(key, item)


def _scalar(event: Any) -> Any:
    text = str(event.value)
    tag = (event.tag or "").removeprefix(_TAG)
    if tag in ("str", "!") or (not tag and not event.implicit[0]):
        return text
    if not tag:
        return _plain(text)
    if tag in ("null", "bool", "int", "float"):
        return _plain(text)
    raise ValueError(f"yaml: tag {event.tag!r} is not supported")


def _plain(text: str) -> Any:
    """A scalar without quotes: what it looks like."""
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if _INT.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(f"yaml: {text!r} is no JSON number")
        return number
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"yaml: {text!r} is no JSON number")
    return text


def _integer(text: str) -> int | float | str:
    plain = text.replace("_", "").lower()
    sign = -1 if plain.startswith("-") else 1
    digits = plain.lstrip("+-")
    try:
        if digits.startswith("0b"):
            number = int(digits[2:], 2)
        elif digits.startswith("0x"):
            number = int(digits[2:], 16)
        elif len(digits) > 1 and digits.startswith("0"):
            number = int(digits.replace("o", ""), 8)
        else:
            number = int(digits)
        # JSON readers know 64 bits; beyond them a number is a float, as orjson reads it.
        return sign * number if number < 2**63 else float(sign * number)
    except OverflowError as error:
        raise ValueError(f"yaml: {text[:32]!r} is no JSON number") from error
    except ValueError:
        return text


def _shown(key: Any) -> str:
    """A key as Go writes it: text in quotes."""
    return json.dumps(key, ensure_ascii=False) if isinstance(key, str) else _key(key)


def _key(value: Any) -> str:
    """Keys are strings in JSON; YAML may have written a number or a boolean."""
    if isinstance(value, dict | list):
        raise ValueError("yaml: a key must be a scalar")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)
