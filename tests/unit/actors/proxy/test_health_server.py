"""healthCheckNodePort answers."""

import asyncio

import pytest

from actors.proxy import health_server
from actors.proxy.health_server import HealthServer, health_response


def test_status_follows_local_endpoints() -> None:
    health = {32000: (("d", "web"), 2), 32001: (("d", "api"), 0)}
    assert health_response(32000, health).startswith(b"HTTP/1.1 200")
    assert b'"localEndpoints": 2' in health_response(32000, health)
    assert health_response(32001, health).startswith(b"HTTP/1.1 503")
    assert health_response(health_server.PROXY_PORT, health).startswith(b"HTTP/1.1 200")


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def test_it_listens_on_exactly_the_ports_asked_for() -> None:
    probe = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = probe.sockets[0].getsockname()[1]
    server = HealthServer()
    assert set(await server.serve("127.0.0.1", {port: (("d", "web"), 1)})) == {port}
    probe.close()
    await probe.wait_closed()
    assert not await server.serve("127.0.0.1", {port: (("d", "web"), 1)})
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()
    await server.serve("127.0.0.1", {})
    await server.close()


async def test_silent_clients_cannot_take_all_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_server, "CONNECTIONS_MAX", 1)
    probe = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = probe.sockets[0].getsockname()[1]
    probe.close()
    await probe.wait_closed()
    server = HealthServer()
    assert not await server.serve("127.0.0.1", {port: (("d", "web"), 1)})
    reader, silent = await asyncio.open_connection("127.0.0.1", port)
    second, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await second.read() == b""
    silent.write(b"GET /healthz HTTP/1.1\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    for each in (silent, writer):
        each.close()
        await each.wait_closed()
    await server.close()
