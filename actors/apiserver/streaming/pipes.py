"""Plain bytes to and from a client after the HTTP request: a hijacked connection, or a WebSocket
whose messages are pieces of one byte stream.

Must not know: what the bytes say.
"""

import asyncio
import socket
from collections.abc import Mapping
from typing import Any, Protocol, cast

from aiohttp import WSMsgType, web

from cluster.api import status

READ_BYTES = 32 * 1024
# A client that died without a word (power, network) is noticed by TCP: seconds, tcp(7).
KEEPALIVE_IDLE_SECONDS = 30
KEEPALIVE_INTERVAL_SECONDS = 10
KEEPALIVE_PROBES = 6
UNACKNOWLEDGED_SECONDS = 90
CLOSE_SECONDS = 2.0


class Pipe(Protocol):
    """Both ways bounded. Raises ConnectionError once the client is gone."""

    async def read(self) -> bytes:
        """b"" once the client has said all."""

    async def write(self, data: bytes) -> None:
        """Waits while the client does not read. Calls at once are carried out in order."""

    async def close(self) -> None:
        """The end of it."""


class Upgraded(web.StreamResponse):
    """What aiohttp is answered once the connection is not its own any more."""

    def __init__(self) -> None:
        super().__init__(status=101)
        self.force_close()

    async def prepare(self, request: web.BaseRequest) -> None:
        """The head was sent when the connection was taken."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to say."""


class _Taken(asyncio.StreamReaderProtocol):
    """The connection's new owner; the old one must still hear of its end, to clean up after it."""

    def __init__(self, reader: asyncio.StreamReader, before: asyncio.BaseProtocol) -> None:
        super().__init__(reader)
        self._before = before

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._before.connection_lost(exc)


class RawPipe:
    """A connection taken out of the HTTP server's hands: see ``take``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> bytes:
        return await self._reader.read(READ_BYTES)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        self._writer.close()


def take(request: web.BaseRequest, head: bytes) -> RawPipe:
    """Answer with ``head`` (a whole HTTP/1.1 response head) and take the connection. The handler
    must answer with ``Upgraded``. Raises ConnectionError if the client is gone."""
    transport = request.transport
    if transport is None or transport.is_closing():
        raise ConnectionResetError("the client is gone")
    keep_alive(transport)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2 * READ_BYTES, loop=loop)
    protocol = _Taken(reader, request.protocol)
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    # uvloop's are transports in all but their base class.
    writer = asyncio.StreamWriter(cast(asyncio.WriteTransport, transport), protocol, reader, loop)
    writer.write(head)
    return RawPipe(reader, writer)


def switching(upgrade: str, headers: Mapping[str, str]) -> bytes:
    """The head of a 101 (RFC 9110 section 15.2.2)."""
    lines = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", f"Upgrade: {upgrade}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class WebSocketPipe:
    """Each message is a piece; the client's close is the end."""

    def __init__(self, socket_: web.WebSocketResponse) -> None:
        self._socket = socket_

    async def read(self) -> bytes:
        while True:
            message = await self._socket.receive()
            if message.type == WSMsgType.BINARY:
                if message.data:
                    return bytes(message.data)
            elif message.type != WSMsgType.TEXT:
                return b""

    async def write(self, data: bytes) -> None:
        await self._socket.send_bytes(data)

    async def close(self) -> None:
        await self._socket.close()


async def open_websocket(request: web.BaseRequest, protocol: str) -> web.WebSocketResponse:
    """Accept with that subprotocol ('' : none). Raises StatusError 400 for a bad handshake."""
    made = web.WebSocketResponse(
        protocols=(protocol,) if protocol else (), compress=False, timeout=CLOSE_SECONDS
    )
    try:
        await made.prepare(request)
    except web.HTTPBadRequest as error:
        raise status.bad_request(error.text or "the WebSocket handshake is malformed") from error
    if request.transport is not None:
        keep_alive(request.transport)
    return made


def keep_alive(transport: asyncio.BaseTransport) -> None:
    """Let TCP find out that the peer is gone."""
    found: Any = transport.get_extra_info("socket")
    if found is None or found.family not in (socket.AF_INET, socket.AF_INET6):
        return
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        (socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS),
        (socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS),
        (socket.TCP_KEEPCNT, KEEPALIVE_PROBES),
        (socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_SECONDS * 1000),
    ):
        found.setsockopt(socket.IPPROTO_TCP, option, value)
