"""The watch and lease checkers are fed bad histories: they must refuse each, and nothing else."""

import pytest

from cluster.messages.store import KeyValue, StoreEvent
from tests.simulation.members.checkers import leases, watches
from tests.simulation.members.checkers.history import Revision
from tests.simulation.members.checkers.watches import Segment


def event(key: str, revision: int) -> StoreEvent:
    return StoreEvent("put", KeyValue(key, b"", revision, revision, 1), None, "")


EVENTS = [event("a", 2), event("b", 3), event("a", 4), event("x", 5)]
TRUTH = [Revision(e.item.mod_revision, (e,), 0.0) for e in EVENTS]
TRUTH[3] = Revision(5, (EVENTS[3], event("a", 5)), 0.0)


def segment(*items: tuple[list[StoreEvent], int], start: int = 2, end: str = "c") -> Segment:
    return Segment("a", end, start, [(tuple(events), revision) for events, revision in items])


def test_good_watches() -> None:
    first = segment(([], 1), (EVENTS[:2], 3), ([], 3))
    second = segment(([EVENTS[2], event("a", 5)], 5), start=4)
    second.resumed = True
    assert watches.check([[first, second]], TRUTH) == []
    assert watches.check([[segment(([EVENTS[2]], 4), start=4, end="")]], TRUTH) == []


@pytest.mark.parametrize(
    "bad",
    [
        segment(([EVENTS[0]], 3)),
        segment((EVENTS[:2], 3), ([EVENTS[1], EVENTS[2]], 4)),
        segment(([EVENTS[1], EVENTS[0]], 3)),
        segment(([EVENTS[0], event("b", 9)], 3)),
        segment((EVENTS[:3], 3)),
        segment((EVENTS[:2], 3), ([EVENTS[2]], 4), ([EVENTS[3], event("a", 5)], 5)),
        segment((EVENTS[:2], 3), ([], 5)),
        segment((EVENTS[:2], 3), ([], 2)),
        segment(([event("a", 2), EVENTS[1]], 3), ([StoreEvent("delete", EVENTS[2].item, None)], 4)),
    ],
)
def test_a_bad_one(bad: Segment) -> None:
    assert watches.check([[bad]], TRUTH)


def test_a_gap_between_segments() -> None:
    later = segment(start=4)
    later.resumed = True
    assert watches.check([[segment(([EVENTS[0]], 2)), later]], TRUTH)


def test_a_refusal_needs_that_the_past_is_gone() -> None:
    refused = segment(start=3)
    refused.refused, refused.compacted = "Compacted", 3
    assert watches.check([[refused]], TRUTH)
    refused.compacted = 4
    assert watches.check([[refused]], TRUTH) == []


def test_a_lease_that_ends_before_its_time() -> None:
    term = leases.Term("a", 7, begin=10.0, ttl=2.0)
    assert leases.ended_early([term], {7: 11.0}, 1.0)
    assert leases.ended_early([term], {7: 12.0, 8: 10.5}, 1.0) == []
    assert leases.ended_early([term], {7: 11.5}, 1.5) == []


def test_two_holders_at_once() -> None:
    hold = leases.Hold
    assert leases.overlapping([hold("a", 1, 3), hold("b", 2.9, 4)])
    assert leases.overlapping([hold("a", 1, 9), hold("a", 2, 3), hold("b", 4, 5)])
    assert leases.overlapping([hold("a", 1, 3), hold("b", 3, 4), hold("a", 2, 2.5)]) == []
