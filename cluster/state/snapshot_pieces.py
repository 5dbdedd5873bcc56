"""The records that a snapshot is made of, each framed and checksummed.

Job: the format of the pieces. Must not know: what a state machine does with them.

A snapshot is a sequence of pieces: u32 length, u32 CRC-32 of what follows it, then msgpack of one
record. A piece holds a bounded number of items and, but for one item that is larger itself, of
bytes, so that making or reading one is a short step.
"""

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import msgspec

from cluster.limits import KIB
from cluster.messages.store import KeyValue, TxnResult

PIECE_HEADER = struct.Struct("<II")
PIECE_ITEMS = 256
PIECE_BYTES = 512 * KIB
FORMAT = 2

Item = TypeVar("Item")


class SnapshotDamaged(ValueError):
    """The bytes are no whole, unharmed snapshot; the text says where."""


class Head(msgspec.Struct, frozen=True, array_like=True, tag="head"):
    """``format``: of this file. The rest is the state machine's; ``alarms`` by member, sorted."""

    format: int
    index: int
    term: int
    revision: int
    compacted: int
    digest: bytes
    time: int
    alarms: tuple[tuple[str, str], ...]


class SavedLeases(msgspec.Struct, frozen=True, array_like=True, tag="leases"):
    """Leases by id: id, seconds granted, expiry."""

    leases: tuple[tuple[int, int, int], ...]


class Items(msgspec.Struct, frozen=True, array_like=True, tag="items"):
    """Present versions, by key."""

    items: tuple[KeyValue, ...]


class PastEvent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One event: what ``key`` was before, and whether it was put or deleted."""

    revision: int
    key: str
    deleted: bool
    previous: KeyValue | None
    trace: str


class Past(msgspec.Struct, frozen=True, array_like=True, tag="past"):
    """Events, newest first."""

    events: tuple[PastEvent, ...]


class SavedSession(msgspec.Struct, frozen=True, array_like=True, tag="session"):
    """One session; they come least recently used first."""

    client: str
    done_below: int


class SavedResult(msgspec.Struct, frozen=True, array_like=True):
    """A remembered outcome: a result, or an error by class name and text."""

    sequence: int
    result: TxnResult | None
    error: str = ""
    text: str = ""


class SavedResults(msgspec.Struct, frozen=True, array_like=True, tag="results"):
    """More results of the session before, in the order in which they were recorded."""

    results: tuple[SavedResult, ...]


class Tail(msgspec.Struct, frozen=True, array_like=True, tag="tail"):
    """The end: without it the snapshot is not whole. ``pieces``: before this one."""

    pieces: int


Piece = Head | SavedLeases | Items | Past | SavedSession | SavedResults | Tail

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Piece] = msgspec.msgpack.Decoder(Piece)


def grouped(items: Iterable[Item], size_of: Callable[[Item], int]) -> Iterator[tuple[Item, ...]]:
    """The items of one piece after the other."""
    group: list[Item] = []
    size = 0
    for item in items:
        more = size_of(item)
        if group and (len(group) >= PIECE_ITEMS or size + more > PIECE_BYTES):
            yield tuple(group)
            group.clear()
            size = 0
        group.append(item)
        size += more
    if group:
        yield tuple(group)


def write_pieces(pieces: Iterable[Piece]) -> Iterator[bytes]:
    """Their bytes, and the tail's."""
    count = 0
    for piece in pieces:
        count += 1
        yield _frame(piece)
    yield _frame(Tail(count))


def _frame(piece: Piece) -> bytes:
    body = _encoder.encode(piece)
    return PIECE_HEADER.pack(len(body), zlib.crc32(body)) + body


def read_pieces(data: bytes) -> Iterator[Piece]:
    """Check and decode piece by piece. Raises SnapshotDamaged with the offset."""
    view = memoryview(data)
    offset = pieces = 0
    tail = None
    while offset < len(view):
        if tail is not None:
            raise SnapshotDamaged(f"bytes after the end, at offset {offset}")
        if offset + PIECE_HEADER.size > len(view):
            raise SnapshotDamaged(f"cut off at offset {offset}")
        length, checksum = PIECE_HEADER.unpack_from(view, offset)
        body = view[offset + PIECE_HEADER.size : offset + PIECE_HEADER.size + length]
        if len(body) != length or zlib.crc32(body) != checksum:
            raise SnapshotDamaged(f"checksum does not match at offset {offset}")
        try:
            piece = _decoder.decode(body)
        except msgspec.DecodeError as error:
            raise SnapshotDamaged(f"no piece at offset {offset}: {error}") from error
        if isinstance(piece, Tail):
            tail = piece
        else:
            pieces += 1
            yield piece
        offset += PIECE_HEADER.size + length
    if tail is None or tail.pieces != pieces:
        raise SnapshotDamaged(f"not whole: {pieces} pieces, {offset} bytes")
