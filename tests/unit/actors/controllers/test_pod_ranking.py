"""Who goes first, as Kubernetes documents it."""

from typing import Any

from actors.controllers.pod_ranking import (
    CRITERIA,
    DELETION_COST,
    Ranking,
    available_in,
    pods_to_delete,
)
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object
from tests.unit.actors.controllers.views import NOW


def pod(
    name: str,
    node: str = "n1",
    phase: str = "Running",
    ready: float | None = 100.0,
    age: float = 1000.0,
    cost: str = "",
    restarts: int = 0,
) -> Object:
    meta: Object = {
        "name": name,
        "uid": name,
        "creationTimestamp": rfc3339(NOW - age),
        "annotations": {DELETION_COST: cost} if cost else {},
    }
    status: Object = {"phase": phase, "containerStatuses": [{"restartCount": restarts}]}
    if ready is not None:
        since = rfc3339(NOW - ready)
        ready_condition = {"type": "Ready", "status": "True", "lastTransitionTime": since}
        status["conditions"] = [ready_condition]
    return {"metadata": meta, "spec": {"nodeName": node}, "status": status}


def order(*pods: Object) -> list[str]:
    ranked = [pods_to_delete(pods, pods, count, NOW)[count - 1] for count in range(1, len(pods))]
    return [item["metadata"]["name"] for item in ranked]


def first(*pods: Object) -> str:
    return str(pods_to_delete(pods, pods, 1, NOW)[0]["metadata"]["name"])


def test_each_rule_alone() -> None:
    cases: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"node": ""}, {}),
        ({"phase": "Pending"}, {}),
        ({"ready": None}, {}),
        ({"cost": "-5"}, {}),
        ({}, {"cost": "5"}),
        ({"ready": 10.0}, {"ready": 900.0}),
        ({"restarts": 3}, {}),
        ({"age": 100.0}, {"age": 100000.0}),
    ]
    told = set()
    for goes, stays in cases:
        pods = [pod("b", **goes), pod("a", **stays)]
        assert first(*pods) == "b", (goes, stays)
        told.add(Ranking(pods, [], NOW).told(pods[0], 1))
    # Each rule has its words: all but the crowd's, and the lot.
    assert told == {*CRITERIA} - {"because more of its kind are on its node", "by lot"}


def test_the_crowded_node_gives_first() -> None:
    pods = [pod("a", "n1"), pod("b", "n2"), pod("c", "n2")]
    assert first(*pods) == "b"
    assert Ranking(pods, pods, NOW).told(pods[1], 1) == "by lot"
    assert Ranking(pods, pods, NOW).told(pods[1], 2) == "because more of its kind are on its node"
    assert Ranking(pods, pods, NOW).told(pods[1], 3) == ""


def test_the_whole_order() -> None:
    pods = [
        pod("old"),
        pod("cheap", cost="-1"),
        pod("pending", phase="Pending", ready=None),
        pod("unscheduled", node="", phase="Pending", ready=None),
        pod("unready", ready=None),
    ]
    assert order(*pods) == ["unscheduled", "pending", "unready", "cheap"]


def test_a_bad_cost_counts_nothing_and_all_may_go() -> None:
    pods = [pod("a", cost="dear"), pod("b")]
    assert first(*pods) == "a"
    assert len(pods_to_delete(pods, pods, 5, NOW)) == 2


def test_availability_is_waited_for() -> None:
    assert available_in(pod("a", ready=5.0), 0, NOW) == 0.0
    assert available_in(pod("a", ready=5.0), 30, NOW) == 25.0
    assert available_in(pod("a", ready=50.0), 30, NOW) == 0.0
    assert available_in(pod("a", ready=None), 30, NOW) is None
