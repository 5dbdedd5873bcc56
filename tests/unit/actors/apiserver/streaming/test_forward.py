"""Port-forward over channels of a WebSocket: nothing a client sends early is lost."""

import asyncio
from types import SimpleNamespace
from typing import Any

from aiohttp import WSMessage, WSMsgType

from actors.apiserver.streaming.forward import ChannelForward
from cluster.api import status
from cluster.errors import StatusError
from cluster.wire import channels


class Socket:
    """What the client sends, and what it gets."""

    def __init__(self, *pieces: bytes) -> None:
        self.came: asyncio.Queue[WSMessage] = asyncio.Queue()
        self.sent: list[bytes] = []
        for piece in pieces:
            self.came.put_nowait(WSMessage(WSMsgType.BINARY, piece, None))

    async def receive(self) -> WSMessage:
        return await self.came.get()

    async def send_bytes(self, data: bytes) -> None:
        self.sent.append(data)


class SlowSession:
    """Is there only once all that came has been taken from the socket, or is refused then."""

    def __init__(self, socket: Socket, refused: StatusError | None = None) -> None:
        self.got = b""
        self.idle = SimpleNamespace(over=asyncio.Event().wait)
        self._socket = socket
        self._refused = refused
        self._written = asyncio.Event()

    async def __aenter__(self) -> "SlowSession":
        while not self._socket.came.empty():
            await asyncio.sleep(0)
        if self._refused is not None:
            raise self._refused
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def write(self, data: bytes) -> None:
        self.got += data
        self._written.set()

    async def read(self) -> None:
        await self._written.wait()


async def forwarded(socket: Socket, session: SlowSession, *ports: int) -> None:
    doubles: Any = (socket, session)
    forward = ChannelForward(doubles[0], channels.V4, ports, "web", lambda port: doubles[1])
    async with asyncio.timeout(5):
        await forward.run()


async def test_bytes_from_before_the_node_answered() -> None:
    socket = Socket(b"\x00early")
    session = SlowSession(socket)
    await forwarded(socket, session, 8080)
    assert session.got == b"early"
    assert socket.sent == [b"\x00\x90\x1f", b"\x01\x90\x1f"]


async def test_bytes_for_a_port_that_is_refused_or_was_not_named() -> None:
    socket = Socket(b"\x04none", b"\x00early")
    session = SlowSession(socket, status.internal_error("no answer"))
    await forwarded(socket, session, 8080)
    assert session.got == b""
    assert socket.sent[2].startswith(b"\x01error forwarding port 8080 to pod web: ")
