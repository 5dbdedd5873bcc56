"""The protobuf wire format, and the messages that JSON writes as one value. Pure.

Source: protobuf.dev "Encoding"; apimachinery's Quantity, Time, IntOrString. Must not know kinds.
"""

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from cluster.api.jsonio import too_deep
from cluster.limits import NESTING_MAX

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_VARINT_BYTES_MAX = 10


class ProtobufError(ValueError):
    """The bytes are not what they claim to be. The API answers 400."""


def read_fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(field number, value): an int for a varint, else bytes. Raises ProtobufError."""
    position, end = 0, len(data)
    while position < end:
        tag, position = _varint(data, position)
        number, wire = tag >> 3, tag & 7
        if number == 0:
            raise ProtobufError("field number 0")
        if wire == _VARINT:
            value, position = _varint(data, position)
            yield number, value
            continue
        if wire == _BYTES:
            size, position = _varint(data, position)
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
        else:
            raise ProtobufError(f"unknown wire type {wire}")
        if size > end - position:
            raise ProtobufError("a field is longer than its message")
        yield number, data[position : position + size]
        position += size


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for count in range(_VARINT_BYTES_MAX):
        if position >= len(data):
            break
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << (7 * count)
        if not byte & 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position
    raise ProtobufError("a number does not end")


def integer(value: int | bytes) -> int:
    """A varint as int32 or int64: two's complement in 64 bits."""
    if isinstance(value, bytes):
        raise ProtobufError("a number has the wrong wire type")
    return value - (1 << 64) if value >= 1 << 63 else value


def _by_number(data: bytes) -> dict[int, int | bytes]:
    return dict(read_fields(data))


def _quantity(data: bytes) -> str | None:
    text = _by_number(data).get(1, b"")
    return _plain_text(text) if text else None


def _plain_text(value: int | bytes) -> str:
    if not isinstance(value, bytes):
        raise ProtobufError("a text has the wrong wire type")
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise ProtobufError("a text is not UTF-8") from error


def _int_or_string(data: bytes) -> int | str:
    found = _by_number(data)
    return _plain_text(found.get(3, b"")) if found.get(1) == 1 else integer(found.get(2, 0))


def _moment(data: bytes, timespec: str) -> str | None:
    found = _by_number(data)
    seconds, nanos = integer(found.get(1, 0)), integer(found.get(2, 0))
    if not seconds and not nanos:
        return None
    try:
        moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=nanos // 1000)
    except (ValueError, OverflowError, OSError) as error:
        raise ProtobufError("a time lies outside of all years") from error
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")


def _time(data: bytes) -> str | None:
    return _moment(data, "seconds")


def _micro_time(data: bytes) -> str | None:
    return _moment(data, "microseconds")


def _json(data: bytes) -> Any:
    raw = _plain_text(_by_number(data).get(1, b""))
    try:
        found = orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError as error:
        raise ProtobufError("embedded JSON cannot be read") from error
    if too_deep(found, NESTING_MAX):
        raise ProtobufError(f"embedded JSON nests deeper than {NESTING_MAX}")
    return found


def text_of_bytes(value: bytes) -> str:
    """A bytes field, as JSON writes it."""
    return base64.b64encode(value).decode()


# By the last part of the message's name; None in the answer: as if absent.
SPECIAL: dict[str, Callable[[bytes], Any]] = {
    "Quantity": _quantity,
    "IntOrString": _int_or_string,
    "Time": _time,
    "MicroTime": _micro_time,
    "FieldsV1": _json,
    "RawExtension": _json,
    "b": text_of_bytes,
}
