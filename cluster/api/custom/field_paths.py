"""Paths of fields in a schema: ``.spec.color``, ``.spec.labels['a.b']``. Must not know what for.

Source: reference of SelectableField, jsonPath, and of ValidationRule, fieldPath.
"""

import re
from typing import Any

from cluster.api.types import Object

# A quoted text counts as one piece, whatever is in it.
_PIECE = re.compile(r"[.\[\]]|'(?:[^'\\]|\\.)*'?|[^.\[\]]+")
_ESCAPED = re.compile(r"\\(.)")
_SIGNS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
          "'": "'", "\\": "\\"}  # fmt: skip


class FieldPathError(ValueError):
    """The path leads nowhere. The text is as Kubernetes says it."""


def follow(path: str, schema: Object, *, keys: bool = True) -> tuple[tuple[str, ...], Object]:
    """(names from the outside in, schema of the field). ``keys``: brackets may be used. Raises
    FieldPathError."""
    names: list[str] = []
    pieces = iter(_PIECE.findall(path))
    for piece in pieces:
        if piece == ".":
            name = _next(pieces)
        elif piece == "[":
            if not keys:
                raise FieldPathError("array notation is not allowed")
            name = _unquoted(_next(pieces))
        else:
            raise FieldPathError(f"expected [ or . but got: {piece}")
        schema = _below(schema, name)
        names.append(name)
        if piece == "[" and (end := _next(pieces)) != "]":
            raise FieldPathError(f"expected ] but got {end}")
    return tuple(names), schema


def joined_path(path: str, schema: Object) -> str:
    """The path as causes have it: ``.spec.labels[a.b]``, where named fields are behind dots and
    keys of maps in brackets; '' if it leads nowhere."""
    try:
        names, _ = follow(path, schema)
    except FieldPathError:
        return ""
    text = ""
    for name in names:
        text += f".{name}" if isinstance(schema.get("properties"), dict) else f"[{name}]"
        schema = _below(schema, name)
    return text


def _next(pieces: Any) -> str:
    found: str | None = next(pieces, None)
    if found is None:
        raise FieldPathError("unexpected end of JSON path")
    return found


def _unquoted(text: str) -> str:
    if len(text) < 2 or text[0] != "'" or text[-1] != "'":
        raise FieldPathError(f"expected single quoted string but got {text}")

    def sign(match: re.Match[str]) -> str:
        if match[1] not in _SIGNS:
            raise FieldPathError(f"invalid string literal: invalid escape char {match[0]}")
        return _SIGNS[match[1]]

    return _ESCAPED.sub(sign, text[1:-1])


def _below(schema: Object, name: str) -> Object:
    named = schema.get("properties")
    found = named.get(name) if isinstance(named, dict) else schema.get("additionalProperties")
    if not isinstance(found, dict):
        raise FieldPathError("does not refer to a valid field")
    return found
