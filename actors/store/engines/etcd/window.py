"""The stretch of history that this replica holds: what watches are served from. Pure.

Job: events by revision, over the revisions of the cluster's own (an etcd may serve others too, so
there are gaps). Must not know: connections, watchers.

It stands in for the state machine of the embedded engine where ``WatchHub`` reads: ``compacted`` is
the first revision from which on all events are here, ``revision`` the last.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from cluster import limits
from cluster.messages.store import StoreEvent

TRIM_STRIDE = 1024

# Of an event, beside its two versions.
EVENT_OVERHEAD_BYTES = 400

Group = tuple[int, tuple[StoreEvent, ...]]


def cost_of(events: Sequence[StoreEvent]) -> int:
    """What keeping these costs, in bytes."""
    return sum(
        EVENT_OVERHEAD_BYTES + len(version.value) + len(version.index) + len(version.key)
        for event in events
        for version in (event.item, event.previous)
        if version is not None
    )


class Window:
    """Begins empty at ``revision``: a revision that the cluster itself made."""

    def __init__(
        self,
        revision: int,
        revisions_max: int = limits.HISTORY_REVISIONS_MAX,
        bytes_max: int = limits.HISTORY_BYTES_MAX,
    ) -> None:
        self.revision = revision
        self.compacted = revision
        self.bytes = 0
        self._revisions_max = revisions_max
        self._bytes_max = bytes_max
        self._revisions: list[int] = [revision]
        self._groups: list[tuple[StoreEvent, ...]] = [()]
        self._skip = 0

    @property
    def history(self) -> "Window":
        """As the state machine has one."""
        return self

    def __len__(self) -> int:
        return len(self._revisions) - self._skip

    def add(self, revision: int, events: tuple[StoreEvent, ...]) -> None:
        """The events of a later revision (none: it changed something of the cluster's, but no
        key). Drops the oldest beyond the bounds."""
        assert revision > self.revision, f"{revision} after {self.revision}"
        self.revision = revision
        self._revisions.append(revision)
        self._groups.append(events)
        self.bytes += cost_of(events)
        while len(self) > 1 and (len(self) > self._revisions_max or self.bytes > self._bytes_max):
            self._drop()

    def reached(self, revision: int) -> None:
        """There is nothing more up to ``revision``."""
        self.revision = max(self.revision, revision)

    def compact(self, revision: int) -> None:
        """Forget what is before ``revision``."""
        while len(self) > 1 and self.compacted < revision:
            self._drop()

    def _drop(self) -> None:
        self.bytes -= cost_of(self._groups[self._skip])
        self._groups[self._skip] = ()
        self._skip += 1
        self.compacted = self._revisions[self._skip]
        if self._skip >= TRIM_STRIDE:
            del self._revisions[: self._skip]
            del self._groups[: self._skip]
            self._skip = 0

    def fits(self, revisions: int, size: int) -> bool:
        """Whether so much more may be held."""
        return len(self) + revisions <= self._revisions_max and self.bytes + size <= self._bytes_max

    def prepend(self, first: int, groups: list[Group]) -> None:
        """All revisions from ``first`` up to where the window begins, in order."""
        groups = [group for group in groups if group[0] < self.compacted]
        self._revisions[: self._skip] = [revision for revision, _ in groups]
        self._groups[: self._skip] = [events for _, events in groups]
        self._skip = 0
        self.bytes += sum(cost_of(events) for _, events in groups)
        self.compacted = first

    def at(self, revision: int) -> tuple[StoreEvent, ...]:
        """The events of one revision."""
        position = bisect_left(self._revisions, revision, self._skip)
        if position < len(self._revisions) and self._revisions[position] == revision:
            return self._groups[position]
        return ()

    def since(self, revision: int) -> Iterator[tuple[StoreEvent, ...]]:
        """Events per revision, from ``revision`` on, oldest first."""
        position = bisect_left(self._revisions, revision, self._skip)
        for place in range(position, len(self._groups)):
            yield self._groups[place]
