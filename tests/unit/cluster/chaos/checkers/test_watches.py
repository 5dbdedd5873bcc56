"""What watchers were told, with planted violations."""

import pytest

from cluster.chaos.checkers import watches
from cluster.chaos.observations import Acknowledged, Seen, Segment

ADDED = Seen("ADDED", "a", "1", 11)
CHANGED = Seen("MODIFIED", "a", "2", 12)
DELETED = Seen("DELETED", "a", "2", 13)
ACK = Acknowledged("a", "2", 12, 0.0, 1.0)


def segment(*events: Seen, start: int = 10, position: int = 13) -> Segment:
    return Segment(start, position, {}, list(events))


def test_a_whole_watch() -> None:
    assert watches.broken_watch([segment(ADDED, CHANGED, DELETED)]) == []
    pair = [[segment(ADDED, CHANGED, DELETED)], [segment(CHANGED, DELETED, start=11)]]
    assert watches.incomplete_watches([ACK], pair) == []


@pytest.mark.parametrize(
    "events",
    [
        (ADDED, ADDED),
        (ADDED, DELETED, CHANGED),
        (CHANGED,),
        (DELETED,),
        (Seen("ADDED", "a", "1", 9),),
        (ADDED, Seen("ADDED", "a", "2", 12)),
    ],
)
def test_a_broken_watch(events: tuple[Seen, ...]) -> None:
    (found, *_) = watches.broken_watch([segment(*events)])
    assert found.invariant == "watch"
    assert found.subject == "configmap/a"


def test_a_watch_that_misses_what_another_has() -> None:
    (found,) = watches.incomplete_watches([], [[segment(ADDED, CHANGED)], [segment(ADDED)]])
    assert "misses" in found.text


def test_a_watch_that_misses_an_acknowledged_write() -> None:
    (found,) = watches.incomplete_watches([ACK], [[segment(ADDED)]])
    assert "misses [12]" in found.text


def test_a_watch_that_tells_something_else() -> None:
    other = Seen("MODIFIED", "a", "3", 12)
    assert watches.incomplete_watches([], [[segment(ADDED, CHANGED)], [segment(ADDED, other)]])
    assert watches.incomplete_watches([ACK], [[segment(ADDED, other)]])
