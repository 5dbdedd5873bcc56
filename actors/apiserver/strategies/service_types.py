"""What a Service lets go of when an update changes its type. Pure.

A field that is another type's goes if the server may have set it, and if the client did not change
it in the same update: else validation tells of it.
"""

from collections.abc import Callable

from cluster.api.types import Object

EXTERNAL = "ExternalName"
BALANCER = "LoadBalancer"
# Types that every node has a port of.
ON_NODES = ("NodePort", BALANCER)
_ADDRESSES = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")


def service_type(service: Object) -> str:
    """``ClusterIP`` if unset."""
    return (service.get("spec") or {}).get("type") or "ClusterIP"


def needs_health_port(service: Object) -> bool:
    """True if a load balancer asks each node whether it has local endpoints."""
    spec = service.get("spec") or {}
    return service_type(service) == BALANCER and spec.get("externalTrafficPolicy") == "Local"


def let_go(service: Object, old: Object) -> None:
    """Drop what the type has no more."""
    spec, before = service["spec"], old.get("spec") or {}
    if _lost(_has_address, service, old):
        together = all(spec.get(name) == before.get(name) for name in _ADDRESSES[:2])
        for name in _ADDRESSES:
            if together if name in _ADDRESSES[:2] else spec.get(name) == before.get(name):
                spec.pop(name, None)
    if _lost(_is_on_nodes, service, old) and _node_ports(spec) <= _node_ports(before):
        for port in spec.get("ports") or ():
            port.pop("nodePort", None)
    rows = (
        (needs_health_port, "healthCheckNodePort"),
        (_is_balancer, "allocateLoadBalancerNodePorts"),
        (_is_balancer, "loadBalancerClass"),
        (_is_reached, "externalTrafficPolicy"),
    )
    for had, name in rows:
        if _lost(had, service, old) and spec.get(name) == before.get(name):
            spec.pop(name, None)
    if not _is_balancer(service) and (service.get("status") or {}).get("loadBalancer"):
        service["status"] = {**service["status"], "loadBalancer": {}}


def _lost(has: Callable[[Object], bool], service: Object, old: Object) -> bool:
    return has(old) and not has(service)


def _has_address(service: Object) -> bool:
    return service_type(service) != EXTERNAL


def _is_on_nodes(service: Object) -> bool:
    return service_type(service) in ON_NODES


def _is_reached(service: Object) -> bool:
    """True if traffic comes to it from outside."""
    outside = service_type(service) == "ClusterIP" and (service.get("spec") or {}).get(
        "externalIPs"
    )
    return _is_on_nodes(service) or bool(outside)


def _is_balancer(service: Object) -> bool:
    return service_type(service) == BALANCER


def _node_ports(spec: Object) -> set[int]:
    return {port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")}
