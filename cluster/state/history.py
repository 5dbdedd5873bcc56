"""Events by revision: what watches replay and reads at older revisions go back by.

Job: keep events from the compacted revision on, within bounds. Must not know: present values.

Kept are all events with revision >= ``compacted``: a watch may start there, a read may be at it.
Bounds are counted in revisions and bytes, from the events alone, so every replica compacts alike.
"""

from collections.abc import Iterator, Sequence

from cluster.messages.store import KeyValue, StoreEvent

# Trimming a list's front costs its length: do it in strides.
TRIM_STRIDE = 1024
EVENT_OVERHEAD_BYTES = 200


def size_of(item: KeyValue | None) -> int:
    """Bytes of a version, for bounds."""
    return 0 if item is None else len(item.value) + len(item.index) + len(item.key)


def cost_of(events: Sequence[StoreEvent]) -> int:
    """What keeping these costs: the versions they replaced (the new ones are kept anyway)."""
    return sum(EVENT_OVERHEAD_BYTES + size_of(event.previous) for event in events)


class History:
    """``revision``: the newest one; ``compacted``: the oldest kept."""

    def __init__(
        self, revisions_max: int, bytes_max: int, revision: int = 1, compacted: int = 1
    ) -> None:
        self._revisions_max = revisions_max
        self._bytes_max = bytes_max
        self.revision = revision
        self.compacted = compacted
        self.bytes = 0
        # _events[_skip + n] holds the events of revision compacted + n (none: revision 1 is empty).
        self._events: list[tuple[StoreEvent, ...]] = [()] * (revision - compacted + 1)
        self._skip = 0

    def add(self, events: tuple[StoreEvent, ...]) -> int:
        """The events of the next revision; returns it. Drops the oldest beyond the bounds."""
        self.revision += 1
        self._events.append(events)
        self.bytes += cost_of(events)
        while (
            self.revision - self.compacted >= self._revisions_max or self.bytes > self._bytes_max
        ) and self.compacted < self.revision:
            self.compact(self.compacted + 1)
        return self.revision

    def restore(self, revision: int, events: tuple[StoreEvent, ...]) -> None:
        """Set the events of a kept revision (while a snapshot is decoded)."""
        self._events[self._skip + revision - self.compacted] = events
        self.bytes += cost_of(events)

    def compact(self, revision: int) -> None:
        """Forget everything before ``revision`` (no effect if that is done; at most the newest)."""
        revision = min(revision, self.revision)
        while self.compacted < revision:
            self.bytes -= cost_of(self._events[self._skip])
            self._events[self._skip] = ()
            self._skip += 1
            self.compacted += 1
        if self._skip >= TRIM_STRIDE:
            del self._events[: self._skip]
            self._skip = 0

    def at(self, revision: int) -> tuple[StoreEvent, ...]:
        """The events of one kept revision."""
        assert self.compacted <= revision <= self.revision
        return self._events[self._skip + revision - self.compacted]

    def since(self, revision: int) -> Iterator[tuple[StoreEvent, ...]]:
        """Events per revision, from ``revision`` (kept, or the next one) on, oldest first."""
        assert self.compacted <= revision
        for position in range(self._skip + revision - self.compacted, len(self._events)):
            yield self._events[position]

    def back_to(self, revision: int) -> Iterator[StoreEvent]:
        """Single events after ``revision``, newest first: what a read at it undoes."""
        first = self._skip + revision + 1 - self.compacted
        for position in range(len(self._events) - 1, first - 1, -1):
            yield from reversed(self._events[position])

    @property
    def bounds(self) -> tuple[int, int]:
        """Revisions and bytes kept at most."""
        return self._revisions_max, self._bytes_max

    def freeze(self) -> list[tuple[StoreEvent, ...]]:
        """A copy of what is kept, oldest first; cheap, the events are shared."""
        return self._events[self._skip :]

    def freeze_after(self, revision: int) -> list[tuple[StoreEvent, ...]]:
        """A copy of what came after a kept ``revision``, oldest first."""
        return self._events[self._skip + revision + 1 - self.compacted :]
