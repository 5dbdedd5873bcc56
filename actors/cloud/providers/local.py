"""The cloud of one machine: nodes are namespaces here, load balancers are packet filter rules.

Every balancer is a set of forwards from an address of ``network.load_balancer_range`` to the node
ports of healthy nodes, all in one table of the machine's own network namespace. The rules stand
when their programmer dies; a new leader replaces the table in one transaction.

Must not know: informers, the API.
"""

import ipaddress
from collections.abc import Mapping, Sequence

from actors.cloud.balancers import allocate
from actors.cloud.provider import Address, Balancer, CloudFault, Instance, Routes
from actors.kit.world.packet_filter import (
    Backend,
    Forward,
    ForwardTable,
    Front,
    PacketFilter,
    PacketFilterFault,
    TransportProtocol,
)
from cluster.api.quantity import QuantityError, int_value, milli_value
from cluster.api.types import Object
from cluster.names import LABEL_ZONE
from cluster.settings import ClusterSettings, NetworkSettings

REGION = "local"
GIBIBYTE = 1 << 30
# Addresses given out of one range; more Services than that get none.
POOL_MAX = 1024
PROTOCOLS: dict[str, TransportProtocol] = {"tcp": "tcp", "udp": "udp", "sctp": "sctp"}


class LocalProvider:
    """``packet_filter``: of the network namespace that clients outside the cluster are in."""

    name = "local"
    routes: Routes | None = None

    def __init__(self, settings: ClusterSettings, packet_filter: PacketFilter) -> None:
        self._settings = settings
        self._filter = packet_filter
        self.load_balancers = LocalLoadBalancers(settings, packet_filter)

    async def instance(self, node: Object) -> Instance | None:
        """Every Node that exists has a machine: this one."""
        name = node["metadata"]["name"]
        known = next((item for item in self._settings.nodes if item.name == name), None)
        labels = node["metadata"].get("labels") or {}
        addresses = [Address("Hostname", name)]
        if known is not None:
            addresses.insert(0, Address("InternalIP", known.address))
        return Instance(
            provider_id=f"local://{self._settings.name}/{name}",
            instance_type=instance_type(node),
            zone=known.zone if known is not None else labels.get(LABEL_ZONE, ""),
            region=REGION,
            addresses=tuple(addresses),
            labels={},
        )

    async def close(self) -> None:
        await self._filter.close()


class LocalLoadBalancers:
    """All balancers of the cluster in one table."""

    def __init__(self, settings: ClusterSettings, packet_filter: PacketFilter) -> None:
        self._network = settings.network
        self._filter = packet_filter
        self._name = table_name(settings.name)
        self._pool = address_pool(settings.network)
        self._balancers: dict[tuple[str, str], Balancer] = {}

    async def restore(self, balancers: Sequence[Balancer]) -> None:
        self._balancers = {item.key: item for item in balancers}
        # Another replica wrote the table last.
        await self._program(whole=True)

    async def refresh(self) -> None:
        await self._program(whole=True)

    async def ensure(self, balancer: Balancer) -> tuple[str, ...]:
        before = self._balancers.get(balancer.key)
        self._balancers[balancer.key] = balancer
        addresses = self._addresses()
        address = addresses.get(balancer.key)
        if address is None:
            if before is None:
                del self._balancers[balancer.key]
            raise CloudFault(f"no free address in {self._network.load_balancer_range}")
        # From now on it keeps this one, whatever else comes and goes.
        self._balancers[balancer.key] = balancer._replace(wanted=address)
        await self._program()
        return (address,)

    async def delete(self, key: tuple[str, str]) -> None:
        if self._balancers.pop(key, None) is not None:
            await self._program()

    def _addresses(self) -> dict[tuple[str, str], str]:
        return allocate({key: item.wanted for key, item in self._balancers.items()}, self._pool)

    async def _program(self, whole: bool = False) -> None:
        table = make_table(self._name, self._balancers, self._addresses(), self._network)
        try:
            await self._filter.apply(table, whole)
        except PacketFilterFault as error:
            raise CloudFault(f"packet filter: {error}") from error


def make_table(
    name: str,
    balancers: Mapping[tuple[str, str], Balancer],
    addresses: Mapping[tuple[str, str], str],
    network: NetworkSettings,
) -> ForwardTable:
    """Balancers as forwards. Ports without a node port lead nowhere and are refused."""
    forwards: dict[Front, Forward] = {}
    for key in sorted(addresses):
        balancer = balancers[key]
        for port in balancer.ports:
            backends = tuple(
                Backend(target.address, port.node_port)
                for target in balancer.targets
                if port.node_port
            )
            front = (addresses[key], PROTOCOLS.get(port.protocol, "tcp"), port.port)
            forwards[front] = Forward(backends=backends, sticky=balancer.sticky)
    return ForwardTable(
        name=name,
        forwards=forwards,
        refused_ranges=(network.load_balancer_range,),
        # A client on the nodes' own wire must get its answer from here, not from the node.
        return_ranges=(network.node_range,),
    )


def table_name(cluster: str) -> str:
    """nft takes letters, digits and underscores."""
    return "steersman_lb_" + "".join(char if char.isalnum() else "_" for char in cluster)


def address_pool(network: NetworkSettings) -> tuple[str, ...]:
    """The addresses there are, in order: hosts of the range."""
    hosts = ipaddress.IPv4Network(network.load_balancer_range).hosts()
    return tuple(str(host) for host, _ in zip(hosts, range(POOL_MAX), strict=False))


def instance_type(node: Object) -> str:
    """``local.4c8g`` by the Node's capacity; '' while that is unknown."""
    capacity = (node.get("status") or {}).get("capacity") or {}
    try:
        cpu = max(1, round(milli_value(str(capacity["cpu"])) / 1000))
        memory = max(1, round(int_value(str(capacity["memory"])) / GIBIBYTE))
    except (KeyError, QuantityError):
        return ""
    return f"local.{cpu}c{memory}g"
