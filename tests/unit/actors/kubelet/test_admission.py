"""A pod that is bound to a node without room for it: refused, as Kubernetes' kubelets do it."""

import asyncio
from typing import Any

from actors.kubelet.runtimes.memory import Behaviour
from cluster.api.resources import NODES, PODS
from tests.unit.actors.kubelet.bench import NodeBench, container, pod, simulated


def asking(name: str, cpu: str, **more: Any) -> dict[str, Any]:
    """The node has two cores."""
    return pod(name, [container(resources={"requests": {"cpu": cpu}})], **more)


@simulated
async def test_refused_and_never_begun(bench: NodeBench) -> None:
    bench.create(asking("web", "1500m"))
    await bench.running()
    bench.create(asking("more", "600m"))
    await bench.until(lambda: bench.status("more")["phase"] == "Failed")
    status = bench.status("more")
    problem = "Node didn't have enough resource: cpu, requested: 600, used: 1500, capacity: 2000"
    assert status["reason"] == "OutOfcpu"
    assert status["message"] == f"Pod was rejected: {problem}"
    assert "containerStatuses" not in status
    await bench.until(lambda: ("OutOfcpu", problem) in bench.events())
    assert len(await bench.runtime.list({})) == 2, "of the other pod"
    bench.create(asking("less", "500m"))
    await bench.running("less")


@simulated
async def test_what_runs_or_was_refused_stays_so_when_the_kubelet_begins_anew(
    bench: NodeBench,
) -> None:
    bench.create(asking("web", "1500m"))
    await bench.running()
    bench.create(asking("more", "600m"))
    await bench.until(lambda: bench.status("more")["phase"] == "Failed")
    refused = bench.status("more")
    await bench.stop_kubelet()
    # Bound while nobody was there: it does not take the room of what is running.
    bench.create(asking("another", "600m"))
    await bench.start_kubelet()
    await bench.until(lambda: bench.status("another")["phase"] == "Failed")
    await bench.running()
    bench.delete("web")
    await bench.until(lambda: bench.pod("web") is None)
    await asyncio.sleep(5)
    assert bench.status("more") == refused


@simulated
async def test_room_is_free_once_the_api_says_so(bench: NodeBench) -> None:
    """Of a pod that has ended, and of one whose object is gone while its containers still stop."""
    bench.runtime.behave("main", Behaviour(runs_for=5, stop_seconds=20))
    bench.create(asking("short", "2", restartPolicy="Never"))
    await bench.until(lambda: bench.status("short")["phase"] == "Succeeded")
    bench.runtime.behave("main", Behaviour(stop_seconds=20))
    bench.create(asking("web", "2"))
    await bench.running()
    bench.state.drop((PODS.group, PODS.plural), ("default", "web"))
    bench.create(asking("next", "2"))
    began = asyncio.get_running_loop().time()
    await bench.running("next")
    assert asyncio.get_running_loop().time() - began < 10


@simulated
async def test_a_node_that_the_pod_must_not_be_on(bench: NodeBench) -> None:
    problem = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
    bench.create(pod("web", nodeSelector={"disk": "ssd"}))
    await bench.until(lambda: bench.status()["phase"] == "Failed")
    assert bench.status()["reason"] == "NodeAffinity"
    assert bench.status()["message"] == f"Pod was rejected: {problem}"
    assert ("NodeAffinity", problem) in bench.events()
    # The label is there before the pod, and may reach the kubelet after it.
    node = bench.node()
    labels = {**node["metadata"]["labels"], "disk": "ssd"}
    bench.state.put(NODES, {**node, "metadata": {**node["metadata"], "labels": labels}})
    bench.create(pod("next", nodeSelector={"disk": "ssd"}))
    await bench.running("next")
    field = {"key": "metadata.name", "operator": "In", "values": ["node-2"]}
    terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": terms}
    bench.create(pod("other", affinity={"nodeAffinity": required}))
    await bench.until(lambda: bench.status("other")["phase"] == "Failed")
    assert bench.status("other")["reason"] == "NodeAffinity"


@simulated
async def test_a_taint_that_the_pod_does_not_tolerate(bench: NodeBench) -> None:
    bench.create(pod("before"))
    await bench.running("before")
    node = bench.node()
    taints = [
        {"key": "soft", "effect": "NoSchedule"},
        {"key": "hard", "value": "yes", "effect": "NoExecute"},
    ]
    bench.state.put(NODES, {**node, "spec": {**node.get("spec", {}), "taints": taints}})
    await asyncio.sleep(1)
    problem = "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"
    bench.create(pod("web"))
    await bench.until(lambda: bench.status()["phase"] == "Failed")
    assert bench.status()["reason"] == "TaintToleration"
    assert bench.status()["message"] == f"Pod was rejected: {problem}"
    await bench.until(lambda: ("TaintToleration", problem) in bench.events())
    # However short it may stay, that is not for the kubelet to say.
    short = {"key": "hard", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
    bench.create(pod("guest", tolerations=[short]))
    await bench.running("guest")
    # What runs already is for others to evict, also when the kubelet begins anew.
    await bench.stop_kubelet()
    await bench.start_kubelet()
    bench.create(pod("late", tolerations=[{"key": "hard", "value": "no"}]))
    await bench.until(lambda: bench.status("late")["phase"] == "Failed")
    assert bench.status("late")["reason"] == "TaintToleration"
    assert bench.status("before")["phase"] == bench.status("guest")["phase"] == "Running"


@simulated
async def test_another_operating_system(bench: NodeBench) -> None:
    field = "Failed to admit pod as the OS field doesn't match node OS"
    label = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label"
    bench.create(pod("web", os={"name": "windows"}))
    # Its selector is looked at no more.
    other = pod("other", nodeSelector={"kubernetes.io/os": "windows"})
    other["metadata"]["labels"] = {"kubernetes.io/os": "windows"}
    bench.create(other)
    for name, reason, problem in (
        ("web", "PodOSNotSupported", field),
        ("other", "PodOSSelectorNodeLabelDoesNotMatch", label),
    ):
        await bench.until(lambda name=name: bench.status(name)["phase"] == "Failed")
        assert bench.status(name)["reason"] == reason
        assert bench.status(name)["message"] == f"Pod was rejected: {problem}"
    same = pod("same", os={"name": "linux"})
    same["metadata"]["labels"] = {"kubernetes.io/os": "linux"}
    bench.create(same)
    await bench.running("same")


@simulated
async def test_a_port_of_the_node_that_another_pod_has(bench: NodeBench) -> None:
    ports = [{"containerPort": 80, "hostPort": 8080, "hostIP": "10.245.0.1"}]
    bench.create(pod("web", [container(ports=ports)]))
    await bench.running()
    await bench.stop_kubelet()
    await bench.start_kubelet()
    taken = [{"containerPort": 80, "hostPort": 8080}]
    bench.create(pod("more", [container(ports=taken)]))
    await bench.until(lambda: bench.status("more")["phase"] == "Failed")
    status = bench.status("more")
    assert status["reason"] == "NodePorts"
    assert status["message"] == (
        "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the "
        "requested pod ports"
    )
    bench.delete("web")
    await bench.until(lambda: bench.pod("web") is None)
    bench.create(pod("next", [container(ports=taken)]))
    await bench.running("next")
