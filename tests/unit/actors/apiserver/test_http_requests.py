"""What is read of an HTTP request, over raw connections: text that is none, and patient clients."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fuzz.wire import Wire
from tests.support.control_plane import control_plane

MAPS = "/api/v1/namespaces/default/configmaps"
HEAD = f"POST {MAPS}?dryRun=All HTTP/1.1\r\nHost: a\r\n".encode()
BODY = b'{"metadata":{"name":"a"}}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    async with control_plane(tmp_path, http=True) as plane:
        yield Wire.to(plane)


@pytest.mark.parametrize(
    "name",
    ["Content-Type", "Accept", "Authorization", "User-Agent", "Impersonate-User", "X-Other"],
)
async def test_a_header_that_is_not_utf_8_is_refused(wire: Wire, name: str) -> None:
    line = name.encode() + b": Bearer \xff\xfe\r\n"
    reply = await wire.send(HEAD + LENGTH + line + b"Connection: close\r\n\r\n" + BODY)
    assert (reply.code, reply.status["reason"]) == (400, "BadRequest")
    assert reply.status["message"] == f"the header {name} is not valid UTF-8"


async def test_who_waits_for_100_continue_gets_it(wire: Wire) -> None:
    reader, writer = await wire.open()
    writer.write(HEAD + LENGTH + b"Expect: 100-continue\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(BODY)
    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 201 ")
    writer.close()
    await writer.wait_closed()


async def test_no_body_is_asked_for_that_would_be_refused(wire: Wire) -> None:
    for line, code in (
        (b"Content-Length: 99999999\r\nExpect: 100-continue\r\n", 413),
        (b"Content-Encoding: gzip\r\nExpect: 100-continue\r\n" + LENGTH, 415),
        (b"Expect: something\r\n" + LENGTH, 417),
    ):
        reply = await wire.send(HEAD + line + b"Connection: close\r\n\r\n")
        assert (reply.code, reply.status["code"]) == (code, code)


def protobuf(version: str, kind: str, name: str = "pb") -> bytes:
    """An object with nothing but a name, as typed Go clients send it."""

    def field(number: int, value: bytes) -> bytes:
        return bytes([number << 3 | 2, len(value)]) + value

    told = b"".join(field(at, text.encode()) for at, text in ((1, version), (2, kind)) if text)
    return b"k8s\0" + field(1, told) + field(2, field(1, field(1, name.encode())))


@pytest.mark.parametrize(
    ("path", "body", "code", "said"),
    [
        (MAPS, protobuf("v1", "ConfigMap"), 201, ""),
        (MAPS, protobuf("", ""), 201, ""),
        (MAPS, protobuf("", "ConfigMap"), 201, ""),
        (MAPS, protobuf("v1", "Secret"), 400, 'Secret in version "v1" cannot be handled as a '
                                              'ConfigMap'),
        (MAPS, protobuf("v1", "Foo"), 400, 'Foo in version "v1" cannot be handled as a ConfigMap: '
                                           'no kind "Foo" is registered for version "v1"'),
        (MAPS, protobuf("v2", "ConfigMap"), 400, 'ConfigMap in version "v2" cannot be handled as '
                                                 'a ConfigMap: no kind "ConfigMap" is registered '
                                                 'for version "v2"'),
    ],
)  # fmt: skip
async def test_protobuf_of_some_kind(
    wire: Wire, path: str, body: bytes, code: int, said: str
) -> None:
    for name in (
        b"application/vnd.kubernetes.protobuf",
        b"Application/Vnd.Kubernetes.Protobuf;a=b",
    ):
        head = f"POST {path}?dryRun=All HTTP/1.1\r\nHost: a\r\n".encode()
        head += b"Content-Type: %s\r\nContent-Length: %d\r\n" % (name, len(body))
        reply = await wire.send(head + b"Connection: close\r\n\r\n" + body)
        assert (reply.code, reply.status.get("message", "")) == (code, said)


async def test_a_warning_may_quote_anything(wire: Wire) -> None:
    """It once took the answer with it, after the write was done."""
    body = b'{"metadata":{"name":"a"},"b\\u007f\\r\\n\\u0000":1}'
    length = b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    reply = await wire.send(HEAD + length + body)
    assert reply.code == 201
    assert "unknown field" in reply.headers["warning"]
