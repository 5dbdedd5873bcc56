"""Small kinds that nearly every write is judged by, kept in memory as this replica knows them.

Job: by storage key, in order, as changes arrive. Must not know: where changes come from, what the
objects mean. What is read here may be a moment old, as the replica's own state may be: whoever
decides by it guards the write with the version seen, or tolerates the lag.
"""

from collections.abc import Iterable

from sortedcontainers import SortedDict

from cluster.api.kinds import Kind, by_resource, storage_prefix
from cluster.messages.store import KeyValue, StoreEvent

_CACHED = (
    ("", "v1", "namespaces"),
    ("", "v1", "serviceaccounts"),
    ("", "v1", "limitranges"),
    ("", "v1", "resourcequotas"),
    ("networking.k8s.io", "v1", "servicecidrs"),
    ("node.k8s.io", "v1", "runtimeclasses"),
    ("policy", "v1", "poddisruptionbudgets"),
    ("scheduling.k8s.io", "v1", "priorityclasses"),
    ("storage.k8s.io", "v1", "storageclasses"),
)


class Table:
    """One kind. ``synced``: what the store holds has been read, and changes come."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.synced = False
        self._items: SortedDict[str, KeyValue] = SortedDict()

    def get(self, key: str) -> KeyValue | None:
        """One object."""
        found: KeyValue | None = self._items.get(key)
        return found

    def between(self, start: str, end: str) -> list[KeyValue]:
        """Those in [start, end), in order."""
        items = self._items
        return [items[key] for key in items.irange(start, end, (True, False))]

    def reset(self, items: Iterable[KeyValue]) -> None:
        """All of what the store holds."""
        self._items = SortedDict((item.key, item) for item in items)
        self.synced = True

    def apply(self, events: Iterable[StoreEvent]) -> None:
        """Changes, in order."""
        for event in events:
            if event.kind == "delete":
                self._items.pop(event.item.key, None)
            else:
                self._items[event.item.key] = event.item

    def lost(self) -> None:
        """No changes come any more."""
        self.synced = False


class LocalCache:
    """``tables`` are to be fed by whoever follows the store."""

    def __init__(self) -> None:
        kinds = [by_resource(*resource) for resource in _CACHED]
        self._tables = {
            (kind.group, kind.plural): Table(storage_prefix(kind)) for kind in kinds if kind
        }
        self.tables = tuple(self._tables.values())

    def table(self, kind: Kind) -> Table | None:
        """The kind's table; None if it is not kept, or not known now."""
        found = self._tables.get((kind.group, kind.plural))
        return found if found is not None and found.synced else None
