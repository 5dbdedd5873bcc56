"""Containers and rules that nobody needs, planted."""

from dataclasses import replace

from cluster.chaos.checkers import leftovers
from cluster.chaos.observations import Container, Forwarded
from tests.unit.cluster.chaos.checkers.test_pods import seen

MINE = Container("n1", "c1", "u", "chaos", "p", "main", True)
SANDBOX = replace(MINE, identity="c0", part="")
POD = seen()


def test_a_pod_and_its_containers() -> None:
    assert leftovers.orphan_containers([MINE, SANDBOX], [POD]) == []
    assert leftovers.missing_containers([MINE, SANDBOX], [POD]) == []
    ended = replace(MINE, identity="c9", pod="gone", running=False)
    assert leftovers.orphan_containers([ended], [POD]) == []


def test_containers_of_nobody() -> None:
    (found,) = leftovers.orphan_containers([replace(MINE, pod="gone")], [POD])
    assert "there is no such pod" in found.text
    (found,) = leftovers.orphan_containers([replace(MINE, node="n2")], [POD])
    assert "its pod is on n1" in found.text
    (found,) = leftovers.orphan_containers([MINE, replace(MINE, identity="c2")], [POD])
    assert "runs twice" in found.text


def test_a_pod_without_containers() -> None:
    (found,) = leftovers.missing_containers([SANDBOX], [POD])
    assert found.subject == "pod/p"


def test_rules() -> None:
    ready = {"web": ["10.0.0.1", "10.0.0.2"]}
    assert leftovers.orphan_rules([Forwarded("n1", "web", ("10.0.0.2", "10.0.0.1"))], ready) == []
    assert leftovers.orphan_rules([Forwarded("n1", "other", ("10.0.0.9",))], ready) == []
    assert leftovers.orphan_rules([Forwarded("n1", "web", ("10.0.0.1",))], ready)
    more = ("10.0.0.1", "10.0.0.2", "10.0.0.3")
    assert leftovers.orphan_rules([Forwarded("n1", "web", more)], ready)
