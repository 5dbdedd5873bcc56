"""Decoded JSON in the words of Go: clients and people know errors by them. Pure.

Source: Go's package fmt, verbs ``%v`` and ``%#v``; package reflect, names of kinds. Must not
know errors.
"""

from typing import Any

import orjson


def as_go(value: Any) -> str:
    """As the verb ``%v`` shows it: ``map[spec:map[replicas:2]]``."""
    match value:
        case dict():
            return f"map[{' '.join(f'{key}:{as_go(value[key])}' for key in sorted(value))}]"
        case list():
            return f"[{' '.join(map(as_go, value))}]"
        case bool():
            return "true" if value else "false"
        case None:
            return "<nil>"
        case float():
            return f"{value:g}" if value.is_integer() and abs(value) < 1e6 else repr(value)
    return str(value)


def as_go_syntax(value: Any) -> str:
    """As the verb ``%#v`` shows it: ``map[string]interface {}{"replicas":2}``."""
    match value:
        case dict():
            items = (f"{_quoted(key)}:{as_go_syntax(value[key])}" for key in sorted(value))
            return f"map[string]interface {{}}{{{', '.join(items)}}}"
        case list():
            return f"[]interface {{}}{{{', '.join(map(as_go_syntax, value))}}}"
        case None:
            return "interface {}(nil)"
        case str():
            return _quoted(value)
    return as_go(value)


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def kind_of(value: Any) -> str:
    """The kind of Go's value for it."""
    match value:
        case dict():
            return "map"
        case list():
            return "slice"
        case bool():
            return "bool"
        case int():
            return "int64"
        case float():
            return "float64"
    return "string"
