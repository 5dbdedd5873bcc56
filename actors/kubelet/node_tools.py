"""What all pod workers of one node share: its means and its facts. Must not know any one pod."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from actors.client.api_client import ApiClient
from actors.client.event_recorder import EventRecorder
from actors.client.informer import Informer
from actors.kit.context import Context
from actors.kit.world.containers import ContainerRuntime, RuntimeInfo
from actors.kubelet.allocations import Allocations
from actors.kubelet.cgroups import Cgroups
from actors.kubelet.container_spec import EngineFacts
from actors.kubelet.downward import PodFacts
from actors.kubelet.ipam import AddressPool
from actors.kubelet.pod_files import PodFiles
from actors.kubelet.pod_network import PodNetwork
from actors.kubelet.references import References
from actors.kubelet.status import NodeFacts
from cluster.api.types import Object
from cluster.limits import POD_STARTS_PARALLEL
from cluster.settings import ClusterSettings, NodeSettings

NETNS_DIRECTORY = "/run/netns"  # ip-netns(8)


@dataclass(slots=True)
class NodeTools:
    """Made once by the kubelet. ``own``: of the Node itself. ``start_slots``: bounds how many
    containers start at once."""

    ctx: Context
    settings: ClusterSettings
    node: NodeSettings
    runtime: ContainerRuntime
    network: PodNetwork
    files: PodFiles
    cgroups: Cgroups
    client: ApiClient
    recorder: EventRecorder
    references: References
    services: Informer
    own: Informer
    addresses: AddressPool
    engine: EngineFacts
    runtime_info: RuntimeInfo
    allocatable: Object
    allocations: Allocations
    pause_image: str
    start_slots: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(POD_STARTS_PARALLEL)
    )

    @property
    def now(self) -> Callable[[], float]:
        """UNIX seconds."""
        return self.ctx.world.clock.now

    @property
    def facts(self) -> NodeFacts:
        """For pods' statuses."""
        return NodeFacts(self.node.name, self.node.address, self.runtime_info.name)

    @property
    def node_netns(self) -> str:
        """File of the node's network namespace; '' if the node is the machine itself."""
        return f"{NETNS_DIRECTORY}/{self.node.netns}" if self.node.netns else ""

    def pod_facts(self, pod_address: str) -> PodFacts:
        """For the downward API."""
        return PodFacts(self.node.name, self.node.address, pod_address, self.allocatable)
