"""Evictions against budgets, with planted violations."""

from cluster.chaos.checkers.budgets import broken_budgets
from cluster.chaos.observations import Eviction, PodSeen, Seen, Segment
from tests.unit.cluster.chaos.checkers.test_pods import seen


def pod(number: int, **more: object) -> PodSeen:
    return seen(f"web-{number}", f"u{number}", **more)


def watch(*events: tuple[float, PodSeen]) -> Segment:
    listed: dict[str, object] = {f"web-{n}": pod(n) for n in range(3)}
    told = [
        Seen("MODIFIED", value.name, value, 11 + number, at)
        for number, (at, value) in enumerate(events)
    ]
    # Something after all evictions, so that they are covered.
    told.append(Seen("MODIFIED", "web-9", pod(9, app="other"), 90, 100.0))
    return Segment(10, 99, listed, told, at=0.0)


def evicted(number: int, at: float, budget: int = 2) -> Eviction:
    return Eviction(at, "web", f"web-{number}", f"u{number}", budget)


def test_one_of_three_may_go() -> None:
    assert broken_budgets([evicted(0, 10.0)], [watch()]) == []


def test_a_second_may_not_before_the_first_is_replaced() -> None:
    gone = (10.1, pod(0, ending=True, ready=False))
    (found,) = broken_budgets([evicted(0, 10.0), evicted(1, 11.0)], [watch(gone)])
    assert found.subject == "pod/web-1"
    assert "with 1 other healthy pods" in found.text
    replaced = (10.5, pod(3))
    assert broken_budgets([evicted(0, 10.0), evicted(1, 11.0)], [watch(gone, replaced)]) == []


def test_a_pod_that_failed_long_ago_does_not_count() -> None:
    failed = (4.0, pod(2, ready=False))
    assert broken_budgets([evicted(0, 10.0)], [watch(failed)])


def test_a_pod_that_failed_just_now_counts() -> None:
    failed = (9.5, pod(2, ready=False))
    assert broken_budgets([evicted(0, 10.0)], [watch(failed)]) == []


def test_what_was_not_watched_says_nothing() -> None:
    segment = watch((5.0, pod(2, ready=False)))
    segment.at = 9.0
    assert broken_budgets([evicted(0, 10.0)], [segment]) == []
    segment.at, segment.events = 0.0, segment.events[:1]
    assert broken_budgets([evicted(0, 10.0)], [segment]) == []
