"""What a cloud must offer: facts about machines, and addresses that answer.

Shaped after Kubernetes' cloud-provider interface (InstancesV2, LoadBalancer, Routes), so that a
provider for a real cloud is one module. Calls are level-triggered: doing them again is harmless.

Must not know: informers, the API, any one provider.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from cluster.api.types import Object


class Address(NamedTuple):
    """``type``: InternalIP, ExternalIP, Hostname, InternalDNS or ExternalDNS."""

    type: str
    address: str


class Instance(NamedTuple):
    """The machine behind a Node. '' is unknown; ``labels`` are set on the Node besides."""

    provider_id: str
    instance_type: str
    zone: str
    region: str
    addresses: tuple[Address, ...]
    labels: dict[str, str]


class BalancerPort(NamedTuple):
    """``protocol`` in lower case: tcp, udp or sctp."""

    protocol: str
    port: int
    node_port: int


class Target(NamedTuple):
    """A healthy node that takes traffic."""

    node: str
    address: str


class Balancer(NamedTuple):
    """What a Service of type LoadBalancer asks for. ``wanted``: the address it has or asks for,
    '' for any. ``targets``: where its NodePorts answer (all of one with a local endpoint if
    ``externalTrafficPolicy`` is Local)."""

    key: tuple[str, str]
    uid: str
    ports: tuple[BalancerPort, ...]
    targets: tuple[Target, ...]
    wanted: str = ""
    sticky: bool = False


class CloudFault(Exception):
    """The cloud refused or could not be reached; the text goes into an event. Try again later."""


class LoadBalancers(Protocol):
    """Addresses outside the cluster that lead to node ports."""

    async def restore(self, balancers: Sequence[Balancer]) -> None:
        """Called once by a new leader, with everything there should be, before anything else:
        what is not among them is removed. Raises CloudFault."""

    async def refresh(self) -> None:
        """Make what stands what was last asked for, whoever touched it since. Raises CloudFault."""

    async def ensure(self, balancer: Balancer) -> tuple[str, ...]:
        """Create or update; returns the addresses it answers on. Raises CloudFault."""

    async def delete(self, key: tuple[str, str]) -> None:
        """Remove; of one that does not exist, no error. Raises CloudFault."""


class Routes(Protocol):
    """Ways to the pods of each node, for clouds whose network does not know them."""

    async def ensure(self, node: str, pod_cidr: str) -> None:
        """Raises CloudFault."""

    async def delete(self, node: str) -> None:
        """Raises CloudFault."""


class CloudProvider(Protocol):
    """One cloud. ``load_balancers`` and ``routes`` are None where it has none."""

    @property
    def name(self) -> str:
        """Of the provider, as in provider ids."""

    @property
    def load_balancers(self) -> LoadBalancers | None:
        """Of Services of type LoadBalancer."""

    @property
    def routes(self) -> Routes | None:
        """Between the machines' pod ranges."""

    async def instance(self, node: Object) -> Instance | None:
        """Facts about the Node's machine; None if the cloud has no such machine (any more).

        Raises CloudFault if that is not known now."""

    async def close(self) -> None:
        """Let go of resources; what was made in the cloud stays."""
