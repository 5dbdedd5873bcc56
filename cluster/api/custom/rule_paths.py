"""A rule's ``fieldPath``: ``.spec.x``, ``.labels['a.b']``. Must not know rules.

Source: reference of ValidationRule, fieldPath.
"""

import re

from cluster.api.types import Object

_PART = re.compile(r"\.([a-zA-Z_][a-zA-Z0-9_]*)|\[\s*'((?:[^'\\]|\\.)*)'\s*\]")


def parts_of(path: str) -> list[str] | None:
    """Names of fields from the outside in; None if it is no such path."""
    found, offset = [], 0
    while offset < len(path):
        match = _PART.match(path, offset)
        if match is None:
            return None
        found.append(match[1] or re.sub(r"\\(.)", r"\1", match[2] or ""))
        offset = match.end()
    return found or None


def below(path: str, relative: str) -> str:
    """The path of the field, seen from the root."""
    for name in parts_of(relative) or ():
        path = f"{path}.{name}" if path else name
    return path


def exists(schema: Object, path: str) -> bool:
    """Whether the schema names every field of the path."""
    place: object = schema
    for name in parts_of(path) or ("",):
        if not isinstance(place, dict):
            return False
        properties, free = place.get("properties") or {}, place.get("additionalProperties")
        place = properties.get(name) or free
    return isinstance(place, dict)
