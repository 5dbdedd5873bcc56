"""Long answers are sent a slice at a time.

Job: a list of a hundred megabytes is not put together, encrypted and handed to the kernel in one
go, while which the event loop would stand still, and which would double it in memory. Must not
know: what it is.
"""

import asyncio
from collections.abc import Sequence

from aiohttp import payload, web
from aiohttp.abc import AbstractStreamWriter

from actors.apiserver import pieces
from actors.apiserver.pieces import BYTES_MIN, ListResponse
from cluster.limits import KIB
from cluster.messages.apiserver import ApiResponse

# Each is copied and encrypted in one go: a tenth of a millisecond.
SLICE_BYTES = 128 * KIB


class Slices(payload.Payload):
    """A body in pieces (``pieces.py``), of which the transport holds a few slices at a time."""

    _autoclose = True

    def __init__(self, parts: Sequence[bytes]) -> None:
        super().__init__(parts)
        self.parts = parts
        self._size = pieces.size_of(parts)

    def whole(self) -> bytes:
        """All in one."""
        return pieces.BETWEEN.join(self.parts)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """See ``Payload``."""
        return self.whole().decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """All of it, as fast as the client takes it; others have their turn between slices."""
        for chunk in pieces.chunks(self.parts, SLICE_BYTES):
            await writer.write(chunk)
            await asyncio.sleep(0)


def body_of(answer: ApiResponse) -> "bytes | Slices":
    """What the response is made of."""
    if isinstance(answer, ListResponse) and pieces.size_of(answer.pieces) >= BYTES_MIN:
        return Slices(answer.pieces)
    return pieces.whole(answer).body


def in_slices(response: web.Response) -> web.Response:
    """The response, which waits between slices until the client has taken enough."""
    body = response.body
    if isinstance(body, bytes) and len(body) >= BYTES_MIN:
        response.body = Slices([body])
    return response


def size_of(response: web.StreamResponse) -> int | None:
    """Bytes of its body; None for what is written bit by bit."""
    if not isinstance(response, web.Response):
        return None
    body = response.body
    return pieces.size_of(body.parts) if isinstance(body, Slices) else len(in_one(response))


def in_one(response: web.Response) -> bytes:
    """Its body in one; of what it has none, nothing."""
    body = response.body
    if isinstance(body, Slices):
        return body.whole()
    return body if isinstance(body, bytes) else b""


def in_short(response: web.Response) -> bytes:
    """Its body, nothing of a long one."""
    return response.body if isinstance(response.body, bytes) else b""
