"""Tables of Services, Endpoints, EndpointSlices, Ingresses and their kin.
Must not know other kinds.
"""

from cluster.api.tables_columns import (
    AGE,
    NAME,
    NONE,
    UNSET,
    WIDE,
    Column,
    dig,
    field,
    joined,
    labels_text,
    selector_text,
    shortened,
)
from cluster.api.types import Object


def _external(service: Object, now: float) -> str:
    kind = dig(service, "spec", "type", default="ClusterIP")
    if kind == "ExternalName":
        return str(dig(service, "spec", "externalName", default=""))
    addresses = list(dig(service, "spec", "externalIPs", default=()))
    if kind != "LoadBalancer":
        return joined(addresses)
    return joined([*_load_balancer(service), *addresses], "<pending>")


def _load_balancer(obj: Object) -> list[str]:
    listed = dig(obj, "status", "loadBalancer", "ingress", default=())
    found = (item.get("ip") or item.get("hostname") for item in listed)
    return list(dict.fromkeys(address for address in found if address))


def _ports(service: Object, now: float) -> str:
    shown = []
    for port in dig(service, "spec", "ports", default=()):
        number, node_port = port.get("port", ""), port.get("nodePort")
        front = f"{number}:{node_port}" if node_port else f"{number}"
        shown.append(f"{front}/{port.get('protocol', 'TCP')}")
    return joined(shown)


def _with_port(address: str, port: object) -> str:
    host = f"[{address}]" if ":" in address else address
    return f"{host}:{port}"


def _endpoints(obj: Object, now: float) -> str:
    found = []
    for subset in dig(obj, "subsets", default=()):
        addresses = [item.get("ip", "") for item in dig(subset, "addresses", default=())]
        ports = [item.get("port", "") for item in dig(subset, "ports", default=())]
        if not ports:
            found += addresses
        found += [_with_port(address, port) for port in ports for address in addresses]
    return shortened(found)


def _slice_ports(obj: Object, now: float) -> str:
    ports = [str(item.get("port") or "*") for item in dig(obj, "ports", default=())]
    return shortened(ports, none=UNSET)


def _slice_endpoints(obj: Object, now: float) -> str:
    found = [
        address
        for endpoint in dig(obj, "endpoints", default=())
        for address in dig(endpoint, "addresses", default=())
    ]
    return shortened(found, none=UNSET)


def _hosts(ingress: Object, now: float) -> str:
    hosts = [rule.get("host") or "*" for rule in dig(ingress, "spec", "rules", default=())]
    return shortened(hosts, none="*")


def _parameters(obj: Object, now: float) -> str:
    found = dig(obj, "spec", "parameters")
    if found is None:
        return NONE
    group = f".{found['apiGroup']}" if found.get("apiGroup") else ""
    return f"{found.get('kind', '')}{group}/{found.get('name', '')}"


def _parent(obj: Object, now: float) -> str:
    found = dig(obj, "spec", "parentRef", default={})
    parts = (found.get("resource"), found.get("namespace"), found.get("name"))
    return "/".join(part for part in parts if part)


NETWORK_COLUMNS: dict[tuple[str, str], tuple[Column, ...]] = {
    ("", "Service"): (
        NAME,
        Column("Type", field("spec", "type", default="ClusterIP")),
        Column("Cluster-IP", lambda o, now: dig(o, "spec", "clusterIP") or NONE),
        Column("External-IP", _external),
        Column("Port(s)", _ports),
        AGE,
        Column("Selector", lambda o, now: labels_text(dig(o, "spec", "selector")), WIDE),
    ),
    ("", "Endpoints"): (NAME, Column("Endpoints", _endpoints), AGE),
    ("discovery.k8s.io", "EndpointSlice"): (
        NAME,
        Column("AddressType", field("addressType")),
        Column("Ports", _slice_ports),
        Column("Endpoints", _slice_endpoints),
        AGE,
    ),
    ("networking.k8s.io", "Ingress"): (
        NAME,
        Column("Class", field("spec", "ingressClassName", default=NONE)),
        Column("Hosts", _hosts),
        Column("Address", lambda o, now: joined(_load_balancer(o), "")),
        Column("Ports", lambda o, now: "80, 443" if dig(o, "spec", "tls") else "80"),
        AGE,
    ),
    ("networking.k8s.io", "IngressClass"): (
        NAME,
        Column("Controller", field("spec", "controller")),
        Column("Parameters", _parameters),
        AGE,
    ),
    ("networking.k8s.io", "NetworkPolicy"): (
        NAME,
        Column("Pod-Selector", lambda o, now: selector_text(dig(o, "spec", "podSelector"))),
        AGE,
    ),
    ("networking.k8s.io", "IPAddress"): (NAME, Column("ParentRef", _parent), AGE),
    ("networking.k8s.io", "ServiceCIDR"): (
        NAME,
        Column("CIDRs", lambda o, now: joined(dig(o, "spec", "cidrs", default=()))),
        AGE,
    ),
}
