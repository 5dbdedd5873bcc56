"""Range reads of the present and of any kept revision.

Job: what a range held at a revision, by undoing the events since. Must not know: how state changes.
"""

from collections.abc import Iterator
from itertools import islice

from sortedcontainers import SortedDict

from cluster.errors import Compacted, FutureRevision
from cluster.messages.store import KeyValue, RangeResult
from cluster.state.history import History


class Ranges:
    """Reads of ``items`` as they are, and as ``history`` says they were."""

    def __init__(self, items: "SortedDict[str, KeyValue]", history: History) -> None:
        self._items = items
        self._history = history

    def read(self, key: str, end: str, limit: int, revision: int, count_only: bool) -> RangeResult:
        """As ``StateMachine.read``."""
        at = check_revision(self._history, revision)
        if at == self._history.revision:
            count = self._count(key, end)
            found = self._present(key, end, None if count_only else limit)
        else:
            undone = self._undone(key, end, at)
            present = sum(1 for name in undone if name in self._items)
            past = sum(1 for item in undone.values() if item is not None)
            count = self._count(key, end) - present + past
            found = [] if count_only else self._past(key, end, limit, undone)
        more = not count_only and len(found) < count
        return RangeResult(tuple(found), self._history.revision, count, more)

    def _count(self, key: str, end: str) -> int:
        if not end:
            return int(key in self._items)
        first: int = self._items.bisect_left(key)
        last: int = self._items.bisect_left(end)
        return max(0, last - first)

    def _present(self, key: str, end: str, limit: int | None) -> list[KeyValue]:
        if limit is None:
            return []
        if not end:
            return [self._items[key]] if key in self._items else []
        names = self._items.irange(key, end, inclusive=(True, False))
        return [self._items[name] for name in islice(names, limit or None)]

    def _undone(self, key: str, end: str, revision: int) -> dict[str, KeyValue | None]:
        """Keys of the range changed after ``revision``, with what they were at it."""
        undone: dict[str, KeyValue | None] = {}
        for event in self._history.back_to(revision):
            name = event.item.key
            if name == key or (end and key <= name < end):
                undone[name] = event.previous
        return undone

    def _past(
        self, key: str, end: str, limit: int, undone: dict[str, KeyValue | None]
    ) -> list[KeyValue]:
        if not end:
            item = undone[key] if key in undone else self._items.get(key)
            return [item] if item is not None else []
        return list(islice(self._merged(key, end, undone), limit or None))

    def _merged(self, key: str, end: str, undone: dict[str, KeyValue | None]) -> Iterator[KeyValue]:
        """The past of the range in order: unchanged present keys and undone ones, merged."""
        changed = sorted(name for name, item in undone.items() if item is not None)
        position = 0
        for name in self._items.irange(key, end, inclusive=(True, False)):
            while position < len(changed) and changed[position] < name:
                yield self._of(undone, changed[position])
                position += 1
            if name not in undone:
                yield self._items[name]
        for name in changed[position:]:
            yield self._of(undone, name)

    @staticmethod
    def _of(undone: dict[str, KeyValue | None], name: str) -> KeyValue:
        item = undone[name]
        assert item is not None
        return item


def check_revision(history: History, revision: int) -> int:
    """The revision to read at (0: the latest). Raises Compacted, FutureRevision."""
    if revision > history.revision:
        raise FutureRevision(f"{revision}, current: {history.revision}")
    if revision and revision < history.compacted:
        raise Compacted(f"revision {revision} is compacted, kept is {history.compacted} on")
    return revision or history.revision
