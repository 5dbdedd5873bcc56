"""What rules of a custom resource see: the types of a schema's places, and their values.

Source: "Extend the Kubernetes API with CustomResourceDefinitions", Validation rules, "Supported
types" and "Escaping of property names". Must not know the rules.
"""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from cluster.api.types import Object
from cluster.cel.code import Lazy
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
        "function", "if", "import", "let", "loop", "package", "namespace", "return", "var", "void",
        "while",
    )
)  # fmt: skip
# Of these the language makes values: no field can be called so without escaping.
_VALUES = frozenset(("true", "false", "null", "in"))
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
            if raw in _WORDS - _VALUES:
                # Behind a dot a reserved word is a name like others.
                fields[raw] = found
    if resource and not _names_identity(fields):
        fields |= {**_IDENTITY, "metadata": _METADATA}
    return ObjectType(name, fields=fields, raw_names=raw_names)


def _names_identity(fields: Mapping[str, Type]) -> bool:
    """Whether the schema says itself what it has of an object's identity, names among it."""
    metadata = fields.get("metadata")
    named = metadata.fields if isinstance(metadata, ObjectType) else {}
    parts = [fields.get("apiVersion"), fields.get("kind"), named.get("name")]
    return all(part is STRING for part in (*parts, named.get("generateName")))


def converter(schema: Object) -> Convert:
    """From JSON to what an expression sees. Raises CelError for what is not of the schema's type:
    from before the schema said so, as an update may leave such a value as it is."""
    convert = _converter(schema)
    nullable = bool(schema.get("nullable"))

    def change(value: Any) -> Any:
        if value is None:
            if nullable:
                return None
            raise CelError("invalid data, got null for schema with nullable=false")
        return convert(value)

    return change


def _converter(schema: Object) -> Convert:
    kind = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        return _int_or_string
    match kind:
        case "array":
            return _list_converter(schema)
        case "object":
            return _object_converter(schema)
        case "string":
            change = _CONVERTED.get(schema.get("format") or "", _same)
            return lambda value: change(_typed(value, str, "string"))
        case "boolean":
            return lambda value: _typed(value, bool, "bool")
        case "integer":
            return _integer
        case "number":
            return _number
    return _same


def _same(value: Any) -> Any:
    return value


def _typed(value: Any, kind: type, told: str) -> Any:
    if type(value) is not kind:
        raise CelError(f"invalid data, expected {told}")
    return value


def _int_or_string(value: Any) -> Any:
    if type(value) not in (int, str):
        raise CelError("invalid data, expected XIntOrString value to be either a string or integer")
    return value


def _integer(value: Any) -> Any:
    if type(value) is float and value.is_integer():
        return int(value)
    return _typed(value, int, "int")


def _number(value: Any) -> Any:
    return float(value) if type(value) is int else _typed(value, float, "float")


def _bytes(value: Any) -> Any:
    try:
        return base64.b64decode(value, validate=True)
    except ValueError as error:
        raise CelError(f"Invalid byte formatted string {value}: {error}") from error


def _time(value: Any) -> Any:
    return to_timestamp(f"{value}T00:00:00Z" if len(value) == len("2006-01-02") else value)


_CONVERTED: dict[str, Convert] = {
    "byte": _bytes, "date": _time, "date-time": _time, "duration": to_duration,
}  # fmt: skip


def _list_converter(schema: Object) -> Convert:
    items, kind = schema.get("items"), schema.get("x-kubernetes-list-type")
    each = converter(items) if isinstance(items, dict) else _same
    keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())

    def convert(value: Any) -> Any:
        if type(value) is not list:
            raise CelError(
                "invalid data, expected an array for the provided schema with type=array"
            )
        found = [each(item) for item in value]
        if kind == "set":
            return SetList(found)
        return MapList(found, keys) if kind == "map" else found

    return convert


def _object_converter(schema: Object) -> Convert:
    free = schema.get("additionalProperties")
    of_free = converter(free) if isinstance(free, dict) else _same
    named = {name: converter(part) for name, part in (schema.get("properties") or {}).items()}

    def convert(value: Any) -> Any:
        if type(value) is not dict:
            raise CelError("invalid data, expected a map for the provided schema with type=object")
        made = {}
        for name, item in value.items():
            # A named field that is null is as if absent; the value of a free key is not.
            if item is not None or name not in named:
                made[name] = _field(named.get(name, of_free), item)
        return made

    return convert


def _field(convert: Convert, item: Any) -> Any:
    """What is wrong with one field is told to the rules that look at it."""
    try:
        return convert(item)
    except CelError as error:
        text = str(error)

    def fail() -> Any:
        raise CelError(text)

    return Lazy(fail)
