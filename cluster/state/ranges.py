"""Range reads of the present and of any kept revision.

Job: what a range held at a revision, by undoing the events since. Must not know: how state changes.
"""

from cluster.errors import Compacted, FutureRevision
from cluster.messages.store import KeyValue, RangeResult
from cluster.state.history import History
from cluster.state.keyspace import Keyspace


class Ranges:
    """Reads of ``items`` as they are, and as ``history`` says they were."""

    def __init__(self, items: Keyspace, history: History) -> None:
        self._items = items
        self._history = history

    def read(self, key: str, end: str, limit: int, revision: int, count_only: bool) -> RangeResult:
        """As ``StateMachine.read``."""
        at = check_revision(self._history, revision)
        if at == self._history.revision:
            count = self._count(key, end)
            found = [] if count_only else self._present(key, end, limit)
        else:
            undone = self._undone(key, end, at)
            present = sum(1 for name in undone if name in self._items)
            past = sum(1 for item in undone.values() if item is not None)
            count = self._count(key, end) - present + past
            found = [] if count_only else self._past(key, end, limit, undone)
        more = not count_only and len(found) < count
        return RangeResult(tuple(found), self._history.revision, count, more)

    def _count(self, key: str, end: str) -> int:
        return self._items.count(key, end) if end else int(key in self._items)

    def _present(self, key: str, end: str, limit: int) -> list[KeyValue]:
        table = self._items.table
        if end:
            return [table[name] for name in self._items.keys(key, end, limit)]
        item = table.get(key)
        return [] if item is None else [item]

    def _undone(self, key: str, end: str, revision: int) -> dict[str, KeyValue | None]:
        """Keys of the range changed after ``revision``, with what they were at it."""
        undone: dict[str, KeyValue | None] = {}
        for event in self._history.back_to(revision):
            name = event.item.key
            if key <= name < end if end else name == key:
                undone[name] = event.previous
        return undone

    def _past(
        self, key: str, end: str, limit: int, undone: dict[str, KeyValue | None]
    ) -> list[KeyValue]:
        """What the range held: present versions that did not change since, and undone ones."""
        if not end:
            item = undone[key] if key in undone else self._items.get(key)
            return [] if item is None else [item]
        # Of so many present keys at least ``limit`` are unchanged, if there are as many.
        names = self._items.keys(key, end, limit + len(undone) if limit else 0)
        names = [name for name in names if name not in undone]
        names += [name for name, item in undone.items() if item is not None]
        names.sort()
        table = self._items.table
        return [undone.get(name) or table[name] for name in names[: limit or None]]


def check_revision(history: History, revision: int) -> int:
    """The revision to read at (0: the latest). Raises Compacted, FutureRevision."""
    if revision > history.revision:
        raise FutureRevision(f"{revision}, current: {history.revision}")
    if revision and revision < history.compacted:
        raise Compacted(f"revision {revision} is compacted, kept is {history.compacted} on")
    return revision or history.revision
