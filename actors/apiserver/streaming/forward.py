"""Port-forward: connections of a client, each a session with the kubelet of the pod's node.

Over SPDY (by itself or in a WebSocket) a client opens a pair of streams for each connection; over
channels of a WebSocket it has one connection for each port it named. Must not know: how the client
was upgraded. Source: Kubernetes' ``portforward.k8s.io`` protocol; KEP-4006 for the tunnel.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

from actors.apiserver.streaming.session import Session
from actors.apiserver.streaming.spdy import SpdyConnection, SpdyStream
from actors.kit.together import Together, until_first
from cluster.errors import PeerFault, StatusError
from cluster.messages.streams import StreamEnded, StreamOutput
from cluster.wire import channels
from cluster.wire.channels import Subprotocol

PROTOCOL = "portforward.k8s.io"
TUNNEL = Subprotocol(f"SPDY/3.1+{PROTOCOL}")
CHANNELS = (channels.V4, channels.V4_BASE64)
# How long the second stream of a pair may take (Kubernetes: 30 s).
PAIR_SECONDS = 30.0

# A session, not yet opened, with a port of the pod.
Dial = Callable[[int], Session]


class PairedForward:
    """Pairs of streams of one SPDY connection."""

    def __init__(self, connection: SpdyConnection, pod: str, dial: Dial) -> None:
        self._connection = connection
        self._pod = pod
        self._dial = dial
        self._half: dict[str, SpdyStream] = {}

    async def run(self) -> None:
        """Until cancelled: the connection's end is this one's. Raises PeerFault."""
        async with Together() as group:
            while True:
                stream = await self._connection.accept()
                kind, request = stream.headers.get("streamtype"), _request_of(stream)
                if kind not in ("error", "data"):
                    raise PeerFault(f"a stream of type {kind!r}")
                other = self._half.pop(request, None)
                if other is None:
                    self._half[request] = stream
                    group.start(self._give_up(request, stream))
                    continue
                if other.headers.get("streamtype") == kind:
                    raise PeerFault(f"two {kind} streams of one request")
                data, error = (stream, other) if kind == "data" else (other, stream)
                group.start(self._forward(data, error))

    async def _give_up(self, request: str, stream: SpdyStream) -> None:
        await asyncio.sleep(PAIR_SECONDS)
        if self._half.get(request) is stream:
            del self._half[request]
            await stream.reset()

    async def _forward(self, data: SpdyStream, error: SpdyStream) -> None:
        error.ignore()
        try:
            port = _port_of(data)
            async with self._dial(port) as session:
                await until_first(_there(data, session), _back(data, session), session.idle.over())
        except StatusError as refused:
            text = f"error forwarding port {data.headers['port']} to pod {self._pod}: {refused}"
            await _quietly(error.write(text.encode()))
        except ConnectionError:
            pass  # the client broke this one off, or is gone
        finally:
            await _quietly(data.finish())
            await _quietly(error.finish())


async def _there(data: SpdyStream, session: Session) -> None:
    while piece := await data.read():
        await session.write(piece)
    session.write_eof()
    await asyncio.Event().wait()


async def _back(data: SpdyStream, session: Session) -> None:
    while (item := await session.read()) is not None:
        if isinstance(item, StreamOutput):
            await data.write(item.data)
        elif isinstance(item, StreamEnded):
            await data.finish()


class ChannelForward:
    """One connection to each port: channel 2i carries its bytes, 2i + 1 its error. Both begin with
    the port, two bytes, little-endian."""

    def __init__(
        self, socket: web.WebSocketResponse, protocol: Subprotocol, ports: tuple[int, ...],
        pod: str, dial: Dial,
    ) -> None:  # fmt: skip
        self._socket = socket
        self._protocol = protocol
        self._ports = ports
        self._pod = pod
        self._dial = dial
        self._sessions: dict[int, Session] = {}
        # Set when the node of the pod has answered for the port, one way or the other.
        self._dialled = [asyncio.Event() for _ in ports]
        self._left = len(ports)
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Until the client closes, or all connections are over. Raises ConnectionError."""
        async with Together() as group:
            for index, port in enumerate(self._ports):
                start = port.to_bytes(2, "little")
                await self._send(2 * index, start)
                await self._send(2 * index + 1, start)
                group.start(self._forward(index, port))
            await until_first(self._listen(), self._over.wait())

    async def _forward(self, index: int, port: int) -> None:
        try:
            async with self._dial(port) as session:
                self._sessions[index] = session
                self._dialled[index].set()
                await until_first(self._back(index, session), session.idle.over())
        except StatusError as refused:
            text = f"error forwarding port {port} to pod {self._pod}: {refused}"
            await _quietly(self._send(2 * index + 1, text.encode()))
        except ConnectionError:
            pass  # the client is gone: whoever listens finds out
        finally:
            self._sessions.pop(index, None)
            self._dialled[index].set()
            self._left -= 1
            if not self._left:
                self._over.set()

    async def _back(self, index: int, session: Session) -> None:
        while (item := await session.read()) is not None:
            if isinstance(item, StreamOutput):
                await self._send(2 * index, item.data)
            elif isinstance(item, StreamEnded):
                return  # there is no half close to tell the client by

    async def _listen(self) -> None:
        while True:
            message = await self._socket.receive()
            if message.type not in (WSMsgType.BINARY, WSMsgType.TEXT):
                return
            piece = channels.decode(self._protocol, message.data)
            if piece is None or piece.channel % 2 or piece.channel >= 2 * len(self._ports):
                continue
            # A client may send at once; it is read no further until there is somebody to tell.
            await self._dialled[piece.channel // 2].wait()
            session = self._sessions.get(piece.channel // 2)
            if session is not None:
                await session.write(piece.data)

    async def _send(self, channel: int, data: bytes) -> None:
        message = channels.encode(self._protocol, channel, data)
        if isinstance(message, str):
            await self._socket.send_str(message)
        else:
            await self._socket.send_bytes(message)


def _request_of(stream: SpdyStream) -> str:
    """Older clients name no request: the error stream comes right before its data stream."""
    named = stream.headers.get("requestid")
    if named:
        return named
    is_error = stream.headers.get("streamtype") == "error"
    return str(stream.number if is_error else stream.number - 2)


def _port_of(stream: SpdyStream) -> int:
    text = stream.headers.get("port", "")
    if not text.isdecimal() or not 0 < int(text[:6]) < 65536:
        raise PeerFault(f"{text!r} is no port")
    return int(text)


async def _quietly(sending: Coroutine[Any, Any, None]) -> None:
    """A client that has gone needs no last word."""
    with suppress(ConnectionError):
        await sending
