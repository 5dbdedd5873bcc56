"""Protobuf request bodies to the JSON they stand for. Pure.

Job: the wire format (protobuf.dev "Encoding") and Kubernetes' envelope, by the tables of field
numbers. Typed Go clients send it (``kubectl auth can-i``, ``kubectl create deployment``); answers
are always JSON, which such clients accept too. Must not know: which bodies are right.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from actors.apiserver.protobuf import (
    fields_admission,
    fields_core,
    fields_devices,
    fields_groups,
    fields_kinds,
    fields_rules,
    fields_workloads,
)
from actors.apiserver.protobuf.scalars import SPECIAL, integer, read_fields
from actors.apiserver.protobuf.scalars import ProtobufError as ProtobufError
from cluster import limits
from cluster.api.types import Object

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_LISTS = ("ExtraValue", "AttestationValue")
_META = "meta"
_TEXTS = (
    fields_admission.FIELDS,
    fields_core.FIELDS,
    fields_devices.FIELDS,
    fields_groups.FIELDS,
    fields_kinds.FIELDS,
    fields_rules.FIELDS,
    fields_workloads.FIELDS,
)


class UnknownMessage(ProtobufError):
    """The envelope is right, but the kind is not one that this server serves."""


class Field(NamedTuple):
    """One row entry: see ``fields_core``. ``inline``: its fields stand in the parent."""

    name: str
    type: str
    repeated: bool
    mapped: bool
    pointer: bool
    inline: bool


def decode(body: bytes, expected: tuple[str, str] = ("", "")) -> Object:
    """The object with apiVersion and kind; what the body does not say of them is as
    ``expected``. Raises ProtobufError."""
    (api_version, kind), raw = _envelope(body)
    api_version, kind = api_version or expected[0], kind or expected[1]
    message = message_name(api_version, kind)
    if message not in messages():
        raise UnknownMessage(f"{kind or 'the body'} is not known as protobuf")
    return {"apiVersion": api_version, "kind": kind, **_message(message, raw, 0)}


def type_said(body: bytes) -> tuple[str, str]:
    """The apiVersion and the kind that a body says it has. Raises ProtobufError."""
    return _envelope(body)[0]


def is_protobuf(content_type: str) -> bool:
    """Whether a Content-Type is that of such bodies."""
    return content_type.partition(";")[0].strip().lower() == CONTENT_TYPE


def _envelope(body: bytes) -> tuple[tuple[str, str], bytes]:
    if not body.startswith(_MAGIC):
        raise ProtobufError("the body does not start as Kubernetes protobuf")
    meta, raw = b"", b""
    for number, value in read_fields(body[len(_MAGIC) :]):
        if number == 1 and isinstance(value, bytes):
            meta = value
        elif number == 2 and isinstance(value, bytes):
            raw = value
    told = dict(read_fields(meta))
    return (_text(told.get(1, b"")), _text(told.get(2, b""))), raw


def message_name(api_version: str, kind: str) -> str:
    """``("apps/v1", "Deployment")`` → ``apps.v1.Deployment``."""
    if kind == "DeleteOptions":
        return f"{_META}.{kind}"
    group, _, version = api_version.rpartition("/")
    return f"{group.partition('.')[0] or 'core'}.{version}.{kind}"


def _message(name: str, data: bytes, depth: int) -> Object:
    if depth > limits.NESTING_MAX:
        raise ProtobufError("the body nests too deep")
    fields = messages()[name]
    package = name.rpartition(".")[0]
    result: Object = {}
    for number, value in read_fields(data):
        field = fields.get(number)
        if field is None:
            continue
        if field.mapped:
            key, item = _entry(field, package, _bytes(value), depth)
            result.setdefault(field.name, {})[key] = item
            continue
        decoded = _value(field.type, package, value, depth)
        if field.inline:
            result.update(decoded)
        elif field.repeated:
            result.setdefault(field.name, []).append(decoded)
        elif field.pointer or decoded not in ("", 0, False, None):
            result[field.name] = decoded
    return result


def _value(kind: str, package: str, value: int | bytes, depth: int) -> Any:
    match kind:
        case "s":
            return _text(value)
        case "i":
            return integer(value)
        case "t":
            return bool(value)
    special = SPECIAL.get(kind.rpartition(".")[2])
    if special is not None:
        return special(_bytes(value))
    name = kind if kind in messages() else f"{package}.{kind}"
    if name not in messages():
        raise ProtobufError(f"a field of type {kind} cannot be read")
    found = _message(name, _bytes(value), depth + 1)
    return found.get("items", []) if kind.endswith(_LISTS) else found


def _entry(field: Field, package: str, data: bytes, depth: int) -> tuple[str, Any]:
    key, item = "", b""
    for number, value in read_fields(data):
        if number == 1:
            key = _text(value)
        elif number == 2:
            item = _bytes(value)
    return key, _value(field.type, package, item, depth)


def _text(value: int | bytes) -> str:
    try:
        return _bytes(value).decode()
    except UnicodeDecodeError as error:
        raise ProtobufError("a text is not UTF-8") from error


def _bytes(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise ProtobufError("a field has the wrong wire type")
    return value


@lru_cache(maxsize=1)
def messages() -> dict[str, dict[int, Field]]:
    """All that are known: message name → field number → field."""
    table = {}
    for text in _TEXTS:
        for row in text.replace("\n  ", " ").splitlines():
            name, *items = row.split()
            table[name] = dict(_numbered(items))
    return table


def _numbered(items: list[str]) -> Iterator[tuple[int, Field]]:
    number = 0
    for item in items:
        numbered, equals, rest = item.rpartition("=")
        number = int(numbered) if equals else number + 1
        name, _, kind = rest.partition(":")
        yield (
            number,
            Field(
                name,
                kind.strip("*%?"),
                repeated=kind.startswith("*"),
                mapped="%" in kind,
                pointer=kind.endswith("?"),
                inline=name == "^",
            ),
        )
