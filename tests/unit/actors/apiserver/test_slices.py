"""Long answers go out a slice at a time, whole and in order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import pytest
from aiohttp import web

from actors.apiserver.slices import BYTES_MIN, in_slices

Answer: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def text(size: int) -> bytes:
    return bytes(number % 251 for number in range(size))


@pytest.mark.parametrize("size", [0, 1, BYTES_MIN - 1, BYTES_MIN, 3 * BYTES_MIN + 17])
async def test_an_answer_arrives_whole_whatever_its_length(size: int) -> None:
    body = text(size)

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return in_slices(web.Response(body=body, headers={"Content-Type": "application/json"}))

    head, got = await fetch(answer)
    assert b"200 OK" in head and b"Content-Type: application/json" in head
    assert f"Content-Length: {size}".encode() in head
    assert head.count(b"Content-") == 2
    assert got == body


async def test_who_does_not_read_makes_the_server_keep_little() -> None:
    size = 40 * BYTES_MIN
    waiting: list[asyncio.Transport] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        waiting.append(request.transport)
        return in_slices(web.Response(body=bytes(size)))

    async with asked(answer) as (reader, _):
        await reader.readuntil(b"\r\n\r\n")
        async with asyncio.timeout(20):
            while not waiting[0].get_write_buffer_size():
                await asyncio.sleep(0.01)
        for _ in range(50):
            await asyncio.sleep(0)
        assert waiting[0].get_write_buffer_size() < BYTES_MIN
        assert await reader.readexactly(size) == bytes(size)


async def fetch(answer: Answer) -> tuple[bytes, bytes]:
    async with asked(answer) as (reader, _):
        return await reader.readuntil(b"\r\n\r\n"), await reader.read()


@asynccontextmanager
async def asked(
    answer: Answer,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    handler = web.Server(answer)
    server = await asyncio.get_running_loop().create_server(handler, "127.0.0.1", 0)
    async with server:
        address = server.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(*address, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        try:
            yield reader, writer
        finally:
            writer.close()
            await writer.wait_closed()
            await handler.shutdown()
