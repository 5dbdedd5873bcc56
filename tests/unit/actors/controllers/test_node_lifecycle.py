"""Node lifecycle: silence, taints, and what happens when all nodes are lost."""

from typing import Any

from actors.controllers.node_lifecycle import NodeLifecycle, lease_keys, node_keys, pod_keys
from actors.controllers.plan import Patch, RequeueAfter
from cluster.api.resources import LEASES, NODES, PODS
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object
from tests.unit.actors.controllers.views import NOW, make_view

CONTROLLER = NodeLifecycle(grace=16.0)
RESOURCES = (NODES, LEASES, PODS)


def node(name: str = "n1", ready: str = "True", **spec: Any) -> Object:
    heartbeat = rfc3339(NOW if name == "well" else NOW - 600)
    conditions = [{"type": "Ready", "status": ready, "lastHeartbeatTime": heartbeat}]
    status = {"conditions": conditions} if ready else {}
    return {"metadata": {"name": name}, "spec": spec, "status": status}


def lease(name: str = "n1") -> Object:
    return {"metadata": {"name": name, "namespace": "kube-node-lease"}, "spec": {}}


def ready_pod(name: str = "p", on: str = "n1") -> Object:
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    meta = {"name": name, "namespace": "default"}
    return {"metadata": meta, "spec": {"nodeName": on}, "status": status}


def run(*objects: Any, silence: float = 1.0, name: str = "n1", uptime: float = 1000.0) -> list[Any]:
    """A plan where Leases were renewed ``silence`` seconds ago; node "well" has no Lease and a
    fresh heartbeat, so that not all nodes are lost."""
    view = make_view(
        (NODES, node("well")),
        *objects,
        seen=1000.0 - silence,
        uptime=uptime,
        resources=RESOURCES,
    )
    return CONTROLLER.plan(("", name), view, NOW)


def taints(actions: list[Any]) -> list[tuple[str, str]]:
    patch = next(a.patch for a in actions if isinstance(a, Patch) and "spec" in a.patch)
    return [(item["key"].rpartition("/")[2], item["effect"]) for item in patch["spec"]["taints"]]


def test_a_node_that_is_heard_of_is_looked_at_again_in_time() -> None:
    assert run((NODES, node()), (LEASES, lease()), silence=6.0) == [RequeueAfter(10.0)]


def test_a_silent_node_is_unknown_tainted_and_its_pods_unready() -> None:
    actions = run((NODES, node()), (LEASES, lease()), (PODS, ready_pod()), silence=16.5)
    assert taints(actions) == [("unreachable", "NoSchedule"), ("unreachable", "NoExecute")]
    status = next(a for a in actions if isinstance(a, Patch) and a.subresource == "status")
    conditions = {item["type"]: item for item in status.patch["status"]["conditions"]}
    assert conditions["Ready"]["status"] == "Unknown"
    assert conditions["Ready"]["reason"] == "NodeStatusUnknown"
    assert conditions["MemoryPressure"]["reason"] == "NodeStatusNeverUpdated"
    pod_patch = next(a for a in actions if isinstance(a, Patch) and a.resource == PODS)
    assert pod_patch.patch["status"]["conditions"][0]["status"] == "False"
    assert not any(isinstance(action, RequeueAfter) for action in actions)


def test_a_new_leader_gives_every_node_the_whole_grace() -> None:
    actions = run((NODES, node()), (LEASES, lease()), silence=100.0, uptime=4.0)
    assert actions == [RequeueAfter(12.0)]


def test_nobody_is_driven_out_when_all_are_lost() -> None:
    view = make_view(
        (NODES, node()), (LEASES, lease()), (PODS, ready_pod()), seen=0.0, resources=RESOURCES
    )
    actions = CONTROLLER.plan(("", "n1"), view, NOW)
    assert taints(actions) == [("unreachable", "NoSchedule")]
    assert not any(isinstance(a, Patch) and a.resource == PODS for a in actions)


def test_taints_follow_the_conditions_and_leave_others_alone() -> None:
    other = {"key": "dedicated", "value": "db", "effect": "NoSchedule"}
    old = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "timeAdded": "x"}
    assert taints(run((NODES, node(ready="False")), (LEASES, lease()))) == [
        ("not-ready", "NoSchedule"),
        ("not-ready", "NoExecute"),
    ]
    assert taints(run((NODES, node(taints=[other, old])), (LEASES, lease()))) == [
        ("dedicated", "NoSchedule")
    ]
    assert taints(run((NODES, node(unschedulable=True)), (LEASES, lease()))) == [
        ("unschedulable", "NoSchedule")
    ]
    assert taints(run((NODES, node(ready="")), (LEASES, lease()))) == [("not-ready", "NoSchedule")]
    pressed = node()
    pressed["status"]["conditions"].append({"type": "DiskPressure", "status": "True"})
    assert taints(run((NODES, pressed), (LEASES, lease()))) == [("disk-pressure", "NoSchedule")]


def test_a_no_execute_taint_of_a_person_gets_its_time() -> None:
    theirs = {"key": "maintenance", "effect": "NoExecute"}
    actions = run((NODES, node(taints=[theirs])), (LEASES, lease()))
    (patch,) = (action for action in actions if isinstance(action, Patch))
    assert patch.patch["spec"]["taints"] == [{**theirs, "timeAdded": rfc3339(NOW)}]


def test_the_plan_is_idempotent() -> None:
    settled = node(
        ready="False",
        taints=[
            {"key": "node.kubernetes.io/not-ready", "effect": effect, "timeAdded": rfc3339(NOW)}
            for effect in ("NoSchedule", "NoExecute")
        ],
    )
    assert run((NODES, settled), (LEASES, lease())) == [RequeueAfter(15.0)]


def test_without_a_lease_the_heartbeat_counts() -> None:
    fresh = node()
    fresh["status"]["conditions"][0]["lastHeartbeatTime"] = rfc3339(NOW - 6)
    assert run((NODES, fresh)) == [RequeueAfter(10.0)]
    assert ("unreachable", "NoExecute") in taints(run((NODES, node())))


def test_a_heartbeat_counts_beside_a_stale_lease_unless_its_clock_is_ahead() -> None:
    fresh = node()
    fresh["status"]["conditions"][0]["lastHeartbeatTime"] = rfc3339(NOW - 6)
    assert run((NODES, fresh), (LEASES, lease()), silence=99.0) == [RequeueAfter(10.0)]
    fresh["status"]["conditions"][0]["lastHeartbeatTime"] = rfc3339(NOW + 60)
    assert len(run((NODES, fresh), (LEASES, lease()), silence=99.0)) > 1


def test_renewals_wake_nothing_while_all_is_well() -> None:
    view = make_view((NODES, node()), (NODES, node("lost", ready="Unknown")))
    assert lease_keys(view, lease(), lease()) == []
    assert lease_keys(view, lease("lost"), lease("lost")) == [("", "lost")]
    assert lease_keys(view, None, lease()) == [("", "n1")]
    assert node_keys(view, node(), node()) == []
    assert set(node_keys(view, node(ready="Unknown"), node())) == {("", "n1"), ("", "lost")}
    assert pod_keys(view, None, ready_pod(on="lost")) == [("", "lost")]
    assert pod_keys(view, None, ready_pod()) == []
