"""Tells whose Service or EndpointSlices changed. Must not know: who wants to know, and why."""

from collections.abc import Callable, Iterable

from cluster import names
from cluster.api.index import read_index
from cluster.api.kinds import by_resource, storage_prefix
from cluster.messages.store import KeyValue, StoreEvent

# (namespace, name) of a Service; None: any may have changed.
Stir = Callable[[tuple[str, str] | None], None]


def _prefix(group: str, plural: str) -> str:
    kind = by_resource(group, "v1", plural)
    assert kind is not None
    return storage_prefix(kind)


SERVICES = _prefix("", "services")
SLICES = _prefix("discovery.k8s.io", "endpointslices")


class Stirring:
    """A ``following.Follower`` of what is below ``prefix``, one of the two above."""

    def __init__(self, prefix: str, stir: Stir) -> None:
        self._prefix = prefix
        self._stir = stir

    def reset(self, items: Iterable[KeyValue]) -> None:
        """All of it was read anew."""
        self._stir(None)

    def apply(self, events: Iterable[StoreEvent]) -> None:
        """Changes, in order. A slice may have been another Service's before."""
        for event in events:
            for item in (event.item, event.previous):
                if item is not None:
                    self._stir(self._service(item))

    def lost(self) -> None:
        """The next reset says so."""

    def _service(self, item: KeyValue) -> tuple[str, str]:
        namespace, _, name = item.key.removeprefix(self._prefix).partition("/")
        if self._prefix == SLICES:
            name = read_index(item.index).labels.get(names.LABEL_SERVICE_NAME, "")
        return namespace, name
