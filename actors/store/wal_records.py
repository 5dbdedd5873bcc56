"""The write-ahead log's records, in binary: pure.

Job: encode, scan and judge damage. Must not know: files, tasks.

A record: u32 CRC-32 of all that follows, u32 length of the payload, u8 type, u64 ordinal, payload.
Ordinals count records over all segments, so a record in a wrong place is noticed. A segment begins
with a Header, the hard state and the snapshot marker. Every group of records that shares a sync
begins with a Mark: how far the segment was durable before. So damage is told apart: after what any
later mark covers it is a torn tail, which nobody was promised; before that it is corruption.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import Literal

import msgspec

from cluster.raft.messages import Entry, HardState, Membership

FORMAT = 1
_PREFIX = struct.Struct("<IIBQ")
_AFTER_CRC = struct.Struct("<IBQ")
# A torn group's valid remains are looked for over this many records.
LOOK_AHEAD_RECORDS = 4096

HEADER, HARD_STATE, ENTRY, SNAPSHOT, MARK = 1, 2, 3, 4, 5


class Header(msgspec.Struct, frozen=True, array_like=True):
    """Whose log this is, and which part of it."""

    format: int
    cluster: str
    member: str
    segment: int


class SnapshotMarker(msgspec.Struct, frozen=True, array_like=True):
    """A durable snapshot of the state after entry (index, term) exists, and who took part then."""

    index: int
    term: int
    membership: Membership = Membership()


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """Everything before this ``offset`` of the segment is durable."""

    offset: int


Record = Header | HardState | Entry | SnapshotMarker | Mark

_TYPES: dict[type[Record], int] = {
    Header: HEADER,
    HardState: HARD_STATE,
    Entry: ENTRY,
    SnapshotMarker: SNAPSHOT,
    Mark: MARK,
}
_encoder = msgspec.msgpack.Encoder()
_decoders: dict[int, msgspec.msgpack.Decoder[Record]] = {
    number: msgspec.msgpack.Decoder(kind) for kind, number in _TYPES.items()
}


def encode_record(record: Record, ordinal: int) -> bytes:
    """The bytes of one record."""
    payload = _encoder.encode(record)
    rest = _AFTER_CRC.pack(len(payload), _TYPES[type(record)], ordinal)
    checksum = zlib.crc32(payload, zlib.crc32(rest))
    return checksum.to_bytes(4, "little") + rest + payload


@dataclass(frozen=True, slots=True)
class Scan:
    """``end``: offset after the last good record; ``ordinal``: of the next one. ``damage``: what
    is wrong at ``end`` ('' if the file ends there)."""

    records: list[Record]
    end: int
    ordinal: int
    damage: str


def scan(data: bytes, ordinal: int | None) -> Scan:
    """Read records up to the first that is not good. ``ordinal`` None: the first record tells."""
    records: list[Record] = []
    offset = 0
    while offset < len(data):
        found = _read(data, offset, ordinal)
        if isinstance(found, str):
            return Scan(records, offset, ordinal or 0, found)
        record, ordinal, offset = found
        records.append(record)
    return Scan(records, offset, ordinal or 0, "")


def _read(data: bytes, offset: int, ordinal: int | None) -> tuple[Record, int, int] | str:
    """The record, the next ordinal and offset; or what is wrong."""
    if offset + _PREFIX.size > len(data):
        return "cut off in a record's header"
    checksum, length, kind, number = _PREFIX.unpack_from(data, offset)
    end = offset + _PREFIX.size + length
    if end > len(data):
        return "cut off in a record"
    if zlib.crc32(memoryview(data)[offset + 4 : end]) != checksum:
        return "checksum does not match"
    if ordinal is not None and number != ordinal:
        return f"record {number} where {ordinal} belongs"
    if kind not in _decoders:
        return f"unknown record type {kind}"
    try:
        record = _decoders[kind].decode(memoryview(data)[offset + _PREFIX.size : end])
    except msgspec.DecodeError as error:
        return f"not a record of type {kind}: {error}"
    return record, number + 1, end


def judge(data: bytes, found: Scan) -> Literal["torn", "corrupt"]:
    """Whether the damage at ``found.end`` of the last segment may be cut off.

    It may not if a good mark after it says that the place was durable. Records of the same torn
    group may be whole behind it, as a disk writes its blocks in any order.
    """
    for number in range(found.ordinal, found.ordinal + LOOK_AHEAD_RECORDS):
        pattern = struct.pack("<BQ", MARK, number)
        position = data.find(pattern, found.end)
        while position >= 0:
            read = _read(data, position - 8, number) if position >= 8 else ""
            if not isinstance(read, str):
                mark = read[0]
                if isinstance(mark, Mark) and mark.offset > found.end:
                    return "corrupt"
            position = data.find(pattern, position + 1)
    return "torn"


@dataclass(slots=True)
class Replay:
    """What a log says in the end: fold its records in order with ``take``."""

    hard_state: HardState
    snapshot: SnapshotMarker
    entries: list[Entry]
    highest: int = 0  # highest entry index seen in the segment being replayed

    def take(self, record: Record) -> str:
        """Returns what is wrong with it, '' if nothing."""
        if isinstance(record, HardState):
            if record.term < self.hard_state.term:
                return f"term goes back from {self.hard_state.term} to {record.term}"
            self.hard_state = record
        elif isinstance(record, Entry):
            return self._take_entry(record)
        elif isinstance(record, SnapshotMarker):
            self._take_marker(record)
        return ""

    def _take_entry(self, entry: Entry) -> str:
        self.highest = max(self.highest, entry.index)
        entries = self.entries
        if entries:
            keep = entry.index - entries[0].index
            if keep < 0 or keep > len(entries):
                return f"entry {entry.index} after entry {entries[-1].index}"
            del entries[keep:]
        entries.append(entry)
        return ""

    def _take_marker(self, marker: SnapshotMarker) -> None:
        """As ``RaftLog.install``: keep what follows that very entry, else nothing."""
        if marker.index < self.snapshot.index:
            return
        self.snapshot = marker
        if not self.entries or self.entries[0].index > marker.index:
            return
        position = marker.index - self.entries[0].index
        known = position < len(self.entries)
        if known and self.entries[position].term == marker.term:
            del self.entries[: position + 1]
        else:
            self.entries.clear()
