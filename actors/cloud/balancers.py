"""Services of type LoadBalancer as balancers, and what is to be written back to them. Pure.

Source: Service API reference, KEP-980 (load balancer finalizers), KEP-1959 (loadBalancerClass).
Must not know: providers, how objects are written.
"""

from collections.abc import Iterable, Mapping

from actors.cloud.nodes import internal_address, takes_traffic
from actors.cloud.provider import Balancer, BalancerPort, Target
from cluster.api.types import Object

FINALIZER = "service.kubernetes.io/load-balancer-cleanup"


def wants_balancer(service: Object) -> bool:
    """True for a live Service of type LoadBalancer that names no other implementation."""
    spec = service.get("spec") or {}
    return (
        spec.get("type") == "LoadBalancer"
        and not spec.get("loadBalancerClass")
        and not service["metadata"].get("deletionTimestamp")
    )


def has_finalizer(service: Object) -> bool:
    """True if this controller must clean up before the Service goes."""
    return FINALIZER in (service["metadata"].get("finalizers") or ())


def make_balancer(service: Object, nodes: Iterable[Object], slices: Iterable[Object]) -> Balancer:
    """``slices``: the EndpointSlices of the Service (read for externalTrafficPolicy Local)."""
    meta, spec = service["metadata"], service["spec"]
    targets = [
        Target(node["metadata"]["name"], address)
        for node in nodes
        if takes_traffic(node) and (address := internal_address(node))
    ]
    if spec.get("externalTrafficPolicy") == "Local":
        here = serving_nodes(slices)
        targets = [target for target in targets if target.node in here]
    return Balancer(
        key=(meta.get("namespace") or "", meta["name"]),
        uid=meta.get("uid") or "",
        ports=tuple(
            BalancerPort(
                (port.get("protocol") or "TCP").lower(),
                int(port["port"]),
                int(port.get("nodePort") or 0),
            )
            for port in spec.get("ports") or ()
        ),
        targets=tuple(sorted(targets)),
        wanted=present_address(service) or spec.get("loadBalancerIP") or "",
        sticky=spec.get("sessionAffinity") == "ClientIP",
    )


def serving_nodes(slices: Iterable[Object]) -> frozenset[str]:
    """Nodes with an endpoint that is ready."""
    return frozenset(
        endpoint.get("nodeName") or ""
        for item in slices
        for endpoint in item.get("endpoints") or ()
        if (endpoint.get("conditions") or {}).get("ready") is not False
    )


def present_address(service: Object) -> str:
    """The address that the status promises, '' if none yet."""
    balancer = (service.get("status") or {}).get("loadBalancer") or {}
    for ingress in balancer.get("ingress") or ():
        if ingress.get("ip"):
            return str(ingress["ip"])
    return ""


def status_of(service: Object, addresses: Iterable[str]) -> Object | None:
    """The Service with that status; None if it says so already."""
    wanted = [{"ip": address, "ipMode": "VIP"} for address in addresses]
    status = service.get("status") or {}
    present = (status.get("loadBalancer") or {}).get("ingress") or []
    if [item.get("ip") for item in present] == [item["ip"] for item in wanted]:
        return None
    balancer: Object = {"ingress": wanted} if wanted else {}
    return {**service, "status": {**status, "loadBalancer": balancer}}


def with_finalizer(service: Object, present: bool) -> Object:
    """The Service with or without the finalizer."""
    meta = service["metadata"]
    finalizers = [item for item in meta.get("finalizers") or () if item != FINALIZER]
    if present:
        finalizers.append(FINALIZER)
    new_meta = {**meta, "finalizers": finalizers}
    if not finalizers:
        del new_meta["finalizers"]
    return {**service, "metadata": new_meta}


def allocate(
    wanted: Mapping[tuple[str, str], str], pool: tuple[str, ...]
) -> dict[tuple[str, str], str]:
    """Service → address of the pool. Who has one keeps it (the first by name if two claim it);
    the others get the next free one in order of name. Those the pool has no room for get none.

    A function of its input alone: every leader comes to the same result."""
    free = dict.fromkeys(pool)
    found: dict[tuple[str, str], str] = {}
    for key in sorted(wanted):
        if wanted[key] in free:
            del free[wanted[key]]
            found[key] = wanted[key]
    for key in sorted(wanted):
        if key not in found and free:
            found[key] = next(iter(free))
            del free[found[key]]
    return found
