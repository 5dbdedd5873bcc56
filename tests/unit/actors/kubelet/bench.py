"""What kubelet tests run in: one node, a small API server in memory, containers of any kind."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import orjson

from actors.kit.actor import Actor
from actors.kit.system import ActorSystem
from actors.kit.testing import actor_system
from actors.kit.tracing import MemoryTracer
from actors.kit.world.containers import ContainerRuntime
from actors.kit.world.world import World
from actors.kubelet.actor import KubeletActor
from actors.kubelet.files.memory import MemoryFiles
from actors.kubelet.networks.memory import MemoryNetwork
from actors.kubelet.pod_files import PodFiles
from actors.kubelet.pod_network import PodNetwork
from actors.kubelet.runtimes.memory import MemoryRuntime
from cluster.api.kind import Kind
from cluster.api.resources import CONFIGMAPS, EVENTS, NODES, PODS, SECRETS, SERVICES
from cluster.api.types import Object
from cluster.messages.apiserver import ApiRequest
from cluster.messages.kubelet import LogChunk, ReadLogs
from cluster.settings import ClusterSettings, NodeSettings, ReplicaSettings
from tests.simulation.loop import run_simulation
from tests.unit.actors.client.fake_apiserver import FakeApiServer, FakeState

T = TypeVar("T")
IMAGE = "steersman/busybox:v1"


def make_settings(data_dir: str = "/simulated", runtime: Any = "memory") -> ClusterSettings:
    """One replica, one node."""
    replica = ReplicaSettings("replica-1", "a", "127.0.0.1:7001", ("127.0.0.1:6443",))
    node = NodeSettings("node-1", "a", "10.245.0.1", "127.0.0.1:7101", "10.244.1.0/24", share=0.5)
    return ClusterSettings("test", data_dir, (replica,), (node,), runtime)


class PodApiServer(FakeApiServer):
    """As the small API server, with a pod's graceful deletion and account tokens."""

    def _create(self, request: ApiRequest, kind: Kind) -> Object:
        if request.subresource == "token":
            until = "2036-01-01T00:00:00Z"
            return {"status": {"token": f"token-of-{request.name}", "expirationTimestamp": until}}
        return super()._create(request, kind)

    def _delete(self, request: ApiRequest, kind: Kind) -> Object:
        options = orjson.loads(request.body) if request.body else {}
        if kind.kind != "Pod" or options.get("gracePeriodSeconds") == 0:
            name = (request.namespace, request.name)
            uid = (options.get("preconditions") or {}).get("uid")
            found = self._get(request, kind)
            assert uid in (None, found["metadata"]["uid"])
            self.state.drop((request.group, request.resource), name)
            return {"kind": "Status"}
        return super()._delete(request, kind)


class Host(Actor):
    """Starts and stops the kubelet, as a process does."""


class NodeBench:
    """A node and what it is watched by. ``clock``: UNIX seconds."""

    def __init__(self, system: ActorSystem, settings: ClusterSettings) -> None:
        self.system = system
        self.settings = settings
        self.state = FakeState()
        self.runtime: Any = None
        self.network: Any = None
        self.files: Any = None

    async def start(
        self, runtime: ContainerRuntime, network: PodNetwork, files: PodFiles | None
    ) -> None:
        """The API server, then the kubelet."""
        self.runtime, self.network, self.files = runtime, network, files
        await self.system.spawn("apiserver", lambda: PodApiServer(self.state))
        self.host = Host()
        await self.system.spawn("host", lambda: self.host)
        await self.start_kubelet()

    async def start_kubelet(self) -> None:
        self.kubelet = await self.host.ctx.spawn("kubelet", self._make)

    def _make(self) -> KubeletActor:
        servers = ["apiserver@replica-1"]
        return KubeletActor(
            self.settings, "node-1", self.runtime, self.network, servers, None, self.files
        )

    async def stop_kubelet(self) -> None:
        """As a crash of the process does: its memory is gone, its containers go on."""
        await self.host.ctx.stop(self.kubelet)

    # -- the cluster's user

    def create(self, pod: Object) -> Object:
        return self.state.put(PODS, pod)

    def pod(self, name: str = "web") -> Object | None:
        return self.state.find(PODS, "default", name)

    def status(self, name: str = "web") -> Object:
        found = self.pod(name)
        assert found is not None, f"pod {name} is gone"
        result: Object = found.get("status") or {}
        return result

    def container(self, name: str = "web", container: str = "main") -> Object:
        """A container's status, {} before there is one."""
        status = self.status(name)
        for key in ("containerStatuses", "initContainerStatuses"):
            for item in status.get(key) or ():
                if item["name"] == container:
                    found: Object = item
                    return found
        return {}

    def condition(self, kind: str, name: str = "web") -> str:
        found = {item["type"]: item for item in self.status(name).get("conditions") or ()}
        return str(found[kind]["status"]) if kind in found else ""

    def delete(self, name: str = "web", grace: int = 30) -> None:
        """As the API server marks it."""
        pod = self.pod(name)
        assert pod is not None
        meta = {
            **pod["metadata"],
            "deletionTimestamp": "2026-01-01T00:10:00Z",
            "deletionGracePeriodSeconds": grace,
        }
        self.state.put(PODS, {**pod, "metadata": meta})

    def events(self) -> list[tuple[str, str]]:
        """(reason, message) of all events in order."""
        return [(item["reason"], item["message"]) for item in self.state.all(EVENTS)]

    def reasons(self) -> list[str]:
        return [reason for reason, _ in self.events()]

    def config_map(self, name: str, **data: str) -> None:
        meta = {"name": name, "namespace": "default"}
        self.state.put(CONFIGMAPS, {"metadata": meta, "data": data})

    def secret(self, name: str, **data: str) -> None:
        meta = {"name": name, "namespace": "default"}
        self.state.put(SECRETS, {"metadata": meta, "data": data})

    def service(self, name: str, address: str, port: int) -> None:
        meta = {"name": name, "namespace": "default"}
        spec = {"clusterIP": address, "ports": [{"port": port}]}
        self.state.put(SERVICES, {"metadata": meta, "spec": spec})

    def node(self) -> Object:
        found = self.state.find(NODES, "", "node-1")
        assert found is not None
        return found

    async def logs(self, name: str = "web", **options: Any) -> bytes:
        request = ReadLogs("default", name, **options)
        data = b""
        async with self.kubelet.stream(request) as stream:
            async for chunk in stream:
                assert isinstance(chunk, LogChunk)
                data += chunk.data
        return data

    async def until(self, condition: Callable[[], Any], seconds: float = 60.0) -> None:
        """Wait until it holds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not condition():
            assert loop.time() < end, f"not in time; pods: {self.state.all(PODS)}"
            await asyncio.sleep(0.02)

    async def running(self, name: str = "web", seconds: float = 60.0) -> None:
        await self.until(lambda: self.condition("Ready", name) == "True", seconds)


def pod(name: str = "web", containers: list[Object] | None = None, **spec: Any) -> Object:
    """Bound to the node, as the API server's defaults leave it."""
    return {
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "nodeName": "node-1",
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "containers": containers or [container()],
            **spec,
        },
        "status": {"phase": "Pending"},
    }


def container(name: str = "main", **fields: Any) -> Object:
    return {"name": name, "image": IMAGE, "imagePullPolicy": "IfNotPresent", **fields}


@asynccontextmanager
async def node_bench(
    settings: ClusterSettings,
    runtime: ContainerRuntime,
    network: PodNetwork,
    files: PodFiles | None,
    world: World | None = None,
) -> AsyncIterator[NodeBench]:
    """A started node."""
    async with actor_system(world=world, tracer=MemoryTracer()) as system:
        bench = NodeBench(system, settings)
        await bench.start(runtime, network, files)
        yield bench


def simulated(test: Callable[[NodeBench], Awaitable[None]]) -> Callable[[], None]:
    """Decorator: a test that runs on virtual time with simulated containers."""

    async def main() -> None:
        runtime = MemoryRuntime()
        runtime.add_image(IMAGE)
        parts = (make_settings(), runtime, MemoryNetwork(), MemoryFiles())
        async with node_bench(*parts) as bench:
            await test(bench)

    def run() -> None:
        run_simulation(main)

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run
