"""Pods that no kubelet will ever finish."""

from typing import Any

from actors.controllers import pod_gc
from actors.controllers.plan import Delete, Patch, RequeueAfter, RequireAbsent
from actors.controllers.pod_gc import node_keys, plan, pod_keys
from cluster.api.resources import NODES, PODS
from cluster.api.types import Object
from tests.unit.actors.controllers.views import NOW, make_view

KEY = ("default", "p")


def pod(name: str = "p", on: str = "n1", phase: str = "Running", **meta: Any) -> Object:
    return {
        "metadata": {"name": name, "namespace": "default", **meta},
        "spec": {"nodeName": on} if on else {},
        "status": {"phase": phase},
    }


def node(**spec: Any) -> Object:
    status = {"conditions": [{"type": "Ready", "status": "Unknown"}]}
    return {"metadata": {"name": "n1"}, "spec": spec, "status": status}


GOING = {"deletionTimestamp": "2026-01-01T00:00:00Z"}


def test_pods_of_a_node_that_is_gone() -> None:
    view = make_view((PODS, pod()), resources=(NODES,))
    proof, fail, force = plan(KEY, view, NOW)
    assert proof == RequireAbsent(NODES, "", "n1", "")
    assert isinstance(fail, Patch) and fail.patch["status"]["phase"] == "Failed"
    assert isinstance(force, Delete) and force.grace == 0
    fresh = make_view((PODS, pod()), resources=(NODES,), seen=999.0)
    assert plan(KEY, fresh, NOW) == [RequeueAfter(pod_gc.QUARANTINE_SECONDS - 1.0)]


def test_terminating_pods_that_never_came_to_a_node() -> None:
    view = make_view((PODS, pod(on="", phase="Pending", **GOING)), resources=(NODES,))
    (force,) = plan(KEY, view, NOW)
    assert isinstance(force, Delete) and force.grace == 0
    waiting = make_view((PODS, pod(on="", phase="Pending")), resources=(NODES,))
    assert plan(KEY, waiting, NOW) == []


def test_terminating_pods_of_a_node_out_of_service() -> None:
    taint = {"key": pod_gc.OUT_OF_SERVICE, "effect": "NoExecute"}
    view = make_view((PODS, pod(**GOING)), (NODES, node(taints=[taint])))
    assert [type(action) for action in plan(KEY, view, NOW)] == [Patch, Delete]
    merely_lost = make_view((PODS, pod(**GOING)), (NODES, node()))
    assert plan(KEY, merely_lost, NOW) == []


def test_too_many_finished_pods(monkeypatch: Any) -> None:
    monkeypatch.setattr(pod_gc, "FINISHED_MAX", 2)
    pods = [
        pod(f"p{n}", phase="Succeeded", creationTimestamp=f"2026-01-01T00:00:0{n}Z")
        for n in range(4)
    ]
    view = make_view(*((PODS, item) for item in pods), (NODES, node()))
    actions = plan(("default", "p3"), view, NOW)
    assert [action.name for action in actions if isinstance(action, Delete)] == ["p0", "p1"]


def test_what_wakes_it() -> None:
    view = make_view((PODS, pod()), (NODES, node()))
    assert pod_keys(view, None, pod()) == []
    assert pod_keys(view, None, pod(on="elsewhere")) == [KEY]
    assert pod_keys(view, None, pod(**GOING)) == [KEY]
    assert list(node_keys(view, node(), None)) == [KEY]
    assert list(node_keys(view, node(), node())) == []
