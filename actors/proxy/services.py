"""Services and EndpointSlices read into the small records that rules are made of.

Must not know: rules, nft, where objects come from. Source: Service and EndpointSlice API reference.
"""

from typing import NamedTuple

from actors.kit.world.packet_filter import TransportProtocol
from cluster.api.types import Object
from cluster.names import LABEL_SERVICE_NAME

# (namespace, name) of a Service.
Key = tuple[str, str]
PROTOCOLS: dict[str, TransportProtocol] = {"TCP": "tcp", "UDP": "udp", "SCTP": "sctp"}


class ServicePort(NamedTuple):
    """``node_port`` 0 is none."""

    name: str
    protocol: TransportProtocol
    port: int
    node_port: int


class ServiceInfo(NamedTuple):
    """A Service that the proxy serves. ``external_ips``: externalIPs and load balancer addresses.

    ``health_port`` 0: no healthCheckNodePort."""

    key: Key
    cluster_ips: tuple[str, ...]
    ports: tuple[ServicePort, ...]
    external_ips: tuple[str, ...]
    sticky: bool
    external_local: bool
    internal_local: bool
    health_port: int


class Endpoint(NamedTuple):
    """One address of a slice. Hints empty: none given."""

    address: str
    node: str
    zone: str
    ready: bool
    serving: bool
    terminating: bool
    for_zones: tuple[str, ...]
    for_nodes: tuple[str, ...]


class SliceInfo(NamedTuple):
    """``ports``: (name, protocol, number)."""

    service: Key
    ports: tuple[tuple[str, TransportProtocol, int], ...]
    endpoints: tuple[Endpoint, ...]


def parse_service(obj: Object) -> ServiceInfo | None:
    """None for what needs no rules: headless and ExternalName Services, IPv6 only."""
    meta, spec = obj["metadata"], obj.get("spec") or {}
    addresses = spec.get("clusterIPs") or [spec.get("clusterIP") or ""]
    cluster_ips = tuple(item for item in addresses if is_ipv4(item))
    if spec.get("type") == "ExternalName" or not cluster_ips:
        return None
    ports = tuple(
        ServicePort(
            port.get("name") or "",
            PROTOCOLS.get(port.get("protocol") or "TCP", "tcp"),
            int(port["port"]),
            int(port.get("nodePort") or 0),
        )
        for port in spec.get("ports") or ()
    )
    return ServiceInfo(
        key=(meta.get("namespace") or "", meta["name"]),
        cluster_ips=cluster_ips,
        ports=ports,
        external_ips=_external_ips(obj, spec),
        sticky=spec.get("sessionAffinity") == "ClientIP",
        external_local=spec.get("externalTrafficPolicy") == "Local",
        internal_local=spec.get("internalTrafficPolicy") == "Local",
        health_port=int(spec.get("healthCheckNodePort") or 0),
    )


def _external_ips(obj: Object, spec: Object) -> tuple[str, ...]:
    found = [item for item in spec.get("externalIPs") or () if is_ipv4(item)]
    if spec.get("type") == "LoadBalancer":
        balancer = (obj.get("status") or {}).get("loadBalancer") or {}
        for ingress in balancer.get("ingress") or ():
            # ipMode Proxy: the balancer terminates connections, so it must not be short-cut.
            if is_ipv4(ingress.get("ip") or "") and ingress.get("ipMode") != "Proxy":
                found.append(ingress["ip"])
    return tuple(dict.fromkeys(found))


def parse_slice(obj: Object) -> SliceInfo | None:
    """None for slices of other address types and of no Service."""
    meta = obj["metadata"]
    service = (meta.get("labels") or {}).get(LABEL_SERVICE_NAME)
    if not service or obj.get("addressType") != "IPv4":
        return None
    ports = tuple(
        (
            port.get("name") or "",
            PROTOCOLS.get(port.get("protocol") or "TCP", "tcp"),
            int(port["port"]),
        )
        for port in obj.get("ports") or ()
        if port.get("port") is not None
    )
    endpoints = tuple(
        _parse_endpoint(item, address)
        for item in obj.get("endpoints") or ()
        for address in item.get("addresses") or ()
        if is_ipv4(address)
    )
    return SliceInfo((meta.get("namespace") or "", service), ports, endpoints)


def _parse_endpoint(item: Object, address: str) -> Endpoint:
    conditions = item.get("conditions") or {}
    ready = conditions.get("ready")
    serving = conditions.get("serving")
    hints = item.get("hints") or {}
    is_ready = True if ready is None else bool(ready)
    return Endpoint(
        address=address,
        node=item.get("nodeName") or "",
        zone=item.get("zone") or "",
        ready=is_ready,
        serving=is_ready if serving is None else bool(serving),
        terminating=bool(conditions.get("terminating")),
        for_zones=tuple(hint["name"] for hint in hints.get("forZones") or ()),
        for_nodes=tuple(hint["name"] for hint in hints.get("forNodes") or ()),
    )


def is_ipv4(text: str) -> bool:
    """True for a dotted quad (the API server has checked its parts)."""
    return text.count(".") == 3 and text.replace(".", "").isdigit()
