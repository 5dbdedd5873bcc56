"""Protocol buffers on the wire (protobuf.dev "Encoding"), for records with numbered fields. Pure.

Job: a record's bytes and back. Must not know: which messages there are.

A message class says its field numbers in ``NUMBERS``; the kinds follow from the annotations: bool,
int (64 bits, two's complement), bytes, str, another message (or None: absent), or a tuple of these.
Defaults are left out, unknown fields are skipped: a newer server may say more.
"""

from functools import cache
from types import UnionType
from typing import Any, ClassVar, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

import msgspec

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
BITS_64 = (1 << 64) - 1
VARINT_BYTES_MAX = 10


class ProtobufDamaged(ValueError):
    """The bytes are no message; the text says why."""


class ProtoMessage(msgspec.Struct, frozen=True):
    """Base of all messages."""

    NUMBERS: ClassVar[dict[str, int]] = {}


class Plan(NamedTuple):
    """How one field is written: ``tag`` begins it, ``message`` is its class if it is one."""

    name: str
    kind: type
    tag: bytes
    repeated: bool


Kind = TypeVar("Kind", bound=ProtoMessage)


def encode(message: ProtoMessage) -> bytes:
    """The message's bytes."""
    parts: list[bytes] = []
    for plan in _plans(type(message)).values():
        value = getattr(message, plan.name)
        for item in value if plan.repeated else (value,):
            # In a list every item counts, elsewhere a default is the same as nothing.
            if plan.repeated or (item is not None and (item or isinstance(item, ProtoMessage))):
                parts.append(plan.tag)
                _write(parts, item)
    return b"".join(parts)


def _write(parts: list[bytes], value: Any) -> None:
    match value:
        case int():
            parts.append(_varint(value & BITS_64))
            return
        case str():
            body = value.encode()
        case bytes():
            body = value
        case _:
            body = encode(value)
    parts.append(_varint(len(body)))
    parts.append(body)


def _varint(value: int) -> bytes:
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def decode(kind: type[Kind], data: bytes | memoryview) -> Kind:
    """The message of that kind. Raises ProtobufDamaged."""
    view = memoryview(data)
    plans = _plans(kind)
    found: dict[str, Any] = {}
    position = 0
    while position < len(view):
        tag, position = _read_varint(view, position)
        plan = plans.get(tag >> 3)
        raw: int | memoryview
        if tag & 7 == VARINT:
            raw, position = _read_varint(view, position)
        else:
            raw, position = _read_bytes(view, position, tag & 7)
        if plan is None:
            continue
        value = _value(plan, raw)
        if plan.repeated:
            found.setdefault(plan.name, []).append(value)
        else:
            found[plan.name] = value
    for name, value in found.items():
        if isinstance(value, list):
            found[name] = tuple(value)
    return kind(**found)


def _read_varint(view: memoryview, position: int) -> tuple[int, int]:
    result = shift = 0
    for at in range(position, min(position + VARINT_BYTES_MAX, len(view))):
        byte = view[at]
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result & BITS_64, at + 1
        shift += 7
    raise ProtobufDamaged(f"a number at offset {position} does not end")


def _read_bytes(view: memoryview, position: int, wire: int) -> tuple[memoryview, int]:
    if wire == BYTES:
        size, position = _read_varint(view, position)
    elif wire in (FIXED32, FIXED64):
        size = 4 if wire == FIXED32 else 8
    else:
        raise ProtobufDamaged(f"wire type {wire} at offset {position}")
    if position + size > len(view):
        raise ProtobufDamaged(f"cut off at offset {position}")
    return view[position : position + size], position + size


def _value(plan: Plan, raw: int | memoryview) -> Any:
    if plan.kind in (int, bool):
        if not isinstance(raw, int):
            raise ProtobufDamaged(f"{plan.name}: no number")
        return bool(raw) if plan.kind is bool else raw - (raw >> 63 << 64)
    if isinstance(raw, int):
        raise ProtobufDamaged(f"{plan.name}: a number")
    if plan.kind is bytes:
        return bytes(raw)
    if plan.kind is str:
        return str(raw, "utf-8", "replace")
    return decode(plan.kind, raw)


@cache
def _plans(kind: type[ProtoMessage]) -> dict[int, Plan]:
    hints = get_type_hints(kind)
    return {
        number: _plan(name, number, hints[name])
        for name, number in sorted(kind.NUMBERS.items(), key=lambda item: item[1])
    }


def _plan(name: str, number: int, hint: Any) -> Plan:
    repeated = get_origin(hint) is tuple
    if repeated or isinstance(hint, UnionType):
        hint = get_args(hint)[0]
    wire = VARINT if hint in (int, bool) else BYTES
    return Plan(name, hint, _varint(number << 3 | wire), repeated)
