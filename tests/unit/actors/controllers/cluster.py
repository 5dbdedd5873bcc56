"""A cluster for controller tests: the real manager over fake API server, store and kubelet."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from actors.controllers.actor import ControllerManager
from actors.kit.context import Context
from cluster.api.resources import (
    DEPLOYMENTS,
    LEASES,
    NAMESPACES,
    NODES,
    PODS,
    REPLICA_SETS,
    Resource,
)
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object
from cluster.settings import ClusterSettings, ReplicaSettings
from tests.unit.actors.client.harness import Bench, virtually
from tests.unit.actors.client.test_leadership import FakeStore, Shared

SETTINGS = ClusterSettings(
    name="test",
    data_dir="/nowhere",
    replicas=(ReplicaSettings("replica-1", "a", "127.0.0.1:1", ("127.0.0.1:2",)),),
    nodes=(),
)


class FakeKubelet:
    """Schedules pods at random nodes, runs them, ends them. ``broken``: images that never start.
    ``silent``: nodes that do nothing any more. ``start``: seconds until a pod is ready."""

    def __init__(self, bench: Bench, context: Context) -> None:
        self.state = bench.state
        self.context = context
        self.broken: set[str] = set()
        self.silent: set[str] = set()
        self.nodes = ["node-1", "node-2", "node-3"]
        self.started = 0
        self.start = 0.1

    async def renew(self) -> None:
        """Keep the Leases of the nodes that are not silent."""
        while True:
            for name in self.nodes:
                if name not in self.silent:
                    meta = {"name": name, "namespace": "kube-node-lease"}
                    self.state.put(LEASES, {"metadata": meta, "spec": {}})
            await asyncio.sleep(5)

    async def run(self) -> None:
        """Act whenever something changed."""
        while True:
            changed = self.state.changed
            for pod in self.state.all(PODS):
                self._act(pod)
            if changed is self.state.changed:
                await changed.wait()
            await asyncio.sleep(self.start)

    def _act(self, pod: Object) -> None:
        meta, spec = pod["metadata"], pod["spec"]
        node = spec.get("nodeName")
        if node in self.silent:
            return
        if meta.get("deletionTimestamp"):
            self.state.remove(PODS, meta["namespace"], meta["name"])
        elif not node:
            alive = [name for name in self.nodes if name not in self.silent]
            self.started += 1
            bound = {**spec, "nodeName": alive[self.started % len(alive)]}
            self.state.put(PODS, {**pod, "spec": bound})
        elif pod["status"]["phase"] == "Pending" and not self._is_broken(spec):
            self.started += 1
            self.state.put(PODS, {**pod, "status": self._running()})

    def _is_broken(self, spec: Object) -> bool:
        return any(container["image"] in self.broken for container in spec["containers"])

    def _running(self) -> Object:
        now = rfc3339(self.context.world.clock.now())
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": now}
        address = f"10.244.{self.started // 250}.{self.started % 250 + 1}"
        return {"phase": "Running", "podIP": address, "conditions": [ready]}


class Cluster:
    """``leadership``: what the fake store says; the manager leads from the start."""

    def __init__(self, bench: Bench, context: Context) -> None:
        self.bench = bench
        self.state = bench.state
        self.context = context
        self.leadership = Shared()
        self.kubelet = FakeKubelet(bench, context)

    async def begin(self) -> None:
        """Start everything."""
        clock = self.context.world.clock
        self.state.now = lambda: rfc3339(clock.now())
        self.state.put(NAMESPACES, {"metadata": {"name": "default"}, "spec": {}})
        for name in self.kubelet.nodes:
            self.add_node(name)
        self.leadership.become(2, True)
        system = self.bench.system
        await system.spawn("store", lambda: FakeStore(self.leadership))
        servers = self.bench.servers[:1]
        await system.spawn(
            "controllers", lambda: ControllerManager(SETTINGS, "replica-1", servers, "PEM")
        )
        self.context.task(self.kubelet.run(), "kubelet")
        self.context.task(self.kubelet.renew(), "leases")

    def add_node(self, name: str, zone: str = "a") -> None:
        """A node that is ready."""
        labels = {"topology.kubernetes.io/zone": zone}
        condition = {
            "type": "Ready",
            "status": "True",
            "lastHeartbeatTime": rfc3339(self.context.world.clock.now()),
        }
        self.state.put(
            NODES,
            {
                "metadata": {"name": name, "labels": labels},
                "spec": {},
                "status": {"conditions": [condition]},
            },
        )

    def pods(self, **labels: str) -> list[Object]:
        """Pods with these labels that are not terminating."""
        return [
            pod
            for pod in self.state.all(PODS)
            if labels.items() <= (pod["metadata"].get("labels") or {}).items()
            and not pod["metadata"].get("deletionTimestamp")
        ]

    def ready(self, **labels: str) -> list[Object]:
        """Those of them that are ready."""
        return [pod for pod in self.pods(**labels) if is_ready(pod)]

    def deployment(self, name: str = "web") -> Object:
        """The Deployment as it is."""
        found = self.state.find(DEPLOYMENTS, "default", name)
        assert found is not None
        return found

    def sets(self) -> list[Object]:
        """All ReplicaSets by age."""
        return sorted(
            self.state.all(REPLICA_SETS), key=lambda item: int(item["metadata"]["uid"][4:])
        )

    def edit(self, resource: Resource, name: str, change: Callable[[Object], None]) -> None:
        """Change an object's spec as a user would."""
        import copy

        obj = copy.deepcopy(self.state.find(resource, "default", name))
        assert obj is not None
        change(obj)
        generation = int(obj["metadata"].get("generation") or 1)
        obj["metadata"]["generation"] = generation + 1
        self.state.put(resource, obj)

    def is_rolled_out(self, name: str = "web") -> bool:
        """What ``kubectl rollout status`` waits for."""
        deployment = self.deployment(name)
        status, spec = deployment.get("status") or {}, deployment["spec"]
        if status.get("observedGeneration", 0) < deployment["metadata"]["generation"]:
            return False
        wanted = spec["replicas"]
        counts = ("updatedReplicas", "replicas", "availableReplicas")
        return all((status.get(count) or 0) == wanted for count in counts)


def is_ready(pod: Object) -> bool:
    """True if the pod's Ready condition is True."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def make_deployment(replicas: int = 3, image: str = "web:1", **spec: Any) -> Object:
    """A Deployment as the API server would have defaulted it."""
    rolling = {"maxSurge": "25%", "maxUnavailable": "25%"}
    return {
        "metadata": {"name": "web", "namespace": "default", "generation": 1},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling},
            "progressDeadlineSeconds": 600,
            "revisionHistoryLimit": 10,
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
            **spec,
        },
    }


def set_image(image: str) -> Callable[[Object], None]:
    """An edit of the template."""

    def change(obj: Object) -> None:
        obj["spec"]["template"]["spec"]["containers"][0]["image"] = image

    return change


def in_cluster(test: Callable[[Cluster], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Decorator: a test that runs in a started cluster on virtual time."""

    async def with_bench(bench: Bench) -> None:
        cluster = Cluster(bench, await bench.context("observer"))
        await cluster.begin()
        await test(cluster)

    def run() -> None:
        virtually(with_bench)

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run
