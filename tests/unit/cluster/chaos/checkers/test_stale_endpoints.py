"""Requests that pods answer which are endpoints no more, planted."""

import math
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from cluster.chaos.checkers.stale_endpoints import News, late_answers, stale_endpoints
from cluster.chaos.endpoint_history import histories
from cluster.chaos.observations import (
    Endpoint,
    EndpointSeen,
    Seen,
    Segment,
    Suffering,
    Survey,
    Violation,
    Visit,
)

BOUND = 5.0
State = tuple[EndpointSeen, ...]


def ready(pod: str) -> EndpointSeen:
    return EndpointSeen("web", pod, f"web-{pod}", True, True, False)


def leaving(pod: str, serving: bool = True) -> EndpointSeen:
    return EndpointSeen("web", pod, f"web-{pod}", False, serving, True)


def unready(pod: str) -> EndpointSeen:
    return EndpointSeen("web", pod, f"web-{pod}", False, False, False)


def watch(first: State, *changes: tuple[float, State]) -> list[Segment]:
    """One slice: what it holds from the beginning, and from each moment on."""
    events = [Seen("MODIFIED", "web-1", state, number, at) for number, (at, state) in
              enumerate(changes, 2)]  # fmt: skip
    return [Segment(1, len(events) + 1, {"web-1": first}, events, 0.0)]


def looks(until: float, *pods: str, since: float = 0.0, step: float = 1.0) -> list[Survey]:
    """One each ``step`` seconds, at each of which these are ready."""
    ends = tuple(Endpoint("web", f"10.0.0.{pod}", pod) for pod in pods)
    return [
        Survey(since + number * step, (), ends, since + number * step + 0.1)
        for number in range(int((until - since) / step))
    ]


def visits(pod: str, moments: Iterable[float], node: str = "node-1") -> list[Visit]:
    return [Visit("web", at, at + 0.01, "", node, node, pod=pod) for at in moments]


def every(since: float, until: float) -> list[float]:
    return [since + number * 0.4 for number in range(int((until - since) / 0.4))]


def found(
    pod: str, moments: Iterable[float], slices: list[Segment], surveys: list[Survey],
    *sufferings: Suffering,
) -> list[Violation]:  # fmt: skip
    return stale_endpoints(visits(pod, moments), slices, surveys, sufferings, BOUND)


GONE_AT_3 = watch((ready("a"), ready("b")), (3.0, (ready("b"),)))


def test_news_may_take_a_while_and_not_for_ever() -> None:
    surveys = looks(30.0, "b")
    assert found("a", every(0.0, 7.9), GONE_AT_3, surveys) == []
    (wrong,) = found("a", every(0.0, 20.0), GONE_AT_3, surveys)
    assert 8.0 < wrong.at < 8.5
    assert wrong.subject == "pod/web-a"
    assert "node-1" in wrong.text and "web-a" in wrong.text
    assert wrong.evidence[0] == "node-1 to web-a"
    assert "3.000 s web-a: in no slice" in wrong.evidence
    assert "web-b was an endpoint then" in wrong.evidence


def test_each_node_and_pod_is_told_once() -> None:
    slices = watch((ready("a"), ready("b"), ready("c")), (3.0, (ready("c"),)))
    asked = [
        one
        for pod in "ab"
        for node in ("node-1", "node-2")
        for one in visits(pod, every(0.0, 20.0), node)
    ]
    assert len(stale_endpoints(asked, slices, looks(30.0, "c"), [], BOUND)) == 4


def test_without_a_bound() -> None:
    asked = visits("a", every(0.0, 20.0))
    assert stale_endpoints(asked, GONE_AT_3, looks(30.0, "b"), [], 0.0) == []


def test_what_is_not_ready_or_terminates_is_no_endpoint_beside_one_that_is_ready() -> None:
    for state in (unready("a"), leaving("a"), leaving("a", serving=False)):
        slices = watch((ready("a"), ready("b")), (3.0, (state, ready("b"))))
        (wrong,) = found("a", every(0.0, 20.0), slices, looks(30.0, "b"))
        assert f"3.000 s web-a: {state}" in wrong.evidence


def test_where_none_is_ready_those_that_serve_while_they_terminate_are_endpoints() -> None:
    """KEP-1669; and those that do not serve are none even then."""
    slices = watch((ready("a"), ready("b")), (3.0, (leaving("a"), leaving("b", serving=False))))
    assert found("a", every(0.0, 20.0), slices, looks(30.0)) == []
    (wrong,) = found("b", every(0.0, 20.0), slices, looks(30.0))
    assert "terminating, not ready" in "".join(wrong.evidence)
    # Until another is ready again.
    slices = watch(
        (ready("a"), ready("b")), (3.0, (leaving("a"),)), (12.0, (leaving("a"), ready("c")))
    )
    (wrong,) = found("a", every(0.0, 20.0), slices, looks(30.0, "c", since=12.0))
    assert wrong.at > 12.0 + BOUND


def test_a_node_that_suffers_hears_no_news() -> None:
    surveys, cut = looks(40.0, "b"), Suffering("node-1", 2.0, 10.0)
    assert found("a", every(0.0, 14.9), GONE_AT_3, surveys, cut) == []
    (wrong,) = found("a", every(0.0, 30.0), GONE_AT_3, surveys, cut)
    assert 15.0 < wrong.at < 15.5
    assert found("a", every(0.0, 30.0), GONE_AT_3, surveys, cut._replace(end=math.inf)) == []
    assert found("a", every(0.0, 30.0), GONE_AT_3, surveys, cut._replace(process="node-2"))
    # It had time enough before it began to suffer.
    assert found("a", [12.0], GONE_AT_3, surveys, Suffering("node-1", 9.0, 20.0))
    assert not found("a", [12.0], GONE_AT_3, surveys, Suffering("node-1", 7.0, 20.0))


def test_while_nobody_answers_no_news_can_spread() -> None:
    surveys = [*looks(3.5, "b"), *looks(60.0, "b", since=40.0)]
    assert found("a", every(0.0, 41.0), GONE_AT_3, surveys) == []
    assert found("a", every(0.0, 50.0), GONE_AT_3, surveys)


def test_a_pod_that_comes_back_is_one_again() -> None:
    away = (3.0, (unready("a"), ready("b")))
    slices = watch((ready("a"), ready("b")), away, (12.0, (ready("a"), ready("b"))))
    surveys = [*looks(12.0, "b"), *looks(30.0, "a", "b", since=12.0)]
    assert found("a", every(12.0, 30.0), slices, surveys) == []
    assert found("a", every(0.0, 30.0), slices, surveys)
    # A look shows it before the watch does; and then from the last look on that did not.
    late = watch((ready("a"), ready("b")), away, (29.0, (ready("a"), ready("b"))))
    assert found("a", every(12.0, 30.0), late, surveys) == []
    assert found("a", every(12.0, 30.0), watch((ready("a"), ready("b")), away), surveys) == []
    assert found("a", [11.0], late, surveys) == []
    assert found("a", [10.8], late, surveys)


def test_a_place_that_was_lost() -> None:
    """What was listed anew is what is known from then on."""
    first = watch((ready("a"), ready("b")))
    again = Segment(9, 9, {"web-2": (ready("b"),)}, [], 6.0)
    (wrong,) = found("a", every(0.0, 20.0), [*first, again], looks(30.0, "b"))
    assert wrong.at > 6.0 + BOUND
    gone = Segment(1, 2, {"web-1": (ready("a"),), "web-2": (ready("b"),)},
                   [Seen("DELETED", "web-1", (ready("a"),), 2, 3.0)], 0.0)  # fmt: skip
    assert found("a", every(0.0, 20.0), [gone], looks(30.0, "b"))


def test_who_answered_must_be_known_and_have_been_an_endpoint() -> None:
    surveys = looks(30.0, "b")
    assert found("", every(0.0, 20.0), GONE_AT_3, surveys) == []
    assert found("stranger", every(0.0, 20.0), GONE_AT_3, surveys) == []
    # One that is not ready yet may answer its first requests before the watch tells.
    slices = watch((unready("a"), ready("b")), (29.0, (ready("a"), ready("b"))))
    assert found("a", every(0.0, 20.0), slices, surveys) == []


def test_how_late_answers_are() -> None:
    asked = visits("a", [2.0, 3.2, 4.0])
    late = late_answers(asked, GONE_AT_3, looks(30.0, "b"), [])
    assert [(one.visit.begin, one.since) for one in late] == [(3.2, 3.0), (4.0, 3.0)]
    assert [round(one.heard, 3) for one in late] == [0.2, 1.0]


@given(
    st.lists(st.floats(0.0, 50.0), min_size=2, max_size=30, unique=True),
    st.floats(0.0, 60.0), st.floats(0.0, 60.0), st.floats(0.0, 60.0),
)  # fmt: skip
def test_the_clock_of_news(moments: list[float], first: float, second: float, third: float) -> None:
    """It never goes faster than time, nor backwards, and parts add up."""
    news = News([Survey(at, (), ()) for at in sorted(moments)])
    a, b, c = sorted((first, second, third))
    assert 0.0 <= news.seconds(a, b) <= b - a + 1e-9
    assert math.isclose(news.seconds(a, b) + news.seconds(b, c), news.seconds(a, c), abs_tol=1e-9)


STATES = st.tuples(
    st.sampled_from(["ready", "leaving", "unready", "gone"]),
    st.sampled_from(["ready", "leaving", "unready", "gone"]),
)


@given(st.lists(STATES, min_size=1, max_size=12), st.floats(0.0, 13.0))
def test_a_pod_is_an_endpoint_exactly_when_slices_say_so(
    states: list[tuple[str, str]], moment: float
) -> None:
    """One change a second, and no looks at the cluster: against the state itself."""
    make = {"ready": ready, "leaving": leaving, "unready": unready}
    told = [
        tuple(make[word](pod) for word, pod in zip(pair, "ab", strict=True) if word in make)
        for pair in states
    ]
    slices = watch(told[0], *((float(at), state) for at, state in enumerate(told[1:], 1)))
    past = histories(slices, looks(0.0)).get(("web", "a"))
    mine, other = states[min(int(moment), len(states) - 1)]
    endpoint = mine == "ready" or (mine == "leaving" and other != "ready")
    spans = past.spans if past is not None else []
    # Without looks, one that comes back counts from when it left.
    if endpoint:
        assert any(since <= moment <= until for since, until in spans)
    later = [
        number
        for number, (own, next_) in enumerate(states)
        if number > moment and (own == "ready" or (own == "leaving" and next_ != "ready"))
    ]
    if not endpoint and not later and moment != int(moment):
        assert not any(since <= moment <= until for since, until in spans)
