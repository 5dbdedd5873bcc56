"""Clients that send or read slowly, or stop in the middle: they lose their connection, nobody else
loses anything."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from actors.apiserver import http_connections, http_requests
from tests.fuzz.wire import SECONDS, Wire, read_reply
from tests.support.control_plane import control_plane

MAPS = "/api/v1/namespaces/default/configmaps"
POST = f"POST {MAPS} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n".encode()
BODY = b'{"metadata":{"name":"half"}}'
PATIENCE = 0.25


@pytest.fixture
async def wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wire]:
    """A door with little patience."""
    monkeypatch.setattr(http_connections, "HEADER_SECONDS", PATIENCE)
    monkeypatch.setattr(http_requests, "BODY_SECONDS", PATIENCE)
    async with control_plane(tmp_path, http=True) as plane:
        yield Wire.to(plane)


async def names(wire: Wire) -> list[str]:
    found = await wire.plane.list("configmaps", "default")
    return [item["metadata"]["name"] for item in found["items"]]


async def end(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the server hangs up."""
    async with asyncio.timeout(SECONDS):
        try:
            return await reader.read(-1)
        except ConnectionError:
            return b""


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"GET", b"GET /api HTTP/1.1\r\nHost: a\r\nX: "])
async def test_half_a_header(wire: Wire, sent: bytes) -> None:
    reader, writer = await wire.open()
    writer.write(sent)
    assert await end(reader) == b""
    writer.transport.abort()


async def test_a_header_that_comes_by_drops(wire: Wire) -> None:
    """Each drop is in time; the whole is not."""
    reader, writer = await wire.open()
    hung_up = asyncio.ensure_future(end(reader))
    writer.write(b"GET /api HTTP/1.1\r\nX: ")
    sent = 0
    while not hung_up.done():
        writer.write(b"a")
        sent += 1
        await asyncio.wait([hung_up], timeout=0.01)
    assert await hung_up == b""
    assert sent > 3
    writer.transport.abort()


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 28\r\n\r\n" + BODY[:10],
        b"Content-Length: 28\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1c\r\n" + BODY[:10],
        b"Transfer-Encoding: chunked\r\n\r\n1c\r\n" + BODY + b"\r\n",
    ],
)
async def test_half_a_body(wire: Wire, rest: bytes) -> None:
    reader, writer = await wire.open()
    writer.write(POST + rest)
    async with asyncio.timeout(SECONDS):
        reply = await read_reply(reader)
    assert (reply.code, reply.status["reason"]) == (408, "Timeout"), reply
    writer.transport.abort()
    assert await names(wire) == []


async def test_a_client_that_goes_away_in_the_middle(wire: Wire) -> None:
    for rest in (b"Content-Length: 28\r\n\r\n" + BODY[:10], b"Content-Le"):
        _, writer = await wire.open()
        writer.write(POST + rest)
        await writer.drain()
        writer.transport.abort()
    reply = await wire.ask("GET", MAPS)
    assert orjson.loads(reply.body)["items"] == []


async def test_many_that_say_nothing(wire: Wire) -> None:
    silent = [await wire.open() for _ in range(40)]
    assert (await wire.ask("GET", MAPS)).code == 200
    for reader, writer in silent:
        assert await end(reader) == b""
        writer.transport.abort()


async def test_requests_sent_all_at_once_are_answered_in_order(wire: Wire) -> None:
    reader, writer = await wire.open()
    targets = [f"{MAPS}/n{number}" for number in range(30)]
    writer.write(b"".join(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for path in targets))
    async with asyncio.timeout(SECONDS):
        told = [(await read_reply(reader)).status["details"]["name"] for _ in targets]
    assert told == [path.rpartition("/")[2] for path in targets]
    writer.transport.abort()


@pytest.mark.parametrize("query", ["?watch=1&resourceVersion=0", ""])
async def test_a_reader_who_never_reads(wire: Wire, query: str) -> None:
    """Of a watch, or of a long list: others go on, and what waits for it stays small."""
    if not query:
        await fill(wire, range(60))
    reader, writer = await wire.open(limit=1)
    writer.transport.pause_reading()
    writer.write(f"GET {MAPS}{query} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    await fill(wire, range(60, 120))
    live = await wire.ask("GET", f"{MAPS}/n119")
    assert orjson.loads(live.body)["metadata"]["name"] == "n119"
    assert len(await names(wire)) == (60 if query else 120)
    writer.transport.abort()
    del reader


async def fill(wire: Wire, numbers: Any) -> None:
    """Write a config map of 100 KB for each number."""
    for number in numbers:
        body = {"metadata": {"name": f"n{number}"}, "data": {"a": "x" * 100_000}}
        async with asyncio.timeout(SECONDS):
            await wire.plane.create("configmaps", body, "default")
