"""The whole state as bytes, and back: deterministic, in checksummed pieces.

Job: the format. Must not know: files, chunks on the wire, who asks.

A snapshot is a sequence of pieces: u32 length, u32 CRC-32 of what follows it, then msgpack of one
record. The order is: Head, SavedLeases pieces (by id; their keys say themselves what they hang on),
Items pieces (sorted by key), Past pieces (history, newest revision first, of each event only the
version it replaced: walking back from the present tells the rest, so every version is stored once),
SavedSession pieces, Tail. Equal states give equal bytes.
"""

import struct
import zlib
from collections.abc import Iterator

import msgspec

from cluster import limits
from cluster.errors import BY_NAME, StoreError
from cluster.messages.store import KeyValue, StoreEvent, TxnResult
from cluster.state.digest import EventDigest
from cluster.state.history import History
from cluster.state.mvcc import StateMachine, removed_at
from cluster.state.sessions import Session, TxnOutcome

PIECE_HEADER = struct.Struct("<II")
PIECE_ITEMS = 256
FORMAT = 2


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


class SavedResult(msgspec.Struct, frozen=True, array_like=True):
    """A remembered outcome: a result, or an error by class name and text."""

    sequence: int
    result: TxnResult | None
    error: str = ""
    text: str = ""


class SavedSession(msgspec.Struct, frozen=True, array_like=True, tag="session"):
    """One session; they come least recently used first."""

    client: str
    done_below: int
    results: tuple[SavedResult, ...]


class Tail(msgspec.Struct, frozen=True, array_like=True, tag="tail"):
    """The end: without it the snapshot is not whole. ``pieces``: before this one."""

    pieces: int


Piece = Head | SavedLeases | Items | Past | SavedSession | Tail

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Piece] = msgspec.msgpack.Decoder(Piece)


def encode_snapshot(machine: StateMachine) -> Iterator[bytes]:
    """The snapshot in pieces. What it holds is fixed by the first ``next()`` (by cheap copies of
    references), so the machine may go on while the pieces are taken."""
    head = Head(
        FORMAT,
        machine.applied,
        machine.applied_term,
        machine.revision,
        machine.compacted,
        machine.digest.value,
        machine.time,
        tuple(sorted(machine.alarms.items())),
    )
    leases = [(item.id, item.ttl, item.expiry) for item in machine.leases.table.values()]
    items: list[KeyValue] = list(machine.items.values())
    past = machine.history.freeze()
    sessions = [
        _save_session(client, session) for client, session in machine.sessions.table.items()
    ]
    pieces = 0
    for piece in _pieces(head, leases, items, past, sessions):
        pieces += 1
        yield _frame(piece)
    yield _frame(Tail(pieces))


def _pieces(
    head: Head,
    leases: list[tuple[int, int, int]],
    items: list[KeyValue],
    past: list[tuple[StoreEvent, ...]],
    sessions: list[SavedSession],
) -> Iterator[Piece]:
    yield head
    leases.sort()
    for start in range(0, len(leases), PIECE_ITEMS):
        yield SavedLeases(tuple(leases[start : start + PIECE_ITEMS]))
    for start in range(0, len(items), PIECE_ITEMS):
        yield Items(tuple(items[start : start + PIECE_ITEMS]))
    gathered: list[PastEvent] = []
    for offset in range(len(past) - 1, -1, -1):
        for event in reversed(past[offset]):
            gathered.append(_past_event(head.compacted + offset, event))
        if len(gathered) >= PIECE_ITEMS:
            yield Past(tuple(gathered))
            gathered.clear()
    if gathered:
        yield Past(tuple(gathered))
    yield from sessions


def _past_event(revision: int, event: StoreEvent) -> PastEvent:
    return PastEvent(revision, event.item.key, event.kind == "delete", event.previous, event.trace)


def _frame(piece: Piece) -> bytes:
    body = _encoder.encode(piece)
    return PIECE_HEADER.pack(len(body), zlib.crc32(body)) + body


def _save_session(client: str, session: Session) -> SavedSession:
    results = tuple(
        SavedResult(sequence, None, type(outcome).__name__, str(outcome))
        if isinstance(outcome, StoreError)
        else SavedResult(sequence, outcome)
        for sequence, outcome in sorted(session.results.items())
    )
    return SavedSession(client, session.done_below, results)


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


def decode_snapshot(
    data: bytes,
    revisions_max: int = limits.HISTORY_REVISIONS_MAX,
    bytes_max: int = limits.HISTORY_BYTES_MAX,
) -> StateMachine:
    """The state machine. Raises SnapshotDamaged."""
    pieces = read_pieces(data)
    head = next(pieces, None)
    if not isinstance(head, Head):
        raise SnapshotDamaged("no head at offset 0")
    if head.format != FORMAT:
        raise SnapshotDamaged(f"format {head.format}, this version reads {FORMAT}")
    machine = StateMachine(revisions_max, bytes_max)
    machine.applied, machine.applied_term = head.index, head.term
    machine.digest = EventDigest(head.digest)
    machine.history = History(revisions_max, bytes_max, head.revision, head.compacted)
    machine.time, machine.alarms = head.time, dict(head.alarms)
    items: list[tuple[str, KeyValue]] = []
    past: list[PastEvent] = []
    for piece in pieces:
        if isinstance(piece, Items):
            items.extend((item.key, item) for item in piece.items)
            _hang(machine, piece.items)
        elif isinstance(piece, SavedLeases):
            for lease in piece.leases:
                machine.leases.restore(*lease)
        elif isinstance(piece, Past):
            past.extend(piece.events)
        elif isinstance(piece, SavedSession):
            machine.sessions.table[piece.client] = _load_session(piece)
        else:
            raise SnapshotDamaged("two heads")
    machine.items.update(items)
    _load_past(machine, past)
    return machine


def _hang(machine: StateMachine, items: tuple[KeyValue, ...]) -> None:
    """The keys that hang on leases."""
    for item in items:
        if item.lease:
            if item.lease not in machine.leases:
                raise SnapshotDamaged(f"{item.key} hangs on lease {item.lease}, which is not there")
            machine.leases.move(item.key, 0, item.lease)


def _load_past(machine: StateMachine, past: list[PastEvent]) -> None:
    """Rebuild events by walking back from the present (``past`` is newest first)."""
    walked: dict[str, KeyValue | None] = {}
    by_revision: dict[int, list[StoreEvent]] = {}
    for old in past:
        if old.deleted:
            assert old.previous is not None, "what was deleted was there"
            event = StoreEvent(
                "delete", removed_at(old.previous, old.revision), old.previous, old.trace
            )
        else:
            item = walked[old.key] if old.key in walked else machine.items.get(old.key)
            if item is None:
                raise SnapshotDamaged(f"history of {old.key} does not fit at {old.revision}")
            event = StoreEvent("put", item, old.previous, old.trace)
        walked[old.key] = old.previous
        by_revision.setdefault(old.revision, []).append(event)
    for revision, events in by_revision.items():
        machine.history.restore(revision, tuple(reversed(events)))


def _load_session(saved: SavedSession) -> Session:
    results: dict[int, TxnOutcome] = {}
    for item in saved.results:
        if item.result is not None:
            results[item.sequence] = item.result
        else:
            kind = BY_NAME.get(item.error, StoreError)
            error = kind(item.text)
            results[item.sequence] = (
                error if isinstance(error, StoreError) else StoreError(item.text)
            )
    return Session(saved.done_below, results)
