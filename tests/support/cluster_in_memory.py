"""A replica with its HTTPS door and a node of simulated containers, in this process, on real time.

    async with cluster_in_memory(tmp_path) as cluster:
        await cluster.run_pod("web")

What passes between the two is encoded and decoded, as between processes.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from actors.kit.system import ActorSystem
from actors.kit.testing import actor_system
from actors.kit.transports.memory import MemoryNetwork as Wires
from actors.kit.world.memory import SeededEntropy
from actors.kit.world.memory_disk import SimDisk
from actors.kit.world.real import RealClock, RealEntropy
from actors.kit.world.world import World
from actors.kubelet.actor import KubeletActor
from actors.kubelet.files.memory import MemoryFiles
from actors.kubelet.networks.memory import MemoryNetwork
from actors.kubelet.runtimes.memory import MemoryRuntime
from cluster import names
from cluster.settings import NodeSettings
from deploy import pki
from tests.support.control_plane import REPLICA, ControlPlane, Json, control_plane

NODE = "node-1"
SECONDS = 15.0


@dataclass
class MemoryCluster:
    """``wires``: what the replica and the node speak over."""

    plane: ControlPlane
    node: ActorSystem
    wires: Wires
    runtime: MemoryRuntime
    network: MemoryNetwork

    async def run_pod(self, name: str, **spec: Any) -> Json:
        """Create a pod on the node, and wait until it runs."""
        container = {"name": "main", "image": "busybox:1"}
        body = {
            "containers": [container],
            "nodeName": NODE,
            # No controller runs here that makes what the token's volume needs.
            "automountServiceAccountToken": False,
            **spec,
        }
        await self.plane.create("pods", {"metadata": {"name": name}, "spec": body}, "default")
        for _ in range(int(SECONDS / 0.05)):
            pod = await self.plane.get("pods", name, "default")
            if (pod.get("status") or {}).get("phase") == "Running":
                return pod
            await asyncio.sleep(0.05)
        raise AssertionError(f"pod {name} does not run: {pod.get('status')}")

    def url(self, path: str) -> str:
        """Of the HTTPS door."""
        return f"https://{self.plane.settings.replica(REPLICA).api_addresses[0]}{path}"

    def http(self, client: str = "admin") -> aiohttp.ClientSession:
        """A client with that certificate."""
        made = ssl.create_default_context(cafile=pki.path(self.plane.settings, "ca.crt"))
        made.load_cert_chain(
            pki.path(self.plane.settings, f"{client}.crt"),
            pki.path(self.plane.settings, f"{client}.key"),
        )
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=made))

    async def container(self, pod: str, container: str = "main") -> str:
        """Its id in the runtime."""
        wanted = {"io.kubernetes.pod.name": pod, "io.kubernetes.container.name": container}
        return (await self.runtime.list(wanted))[0].id


class Echo:
    """A connection whose far end says what it hears, and ends when its peer does."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue(4)
        self.closed = False

    async def read(self) -> bytes:
        return await self._pieces.get()

    async def write(self, data: bytes) -> None:
        await self._pieces.put(data)

    async def write_eof(self) -> None:
        await self._pieces.put(b"")

    async def close(self) -> None:
        self.closed = True


@asynccontextmanager
async def cluster_in_memory(folder: Path) -> AsyncIterator[MemoryCluster]:
    """Started; stopped at the end."""
    wires = Wires(SeededEntropy(1), latency=(0.0, 0.001))
    node = NodeSettings(NODE, "a", "10.245.0.1", "127.0.0.1:7101", "10.244.1.0/24", share=0.5)
    transport = wires.transport(REPLICA)
    user = f"{names.USER_NODE_PREFIX}{NODE}"
    async with control_plane(folder, http=True, nodes=(node,), transport=transport) as plane:
        runtime, network = MemoryRuntime(pull_seconds=0.01), MemoryNetwork()
        world = World(RealClock(), RealEntropy(), SimDisk())
        at_node = wires.transport(NODE, user, (names.GROUP_NODES,))
        async with actor_system(NODE, world=world, transport=at_node) as system:
            servers = [names.address(names.APISERVER, REPLICA)]
            await system.spawn(
                names.KUBELET,
                lambda: KubeletActor(
                    plane.settings, NODE, runtime, network, servers, None, MemoryFiles()
                ),
            )
            yield MemoryCluster(plane, system, wires, runtime, network)
