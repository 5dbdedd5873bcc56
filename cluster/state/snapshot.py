"""The whole state as bytes, and back: deterministic, in checksummed pieces.

Job: which pieces make up a state machine. Must not know: files, chunks on the wire, who asks.

The order is: Head, SavedLeases (by id; the keys say themselves what they hang on), Items (sorted by
key), Past (history, newest revision first, of each event only the version it replaced: walking back
from the present tells the rest, so every version is stored once), each session with its results,
Tail. Equal states give equal bytes.
"""

from collections.abc import Generator, Iterable, Iterator
from itertools import chain

from cluster import limits
from cluster.errors import BY_NAME, StoreError
from cluster.messages.store import KeyValue, StoreEvent
from cluster.state.digest import EventDigest
from cluster.state.mvcc import StateMachine, removed_at
from cluster.state.sessions import TxnOutcome
from cluster.state.snapshot_pieces import (
    FORMAT,
    Head,
    Items,
    Past,
    PastEvent,
    Piece,
    SavedLeases,
    SavedResult,
    SavedResults,
    SavedSession,
    SnapshotDamaged,
    grouped,
    read_pieces,
    write_pieces,
)

Results = list[tuple[int, tuple[TxnOutcome, int]]]
FrozenSession = tuple[str, int, Results]


def encode_snapshot(machine: StateMachine) -> Iterator[bytes]:
    """The snapshot in pieces. What it holds is fixed by this call (by cheap copies of references),
    so the machine may go on while the pieces are taken."""
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
    leases = sorted([(item.id, item.ttl, item.expiry) for item in machine.leases.table.values()])
    sessions = [
        (client, session.done_below, list(session.results.items()))
        for client, session in machine.sessions.table.items()
    ]
    pieces = _pieces(head, leases, machine.items.freeze(), machine.history.freeze(), sessions)
    return write_pieces(pieces)


def _pieces(
    head: Head,
    leases: list[tuple[int, int, int]],
    items: Iterator[list[KeyValue]],
    past: list[tuple[StoreEvent, ...]],
    sessions: list[FrozenSession],
) -> Iterator[Piece]:
    yield head
    yield from map(SavedLeases, grouped(leases, lambda _: 0))
    yield from map(Items, grouped(chain.from_iterable(items), _size_of))
    yield from map(
        Past, grouped(_past_events(head.compacted, past), lambda event: _size_of(event.previous))
    )
    for client, done_below, results in sessions:
        yield SavedSession(client, done_below)
        saved = (_save_result(sequence, *kept) for sequence, kept in results)
        for group in grouped(saved, lambda pair: pair[1]):
            yield SavedResults(tuple([result for result, _ in group]))


def _size_of(item: KeyValue | None) -> int:
    return 0 if item is None else len(item.value) + len(item.index)


def _past_events(compacted: int, past: list[tuple[StoreEvent, ...]]) -> Iterator[PastEvent]:
    for offset in range(len(past) - 1, -1, -1):
        for event in reversed(past[offset]):
            deleted = event.kind == "delete"
            revision = compacted + offset
            yield PastEvent(revision, event.item.key, deleted, event.previous, event.trace)


def _save_result(sequence: int, outcome: TxnOutcome, cost: int) -> tuple[SavedResult, int]:
    if isinstance(outcome, StoreError):
        return SavedResult(sequence, None, type(outcome).__name__, str(outcome)), cost
    return SavedResult(sequence, outcome), cost


def decode_snapshot(
    data: bytes,
    revisions_max: int = limits.HISTORY_REVISIONS_MAX,
    bytes_max: int = limits.HISTORY_BYTES_MAX,
) -> StateMachine:
    """The state machine, at once. Raises SnapshotDamaged."""
    slices = decode_snapshot_slices(data, revisions_max, bytes_max)
    while True:
        try:
            next(slices)
        except StopIteration as stop:
            machine: StateMachine = stop.value
            return machine


def decode_snapshot_slices(
    data: bytes,
    revisions_max: int = limits.HISTORY_REVISIONS_MAX,
    bytes_max: int = limits.HISTORY_BYTES_MAX,
) -> Generator[None, None, StateMachine]:
    """The state machine, as the generator's return value; it yields after each piece, so that a
    loop may turn meanwhile. Raises SnapshotDamaged."""
    pieces = read_pieces(data)
    head = next(pieces, None)
    if not isinstance(head, Head):
        raise SnapshotDamaged("no head at offset 0")
    if head.format != FORMAT:
        raise SnapshotDamaged(f"format {head.format}, this version reads {FORMAT}")
    loading = Loading(head, revisions_max, bytes_max)
    for piece in pieces:
        loading.take(piece)
        yield
    return loading.finish()


class Loading:
    """A state machine being put together, piece by piece. Raises SnapshotDamaged where the pieces,
    though whole, do not fit."""

    def __init__(self, head: Head, revisions_max: int, bytes_max: int) -> None:
        if not 1 <= head.compacted <= head.revision:
            raise SnapshotDamaged(f"history from {head.compacted} to {head.revision}")
        machine = StateMachine(revisions_max, bytes_max)
        machine.applied, machine.applied_term = head.index, head.term
        machine.digest = EventDigest(head.digest)
        machine.history.begin(head.revision, head.compacted)
        machine.time, machine.alarms = head.time, dict(head.alarms)
        self._machine = machine
        # Walking back: what each key was, where that is not what it is.
        self._walked: dict[str, KeyValue | None] = {}
        # Events of the revision that the walk is at, newest first.
        self._revision = head.revision
        self._events: list[StoreEvent] = []
        self._session: SavedSession | None = None
        self._results: dict[int, TxnOutcome] = {}

    def take(self, piece: Piece) -> None:
        """The next one."""
        match piece:
            case SavedLeases():
                for lease in piece.leases:
                    self._machine.leases.restore(*lease)
            case Items():
                self._take_items(piece.items)
            case Past():
                self._take_past(piece.events)
            case SavedSession():
                self._close_session()
                self._session = piece
            case SavedResults():
                self._results.update(
                    (saved.sequence, _load_result(saved)) for saved in piece.results
                )
            case _:
                raise SnapshotDamaged("two heads")

    def finish(self) -> StateMachine:
        """After the last."""
        self._close_revision()
        self._close_session()
        return self._machine

    def _take_items(self, items: tuple[KeyValue, ...]) -> None:
        try:
            self._machine.items.append(items)
        except ValueError as error:
            raise SnapshotDamaged(f"keys are not in order: {error}") from error
        leases = self._machine.leases
        for item in items:
            if item.lease:
                if item.lease not in leases:
                    raise SnapshotDamaged(f"{item.key} hangs on lease {item.lease}: there is none")
                leases.move(item.key, 0, item.lease)

    def _take_past(self, events: Iterable[PastEvent]) -> None:
        """Rebuild events by walking back from the present (they come newest first)."""
        for old in events:
            if old.revision != self._revision:
                self._close_revision()
                if not self._machine.compacted <= old.revision < self._revision:
                    raise SnapshotDamaged(f"history at {old.revision} is out of order")
                self._revision = old.revision
            key = old.key
            item = self._walked[key] if key in self._walked else self._machine.items.get(key)
            self._walked[key] = old.previous
            if old.deleted and item is None and old.previous is not None:
                item = removed_at(old.previous, old.revision)
                self._events.append(StoreEvent("delete", item, old.previous, old.trace))
            elif not old.deleted and item is not None and item.mod_revision == old.revision:
                self._events.append(StoreEvent("put", item, old.previous, old.trace))
            else:
                raise SnapshotDamaged(f"history of {key} does not fit at {old.revision}")

    def _close_revision(self) -> None:
        if self._events:
            self._machine.history.restore(self._revision, tuple(reversed(self._events)))
            self._events.clear()

    def _close_session(self) -> None:
        if self._session is not None:
            session = self._session
            self._machine.sessions.restore(session.client, session.done_below, self._results)
            self._results = {}


def _load_result(saved: SavedResult) -> TxnOutcome:
    if saved.result is not None:
        return saved.result
    error = BY_NAME.get(saved.error, StoreError)(saved.text)
    return error if isinstance(error, StoreError) else StoreError(saved.text)
