"""Channels within a WebSocket: the first byte of a message says which, the rest is its bytes.

Must not know: what the channels carry, sockets.
Source: Kubernetes' ``channel.k8s.io`` subprotocols; KEP-4006 (version 5, the close signal).
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from cluster.errors import PeerFault

STDIN, STDOUT, STDERR, ERROR, RESIZE = range(5)
# Version 5: the channel named in the second byte is closed by the sender.
CLOSE_SIGNAL = 255


@dataclass(frozen=True, slots=True)
class Subprotocol:
    """``base64``: messages are text, the channel a digit. ``statuses``: the error channel carries a
    Status object, else text. ``closes``: the close signal is understood."""

    name: str
    base64: bool = False
    statuses: bool = False
    closes: bool = False


V5 = Subprotocol("v5.channel.k8s.io", statuses=True, closes=True)
V4 = Subprotocol("v4.channel.k8s.io", statuses=True)
V4_BASE64 = Subprotocol("v4.base64.channel.k8s.io", base64=True, statuses=True)
V1 = Subprotocol("channel.k8s.io")
V1_BASE64 = Subprotocol("base64.channel.k8s.io", base64=True)
ALL = (V5, V4, V4_BASE64, V1, V1_BASE64)


def choose(offered: Sequence[str], known: Sequence[Subprotocol] = ALL) -> Subprotocol | None:
    """The first of the client's that is known; a client that offers none speaks the oldest."""
    if not offered:
        return Subprotocol("")
    by_name = {item.name: item for item in known}
    return next((by_name[name] for name in offered if name in by_name), None)


@dataclass(frozen=True, slots=True)
class Piece:
    """``closed``: the sender closes the channel."""

    channel: int
    data: bytes = b""
    closed: bool = False


def decode(protocol: Subprotocol, message: bytes | str) -> Piece | None:
    """None for an empty message. Raises PeerFault."""
    raw = message.encode() if isinstance(message, str) else message
    if not raw:
        return None
    if protocol.base64:
        try:
            return Piece(int(raw[:1]), base64.b64decode(raw[1:], validate=True))
        except (ValueError, binascii.Error) as error:
            raise PeerFault("a message of the base64 protocol is malformed") from error
    if raw[0] == CLOSE_SIGNAL and protocol.closes:
        if len(raw) != 2:
            raise PeerFault("a close signal names one channel")
        return Piece(raw[1], closed=True)
    return Piece(raw[0], raw[1:])


def encode(protocol: Subprotocol, channel: int, data: bytes) -> bytes | str:
    """Text for the base64 protocols."""
    if protocol.base64:
        return str(channel) + base64.b64encode(data).decode()
    return bytes((channel,)) + data
