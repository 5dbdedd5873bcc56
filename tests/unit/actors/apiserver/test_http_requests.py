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


async def test_a_warning_may_quote_anything(wire: Wire) -> None:
    """It once took the answer with it, after the write was done."""
    body = b'{"metadata":{"name":"a"},"b\\u007f\\r\\n\\u0000":1}'
    length = b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    reply = await wire.send(HEAD + length + body)
    assert reply.code == 201
    assert "unknown field" in reply.headers["warning"]
