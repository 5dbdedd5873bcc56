"""The write-ahead log's records, in binary: pure.

Job: encode, scan and judge damage. Must not know: files, tasks.

A record: u32 CRC-32 of all that follows, u32 length of the payload, u8 type, u64 ordinal, payload.
An entry's payload is u64 index, u64 term, u8 kind, data; a Mark's is one u64; all others are
msgpack. Ordinals count records over all segments and only grow, so a record in a wrong place is
noticed, and none that a file held when it was another segment is taken for a new one. A segment
begins with a Header, the hard state and the snapshot's meta; its records end with a terminator,
behind which anything may follow. Every group of records that shares a sync begins with a Mark: how
far the segment was durable before. So damage is told apart: after what any later mark covers it is
a torn tail, which nobody was promised; before that it is corruption.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from cluster.raft.messages import Entry, HardState, SnapshotMeta

# In format 2 nothing but zeros follows the records: read by the same rules.
FORMAT = 3
FORMATS_READ = (2, 3)
_PREFIX = struct.Struct("<IIBQ")
_AFTER_CRC = struct.Struct("<IBQ")
_ENTRY_AFTER_CRC = struct.Struct("<IBQQQB")
_ENTRY = struct.Struct("<QQB")
_OFFSET = struct.Struct("<Q")
_MARK = struct.Struct("<IIBQQ")
_crc32 = zlib.crc32
# Bytes of an entry's record beside its data.
ENTRY_OVERHEAD_BYTES = _PREFIX.size + _ENTRY.size
MARK_BYTES = _MARK.size
# What a record begins with, all zeros: no record does, as none has type 0. Cut off where the file
# ends.
TERMINATOR = bytes(_PREFIX.size)

# 3 to 5 were in format 1, with other payloads.
HEADER, HARD_STATE, ENTRY, SNAPSHOT, MARK, SPOOL, PIECE, RESET = 1, 2, 6, 7, 8, 9, 10, 11


class Header(msgspec.Struct, frozen=True, array_like=True):
    """Whose log this is, and which part of it."""

    format: int
    cluster: str
    member: str
    segment: int


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """Everything before this ``offset`` of the segment is durable."""

    offset: int


class Reset(msgspec.Struct, frozen=True, array_like=True):
    """From here on this snapshot is all there is: no entry written before stays."""

    meta: SnapshotMeta


class Spool(msgspec.Struct, frozen=True, array_like=True):
    """First record of a spool's table: which snapshot is being received."""

    meta: SnapshotMeta


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """``size`` bytes more of it are durable; ``checksum``: their CRC-32."""

    size: int
    checksum: int


Record = Header | HardState | Entry | SnapshotMeta | Mark | Reset | Spool | Piece

_TYPES: dict[type[Record], int] = {
    Header: HEADER,
    HardState: HARD_STATE,
    SnapshotMeta: SNAPSHOT,
    Reset: RESET,
    Spool: SPOOL,
    Piece: PIECE,
}
_encoder = msgspec.msgpack.Encoder()
_decoders: dict[int, msgspec.msgpack.Decoder[Record]] = {
    number: msgspec.msgpack.Decoder(kind) for kind, number in _TYPES.items()
}
_MARK_PATTERN = struct.pack("<IB", _OFFSET.size, MARK)


def encode_record(record: Record, ordinal: int) -> bytes:
    """The bytes of one record."""
    if isinstance(record, Entry):
        return b"".join(encode_entries([record], ordinal))
    if isinstance(record, Mark):
        kind, payload = MARK, _OFFSET.pack(record.offset)
    else:
        kind, payload = _TYPES[type(record)], _encoder.encode(record)
    rest = _AFTER_CRC.pack(len(payload), kind, ordinal)
    checksum = _crc32(payload, _crc32(rest))
    return checksum.to_bytes(4, "little") + rest + payload


def encode_entries(entries: Sequence[Entry], ordinal: int) -> list[bytes]:
    """The bytes of entries with consecutive ordinals, two pieces each: their data is not copied."""
    pieces = []
    pack, size = _ENTRY_AFTER_CRC.pack, _ENTRY.size
    for entry in entries:
        data = entry.data
        rest = pack(len(data) + size, ENTRY, ordinal, entry.index, entry.term, entry.kind)
        pieces.append(_crc32(data, _crc32(rest)).to_bytes(4, "little") + rest)
        pieces.append(data)
        ordinal += 1
    return pieces


@dataclass(frozen=True, slots=True)
class Scan:
    """``end``: offset after the last good record; ``ordinal``: of the next one; ``marked``: how far
    the last mark says that all is durable. ``damage``: what is wrong at ``end`` ('' if a terminator
    is there, or the file ends)."""

    records: list[Record]
    end: int
    ordinal: int
    marked: int
    damage: str


def scan(data: bytes, ordinal: int | None) -> Scan:
    """Read records up to the first that is not good. ``ordinal`` None: the first record tells."""
    records: list[Record] = []
    view = memoryview(data)
    offset = marked = 0
    damage = ""
    while offset < len(data):
        found = _read(data, view, offset, ordinal)
        if isinstance(found, str):
            damage = found if any(data[offset : offset + len(TERMINATOR)]) else ""
            break
        record, ordinal, offset = found
        if isinstance(record, Mark):
            marked = record.offset
        records.append(record)
    return Scan(records, offset, ordinal or 0, marked, damage)


def _read(
    data: bytes, view: memoryview, offset: int, ordinal: int | None
) -> tuple[Record, int, int] | str:
    """The record, the next ordinal and offset; or what is wrong."""
    start = offset + 17
    if start > len(data):
        return "cut off in a record's header"
    checksum, length, kind, number = _PREFIX.unpack_from(data, offset)
    end = start + length
    if end > len(data):
        return "cut off in a record"
    if _crc32(view[offset + 4 : end]) != checksum:
        return "checksum does not match"
    if ordinal is not None and number != ordinal:
        return f"record {number} where {ordinal} belongs"
    if kind == ENTRY and length >= 17:
        index, term, sort = _ENTRY.unpack_from(data, start)
        return Entry(index, term, data[start + 17 : end], sort), number + 1, end
    if kind == MARK and length == _OFFSET.size:
        return Mark(_OFFSET.unpack_from(data, start)[0]), number + 1, end
    if kind not in _decoders:
        return f"unknown record type {kind}"
    try:
        record = _decoders[kind].decode(view[start:end])
    except msgspec.DecodeError as error:
        return f"not a record of type {kind}: {error}"
    return record, number + 1, end


def judge(data: bytes, found: Scan) -> Literal["torn", "corrupt"]:
    """Whether what follows ``found.end`` of the last segment may be cut off. To be asked also if
    that looks like the end: a disk that lost a sector may give zeros in its place.

    It may not if a good mark after it says that the place was durable. Records of the same torn
    group may be whole behind it, as a disk writes its sectors in any order; marks of what the file
    held when it was another segment have lower ordinals.
    """
    view = memoryview(data)
    position = data.find(_MARK_PATTERN, found.end)
    while position >= 0:
        start = position - 4
        if found.end < start <= len(data) - MARK_BYTES:
            checksum, _, _, ordinal, offset = _MARK.unpack_from(data, start)
            later = ordinal >= found.ordinal and found.end < offset <= start
            if later and _crc32(view[start + 4 : start + MARK_BYTES]) == checksum:
                return "corrupt"
        position = data.find(_MARK_PATTERN, position + 1)
    return "torn"


@dataclass(slots=True)
class Replay:
    """What a log says in the end: fold its records in order with ``take``."""

    hard_state: HardState
    meta: SnapshotMeta
    entries: list[Entry]
    highest: int = 0  # highest entry index seen in the segment being replayed

    def take(self, record: Record) -> str:
        """Returns what is wrong with it, '' if nothing."""
        if isinstance(record, Entry):
            return self._take_entry(record)
        if isinstance(record, HardState):
            if record.term < self.hard_state.term:
                return f"term goes back from {self.hard_state.term} to {record.term}"
            self.hard_state = record
        elif isinstance(record, SnapshotMeta):
            self._take_meta(record)
        elif isinstance(record, Reset):
            self.meta = record.meta
            self.entries.clear()
        return ""

    def _take_entry(self, entry: Entry) -> str:
        self.highest = max(self.highest, entry.index)
        entries = self.entries
        if entries:
            last = entries[-1].index
            if entry.index != last + 1:
                if entry.index > last:
                    return f"entry {entry.index} after entry {last}"
                # Before the first there is none if its segment was dropped: a snapshot covers it.
                del entries[max(0, entry.index - entries[0].index) :]
        entries.append(entry)
        return ""

    def _take_meta(self, meta: SnapshotMeta) -> None:
        """Entries up to it are covered; what follows stays. The head of a segment may repeat one
        that is known."""
        self.meta = meta
        if self.entries and self.entries[0].index <= meta.index:
            del self.entries[: meta.index + 1 - self.entries[0].index]
