"""Rules of services: which addresses and ports they hold, and what their type implies. Pure.

Job: fill and carry over clusterIPs and nodePorts, and say which reservations an object needs.
A reservation is a key of its own in the store, written in the same transaction as the service, so
two services can never hold one address. Source: docs "Service", Choosing your own IP address.
"""

from collections.abc import Iterable

from actors.apiserver.strategies import service_types
from actors.apiserver.strategies.service_types import (
    EXTERNAL,
    ON_NODES,
    needs_health_port,
    service_type,
)
from actors.apiserver.strategies.strategy import (
    MARKS,
    Strategy,
    prepare_status_update,
)
from cluster.api.defaults_service import balancer_status
from cluster.api.types import Object
from cluster.api.validation.service_addresses import (
    BOTH,
    FAMILY,
    HEADLESS,
    OTHER_FAMILY,
    SINGLE,
    family_of,
    is_unselective,
)

ADDRESS_PREFIX = "/allocations/clusterip/"
PORT_PREFIX = "/allocations/nodeport/"


def needs_address(service: Object) -> bool:
    """True if the service has a cluster IP to be chosen or kept."""
    spec = service.get("spec") or {}
    return service_type(service) != EXTERNAL and spec.get("clusterIP") != HEADLESS


def needs_node_ports(service: Object) -> bool:
    """True if every port of the service is open on every node."""
    kind = service_type(service)
    spec = service.get("spec") or {}
    if kind == "LoadBalancer":
        return spec.get("allocateLoadBalancerNodePorts") is not False
    return kind == "NodePort"


def reservations(service: Object) -> frozenset[str]:
    """The keys that the service holds."""
    spec = service.get("spec") or {}
    keys = {f"{ADDRESS_PREFIX}{ip}" for ip in cluster_ips(service)}
    if service_type(service) in ON_NODES:
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
    """Give the service its cluster IP."""
    spec = service["spec"]
    spec["clusterIP"] = address
    spec["clusterIPs"] = [address]


def _create(obj: Object, now: float) -> None:
    obj["status"] = {"loadBalancer": {}}
    spec = obj.setdefault("spec", {})
    _drop_empty(spec)
    if spec.get("clusterIP") and not spec.get("clusterIPs"):
        spec["clusterIPs"] = [spec["clusterIP"]]
    _fill_families(spec, {})


def _update(obj: Object, old: Object) -> None:
    spec, before = obj.setdefault("spec", {}), old.get("spec") or {}
    _drop_empty(spec)
    _keep_allocated(obj, old)
    _follow_address(spec, before)
    _fill_families(spec, before)
    service_types.let_go(obj, old)


def _drop_empty(spec: Object) -> None:
    """Nothing is said by no address, and by the port 0."""
    for name in ("clusterIP", "healthCheckNodePort"):
        if name in spec and not spec[name]:
            del spec[name]
    for port in spec.get("ports") or ():
        if port.get("nodePort") == 0:
            del port["nodePort"]


def _keep_allocated(obj: Object, old: Object) -> None:
    """What was chosen for it a client need not say again."""
    spec, before = obj["spec"], old.get("spec") or {}
    if EXTERNAL not in (service_type(obj), service_type(old)):
        if not spec.get("clusterIP") and before.get("clusterIP"):
            spec["clusterIP"] = before["clusterIP"]
        if not spec.get("clusterIPs") and before.get("clusterIPs"):
            spec["clusterIPs"] = list(before["clusterIPs"])
    if service_type(obj) in ON_NODES and service_type(old) in ON_NODES:
        _keep_node_ports(spec.get("ports") or (), before.get("ports") or ())
    if needs_health_port(obj) and needs_health_port(old) and not spec.get("healthCheckNodePort"):
        spec["healthCheckNodePort"] = before.get("healthCheckNodePort")


def _keep_node_ports(ports: Iterable[Object], before: Iterable[Object]) -> None:
    """By name; one that another port has now is not given again."""
    known = {port.get("name") or "": port.get("nodePort") for port in before}
    used = {port.get("nodePort") for port in ports}
    for port in ports:
        kept = known.get(port.get("name") or "")
        if kept and kept not in used and not port.get("nodePort"):
            port["nodePort"] = kept


def _follow_address(spec: Object, before: Object) -> None:
    """The list follows the elder field, where a client changed that one alone."""
    address, listed = spec.get("clusterIP") or "", spec.get("clusterIPs") or []
    had, had_listed = before.get("clusterIP") or "", before.get("clusterIPs") or []
    if address == had and not listed and had_listed:
        spec["clusterIPs"] = list(had_listed)
    elif address == had or listed != had_listed:
        return
    elif address:
        spec["clusterIPs"] = [address]
    else:
        spec.pop("clusterIPs", None)


def _fill_families(spec: Object, before: Object) -> None:
    """What a Service does not say of IP families. What the cluster does not have stays unsaid:
    validation tells of it."""
    if spec.get("type") == EXTERNAL:
        return
    unselective = is_unselective(spec)
    policy = spec.get("ipFamilyPolicy") or before.get("ipFamilyPolicy")
    policy = spec["ipFamilyPolicy"] = policy or (BOTH if unselective else SINGLE)
    for name in ("clusterIPs", "ipFamilies"):
        # The policy says it: the second one is given up.
        if policy == SINGLE and spec.get(name) == before.get(name) and len(spec.get(name) or ()):
            spec[name] = spec[name][:1]
    families = list(spec.get("ipFamilies") or ())
    for address in (spec.get("clusterIPs") or [])[len(families) :]:
        if address != HEADLESS and family_of(address) != FAMILY:
            return
        families.append(FAMILY)
    families = families or [FAMILY]
    if unselective and policy != SINGLE and len(families) == 1:
        families.append(OTHER_FAMILY if families[0] == FAMILY else FAMILY)
    spec["ipFamilies"] = families


def _with_status(obj: Object, old: Object, now: float) -> Object:
    balancer_status(obj)
    return prepare_status_update(obj, old, STRATEGY)


STRATEGY = Strategy(
    status_metadata=MARKS,
    returns_deleted=True,
    create=_create,
    update=_update,
    parts={"status": _with_status},
)
