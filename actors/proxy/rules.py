"""Which connection goes where: Services, their endpoints and this node → forwards. Pure.

Source: "Virtual IPs and Service Proxies" (traffic policies, terminating endpoints), KEP-1669
(ProxyTerminatingEndpoints), KEP-2433 and KEP-3015 (topology hints).
Must not know: nft, informers, time (the API's conditions carry it all).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from actors.kit.world.packet_filter import Backend, Forward, ForwardTable, Front
from actors.proxy.services import Endpoint, Key, ServiceInfo, ServicePort, SliceInfo
from cluster.settings import NetworkSettings


class NodeView(NamedTuple):
    """What a node must know of itself to choose endpoints."""

    name: str
    zone: str


class ServiceRules(NamedTuple):
    """One Service's share of the table. ``local``: ready endpoints on this node (for health)."""

    forwards: Mapping[Front, Forward]
    hairpins: frozenset[str]
    local: int


def service_rules(
    service: ServiceInfo,
    slices: Iterable[SliceInfo],
    node: NodeView,
    dead: Collection[str] = (),
) -> ServiceRules:
    """All forwards of one Service on this node. ``dead``: addresses that do not answer."""
    known = tuple(slices)
    forwards: dict[Front, Forward] = {}
    hairpins: set[str] = set()
    here: set[str] = set()
    for port in service.ports:
        targets = _targets(port, known)
        choice = choose(targets, node, dead)
        for front, forward in _port_forwards(service, port, choice):
            forwards[front] = forward
        hairpins |= {endpoint.address for endpoint, _ in targets if endpoint.node == node.name}
        here |= {
            endpoint.address
            for endpoint, _ in targets
            if endpoint.node == node.name and endpoint.ready
        }
    return ServiceRules(forwards, frozenset(hairpins), len(here))


Target = tuple[Endpoint, int]


class Choice(NamedTuple):
    """Backends by traffic policy. ``anywhere``: there is any usable endpoint at all."""

    cluster: tuple[Backend, ...]
    local: tuple[Backend, ...]
    anywhere: bool


def _targets(port: ServicePort, slices: Sequence[SliceInfo]) -> list[Target]:
    """Endpoints with the number of the slice's port of that name and protocol."""
    return [
        (endpoint, number)
        for item in slices
        for name, protocol, number in item.ports
        if name == port.name and protocol == port.protocol
        for endpoint in item.endpoints
    ]


def choose(targets: Sequence[Target], node: NodeView, dead: Collection[str] = ()) -> Choice:
    """Ready endpoints; where there is none, those that still serve while they terminate.

    Of the ready ones those that answer; if none does, it may be this node that is cut off, and all
    are kept."""
    ready = [item for item in targets if item[0].ready]
    ready = [item for item in ready if item[0].address not in dead] or ready
    leaving = [item for item in targets if item[0].serving and item[0].terminating]
    cluster = _near(ready, node) if ready else leaving
    here = [item for item in ready if item[0].node == node.name]
    here = here or [item for item in leaving if item[0].node == node.name]
    return Choice(_backends(cluster), _backends(here), bool(ready or leaving))


def _near(ready: Sequence[Target], node: NodeView) -> Sequence[Target]:
    """Follow hints for this node, else for its zone; only if every endpoint carries one."""
    if all(endpoint.for_nodes for endpoint, _ in ready):
        mine = [item for item in ready if node.name in item[0].for_nodes]
        if mine:
            return mine
    if node.zone and all(endpoint.for_zones for endpoint, _ in ready):
        mine = [item for item in ready if node.zone in item[0].for_zones]
        if mine:
            return mine
    return ready


def _backends(targets: Iterable[Target]) -> tuple[Backend, ...]:
    """Without doubles and in one order, so that equal rules compare equal."""
    return tuple(sorted({Backend(endpoint.address, number) for endpoint, number in targets}))


def _port_forwards(
    service: ServiceInfo, port: ServicePort, choice: Choice
) -> Iterable[tuple[Front, Forward]]:
    inside = Forward(backends=choice.cluster, sticky=service.sticky)
    if service.internal_local:
        # An endpoint elsewhere may not be used: the connection is dropped, not refused.
        inside = Forward(
            backends=choice.local,
            sticky=service.sticky,
            empty="drop" if choice.anywhere else "reject",
        )
    outside = Forward(backends=choice.cluster, sticky=service.sticky, masquerade=True)
    if service.external_local:
        outside = Forward(
            backends=choice.local,
            inner=choice.cluster,
            sticky=service.sticky,
            empty="drop" if choice.anywhere else "reject",
        )
    for address in service.cluster_ips:
        yield (address, port.protocol, port.port), inside
    for address in service.external_ips:
        yield (address, port.protocol, port.port), outside
    if port.node_port:
        yield ("", port.protocol, port.node_port), outside


def assemble(
    name: str, rules: Mapping[Key, ServiceRules], network: NetworkSettings
) -> ForwardTable:
    """The node's table. Where two Services claim one front, the first by name has it."""
    forwards: dict[Front, Forward] = {}
    hairpins: set[str] = set()
    for key in sorted(rules):
        found = rules[key]
        for front, forward in found.forwards.items():
            forwards.setdefault(front, forward)
        hairpins |= found.hairpins
    return ForwardTable(
        name=name,
        forwards=forwards,
        refused_ranges=(network.service_range,),
        inner_sources=(network.pod_range,),
        outsider_ranges=(network.service_range,),
        hairpins=frozenset(hairpins),
    )


def table_name(cluster: str) -> str:
    """nft takes letters, digits and underscores."""
    safe = "".join(char if char.isalnum() else "_" for char in cluster)
    return f"steersman_proxy_{safe}"
