"""Frames on a connection: a header of 9 bytes, then a body whose length was checked first.

Header, big endian: length of the body (4 bytes), kind (1), channel (4). An envelope is one ENVELOPE
frame, or, if it is long, one FIRST frame (body: its total length, 4 bytes) and PART frames on the
same channel, between which other frames may come. There is no checksum: TCP and TLS have theirs.
Must not know: what an envelope holds.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from cluster.errors import PeerFault
from cluster.limits import FRAME_BYTES_MAX, KIB

HEADER = struct.Struct(">IBI")
TOTAL = struct.Struct(">I")

HELLO = 1  # body: msgpack map, see transports; first frame in both directions
CONFIRM = 2  # the dialler has accepted the answer to its hello: envelopes may follow
REFUSE = 3  # body: why, as UTF-8; then the connection is closed
PING = 4
PONG = 5
ENVELOPE = 6
FIRST = 7
PART = 8
_KIND_MAX = PART

# What a short envelope may wait behind (a millisecond at 1 Gbit/s); a batch of 64 writes of 1 KiB
# still goes as one frame, which costs less to put together than parts.
CHUNK_BYTES = 128 * KIB
# Long envelopes under way on one connection at a time, and their bytes together.
CHANNELS_MAX = 16


class Frame(NamedTuple):
    """One frame; an ENVELOPE frame is whole, whether it came whole or in parts."""

    kind: int
    body: bytes


def frame_header(kind: int, length: int) -> bytes:
    """The header of a frame on channel 0 whose body has that length."""
    return HEADER.pack(length, kind, 0)


def encode_frame(kind: int, body: bytes = b"", channel: int = 0) -> bytes:
    """One frame."""
    return HEADER.pack(len(body), kind, channel) + body


def chunks(envelope: bytes, channel: int) -> Iterator[bytes]:
    """The frames of one long envelope, in order."""
    yield encode_frame(FIRST, TOTAL.pack(len(envelope)), channel)
    for start in range(0, len(envelope), CHUNK_BYTES):
        yield encode_frame(PART, envelope[start : start + CHUNK_BYTES], channel)


class FrameDecoder:
    """Bytes in, frames out. ``limit``: of one frame or envelope, in bytes."""

    def __init__(self, limit: int = FRAME_BYTES_MAX) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._partial: dict[int, tuple[int, bytearray]] = {}

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that ``data`` completes. Raises PeerFault; the decoder is then of no use."""
        buffer = self._buffer
        frames: list[Frame] = []
        if not buffer:
            if len(data) >= HEADER.size:
                # Mostly it is one short envelope.
                length, kind, _ = HEADER.unpack_from(data)
                if kind == ENVELOPE and length + HEADER.size == len(data) and length <= CHUNK_BYTES:
                    return [Frame(kind, data[HEADER.size :])]
            # Else whole frames: what is left over is kept, the rest never copied.
            start = self._whole(data, frames)
            buffer += memoryview(data)[start:]
            return frames
        buffer += data
        start = self._whole(buffer, frames)
        del buffer[:start]
        return frames

    def _whole(self, data: bytes | bytearray, frames: list[Frame]) -> int:
        """Append the whole frames at the beginning of ``data``; where they end."""
        start, size, header = 0, len(data), HEADER.size
        unpack = HEADER.unpack_from
        view = memoryview(data)
        try:
            while size - start >= header:
                length, kind, channel = unpack(data, start)
                # Only whole short envelopes and chunks travel: nothing needs a larger buffer.
                if length > CHUNK_BYTES:
                    raise PeerFault(f"a frame of {length} bytes: longer than a chunk")
                if not 1 <= kind <= _KIND_MAX:
                    raise PeerFault(f"a frame of unknown kind {kind}")
                end = start + header + length
                if size < end:
                    break
                body = bytes(view[start + header : end])
                start = end
                if kind == ENVELOPE:
                    frames.append(Frame(kind, body))
                elif (whole := self._frame(kind, channel, body)) is not None:
                    frames.append(whole)
        finally:
            # A bytearray cannot shrink while it is looked at.
            view.release()
        return start

    def _frame(self, kind: int, channel: int, body: bytes) -> Frame | None:
        if kind == FIRST:
            self._begin(channel, body)
            return None
        if kind != PART:
            return Frame(kind, body)
        if channel not in self._partial:
            raise PeerFault(f"a part on channel {channel}, which was not begun")
        total, gathered = self._partial[channel]
        gathered += body
        if len(gathered) > total or not body:
            raise PeerFault(f"{len(gathered)} bytes on channel {channel} where {total} are due")
        if len(gathered) < total:
            return None
        del self._partial[channel]
        return Frame(ENVELOPE, bytes(gathered))

    def _begin(self, channel: int, body: bytes) -> None:
        if len(body) != TOTAL.size:
            raise PeerFault("a malformed first chunk")
        (total,) = TOTAL.unpack(body)
        due = total + sum(entry[0] for entry in self._partial.values())
        if channel in self._partial or len(self._partial) >= CHANNELS_MAX:
            raise PeerFault(f"channel {channel} is in use, or too many are")
        if not 0 < due <= self._limit:
            raise PeerFault(f"{due} bytes under way: more than {self._limit}")
        self._partial[channel] = (total, bytearray())
