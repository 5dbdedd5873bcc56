"""What a watch promises (etcd's API guarantees): filtered, ordered, unique, atomic, reliable,
resumable, bookmarkable, with the version before; refused only if the past is gone.

All but the last follow from one thing: between where a stream started and where it stands, it told
exactly the events of the history. Must not know: who served it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cluster.messages.store import StoreEvent
from tests.simulation.members.checkers.history import Revision


@dataclass(slots=True)
class Segment:
    """One stream: ``start``: the first revision wanted; ``items``: (events, revision) as they came.
    ``resumed``: it goes on where the segment before it ended."""

    key: str
    end: str
    start: int
    items: list[tuple[tuple[StoreEvent, ...], int]] = field(default_factory=list)
    resumed: bool = False
    refused: str = ""
    # The highest revision that anybody had asked to compact to, or a bound did, when refused.
    compacted: int = 0

    @property
    def position(self) -> int:
        """Everything up to this revision was told."""
        return max((revision for _, revision in self.items), default=self.start - 1)

    def wants(self, key: str) -> bool:
        """True if the key is in range."""
        return self.key <= key < self.end if self.end else key == self.key


def check(watches: Sequence[Sequence[Segment]], truth: Sequence[Revision]) -> list[str]:
    """Every watcher's segments against the history."""
    found = []
    for segments in watches:
        told = 1
        for segment in segments:
            found += _segment(segment, truth)
            if segment.resumed and segment.start > told + 1:
                found.append(f"resumed at {segment.start} after {told}")
            told = max(told, segment.position)
    return found


def _segment(segment: Segment, truth: Sequence[Revision]) -> list[str]:
    if segment.refused:
        if segment.refused != "Compacted" or segment.start >= segment.compacted:
            kept = f"kept was {segment.compacted} on"
            return [f"a watch from {segment.start} was refused ({segment.refused}), {kept}"]
        return []
    found = []
    position = segment.start - 1
    for events, revision in segment.items:
        if revision < position and segment.start - 1 <= revision:
            found.append(f"a watch stands at {revision} after {position}")
        if any(e.item.mod_revision > revision for e in events):
            found.append(f"an event after the revision {revision} of its item")
        due = _due(segment, truth, position, revision)
        if list(events) != due:
            found.append(_difference(position, revision, events, due))
        position = max(position, revision)
    return found[:5]


def _due(segment: Segment, truth: Sequence[Revision], after: int, last: int) -> list[StoreEvent]:
    """The history's events for the segment in (after, last]. Revision r is truth[r - 2]."""
    return [
        event
        for step in truth[max(0, after - 1) : max(0, last - 1)]
        for event in step.events
        if segment.wants(event.item.key)
    ]


def _difference(
    position: int, revision: int, told: Sequence[StoreEvent], due: Sequence[StoreEvent]
) -> str:
    def short(events: Sequence[StoreEvent]) -> list[str]:
        return [f"{e.kind} {e.item.key}@{e.item.mod_revision}" for e in events]

    return f"a watch of {position} to {revision} told {short(told)}, due was {short(due)}"
