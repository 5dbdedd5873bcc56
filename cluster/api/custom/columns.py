"""Columns of tables of custom resources: additionalPrinterColumns.

Source: "Extend the Kubernetes API with CustomResourceDefinitions", Additional printer columns.
Must not know how a table is sent.
"""

from typing import Any

import orjson

from cluster.api.custom.jsonpath import PathError, compile_path
from cluster.api.tables_columns import NAME, UNKNOWN, Cell, Column, since
from cluster.api.types import Object

# What a client sees of a time that is none, and of null as text.
INVALID, NO_VALUE = "<invalid>", "<no value>"
# Texts that are no time, but not a wrong one.
_NO_TIME = ("", "null")
_INT64 = 2**63
# As Go writes JSON, safe inside of HTML.
_ESCAPED = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
_AGE: Object = {
    "name": "Age",
    "type": "date",
    "jsonPath": ".metadata.creationTimestamp",
    "description": "CreationTimestamp is a timestamp representing the server time when this "
    "object was created. It is not guaranteed to be set in happens-before order across separate "
    "operations.",
}


def columns_of(version: Object) -> tuple[Column, ...]:
    """``version``: an item of spec.versions. Without columns of its own: name and age. A column
    whose path is none ends them, as in Kubernetes, which takes any path that begins with a dot."""
    columns = [NAME]
    for given in version.get("additionalPrinterColumns") or [_AGE]:
        try:
            columns.append(_column(given))
        except PathError:
            break
    return tuple(columns)


def _column(given: Object) -> Column:
    kind = given.get("type") or "string"
    return Column(
        given["name"],
        _cell(given.get("jsonPath") or "", kind),
        int(given.get("priority") or 0),
        kind,
        given.get("format") or "",
        given.get("description")
        or f"Custom resource definition column (in JSONPath format): {given.get('jsonPath')}",
    )


def _cell(path: str, kind: str) -> Cell:
    find = compile_path(path)

    def cell(obj: Object, now: float) -> Any:
        # Of several values the first is shown.
        found = find(obj)
        return _shown(found[0], kind, now) if found else None

    return cell


def _shown(first: Any, kind: str, now: float) -> Any:
    match kind:
        case "string":
            return _text(first)
        case "date" if isinstance(first, str):
            told = since(first, now)
            return told if told != UNKNOWN or first in _NO_TIME else INVALID
        case "boolean" if isinstance(first, bool):
            return first
        case "integer" | "number" if isinstance(first, bool):
            return None
        case "integer" if isinstance(first, int | float):
            # What has more than 64 bits is the least there is, as in Go.
            return int(first) if -_INT64 <= first < _INT64 else -_INT64
        case "number" if isinstance(first, int | float):
            return float(first)
    return None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return NO_VALUE
    if isinstance(value, float) and value.is_integer() and abs(value) < _INT64:
        value = int(value)
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    return text.translate(_ESCAPED)
