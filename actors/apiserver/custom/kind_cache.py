"""The custom resource definitions as they are now, and the table of kinds made from them.

Job: keep definitions by storage key as changes arrive; make the table when one changed. Readers
take ``table``, a value that never changes. Must not know: where changes come from.
"""

import asyncio
from collections.abc import Iterable

from cluster.api.custom import definition as definitions
from cluster.api.custom.rules import make_rules
from cluster.api.encoding import decode
from cluster.api.kind import Kind
from cluster.api.kind_table import BUILT_IN, KindTable
from cluster.api.schema_node import SchemaNode
from cluster.api.types import Object
from cluster.messages.store import KeyValue, StoreEvent

PREFIX = f"/registry/{definitions.GROUP}/{definitions.PLURAL}/"
# A definition and the kinds it adds.
Known = tuple[Object, tuple[Kind, ...]]


class KindCache:
    """``meta``: the schema of ObjectMeta. ``table``: the kinds served now. ``revision``: of the
    newest change in it. ``synced``: what the store holds has been read."""

    def __init__(self, meta: SchemaNode | None = None) -> None:
        self.table: KindTable = BUILT_IN
        self.revision = 0
        self.synced = False
        self._meta = meta
        self._definitions: dict[str, Known] = {}
        self._kinds: list[Kind] = []
        self._announced: set[tuple[str, str]] = set()
        self._changed = asyncio.Event()

    @property
    def changed(self) -> asyncio.Event:
        """Set at the next change, whatever it is; then there is another event."""
        return self._changed

    def definitions(self) -> list[Object]:
        """All of them, by name."""
        return [found for _, (found, _) in sorted(self._definitions.items())]

    def reset(self, items: Iterable[KeyValue]) -> None:
        """All of what the store holds."""
        known = self._definitions
        self._definitions = {}
        for item in items:
            self.revision = max(self.revision, item.mod_revision)
            before = known.get(item.key)
            found = decode(item.value)
            if before is not None and _version(before[0]) == _version(found):
                self._definitions[item.key] = before
            else:
                self._put(item.key, found, before)
        self.synced = True
        self._made()

    def apply(self, events: Iterable[StoreEvent]) -> None:
        """Changes, in order."""
        for event in events:
            self.revision = max(self.revision, event.item.mod_revision)
            if event.kind == "delete":
                self._definitions.pop(event.item.key, None)
            else:
                before = self._definitions.get(event.item.key)
                self._put(event.item.key, decode(event.item.value), before)
            self._made()

    def lost(self) -> None:
        """What is known is served on."""

    def _put(self, key: str, found: Object, before: Known | None) -> None:
        if before is not None and _served_as(before[0]) == _served_as(found):
            # Nothing that its objects show has changed: schemas stay compiled, watches go on.
            self._definitions[key] = (found, before[1])
            return
        kinds = definitions.kinds_of(found, self._meta, make_rules)
        self._definitions[key] = (found, kinds)

    def _made(self) -> None:
        known = [found for _, found in sorted(self._definitions.items())]
        kinds = [kind for _, some in known for kind in some]
        announced = {pair for found, _ in known for pair in definitions.announced_by(found)}
        if kinds != self._kinds or announced != self._announced:
            self._kinds, self._announced = kinds, announced
            self.table = KindTable(kinds, announced)
        told, self._changed = self._changed, asyncio.Event()
        told.set()


def _served_as(definition: Object) -> tuple[object, ...]:
    metadata, status = definition["metadata"], definition.get("status") or {}
    return (
        metadata.get("uid"),
        metadata.get("deletionTimestamp"),
        definition["spec"],
        status.get("acceptedNames"),
        definitions.is_true(definition, definitions.ESTABLISHED),
    )


def _version(definition: Object) -> str:
    return str(definition["metadata"].get("resourceVersion"))
