"""Range reads of the present and of any kept revision.

Job: what a range held at a revision, by undoing the events since. Must not know: how state changes.

Who lists many objects asks page after page at the revision of the first, while writes go on. So
what was undone for a revision is kept for a while and only brought forward by the events that came
since: a page then costs what it returns.
"""

from collections import OrderedDict

from cluster.errors import Compacted, FutureRevision
from cluster.messages.store import KeyValue, RangeResult
from cluster.state.history import History
from cluster.state.keyspace import Keyspace

# Older revisions that are kept ready to be read: as many lists may be under way at full speed.
PASTS_MAX = 8


class Past:
    """The key space as it was at ``revision``: the keys of then, and what those were that changed
    since, up to ``seen``."""

    def __init__(self, items: Keyspace, history: History, revision: int) -> None:
        self.seen = revision
        self._items = items.table
        self._undone: dict[str, KeyValue | None] = {}
        self._keys = items.copy_keys()
        self.catch_up(history)
        for key, item in self._undone.items():
            if (item is None) == (key in items):
                if item is None:
                    self._keys.remove_key(key)
                else:
                    self._keys.add_key(key)

    def catch_up(self, history: History) -> None:
        """See the events that came since."""
        undone = self._undone
        for group in history.since(self.seen + 1):
            for event in group:
                if event.item.key not in undone:
                    undone[event.item.key] = event.previous
        self.seen = history.revision

    def count(self, key: str, end: str) -> int:
        """How many keys there were in [key, end), or whether the one was."""
        return self._keys.count(key, end or key + "\0")

    def read(self, key: str, end: str, limit: int) -> list[KeyValue]:
        """The versions of then in [key, end), or the one."""
        undone, items = self._undone, self._items
        names = self._keys.keys(key, end or key + "\0", limit)
        return [undone.get(name) or items[name] for name in names]


class Ranges:
    """Reads of ``items`` as they are, and as ``history`` says they were."""

    def __init__(self, items: Keyspace, history: History) -> None:
        self._items = items
        self._history = history
        # The least recently used first.
        self._pasts: OrderedDict[int, Past] = OrderedDict()

    def read(self, key: str, end: str, limit: int, revision: int, count_only: bool) -> RangeResult:
        """As ``StateMachine.read``."""
        at = self.check_revision(revision)
        past = self._past(at) if at < self._history.revision else None
        if past is None:
            count = self._items.count(key, end) if end else int(key in self._items)
            found = [] if count_only else self._present(key, end, limit)
        else:
            count = past.count(key, end)
            found = [] if count_only else past.read(key, end, limit)
        more = not count_only and len(found) < count
        return RangeResult(tuple(found), self._history.revision, count, more)

    def check_revision(self, revision: int) -> int:
        """The revision to read at (0: the latest). Raises Compacted, FutureRevision."""
        history = self._history
        if revision > history.revision:
            raise FutureRevision(f"{revision}, current: {history.revision}")
        if revision and revision < history.compacted:
            raise Compacted(f"revision {revision} is compacted, kept is {history.compacted} on")
        return revision or history.revision

    def forget(self) -> None:
        """Let go of what is kept for revisions that are compacted by now."""
        if self._pasts:
            compacted = self._history.compacted
            for revision in [each for each in self._pasts if each < compacted]:
                del self._pasts[revision]

    def _present(self, key: str, end: str, limit: int) -> list[KeyValue]:
        table = self._items.table
        if end:
            return [table[name] for name in self._items.keys(key, end, limit)]
        item = table.get(key)
        return [] if item is None else [item]

    def _past(self, revision: int) -> Past:
        past = self._pasts.get(revision)
        if past is None:
            past = self._pasts[revision] = Past(self._items, self._history, revision)
            if len(self._pasts) > PASTS_MAX:
                self._pasts.popitem(last=False)
        else:
            past.catch_up(self._history)
            self._pasts.move_to_end(revision)
        return past
