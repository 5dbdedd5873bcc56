"""Taint eviction, and the whole way from a silent node to a replaced pod."""

import asyncio

from actors.controllers.plan import Announce, Delete, Patch, RequeueAfter
from actors.controllers.taint_eviction import node_keys, plan, pod_keys
from cluster.api.resources import DEPLOYMENTS, NODES, PODS
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object
from tests.unit.actors.client.harness import until
from tests.unit.actors.controllers.cluster import Cluster, in_cluster, make_deployment
from tests.unit.actors.controllers.views import NOW, make_view

KEY = ("default", "p")
TAINT = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}


def pod(seconds: int | None = 5) -> Object:
    toleration: Object = {"key": TAINT["key"], "operator": "Exists", "effect": "NoExecute"}
    if seconds is not None:
        toleration["tolerationSeconds"] = seconds
    meta = {"name": "p", "namespace": "default"}
    return {"metadata": meta, "spec": {"nodeName": "n1", "tolerations": [toleration]}}


def node(since: float | None) -> Object:
    taints = [] if since is None else [{**TAINT, "timeAdded": rfc3339(since)}]
    return {"metadata": {"name": "n1"}, "spec": {"taints": taints}}


def test_waits_as_long_as_tolerated_then_evicts() -> None:
    view = make_view((PODS, pod()), (NODES, node(NOW - 2)))
    assert plan(KEY, view, NOW) == [RequeueAfter(3.0)]
    view = make_view((PODS, pod()), (NODES, node(NOW - 5)))
    mark, say, delete = plan(KEY, view, NOW)
    assert isinstance(mark, Patch) and isinstance(say, Announce) and isinstance(delete, Delete)
    assert mark.patch["status"]["conditions"][0]["type"] == "DisruptionTarget"
    assert delete.uid == "uid-p" and delete.grace is None


def test_lets_alone_what_tolerates_and_what_goes_already() -> None:
    assert plan(KEY, make_view((PODS, pod(None)), (NODES, node(NOW - 99))), NOW) == []
    assert plan(KEY, make_view((PODS, pod()), (NODES, node(None))), NOW) == []
    going = pod()
    going["metadata"]["deletionTimestamp"] = rfc3339(NOW)
    assert plan(KEY, make_view((PODS, going), (NODES, node(NOW - 99))), NOW) == []


def test_what_wakes_it() -> None:
    view = make_view((PODS, pod()), (NODES, node(NOW)))
    assert list(node_keys(view, node(None), node(NOW))) == [KEY]
    assert list(node_keys(view, node(NOW), node(NOW))) == []
    unbound = {**pod(), "spec": {}}
    assert list(pod_keys(view, unbound, pod())) == [KEY]
    assert list(pod_keys(view, pod(), pod())) == []


def tolerant(cluster: Cluster) -> Object:
    """A Deployment with the tolerations that admission would add."""
    made = make_deployment(6)
    made["spec"]["template"]["spec"]["tolerations"] = [
        {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
        for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
    ]
    return made


@in_cluster
async def test_pods_of_a_silent_node_run_elsewhere(cluster: Cluster) -> None:
    cluster.state.put(DEPLOYMENTS, tolerant(cluster))
    await until(cluster.is_rolled_out)
    cluster.kubelet.silent.add("node-2")
    began = asyncio.get_running_loop().time()

    def moved() -> bool:
        ready = cluster.ready(app="web")
        return len(ready) == 6 and all(pod["spec"]["nodeName"] != "node-2" for pod in ready)

    assert not moved()
    await until(moved, 60)
    assert 16 <= asyncio.get_running_loop().time() - began <= 30
    lost = cluster.state.find(NODES, "", "node-2")
    assert lost is not None and len(lost["spec"]["taints"]) == 2
    # The seconds that a taint is tolerated do not part the eviction from its cause.
    tracer = cluster.bench.system.recorder.tracer
    notes = tracer.find(msg="pod.deleting")  # type: ignore[attr-defined]
    assert notes and all("unreachable" in note["why"] and note["trace"] for note in notes)
    # Its own pods wait, terminating, for the kubelet to come back and end them.
    stuck = [pod for pod in cluster.state.all(PODS) if pod["metadata"].get("deletionTimestamp")]
    assert stuck and {pod["spec"]["nodeName"] for pod in stuck} == {"node-2"}
    cluster.kubelet.silent.clear()
    cluster.add_node("node-2")
    await until(lambda: len(cluster.state.all(PODS)) == 6)

    def untainted() -> bool:
        found = cluster.state.find(NODES, "", "node-2")
        return found is not None and not found["spec"].get("taints")

    await until(untainted)


@in_cluster
async def test_pods_of_a_deleted_node_are_dropped_by_force(cluster: Cluster) -> None:
    cluster.state.put(DEPLOYMENTS, tolerant(cluster))
    await until(cluster.is_rolled_out)
    cluster.kubelet.silent.add("node-1")
    cluster.state.remove(NODES, "", "node-1")
    await until(
        lambda: (
            len(cluster.ready(app="web")) == 6
            and all(pod["spec"]["nodeName"] != "node-1" for pod in cluster.state.all(PODS))
        )
    )
