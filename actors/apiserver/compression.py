"""Long answers as gzip, for clients that take it.

Source: kube-apiserver's APIResponseCompression: answers of 128 KiB and more, at the quickest level.
Must not know: what is answered. Watches and streams are not compressed.
"""

import asyncio
import zlib
from collections.abc import Sequence

from aiohttp import web

from actors.apiserver.pieces import chunks
from actors.apiserver.slices import Slices
from cluster.limits import KIB

BYTES_MIN = 128 * KIB
# What is put together of a list in pieces before it is packed.
CHUNK_BYTES = 1024 * KIB
# Documents whose compressed form is kept: those of OpenAPI, of a few sets of custom resources.
KEPT_MAX = 32
_GZIP = zlib.MAX_WBITS | 16


class Compression:
    """Of one server. Documents that clients keep by their ETag are compressed once."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    async def applied(self, response: web.Response, accepted: str) -> web.Response:
        """The response, compressed if that is worth it. ``accepted``: Accept-Encoding."""
        body = response.body
        if isinstance(body, Slices):
            parts = body.parts
        elif isinstance(body, bytes) and len(body) >= BYTES_MIN:
            parts = [body]
        else:
            return response
        if not takes_gzip(accepted):
            return response
        if "Content-Encoding" in response.headers:
            return response
        etag = response.headers.get("ETag", "")
        packed = self._kept.get(etag)
        if packed is None:
            # zlib lets the loop go on meanwhile: a long list takes some hundredths of a second.
            packed = await asyncio.to_thread(_packed, parts)
            if etag:
                self._keep(etag, packed)
        response.body = packed
        response.headers["Content-Encoding"] = "gzip"
        response.headers.add("Vary", "Accept-Encoding")
        return response

    def _keep(self, etag: str, packed: bytes) -> None:
        while len(self._kept) >= KEPT_MAX:
            del self._kept[next(iter(self._kept))]
        self._kept[etag] = packed


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding (RFC 9110) names gzip, and not with a weight of 0."""
    for item in accepted.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        if name == "gzip":
            return not any(_is_zero(parameter) for parameter in parameters)
    return False


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and value.strip() in ("0", "0.0", "0.00", "0.000")


def _packed(parts: Sequence[bytes]) -> bytes:
    packer = zlib.compressobj(zlib.Z_BEST_SPEED, zlib.DEFLATED, _GZIP)
    packed = [packer.compress(chunk) for chunk in chunks(parts, CHUNK_BYTES)]
    return b"".join([*packed, packer.flush()])
