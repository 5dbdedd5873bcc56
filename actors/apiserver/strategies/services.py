"""Rules of services: which addresses and ports they hold, and what their type implies. Pure.

Job: fill and carry over clusterIPs and nodePorts, and say which reservations an object needs.
A reservation is a key of its own in the store, written in the same transaction as the service, so
two services can never hold one address. Source: docs "Service", Choosing your own IP address.
"""

from actors.apiserver.strategies.strategy import Strategy
from cluster.api.types import Object

ADDRESS_PREFIX = "/allocations/clusterip/"
PORT_PREFIX = "/allocations/nodeport/"
HEADLESS = "None"


def needs_address(service: Object) -> bool:
    """True if the service has a cluster IP to be chosen or kept."""
    spec = service.get("spec") or {}
    return service_type(service) != "ExternalName" and spec.get("clusterIP") != HEADLESS


def service_type(service: Object) -> str:
    """``ClusterIP`` if unset."""
    return (service.get("spec") or {}).get("type") or "ClusterIP"


def needs_node_ports(service: Object) -> bool:
    """True if every port of the service is open on every node."""
    kind = service_type(service)
    spec = service.get("spec") or {}
    if kind == "LoadBalancer":
        return spec.get("allocateLoadBalancerNodePorts") is not False
    return kind == "NodePort"


def needs_health_port(service: Object) -> bool:
    """True if a load balancer asks each node whether it has local endpoints."""
    spec = service.get("spec") or {}
    return service_type(service) == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def reservations(service: Object) -> frozenset[str]:
    """The keys that the service holds."""
    spec = service.get("spec") or {}
    keys = {f"{ADDRESS_PREFIX}{ip}" for ip in cluster_ips(service)}
    if service_type(service) in ("NodePort", "LoadBalancer"):
        ports = [port.get("nodePort") for port in spec.get("ports") or ()]
        ports.append(spec.get("healthCheckNodePort"))
        keys.update(f"{PORT_PREFIX}{port}" for port in ports if port)
    return frozenset(keys)


def cluster_ips(service: Object) -> list[str]:
    """The cluster IPs; none if headless or ExternalName."""
    if not needs_address(service):
        return []
    spec = service.get("spec") or {}
    first = spec.get("clusterIP")
    return list(spec.get("clusterIPs") or ([first] if first else []))


def place_of(service: Object) -> tuple[str, str]:
    """(namespace, name)."""
    metadata = service["metadata"]
    return metadata["namespace"], metadata["name"]


def set_address(service: Object, address: str) -> None:
    """Give the service its cluster IP (IPv4, single stack)."""
    spec = service["spec"]
    spec["clusterIP"] = address
    spec["clusterIPs"] = [address]
    _single_stack(spec)


def _create(obj: Object, now: float) -> None:
    obj["status"] = {"loadBalancer": {}}
    normalize(obj)


def _update(obj: Object, old: Object) -> None:
    spec, before = obj.setdefault("spec", {}), old.get("spec") or {}
    if needs_address(obj) and needs_address(old) and not spec.get("clusterIP"):
        spec["clusterIP"] = before.get("clusterIP", "")
        spec["clusterIPs"] = list(before.get("clusterIPs") or ())
    if service_type(obj) == "ExternalName" and service_type(old) != "ExternalName":
        for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if spec.get(name) == before.get(name):
                spec.pop(name, None)
    _carry_node_ports(obj, old)
    if needs_health_port(obj) and needs_health_port(old) and not spec.get("healthCheckNodePort"):
        spec["healthCheckNodePort"] = before.get("healthCheckNodePort")
    normalize(obj)


def _carry_node_ports(obj: Object, old: Object) -> None:
    known = {
        (port.get("protocol") or "TCP", port.get("port")): port.get("nodePort")
        for port in (old.get("spec") or {}).get("ports") or ()
    }
    taken = set(known.values())
    for port in obj["spec"].get("ports") or ():
        before = known.get((port.get("protocol") or "TCP", port.get("port")))
        if not needs_node_ports(obj):
            # The type no longer opens node ports: those it had are let go.
            if service_type(obj) == "ClusterIP" and port.get("nodePort") in taken:
                port.pop("nodePort", None)
        elif not port.get("nodePort") and before:
            port["nodePort"] = before


def normalize(service: Object) -> None:
    """Make the fields that say the same thing twice agree."""
    spec = service.setdefault("spec", {})
    if service_type(service) == "ExternalName":
        return
    address = spec.get("clusterIP") or ""
    listed = spec.get("clusterIPs") or []
    if not address and listed:
        address = spec["clusterIP"] = listed[0]
    if address == HEADLESS:
        spec["clusterIPs"] = [HEADLESS]
        _single_stack(spec)
    elif address and not listed:
        set_address(service, address)
    if service_type(service) == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    else:
        spec.pop("allocateLoadBalancerNodePorts", None)
    if service_type(service) in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    elif not spec.get("externalIPs"):
        spec.pop("externalTrafficPolicy", None)
    if not needs_health_port(service):
        spec.pop("healthCheckNodePort", None)


def _single_stack(spec: Object) -> None:
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")


STRATEGY = Strategy(returns_deleted=True, create=_create, update=_update)
