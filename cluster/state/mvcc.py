"""The replicated state machine: keys with versions, transactions, sessions, history.

Job: apply committed commands in order, answer reads at a revision. Deterministic: the same entries
give the same state on every replica. Must not know: kinds, members, clocks, disks.
"""

import operator
from collections.abc import Callable, Iterator
from itertools import islice

from sortedcontainers import SortedDict

from cluster import limits
from cluster.errors import Compacted, Fenced, FutureRevision, StoreError
from cluster.messages.store import (
    Compare,
    Delete,
    KeyValue,
    Put,
    RangeResult,
    StoreEvent,
    Txn,
    TxnRecord,
    TxnResult,
)
from cluster.state.commands import Command, CompactCommand, TxnCommand
from cluster.state.digest import EventDigest
from cluster.state.history import History
from cluster.state.sessions import Outcome, Sessions

RELATIONS: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}


class StateMachine:
    """``applied``: index of the last entry applied. A new one is empty, at revision 1."""

    def __init__(
        self,
        revisions_max: int = limits.HISTORY_REVISIONS_MAX,
        bytes_max: int = limits.HISTORY_BYTES_MAX,
    ) -> None:
        self.items: SortedDict[str, KeyValue] = SortedDict()
        self.history = History(revisions_max, bytes_max)
        self.sessions = Sessions()
        self.digest = EventDigest()
        self.applied = 0
        self.applied_term = 0

    @property
    def revision(self) -> int:
        """Of the last transaction that changed something; 1 if none did."""
        return self.history.revision

    @property
    def compacted(self) -> int:
        """The oldest revision that reads and watches may name."""
        return self.history.compacted

    def apply(self, index: int, term: int, command: Command | None) -> Outcome:
        """Apply the entry (index, term); None is a leader's no-op.

        The outcome is the TxnResult, or the StoreError that the asker gets (Fenced among them).
        """
        assert index == self.applied + 1, f"entry {index} after {self.applied}"
        assert term >= self.applied_term, "terms in a log only grow"
        self.applied, self.applied_term = index, term
        if isinstance(command, TxnCommand):
            return self._apply_txn(term, command)
        if isinstance(command, CompactCommand):
            self.history.compact(command.revision)
        return TxnResult(succeeded=True, revision=self.revision)

    def _apply_txn(self, term: int, command: TxnCommand) -> Outcome:
        txn = command.txn
        if not txn.client:
            return self._run(term, txn, command.trace)
        known = self.sessions.find(txn.client, txn.sequence, command.established)
        if known is not None:
            return known
        outcome = self._run(term, txn, command.trace)
        self.sessions.record(txn.client, txn.sequence, command.done_below, outcome)
        return outcome

    def _run(self, term: int, txn: Txn, trace: str) -> Outcome:
        if txn.fence and txn.fence != term:
            return Fenced(f"term {txn.fence} is over, this is {term}")
        if not all(self._holds(compare) for compare in txn.compare):
            found = tuple(self.items.get(compare.key) for compare in txn.compare)
            return TxnResult(succeeded=False, revision=self.revision, items=found)
        events: list[StoreEvent] = []
        results = tuple(
            self._put(operation, trace, events)
            if isinstance(operation, Put)
            else self._delete(operation, trace, events)
            for operation in txn.success
        )
        if events:
            revision = self.history.add(tuple(events))
            self.digest.add(revision, events)
        return TxnResult(succeeded=True, revision=self.revision, items=results)

    def _holds(self, compare: Compare) -> bool:
        item = self.items.get(compare.key)
        if item is None:
            present = 0
        elif compare.target == "mod":
            present = item.mod_revision
        elif compare.target == "create":
            present = item.create_revision
        else:
            present = item.version
        return RELATIONS[compare.op](present, compare.value)

    def _put(self, put: Put, trace: str, events: list[StoreEvent]) -> KeyValue:
        revision = self.revision + 1
        previous = self.items.get(put.key)
        item = KeyValue(
            key=put.key,
            value=stamped(put, revision),
            create_revision=previous.create_revision if previous else revision,
            mod_revision=revision,
            version=previous.version + 1 if previous else 1,
            index=put.index,
        )
        self.items[put.key] = item
        events.append(StoreEvent("put", item, previous, trace))
        return item

    def _delete(self, delete: Delete, trace: str, events: list[StoreEvent]) -> KeyValue | None:
        previous: KeyValue | None = self.items.pop(delete.key, None)
        if previous is not None:
            removed = removed_at(previous, self.revision + 1)
            events.append(StoreEvent("delete", removed, previous, trace))
        return previous

    # -- reads ----------------------------------------------------------------------------------

    def read(
        self, key: str, end: str = "", limit: int = 0, revision: int = 0, count_only: bool = False
    ) -> RangeResult:
        """[key, end), or one key, at ``revision`` (0: the latest). Raises Compacted,
        FutureRevision. Costs what it returns, plus the events since an older ``revision``."""
        at = self.check_revision(revision)
        if at == self.revision:
            count = self._count(key, end)
            found = self._present(key, end, None if count_only else limit)
        else:
            undone = self._undone(key, end, at)
            present = sum(1 for name in undone if name in self.items)
            past = sum(1 for item in undone.values() if item is not None)
            count = self._count(key, end) - present + past
            found = [] if count_only else self._past(key, end, limit, undone)
        more = not count_only and len(found) < count
        return RangeResult(tuple(found), self.revision, count, more)

    def check_revision(self, revision: int) -> int:
        """The revision to read at. Raises Compacted, FutureRevision."""
        if revision > self.revision:
            raise FutureRevision(f"{revision}, current: {self.revision}")
        if revision and revision < self.compacted:
            raise Compacted(f"revision {revision} is compacted, kept is {self.compacted} on")
        return revision or self.revision

    def _count(self, key: str, end: str) -> int:
        if not end:
            return int(key in self.items)
        first: int = self.items.bisect_left(key)
        last: int = self.items.bisect_left(end)
        return max(0, last - first)

    def _present(self, key: str, end: str, limit: int | None) -> list[KeyValue]:
        if limit is None:
            return []
        if not end:
            return [self.items[key]] if key in self.items else []
        names = self.items.irange(key, end, inclusive=(True, False))
        return [self.items[name] for name in islice(names, limit or None)]

    def _undone(self, key: str, end: str, revision: int) -> dict[str, KeyValue | None]:
        """Keys of the range changed after ``revision``, with what they were at it."""
        undone: dict[str, KeyValue | None] = {}
        for event in self.history.back_to(revision):
            name = event.item.key
            if name == key or (end and key <= name < end):
                undone[name] = event.previous
        return undone

    def _past(
        self, key: str, end: str, limit: int, undone: dict[str, KeyValue | None]
    ) -> list[KeyValue]:
        if not end:
            item = undone[key] if key in undone else self.items.get(key)
            return [item] if item is not None else []
        return list(islice(self._merged(key, end, undone), limit or None))

    def _merged(self, key: str, end: str, undone: dict[str, KeyValue | None]) -> Iterator[KeyValue]:
        """The past of the range in order: unchanged present keys and undone ones, merged."""
        changed = sorted(name for name, item in undone.items() if item is not None)
        position = 0
        for name in self.items.irange(key, end, inclusive=(True, False)):
            while position < len(changed) and changed[position] < name:
                yield self._of(undone, changed[position])
                position += 1
            if name not in undone:
                yield self.items[name]
        for name in changed[position:]:
            yield self._of(undone, name)

    @staticmethod
    def _of(undone: dict[str, KeyValue | None], name: str) -> KeyValue:
        item = undone[name]
        assert item is not None
        return item


def check_txn(txn: Txn | TxnRecord) -> None:
    """Refuse what must not enter the log. Raises StoreError naming the rule broken."""
    if len(txn.success) + len(txn.compare) > limits.TXN_OPERATIONS_MAX:
        raise StoreError(f"a transaction takes at most {limits.TXN_OPERATIONS_MAX} operations")
    keys = [operation.key for operation in txn.success]
    if len(set(keys)) != len(keys):
        raise StoreError("a transaction changes each key at most once")
    for operation in txn.success:
        if isinstance(operation, Put):
            if len(operation.value) > limits.OBJECT_BYTES_MAX:
                raise StoreError(f"{operation.key}: value over {limits.OBJECT_BYTES_MAX} bytes")
            if operation.stamp > len(operation.value):
                raise StoreError(f"{operation.key}: stamp outside the value")


def stamped(put: Put, revision: int) -> bytes:
    """The value with the decimal revision inserted where the put says."""
    if put.stamp < 0:
        return put.value
    return b"%b%d%b" % (put.value[: put.stamp], revision, put.value[put.stamp :])


def removed_at(previous: KeyValue, revision: int) -> KeyValue:
    """What a delete event shows: the last version, with the revision of the delete."""
    return KeyValue(
        key=previous.key,
        value=previous.value,
        create_revision=previous.create_revision,
        mod_revision=revision,
        version=previous.version,
        index=previous.index,
    )
