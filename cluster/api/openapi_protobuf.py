"""The OpenAPI v2 document as protobuf: the only form in which Go clients ask for it.

Source: the message openapi.v2.Document of gnostic's OpenAPIv2.proto (field numbers), and
protobuf.dev "Encoding". What Kubernetes' document uses of it is here, no more. Vendor extensions go
as YAML text, of which JSON is a part. Must not know what a document says.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import orjson

from cluster.api.types import Object

MEDIA_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
# As older clients name it; "@" may not stand in a media type.
MEDIA_TYPES = (MEDIA_TYPE, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf")

# Writes one field: (its number, its JSON value) to bytes.
Field: TypeAlias = Callable[[int, Any], bytes]
# JSON key to (number, field); "x-" stands for all vendor extensions.
Shape: TypeAlias = Mapping[str, tuple[int, Field]]
_VARINT, _FIXED64, _BYTES = 0, 1, 2


def encode(document: Object) -> bytes:
    """A v2 document (``openapi.OpenApi.v2``, decoded). Raises ValueError for what has no place."""
    return _fields(_DOCUMENT, document)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _block(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(payload)) + payload


def _text(number: int, value: Any) -> bytes:
    return _block(number, str(value).encode())


def _flag(number: int, value: Any) -> bytes:
    return _varint(number << 3 | _VARINT) + b"\x01" if value else b""


def _number(number: int, value: Any) -> bytes:
    return _varint(number << 3 | _FIXED64) + struct.pack("<d", value)


def _count(number: int, value: Any) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(int(value))


def _any(number: int, value: Any) -> bytes:
    return _block(number, _block(2, orjson.dumps(value) + b"\n"))


def _each(field: Field) -> Field:
    return lambda number, values: b"".join(field(number, value) for value in values)


def _named(field: Field) -> Field:
    """A map: a list of (name = 1, value = 2)."""

    def write(number: int, values: Any) -> bytes:
        pairs = (_text(1, name) + field(2, value) for name, value in values.items())
        return b"".join(_block(number, pair) for pair in pairs)

    return write


def _inside(inner: int, field: Field) -> Field:
    """A message that holds the value in one field."""
    return lambda number, value: _block(number, field(inner, value))


def _message(shape: Callable[[], Shape]) -> Field:
    return lambda number, value: _block(number, _fields(shape(), value))


def _fields(shape: Shape, obj: Object) -> bytes:
    found = []
    for key, value in obj.items():
        if key.startswith("x-"):
            number, field = shape["x-"]
            found.append(field(number, {key: value}))
            continue
        if key not in shape:
            raise ValueError(f"OpenAPI's protobuf form has no place for {key!r} here")
        number, field = shape[key]
        found.append(field(number, value))
    return b"".join(found)


def _additional(number: int, value: Any) -> bytes:
    inner = _flag(2, value) if isinstance(value, bool) else _block(1, _fields(_SCHEMA, value))
    return _block(number, inner)


def _parameter(number: int, value: Any) -> bytes:
    """Parameter: body = 1, or others = 2 (query = 3, path = 4); in an item = 1."""
    match value["in"]:
        case "body":
            chosen = _block(1, _fields(_BODY, value))
        case "query":
            chosen = _block(2, _block(3, _fields(_QUERY, value)))
        case "path":
            chosen = _block(2, _block(4, _fields(_PATH, value)))
        case place:
            raise ValueError(f"a parameter in {place!r} has no place")
    return _block(number, _block(1, chosen))


_EXTENSION = _named(_any)
_STRINGS = _each(_text)
_schema = _message(lambda: _SCHEMA)
_operation = _message(lambda: _OPERATION)

_SCHEMA: Shape = {
    "$ref": (1, _text), "format": (2, _text), "title": (3, _text), "description": (4, _text),
    "default": (5, _any), "multipleOf": (6, _number), "maximum": (7, _number),
    "exclusiveMaximum": (8, _flag), "minimum": (9, _number), "exclusiveMinimum": (10, _flag),
    "maxLength": (11, _count), "minLength": (12, _count), "pattern": (13, _text),
    "maxItems": (14, _count), "minItems": (15, _count), "maxProperties": (17, _count),
    "minProperties": (18, _count), "required": (19, _STRINGS),
    "enum": (20, _each(_any)), "additionalProperties": (21, _additional),
    "type": (22, _inside(1, _text)), "items": (23, _inside(1, _schema)),
    "properties": (25, _inside(1, _named(_schema))), "example": (30, _any),
    "x-": (31, _EXTENSION),
}  # fmt: skip
_BODY: Shape = {
    "description": (1, _text), "name": (2, _text), "in": (3, _text), "required": (4, _flag),
    "schema": (5, _schema), "x-": (6, _EXTENSION),
}  # fmt: skip
_PATH: Shape = {
    "required": (1, _flag), "in": (2, _text), "description": (3, _text), "name": (4, _text),
    "type": (5, _text), "format": (6, _text), "x-": (22, _EXTENSION),
}  # fmt: skip
_QUERY: Shape = {
    "required": (1, _flag), "in": (2, _text), "description": (3, _text), "name": (4, _text),
    "type": (6, _text), "format": (7, _text), "x-": (23, _EXTENSION),
}  # fmt: skip
_RESPONSE: Shape = {
    "description": (1, _text), "schema": (2, _inside(1, _schema)), "x-": (5, _EXTENSION),
}  # fmt: skip
_OPERATION: Shape = {
    "tags": (1, _STRINGS), "summary": (2, _text), "description": (3, _text),
    "operationId": (5, _text), "produces": (6, _STRINGS), "consumes": (7, _STRINGS),
    "parameters": (8, _each(_parameter)),
    "responses": (9, _inside(1, _named(_inside(1, _message(lambda: _RESPONSE))))),
    "deprecated": (11, _flag), "x-": (13, _EXTENSION),
}  # fmt: skip
_PATH_ITEM: Shape = {
    "get": (2, _operation), "put": (3, _operation), "post": (4, _operation),
    "delete": (5, _operation), "patch": (8, _operation), "parameters": (9, _each(_parameter)),
    "x-": (10, _EXTENSION),
}  # fmt: skip
_INFO: Shape = {"title": (1, _text), "version": (2, _text), "description": (3, _text)}
_API_KEY: Shape = {
    "type": (1, _text), "name": (2, _text), "in": (3, _text), "description": (4, _text),
}  # fmt: skip
_DOCUMENT: Shape = {
    "swagger": (1, _text), "info": (2, _message(lambda: _INFO)),
    "paths": (8, _inside(2, _named(_message(lambda: _PATH_ITEM)))),
    "definitions": (9, _inside(1, _named(_schema))),
    "security": (12, _each(_inside(1, _named(_inside(1, _STRINGS))))),
    "securityDefinitions": (13, _inside(1, _named(_inside(2, _message(lambda: _API_KEY))))),
    "x-": (16, _EXTENSION),
}  # fmt: skip
