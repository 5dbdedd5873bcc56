"""SPDY/3.1 frames and bytes, as Kubernetes' streaming clients of old speak them.

A push parser for one direction and an encoder for the other: each keeps the compression state of
its direction's header blocks, so both live as long as their connection. Sizes are checked before
anything is held. There is no flow control by windows: the other side's library has none, and would
never open one again (it relies on TCP). Must not know: what the streams are for.

Source: SPDY Protocol, Draft 3.1 (sections 2.2 framing, 2.6 control frames, 2.6.10 name/value header
block).
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from cluster.errors import PeerFault
from cluster.wire.spdy_dictionary import DICTIONARY

VERSION = 3
SYN_STREAM, SYN_REPLY, RST_STREAM, SETTINGS, PING, GOAWAY, HEADERS, WINDOW_UPDATE = (
    1, 2, 3, 4, 6, 7, 8, 9,
)  # fmt: skip
FLAG_FIN = 0x01
FLAG_UNIDIRECTIONAL = 0x02
# Reasons of RST_STREAM (section 2.6.3) and GOAWAY (2.6.6).
PROTOCOL_ERROR, REFUSED_STREAM, CANCEL = 1, 3, 5
GOAWAY_OK, GOAWAY_PROTOCOL_ERROR = 0, 1
# A control frame of a client holds a few short headers; a data frame is read in pieces.
CONTROL_BYTES_MAX = 16 * 1024
HEADERS_BYTES_MAX = 64 * 1024
DATA_BYTES_MAX = (1 << 24) - 1

_HEAD = struct.Struct(">II")
_WORD = struct.Struct(">I")
_WORDS = struct.Struct(">II")
_MASK = 0x7FFFFFFF


@dataclass(frozen=True, slots=True)
class SynStream:
    """The peer opens a stream. Header names are lower case."""

    stream: int
    headers: Mapping[str, str] = field(default_factory=dict)
    fin: bool = False
    kind: ClassVar[int] = SYN_STREAM


@dataclass(frozen=True, slots=True)
class SynReply:
    """A stream is accepted."""

    stream: int
    headers: Mapping[str, str] = field(default_factory=dict)
    fin: bool = False
    kind: ClassVar[int] = SYN_REPLY


@dataclass(frozen=True, slots=True)
class Headers:
    """More headers of a stream."""

    stream: int
    headers: Mapping[str, str] = field(default_factory=dict)
    fin: bool = False
    kind: ClassVar[int] = HEADERS


@dataclass(frozen=True, slots=True)
class Data:
    """A piece of a stream's bytes (of a long frame: one of several, the last with its ``fin``)."""

    stream: int
    data: bytes = b""
    fin: bool = False


@dataclass(frozen=True, slots=True)
class RstStream:
    """A stream ends at once, both ways."""

    stream: int
    reason: int = CANCEL


@dataclass(frozen=True, slots=True)
class Ping:
    """To be sent back as it is, if it is the other side's (its numbers are odd for a client)."""

    id: int


@dataclass(frozen=True, slots=True)
class GoAway:
    """No new streams."""

    last_stream: int = 0
    reason: int = GOAWAY_OK


Frame = SynStream | SynReply | Headers | Data | RstStream | Ping | GoAway


class Decoder:
    """Bytes to frames. Frames that do not matter here (SETTINGS, WINDOW_UPDATE) are left out."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._stream = 0  # of the data frame that is under way
        self._fin = False
        self._left = 0
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are whole now; of a data frame, what is there. Raises PeerFault."""
        self._buffer += data
        while self._buffer:
            if self._left:
                piece = bytes(self._buffer[: self._left])
                del self._buffer[: self._left]
                self._left -= len(piece)
                yield Data(self._stream, piece, self._fin and not self._left)
                continue
            if len(self._buffer) < _HEAD.size:
                return
            first, second = _HEAD.unpack_from(self._buffer)
            flags, length = second >> 24, second & 0xFFFFFF
            if not first >> 31:
                del self._buffer[: _HEAD.size]
                self._stream, self._fin, self._left = first, bool(flags & FLAG_FIN), length
                if not length:
                    yield Data(first, b"", self._fin)
                continue
            if length > CONTROL_BYTES_MAX:
                raise PeerFault(f"a SPDY control frame of {length} bytes")
            if len(self._buffer) < _HEAD.size + length:
                return
            body = bytes(self._buffer[_HEAD.size : _HEAD.size + length])
            del self._buffer[: _HEAD.size + length]
            if (first >> 16) & 0x7FFF != VERSION:
                raise PeerFault(f"SPDY version {(first >> 16) & 0x7FFF}")
            frame = self._control(first & 0xFFFF, flags, body)
            if frame is not None:
                yield frame

    def _control(self, kind: int, flags: int, body: bytes) -> Frame | None:
        fin = bool(flags & FLAG_FIN)
        match kind:
            case 1:  # SYN_STREAM: stream, associated stream, priority, slot
                stream = _word(body, 0, 10)
                return SynStream(stream, self._headers(body[10:]), fin)
            case 2:
                return SynReply(_word(body, 0, 4), self._headers(body[4:]), fin)
            case 8:
                return Headers(_word(body, 0, 4), self._headers(body[4:]), fin)
            case 3:
                return RstStream(_word(body, 0, 8), _word(body, 4, 8))
            case 6:
                return Ping(_WORD.unpack(body)[0] if len(body) == 4 else _word(body, 0, 4))
            case 7:
                return GoAway(_word(body, 0, 8), _word(body, 4, 8))
        return None

    def _headers(self, block: bytes) -> dict[str, str]:
        """A name/value header block: lengths and texts, compressed (section 2.6.10)."""
        try:
            plain = self._inflate.decompress(block, HEADERS_BYTES_MAX)
        except zlib.error as error:
            raise PeerFault(f"a SPDY header block: {error}") from error
        if self._inflate.unconsumed_tail:
            raise PeerFault("a SPDY header block is too long")
        found: dict[str, str] = {}
        at = 4
        for _ in range(_word(plain, 0, 4)):
            name, at = _text(plain, at)
            value, at = _text(plain, at)
            if name in found or name != name.lower():
                raise PeerFault("a SPDY header's name comes twice, or in capitals")
            found[name] = value
        return found


class Encoder:
    """Frames to bytes."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(zdict=DICTIONARY)

    def encode(self, frame: Frame) -> bytes:
        """One frame. ``Data`` of more than DATA_BYTES_MAX is refused (ValueError)."""
        match frame:
            case Data():
                if len(frame.data) > DATA_BYTES_MAX:
                    raise ValueError("too long for one frame")
                flags = FLAG_FIN if frame.fin else 0
                return _HEAD.pack(frame.stream, flags << 24 | len(frame.data)) + frame.data
            case SynStream():
                body = struct.pack(">IIH", frame.stream, 0, 0) + self._block(frame.headers)
                return _control(SYN_STREAM, frame.fin, body)
            case SynReply() | Headers():
                body = _WORD.pack(frame.stream) + self._block(frame.headers)
                return _control(frame.kind, frame.fin, body)
            case RstStream():
                return _control(RST_STREAM, False, _WORDS.pack(frame.stream, frame.reason))
            case Ping():
                return _control(PING, False, _WORD.pack(frame.id))
            case GoAway():
                return _control(GOAWAY, False, _WORDS.pack(frame.last_stream, frame.reason))

    def _block(self, headers: Mapping[str, str]) -> bytes:
        plain = bytearray(_WORD.pack(len(headers)))
        for pair in headers.items():
            for text in pair:
                encoded = text.encode()
                plain += _WORD.pack(len(encoded)) + encoded
        return self._deflate.compress(bytes(plain)) + self._deflate.flush(zlib.Z_SYNC_FLUSH)


def _control(kind: int, fin: bool, body: bytes) -> bytes:
    flags = FLAG_FIN if fin else 0
    return _HEAD.pack(1 << 31 | VERSION << 16 | kind, flags << 24 | len(body)) + body


def _word(data: bytes, at: int, least: int) -> int:
    """Raises PeerFault if there are not ``least`` bytes."""
    if len(data) < least:
        raise PeerFault("a SPDY control frame is too short")
    return int(_WORD.unpack_from(data, at)[0]) & _MASK


def _text(plain: bytes, at: int) -> tuple[str, int]:
    end = at + 4
    if end > len(plain):
        raise PeerFault("a SPDY header block ends early")
    length = int(_WORD.unpack_from(plain, at)[0])
    if end + length > len(plain):
        raise PeerFault("a SPDY header block ends early")
    try:
        return plain[end : end + length].decode(), end + length
    except UnicodeDecodeError as error:
        raise PeerFault("a SPDY header is not UTF-8") from error
