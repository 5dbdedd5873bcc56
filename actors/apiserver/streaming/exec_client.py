"""A client of exec or attach, whatever it speaks; here: channels of a WebSocket.

Must not know: kubelets.
"""

from dataclasses import dataclass
from typing import Protocol

import orjson
from aiohttp import WSMsgType, web

from cluster.api.types import Object
from cluster.wire import channels
from cluster.wire.channels import Subprotocol

SIZE_MAX = 65535


@dataclass(frozen=True, slots=True)
class Size:
    """Of a terminal, in characters."""

    width: int
    height: int


class Target(Protocol):
    """Where input goes: the kubelet's session."""

    async def write(self, data: bytes) -> None:
        """Waits while it is not taken."""

    def write_eof(self) -> None:
        """No more input."""

    def resize(self, width: int, height: int) -> None:
        """Characters."""


class ExecClient(Protocol):
    """Raises ConnectionError once the client is gone, PeerFault if it breaks its protocol."""

    async def feed(self, target: Target) -> None:
        """The client's input to the target, until the client wants no more."""

    async def send(self, channel: int, data: bytes) -> None:
        """Output: channel 1 or 2."""

    async def finish(self, outcome: Object) -> None:
        """No more output; how it ended, as a Status."""

    async def close(self) -> None:
        """Say good-bye."""


class WebSocketClient:
    """Speaks ``protocol``."""

    def __init__(self, socket: web.WebSocketResponse, protocol: Subprotocol) -> None:
        self._socket = socket
        self._protocol = protocol

    async def feed(self, target: Target) -> None:
        while True:
            message = await self._socket.receive()
            if message.type not in (WSMsgType.BINARY, WSMsgType.TEXT):
                return
            piece = channels.decode(self._protocol, message.data)
            if piece is None:
                continue
            if piece.channel == channels.STDIN:
                await target.write(piece.data)
                if piece.closed:
                    target.write_eof()
            elif piece.channel == channels.RESIZE:
                size = parse_size(piece.data)
                if size is not None:
                    target.resize(size.width, size.height)

    async def send(self, channel: int, data: bytes) -> None:
        message = channels.encode(self._protocol, channel, data)
        if isinstance(message, str):
            await self._socket.send_str(message)
        else:
            await self._socket.send_bytes(message)

    async def finish(self, outcome: Object) -> None:
        text = error_text(outcome, self._protocol.statuses)
        if text:
            await self.send(channels.ERROR, text)

    async def close(self) -> None:
        await self._socket.close()


def error_text(outcome: Object, statuses: bool) -> bytes:
    """What the error channel carries: the Status, or, for the oldest protocols, its text."""
    if statuses:
        return orjson.dumps(outcome)
    return b"" if outcome["status"] == "Success" else str(outcome.get("message", "")).encode()


def parse_size(data: bytes) -> Size | None:
    """``{"Width": 80, "Height": 24}``; None if it is not that."""
    try:
        found = orjson.loads(data)
        size = Size(int(found["Width"]), int(found["Height"]))
    except (ValueError, KeyError, TypeError):
        return None
    sane = 0 < size.width <= SIZE_MAX and 0 < size.height <= SIZE_MAX
    return size if sane else None
