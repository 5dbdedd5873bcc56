"""Watches over a WebSocket: each event is a message. Browsers can read no endless answer else.

Source: Kubernetes' watch over WebSocket; RFC 6455. Must not know: what events are.
"""

from collections.abc import Awaitable, Callable

from aiohttp import WSMsgType, web

from actors.apiserver.authentication import TOKEN_PROTOCOL
from actors.apiserver.streaming import pipes


def subprotocol(http: web.BaseRequest) -> str:
    """The client's own choice, '' for none: it changes nothing. A token is no choice."""
    lines = ",".join(http.headers.getall("Sec-WebSocket-Protocol", []))
    offered = [name.strip() for name in lines.split(",")]
    return next((name for name in offered if name and not name.startswith(TOKEN_PROTOCOL)), "")


async def open_socket(http: web.BaseRequest) -> web.WebSocketResponse:
    """Raises StatusError 400 for a bad handshake."""
    return await pipes.open_websocket(http, subprotocol(http))


def teller(socket: web.WebSocketResponse) -> Callable[[bytes], Awaitable[None]]:
    """What writes whole lines."""

    async def write(lines: bytes) -> None:
        for line in lines.split(b"\n"):
            if line:
                await socket.send_str(line.decode() + "\n")

    return write


async def until_closed(socket: web.WebSocketResponse) -> None:
    """By the client, who has nothing to say."""
    while (await socket.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
        pass
