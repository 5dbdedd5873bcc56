"""What controllers say of their decisions: names and counts, in the words of ``reasons``."""

from typing import Any

from actors.controllers import (
    deployment,
    garbage_collector,
    namespace,
    node_lifecycle,
    pod_gc,
    reasons,
    replicaset,
    served,
    taint_eviction,
)
from actors.controllers.plan import Create, Delete, Patch
from cluster.api.resources import DEPLOYMENTS, LEASES, NAMESPACES, NODES, PODS, REPLICA_SETS
from tests.unit.actors.controllers.test_replicaset import KEY, make_pod, make_set
from tests.unit.actors.controllers.views import NOW, make_view

Object = dict[str, Any]
ALL = (*served.RESOURCES, LEASES)


def whys(actions: list[Any]) -> list[str]:
    acts = [one for one in actions if isinstance(one, Create | Delete | Patch)]
    return [one.why for one in acts]


def test_a_set_says_how_many_it_has_and_why_this_one_goes() -> None:
    view = make_view((REPLICA_SETS, make_set(2)), (PODS, make_pod("one")), resources=ALL)
    assert whys(replicaset.plan(KEY, view, NOW)) == ["web is to have 2 pods and has 1"]
    pods = [(PODS, make_pod(name)) for name in ("a", "b", "c")]
    pods += [(PODS, make_pod("d", phase="Pending"))]
    view = make_view((REPLICA_SETS, make_set(3)), *pods, resources=ALL)
    assert whys(replicaset.plan(KEY, view, NOW)) == [
        "web is to have 3 pods and has 4; this one goes because it does not run yet"
    ]


def test_a_deployment_says_what_it_rolls_out() -> None:
    meta = {"name": "web", "namespace": "default", "uid": "u", "generation": 1}
    item = make_set(3)
    made = {"metadata": meta, "spec": {**item["spec"], "strategy": {"type": "RollingUpdate"}}}
    view = make_view((DEPLOYMENTS, made), resources=ALL)
    assert whys(deployment.plan(KEY, view, NOW)) == [
        "web has a new template: rollout 1 begins with 3"
    ]
    assert reasons.scaling(made, 3, 2, reasons.rolling(1, 0)) == (
        "from 3 to 2: web rolls out its template, with at most 1 more and 0 fewer than it wants"
    )


def test_an_eviction_names_the_taint() -> None:
    taint = {"key": "k", "effect": "NoExecute"}
    node = {"metadata": {"name": "n1"}, "spec": {"taints": [taint]}}
    pod = {**make_pod("one"), "spec": {"nodeName": "n1"}}
    actions = taint_eviction.plan(
        ("default", "one"), make_view((NODES, node), (PODS, pod), resources=ALL), NOW
    )
    assert whys(actions)[-1].startswith("node n1 has the taint k:NoExecute")


def test_a_pod_of_a_lost_node_says_so() -> None:
    pod = {**make_pod("one"), "spec": {"nodeName": "n1"}}
    view = make_view((PODS, pod), uptime=1000.0, resources=ALL)
    told = whys(pod_gc.plan(("default", "one"), view, NOW))
    assert told[-1] == "node n1 is no more"


def test_a_silent_node_says_for_how_long() -> None:
    node = {"metadata": {"name": "n1", "resourceVersion": "1"}, "spec": {}, "status": {}}
    view = make_view((NODES, node), uptime=50.0, resources=ALL)
    told = whys(node_lifecycle.NodeLifecycle(16.0).plan(("", "n1"), view, NOW))
    assert "its kubelet has been silent for" in told[0]
    assert told[0].startswith("taints node.kubernetes.io/unreachable:NoSchedule")


def test_what_goes_with_its_owner_or_namespace_says_so() -> None:
    pod = make_pod("one", uid="p")
    view = make_view((PODS, pod), resources=ALL)
    key = garbage_collector.key_of(PODS, pod)
    assert whys(garbage_collector.plan(key, view, NOW)) == ["its owner ReplicaSet web is gone"]
    going = {
        "metadata": {"name": "default", "deletionTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"finalizers": ["kubernetes"]},
    }
    view = make_view((NAMESPACES, going), (PODS, pod), resources=ALL)
    assert whys(namespace.plan(("", "default"), view, NOW)) == [
        "its namespace default is being deleted"
    ]
