"""Endpoints of pods that are not ready, planted."""

from cluster.chaos.checkers.endpoints import endpoints_of_unready_pods
from cluster.chaos.observations import Endpoint, PodSeen, Survey
from tests.unit.cluster.chaos.checkers.test_pods import seen

TO = Endpoint("web", "10.0.0.1", "u", "p")


def surveys(*states: PodSeen | None, step: float = 1.0) -> list[Survey]:
    return [
        Survey(number * step, (pod,) if pod is not None else (), (TO,))
        for number, pod in enumerate(states)
    ]


def test_a_ready_pod_may_stay() -> None:
    assert endpoints_of_unready_pods(surveys(*[seen()] * 30), bound=5.0) == []


def test_the_news_may_take_a_while() -> None:
    states = [seen(ready=False)] * 5 + [seen()] + [seen(ready=False)] * 5
    assert endpoints_of_unready_pods(surveys(*states), bound=5.0) == []


def test_not_for_ever() -> None:
    for state in (seen(ready=False), seen(ending=True), None):
        (found,) = endpoints_of_unready_pods(surveys(*[state] * 9), bound=5.0)
        assert found.at == 6.0
        assert found.subject == "pod/p"
        assert found.evidence


def test_time_without_answers_counts_little() -> None:
    states = [seen(ready=False)] * 3
    assert endpoints_of_unready_pods(surveys(*states, step=60.0), bound=5.0) == []
