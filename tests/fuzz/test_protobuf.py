"""Protobuf bodies: messages of every kind whose fields hold what they should, nearly."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.apiserver.http_requests import json_of
from actors.apiserver.protobuf.decoder import Field, UnknownMessage, messages
from cluster.api.kind import Kind
from cluster.errors import StatusError
from tests.fuzz.budget import examples
from tests.fuzz.judge import Judge
from tests.fuzz.originals import STORED
from tests.fuzz.requests import request
from tests.fuzz.shapes import TEXTS

pytestmark = pytest.mark.asyncio(loop_scope="session")
DEPTH_MAX = 4
NUMBERS = st.sampled_from((0, 1, 2, 80, 2**31, 2**63 - 1, 2**63, 2**64 - 1))
WORDS = st.sampled_from(TEXTS).map(str.encode) | st.sampled_from((b"\xff", b"thing", b"v1"))
RAWS = st.sampled_from(
    (b"{}", b"[]", b'{"a":1}', b"null", b"1", b"{", b"[" * 300 + b"]" * 300, b"\xff", b"", b"1e999")
)


def varint(value: int) -> bytes:
    """Base 128, least significant group first."""
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: int | bytes) -> bytes:
    """A number as varint, bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


@st.composite
def message(draw: st.DrawFn, name: str, depth: int = 0) -> bytes:
    """Some fields of the message of that name."""
    fields = sorted(messages()[name].items())
    if depth > DEPTH_MAX or not fields:
        return b""
    chosen = draw(st.lists(st.sampled_from(fields), max_size=5))
    return b"".join(field(number, draw(value(one, name, depth))) for number, one in chosen)


@st.composite
def value(draw: st.DrawFn, one: Field, owner: str, depth: int) -> int | bytes:
    """Of one field; sometimes of another type."""
    if draw(st.integers(0, 24)) == 0:
        return draw(NUMBERS | st.binary(max_size=8))
    if one.mapped:
        inner = draw(value(one._replace(mapped=False), owner, depth))
        return field(1, draw(WORDS)) + field(2, inner)
    if one.type in ("i", "t"):
        return draw(NUMBERS)
    last = one.type.rpartition(".")[2]
    if last in ("FieldsV1", "RawExtension"):
        return field(1, draw(RAWS))
    if last in ("Time", "MicroTime"):
        return field(1, draw(NUMBERS)) + field(2, draw(NUMBERS))
    if last == "IntOrString":
        return field(1, draw(st.integers(0, 2))) + field(2, draw(NUMBERS)) + field(3, draw(WORDS))
    if last == "Quantity":
        return field(1, draw(WORDS))
    package = owner.rpartition(".")[0]
    inner_name = one.type if one.type in messages() else f"{package}.{one.type}"
    if inner_name in messages():
        return draw(message(inner_name, depth + 1))
    return draw(WORDS)


def body(kind: Kind, raw: bytes) -> bytes:
    """In Kubernetes' envelope."""
    meta = field(1, kind.api_version.encode()) + field(2, kind.kind.encode())
    return b"k8s\x00" + field(1, meta) + field(2, raw)


@given(st.data())
@examples(250)
async def test_messages_of_every_kind(judge: Judge, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(STORED))
    short = (kind.group.partition(".")[0] or "core", kind.version, kind.kind)
    name = ".".join(short)
    raw = data.draw(message(name)) if name in messages() else data.draw(st.binary(max_size=20))
    whole: Any = body(kind, raw)
    if data.draw(st.integers(0, 9)) == 0:
        at = data.draw(st.integers(0, len(whole)))
        whole = whole[:at] + data.draw(st.binary(max_size=3)) + whole[at:]
    try:
        made = json_of(whole)
    except UnknownMessage:
        return
    except StatusError as error:
        assert 400 <= error.code < 500, error.status
        return
    assert isinstance(orjson.loads(made), dict)
    await judge.ask(request("create", kind, query={"dryRun": "All"}, body=made))
