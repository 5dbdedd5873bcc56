"""Events by revision: what watches replay and reads at older revisions go back by.

Job: keep events from the compacted revision on, within bounds. Must not know: present values.

Kept are all events with revision >= ``compacted``: a watch may start there, a read may be at it.
Bounds are counted in revisions and bytes, from the events alone, so every replica compacts alike.
Forgetting many revisions only moves the bound; the memory goes with the following writes, a little
with each, because freeing it all at once would stall a loop for as long as a hundred writes take.
"""

from array import array
from collections.abc import Iterator, Sequence

from cluster.messages.store import StoreEvent

# Trimming a list's front costs its length: do it in strides.
TRIM_STRIDE = 1024
# Forgotten revisions freed with each new one.
FREED_AT_ONCE = 16
EVENT_OVERHEAD_BYTES = 200


def cost_of(events: Sequence[StoreEvent]) -> int:
    """What keeping these costs: the versions they replaced (the new ones are kept anyway)."""
    size = EVENT_OVERHEAD_BYTES * len(events)
    for event in events:
        previous = event.previous
        if previous is not None:
            size += len(previous.value) + len(previous.index) + len(previous.key)
    return size


class History:
    """``revision``: the newest one; ``compacted``: the oldest kept. ``bytes``: cost of the kept."""

    def __init__(self, revisions_max: int, bytes_max: int) -> None:
        self._revisions_max = revisions_max
        self._bytes_max = bytes_max
        self.begin(1, 1)

    def begin(self, revision: int, compacted: int) -> None:
        """Anew, at ``revision``; the events of the revisions kept are empty until restored."""
        self.revision = revision
        self.compacted = compacted
        self.bytes = 0
        # _events[_skip + n] holds the events of revision compacted + n (none: revision 1 is empty),
        # _costs their costs. Those before _freed are freed, those from there to _skip will be.
        self._events: list[tuple[StoreEvent, ...]] = [()] * (revision - compacted + 1)
        self._costs = array("q", bytes(8 * len(self._events)))
        self._skip = 0
        self._freed = 0

    def add(self, events: tuple[StoreEvent, ...]) -> int:
        """The events of the next revision; returns it. Drops the oldest beyond the bounds."""
        self.revision += 1
        cost = cost_of(events)
        self._events.append(events)
        self._costs.append(cost)
        self.bytes += cost
        while (
            self.revision - self.compacted >= self._revisions_max or self.bytes > self._bytes_max
        ) and self.compacted < self.revision:
            self.compact(self.compacted + 1)
        if self._freed < self._skip:
            self._free()
        return self.revision

    def restore(self, revision: int, events: tuple[StoreEvent, ...]) -> None:
        """Set the events of a kept revision (while a snapshot is decoded)."""
        position = self._skip + revision - self.compacted
        self._events[position] = events
        self._costs[position] = cost_of(events)
        self.bytes += self._costs[position]

    def compact(self, revision: int) -> None:
        """Forget everything before ``revision`` (no effect if that is done; at most the newest)."""
        forgotten = min(revision, self.revision) - self.compacted
        if forgotten > 0:
            self.bytes -= sum(self._costs[self._skip : self._skip + forgotten])
            self._skip += forgotten
            self.compacted += forgotten

    def _free(self) -> None:
        """Let go of some of what is forgotten."""
        events = self._events
        until = min(self._skip, self._freed + FREED_AT_ONCE)
        for position in range(self._freed, until):
            events[position] = ()
        self._freed = until
        if until >= TRIM_STRIDE:
            del self._events[:until], self._costs[:until]
            self._skip -= until
            self._freed = 0

    def at(self, revision: int) -> tuple[StoreEvent, ...]:
        """The events of one kept revision."""
        assert self.compacted <= revision <= self.revision
        return self._events[self._skip + revision - self.compacted]

    def since(self, revision: int) -> Iterator[tuple[StoreEvent, ...]]:
        """Events per revision, from ``revision`` (kept, or the next one) on, oldest first."""
        assert self.compacted <= revision
        for position in range(self._skip + revision - self.compacted, len(self._events)):
            yield self._events[position]

    def freeze(self) -> list[tuple[StoreEvent, ...]]:
        """A copy of what is kept, oldest first; cheap, the events are shared."""
        return self._events[self._skip :]

    def freeze_after(self, revision: int) -> list[tuple[StoreEvent, ...]]:
        """A copy of what came after a kept ``revision``, oldest first."""
        return self._events[self._skip + revision + 1 - self.compacted :]
