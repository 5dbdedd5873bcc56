"""Evictions against budgets, with planted violations."""

from cluster.chaos.checkers.budgets import broken_budgets
from cluster.chaos.observations import Eviction, PodSeen, Seen, Segment
from tests.unit.cluster.chaos.checkers.test_pods import seen


def pod(number: int, **more: object) -> PodSeen:
    return seen(f"web-{number}", f"u{number}", **more)


def ends(number: int) -> PodSeen:
    return pod(number, ending=True)


def watch(*events: tuple[float, PodSeen]) -> Segment:
    listed: dict[str, object] = {f"web-{n}": pod(n) for n in range(3)}
    told = [
        Seen("MODIFIED", value.name, value, 11 + number, at)
        for number, (at, value) in enumerate(events)
    ]
    return Segment(10, 99, listed, told, at=0.0)


def evicted(number: int, at: float = 10.0, budget: int = 2) -> Eviction:
    return Eviction(at, "web", f"web-{number}", f"u{number}", budget)


FAILED = pod(2, ready=False)


def test_one_of_three_may_go() -> None:
    assert broken_budgets([evicted(0)], [watch((10.0, ends(0)))]) == []


def test_a_second_may_not_before_the_first_is_replaced() -> None:
    (found,) = broken_budgets(
        [evicted(0), evicted(1, 11.0)], [watch((10.0, ends(0)), (11.0, ends(1)))]
    )
    assert found.subject == "pod/web-1"
    assert "with 1 other healthy pods" in found.text
    replaced = watch((10.0, ends(0)), (10.5, pod(3)), (11.0, ends(1)))
    assert broken_budgets([evicted(0), evicted(1, 11.0)], [replaced]) == []


def test_a_watch_that_is_told_late_says_the_same() -> None:
    """All at once, long after the evictions were granted."""
    replaced = watch((30.0, ends(0)), (30.0, pod(3)), (30.0, ends(1)))
    assert broken_budgets([evicted(0), evicted(1, 11.0)], [replaced]) == []
    assert broken_budgets([evicted(0), evicted(1)], [watch((30.0, ends(0)), (30.0, ends(1)))])


def test_a_pod_that_failed_long_ago_does_not_count() -> None:
    assert broken_budgets([evicted(0)], [watch((4.0, FAILED), (10.0, ends(0)))])


def test_a_pod_that_failed_just_now_counts() -> None:
    assert broken_budgets([evicted(0)], [watch((9.5, FAILED), (10.0, ends(0)))]) == []


def test_what_was_not_watched_says_nothing() -> None:
    segment = watch((4.0, FAILED), (10.0, ends(0)))
    segment.at = 9.0
    assert broken_budgets([evicted(0)], [segment]) == []
    segment.at, segment.events = 0.0, segment.events[:1]
    assert broken_budgets([evicted(0)], [segment]) == []


def test_an_app_is_judged_by_its_own_pods() -> None:
    other = Eviction(10.0, "api", "api-0", "u9", 1)
    alone = pod(9, app="api")
    told = watch((1.0, alone), (10.0, pod(9, app="api", ending=True)))
    (found,) = broken_budgets([other], [told])
    assert "with 0 other healthy pods of api" in found.text
