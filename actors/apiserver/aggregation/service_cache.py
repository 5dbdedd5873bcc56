"""The APIServices as they are now, as this replica knows them.

Job: keep them by name as changes arrive; say which server answers for a group and version.
Must not know: where changes come from, how a server is reached.
"""

import asyncio
from collections.abc import Iterable

from cluster.api.aggregation.api_services import (
    GROUP,
    PLURAL,
    group_version,
    is_built_in,
    reference,
)
from cluster.api.encoding import decode
from cluster.api.types import Object
from cluster.messages.store import KeyValue, StoreEvent

PREFIX = f"/registry/{GROUP}/{PLURAL}/"


class ServiceCache:
    """``synced``: what the store holds has been read. ``services``: by name."""

    def __init__(self) -> None:
        self.synced = False
        self.services: dict[str, Object] = {}
        self._remote: dict[tuple[str, str], Object] = {}
        self._changed = asyncio.Event()

    @property
    def changed(self) -> asyncio.Event:
        """Set at the next change, whatever it is; then there is another event."""
        return self._changed

    def remote(self, group: str, version: str) -> Object | None:
        """The APIService of another server that answers for it. Never of a built-in group: whoever
        may write APIServices may not thereby see everybody's Secrets go by."""
        return self._remote.get((group, version))

    def remotes(self) -> list[Object]:
        """All of those, by name."""
        return [found for _, found in sorted(self._remote.items())]

    def reset(self, items: Iterable[KeyValue]) -> None:
        """All of what the store holds."""
        self.services = {item.key.removeprefix(PREFIX): decode(item.value) for item in items}
        self.synced = True
        self._made()

    def apply(self, events: Iterable[StoreEvent]) -> None:
        """Changes, in order."""
        some = False
        for event in events:
            some = True
            name = event.item.key.removeprefix(PREFIX)
            if event.kind == "delete":
                self.services.pop(name, None)
            else:
                self.services[name] = decode(event.item.value)
        if some:
            self._made()

    def lost(self) -> None:
        """What is known counts on."""

    def _made(self) -> None:
        self._remote = {
            group_version(one): one
            for one in self.services.values()
            if reference(one) is not None and not is_built_in(*group_version(one))
        }
        told, self._changed = self._changed, asyncio.Event()
        told.set()
