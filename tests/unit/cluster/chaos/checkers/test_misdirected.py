"""Requests that packet filters send where no ready endpoint is, planted."""

from collections.abc import Iterable

from cluster.chaos.checkers.misdirected import requests
from cluster.chaos.observations import Endpoint, Suffering, Survey, Visit

OLD, NEW = "10.0.0.1", "10.0.0.2"
BOUND = 5.0


def surveys(*ready: str, step: float = 1.0) -> list[Survey]:
    """One a second, with this one address ready ('' : none)."""
    return [
        Survey(number * step, (), (Endpoint("web", address, "u", "p"),) if address else ())
        for number, address in enumerate(ready)
    ]


def visits(to: str, moments: Iterable[float], node: str = "node-1") -> list[Visit]:
    return [Visit("web", at, at + 0.01, "", f"{node} to {to}", node, to) for at in moments]


def every(since: float, until: float) -> list[float]:
    return [since + number * 0.4 for number in range(int((until - since) / 0.4))]


def test_news_may_take_a_while_and_not_for_ever() -> None:
    looks = surveys(*[OLD] * 3, *[NEW] * 20)
    assert requests(visits(OLD, every(0.5, 7.0)), looks, [], BOUND) == []
    (found,) = requests(visits(OLD, every(0.5, 20.0)), looks, [], BOUND)
    assert 7.0 < found.at < 10.0
    assert found.subject == "service/web"
    assert any(NEW in line for line in found.evidence)


def test_no_bound() -> None:
    assert requests(visits(OLD, every(0.5, 20.0)), surveys(*[NEW] * 20), [], 0.0) == []


def test_to_what_is_ready() -> None:
    assert requests(visits(NEW, every(0.5, 20.0)), surveys(*[NEW] * 20), [], BOUND) == []
    # A pod that is ready as soon as it is there was never seen before.
    looks = surveys(*[OLD] * 18, NEW, NEW)
    assert requests(visits(NEW, every(17.2, 20.0)), looks, [], BOUND) == []


def test_a_request_now_and_then_says_nothing_of_the_time_between() -> None:
    looks = surveys(*[NEW] * 30)
    assert requests(visits(OLD, [1.0, 9.0, 17.0, 25.0]), looks, [], BOUND) == []


def test_a_service_without_ready_endpoints_may_send_to_those_that_end() -> None:
    looks = surveys(*[OLD] * 3, *[""] * 20)
    assert requests(visits(OLD, every(0.5, 20.0)), looks, [], BOUND) == []


def test_a_node_that_suffers_hears_no_news() -> None:
    looks, moments = surveys(*[NEW] * 20), every(0.5, 12.0)
    suffering = [Suffering("node-1", 0.0, 8.0)]
    assert requests(visits(OLD, moments), looks, suffering, BOUND) == []
    (found,) = requests(visits(OLD, moments, "node-2"), looks, suffering, BOUND)
    assert "node-2" in found.text
    (found,) = requests(visits(OLD, every(0.5, 25.0)), surveys(*[NEW] * 30), suffering, BOUND)
    assert found.at > 8.0 + BOUND


def test_time_without_answers_counts_little() -> None:
    looks = surveys(*[NEW] * 3, step=30.0)
    assert requests(visits(OLD, every(0.5, 80.0)), looks, [], BOUND) == []


def test_what_is_not_known_is_not_judged() -> None:
    assert requests(visits("", every(0.5, 20.0)), surveys(*[NEW] * 20), [], BOUND) == []
