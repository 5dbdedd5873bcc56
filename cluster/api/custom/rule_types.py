"""What rules of a custom resource see: the types of a schema's places, and their values.

Source: "Extend the Kubernetes API with CustomResourceDefinitions", Validation rules, "Supported
types" and "Escaping of property names". Must not know the rules.
"""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from cluster.api.types import Object
from cluster.cel.conversions import to_duration, to_timestamp
from cluster.cel.errors import CelError
from cluster.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    ObjectType,
    Type,
    list_of,
    map_of,
)
from cluster.cel.values import MapList, SetList

# JSON to what an expression sees. Raises CelError.
Convert = Callable[[Any], Any]
_WORDS = frozenset(
    (
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for",
        "function", "if", "import", "let", "loop", "package", "namespace", "return",
    )
)  # fmt: skip
_NAME = re.compile(r"[a-zA-Z_.\-/][a-zA-Z0-9_.\-/]*")
_SIGNS = (("__", "__underscores__"), (".", "__dot__"), ("-", "__dash__"), ("/", "__slash__"))
_IDENTITY: Mapping[str, Type] = {"apiVersion": STRING, "kind": STRING}
_METADATA = ObjectType("metadata", fields={"name": STRING, "generateName": STRING})


def escaped(name: str) -> str:
    """How an expression names a property; '' if it cannot."""
    if not _NAME.fullmatch(name):
        return ""
    if name in _WORDS:
        return f"__{name}__"
    for sign, word in _SIGNS:
        name = name.replace(sign, word)
    return name


def type_of(schema: Object, name: str, resource: bool) -> Type | None:
    """Of a place; None if expressions cannot see it. ``name``: what its type is called;
    ``resource``: it holds a whole object."""
    if schema.get("x-kubernetes-int-or-string"):
        return DYN
    match schema.get("type"):
        case "boolean":
            return BOOL
        case "integer":
            return INT
        case "number":
            return DOUBLE
        case "string":
            return _TEXTS.get(schema.get("format") or "", STRING)
        case "array":
            items = schema.get("items")
            item = type_of(items, f"{name}.@idx", False) if isinstance(items, dict) else None
            return None if item is None else list_of(item)
        case "object":
            return _object_type(schema, name, resource)
    return None


_TEXTS = {"byte": BYTES, "date": TIMESTAMP, "date-time": TIMESTAMP, "duration": DURATION}


def _object_type(schema: Object, name: str, resource: bool) -> Type | None:
    free = schema.get("additionalProperties")
    if isinstance(free, dict):
        value = type_of(free, f"{name}.@elem", False)
        return None if value is None else map_of(STRING, value)
    resource = resource or bool(schema.get("x-kubernetes-embedded-resource"))
    fields: dict[str, Type] = {}
    raw_names: dict[str, str] = {}
    for raw, part in (schema.get("properties") or {}).items():
        told, found = escaped(raw), type_of(part, f"{name}.{raw}", False)
        if told and found is not None:
            fields[told] = found
            if told != raw:
                raw_names[told] = raw
    if resource:
        fields |= {**_IDENTITY, "metadata": _METADATA}
    return ObjectType(name, fields=fields, raw_names=raw_names)


def converter(schema: Object) -> Convert | None:
    """From JSON to what an expression sees; None if they are the same."""
    match schema.get("type"):
        case "number":
            return lambda value: float(value) if type(value) is int else value
        case "integer":
            return lambda value: int(value) if type(value) is float else value
        case "string":
            return _CONVERTED.get(schema.get("format") or "")
        case "array":
            return _list_converter(schema)
        case "object":
            return _object_converter(schema)
    return None


def _bytes(value: Any) -> Any:
    try:
        return base64.b64decode(value, validate=True)
    except ValueError as error:
        raise CelError(f"invalid base64: {error}") from error


def _time(value: Any) -> Any:
    if type(value) is str and len(value) == 10:
        return to_timestamp(f"{value}T00:00:00Z")
    return to_timestamp(value)


def _of_text(convert: Convert) -> Convert:
    def change(value: Any) -> Any:
        if value is None:
            return None
        if type(value) is not str:
            # From before the schema said so: an update may leave it as it is.
            raise CelError("invalid data, expected string")
        return convert(value)

    return change


_CONVERTED: dict[str, Convert] = {
    "byte": _of_text(_bytes),
    "date": _of_text(_time),
    "date-time": _of_text(_time),
    "duration": _of_text(to_duration),
}


def _list_converter(schema: Object) -> Convert | None:
    items, kind = schema.get("items"), schema.get("x-kubernetes-list-type")
    each = converter(items) if isinstance(items, dict) else None
    keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
    if each is None and kind not in ("set", "map"):
        return None

    def convert(value: Any) -> Any:
        if type(value) is not list:
            return value
        found = value if each is None else [each(item) for item in value]
        if kind == "set":
            return SetList(found)
        return MapList(found, keys) if kind == "map" else found

    return convert


def _object_converter(schema: Object) -> Convert | None:
    free = schema.get("additionalProperties")
    of_free = converter(free) if isinstance(free, dict) else None
    found = {name: converter(part) for name, part in (schema.get("properties") or {}).items()}
    of_named = {name: convert for name, convert in found.items() if convert is not None}
    if of_free is None and not of_named:
        return None

    def convert(value: Any) -> Any:
        if type(value) is not dict:
            return value
        made = dict(value)
        for name, item in value.items():
            change = of_named.get(name) or (of_free if name not in found else None)
            if change is not None:
                made[name] = change(item)
        return made

    return convert
