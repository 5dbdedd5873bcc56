"""A whole cluster in one process on virtual time: the production code of every component.

What is not real is the World: network, disks, container engines and packet filters in memory, all
drawn from one seed. Processes are killed without warning (their disks keep only what was synced,
their containers go on) and started again.
"""

from dataclasses import dataclass, field

from actors import catalog
from actors.apiserver.authority import Authority
from actors.kit.system import ActorSystem
from actors.kit.tracing import MemoryTracer
from actors.kit.transports.memory import MemoryNetwork
from actors.kit.world.memory import MemoryClock, SeededEntropy
from actors.kit.world.memory_disk import SimDisk
from actors.kit.world.packet_filter_memory import MemoryPacketFilter
from actors.kit.world.world import World
from actors.kubelet.networks.memory import MemoryNetwork as MemoryPodNetwork
from actors.kubelet.runtimes.memory import MemoryRuntime
from cluster import names
from cluster.messages.registry import all_messages
from cluster.settings import ClusterSettings
from deploy.topology import Topology, build_settings

SYNC_SECONDS = 0.0003


@dataclass
class Machine:
    """What outlives a process: its disk, its containers, its packet filter."""

    disk: SimDisk = field(default_factory=lambda: SimDisk(SYNC_SECONDS))
    runtime: MemoryRuntime = field(default_factory=MemoryRuntime)
    pods: MemoryPodNetwork = field(default_factory=MemoryPodNetwork)
    packet_filter: MemoryPacketFilter = field(default_factory=MemoryPacketFilter)


class SimulatedCluster:
    """``loss`` and ``duplicate``: chances per message between processes."""

    def __init__(
        self, seed: int, authority: Authority, replicas: int = 3, nodes: int = 3,
        loss: float = 0.0, duplicate: float = 0.0,
    ) -> None:  # fmt: skip
        self.seed = seed
        self.authority = authority
        self.entropy = SeededEntropy(seed)
        topology = Topology(name="sim", replicas=replicas, nodes=nodes, runtime="memory")
        self.settings: ClusterSettings = build_settings(topology, "/simulated")
        self.tracer = MemoryTracer(keep=20_000)
        self.network = MemoryNetwork(self.entropy.fork("network"), loss=loss, duplicate=duplicate)
        self.machines = {item.name: Machine() for item in self.settings.processes()}
        self.systems: dict[str, ActorSystem] = {}
        self._incarnations: dict[str, int] = {}

    async def start_all(self) -> None:
        """Start every process."""
        for item in self.settings.processes():
            await self.start(item.name)

    async def start(self, name: str) -> None:
        """Start a process on its machine, as it was left."""
        machine = self.machines[name]
        incarnation = self._incarnations[name] = self._incarnations.get(name, 0) + 1
        world = World(
            clock=MemoryClock(),
            entropy=self.entropy.fork(f"{name}/{incarnation}"),
            disk=machine.disk,
        )
        system = self.system(name, world)
        await system.start()
        self.systems[name] = system
        for component in self.components(name, machine):
            await system.spawn(component.name, component.factory)

    def system(self, name: str, world: World) -> ActorSystem:
        """The actor system of a process."""
        node = catalog.is_node(self.settings, name)
        user = names.USER_NODE_PREFIX + name if node else f"system:replica:{name}"
        groups = (names.GROUP_NODES if node else names.GROUP_REPLICAS,)
        return ActorSystem(
            process=name,
            zone=self.settings.zone_of(name),
            world=world,
            tracer=self.tracer,
            transport=self.network.transport(name, user, groups),
            peers=self.settings.peer_addresses(),
            registry=all_messages(),
        )

    def components(self, name: str, machine: Machine) -> list[catalog.Component]:
        """What a process runs: all but the doors to real sockets (HTTPS, DNS)."""
        backends = catalog.Backends(machine.packet_filter, machine.runtime, machine.pods)
        if catalog.is_node(self.settings, name):
            listed = catalog.node_components(self.settings, name, backends)
            return [component for component in listed if component.name != names.DNS]
        return catalog.replica_components(self.settings, name, backends, self.authority, http=False)

    async def kill(self, name: str) -> None:
        """SIGKILL: nothing more leaves the process, and its disk loses what was not synced."""
        system = self.systems.pop(name)
        self.network.kill(name)
        self.machines[name].disk.crash(self.entropy)
        await system.stop()

    async def stop(self) -> None:
        """End of the run."""
        for name in list(self.systems):
            system = self.systems.pop(name)
            self.network.kill(name)
            await system.stop()

    def running(self) -> list[str]:
        """Names of the processes that run."""
        return list(self.systems)
