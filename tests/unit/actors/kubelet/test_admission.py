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
