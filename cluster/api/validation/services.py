"""Rules of Services. Must not know which addresses are free: allocation has its own errors."""

from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.addresses import check_address, check_range, check_reachable
from cluster.api.validation.containers import PROTOCOLS
from cluster.api.validation.metadata import check_labels
from cluster.api.validation.probes import check_target_port
from cluster.api.validation.service_addresses import (
    HEADLESS,
    check_addresses,
    check_addresses_update,
    is_headless,
)

_TYPES = frozenset(("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"))
_AFFINITIES = frozenset(("None", "ClientIP"))
_POLICIES = frozenset(("Cluster", "Local"))
_DISTRIBUTIONS = frozenset(("PreferClose", "PreferSameZone", "PreferSameNode"))
_EXTERNAL = "ExternalName"
_BALANCER = "LoadBalancer"
# Types that every node has a port of.
_ON_NODES = ("NodePort", _BALANCER)
_SECONDS_MAX = 86400
_RANGES_ANNOTATION = "service.beta.kubernetes.io/load-balancer-source-ranges"
_HINTS = "service.kubernetes.io/topology-aware-hints"
_MODE = "service.kubernetes.io/topology-mode"
_BALANCER_ONLY = "may only be used when `type` is 'LoadBalancer'"


def check_service(obj: Object, found: list[Cause]) -> None:
    """A new Service."""
    _check(obj, None, found)


def check_service_update(old: Object, new: Object, found: list[Cause]) -> None:
    """What was given once stays: addresses (but from and to ExternalName), a balancer's class, the
    port that it asks."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    if _EXTERNAL not in (before.get("type"), after.get("type")):
        check_addresses_update(before, after, found)
    chosen = after.get("loadBalancerClass")
    if before.get("type") == after.get("type") == _BALANCER:
        if chosen != before.get("loadBalancerClass"):
            detail = "may not change once set"
            found.append(causes.invalid("spec.loadBalancerClass", chosen, detail))
        port, kept = after.get("healthCheckNodePort"), before.get("healthCheckNodePort")
        local = before.get("externalTrafficPolicy") == after.get("externalTrafficPolicy") == "Local"
        if local and port != kept:
            found.append(causes.forbidden("spec.healthCheckNodePort", causes.IMMUTABLE))
    _check(new, before, found)


def _check(obj: Object, before: Object | None, found: list[Cause]) -> None:
    """``before``: the spec it had. Wrong addresses are told of alone: nothing can be allocated."""
    spec = obj.get("spec") or {}
    kind = spec.get("type")
    count = len(found)
    if kind != _EXTERNAL:
        check_addresses(spec, before, found)
        if len(found) > count:
            return
    if kind not in _TYPES:
        causes.one_of("spec.type", kind, _TYPES, found)
    if kind == _EXTERNAL:
        _external_name(spec, found)
    elif not spec.get("ports") and not is_headless(spec):
        found.append(causes.required("spec.ports"))
    if kind in _ON_NODES and is_headless(spec):
        detail = f"may not be set to 'None' for {kind} services"
        found.append(causes.invalid("spec.clusterIPs[0]", HEADLESS, detail))
    _annotations(obj, found)
    _ports(spec, found)
    if spec.get("selector"):
        check_labels("spec.selector", spec["selector"], found)
    _affinity(spec, found)
    for position, item in enumerate(spec.get("externalIPs") or ()):
        path, known = f"spec.externalIPs[{position}]", (before or {}).get("externalIPs") or ()
        check_address(path, item or "", found, known)
        check_reachable(path, item or "", found)
    _traffic(spec, found)
    _balancer(obj, spec, before or {}, found)


def _annotations(obj: Object, found: list[Cause]) -> None:
    said = (obj.get("metadata") or {}).get("annotations") or {}
    if _HINTS in said and said.get(_MODE, said[_HINTS]) != said[_HINTS]:
        detail = f"must match annotations[{_HINTS}] when both are specified"
        found.append(causes.invalid(f"metadata.annotations[{_MODE}]", said[_MODE], detail))


def _external_name(spec: Object, found: list[Cause]) -> None:
    for field in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if spec.get(field):
            detail = "may not be set for ExternalName services"
            found.append(causes.forbidden(f"spec.{field}", detail))
    name = (spec.get("externalName") or "").removesuffix(".")
    if not name:
        found.append(causes.required("spec.externalName"))
    else:
        causes.each("spec.externalName", name, names.subdomain_errors(name), found)


def _ports(spec: Object, found: list[Cause]) -> None:
    ports = spec.get("ports") or ()
    seen: set[str] = set()
    taken: set[tuple[Any, Any]] = set()
    node_ports: set[tuple[Any, Any]] = set()
    for position, port in enumerate(ports):
        path = f"spec.ports[{position}]"
        _name(path, port.get("name"), len(ports) > 1, seen, found)
        number, protocol = port.get("port"), port.get("protocol")
        causes.port_number(f"{path}.port", 0 if number is None else number, found)
        if protocol not in PROTOCOLS:
            causes.one_of(f"{path}.protocol", protocol, PROTOCOLS, found)
        check_target_port(f"{path}.targetPort", port.get("targetPort", 0), found)
        if port.get("appProtocol") is not None:
            said = port["appProtocol"]
            causes.each(f"{path}.appProtocol", said, names.label_key_errors(said), found)
        if (protocol, number) in taken:
            found.append(causes.duplicate(path, {"protocol": protocol, "port": number}))
        taken.add((protocol, number))
        _node_port(path, spec, port, node_ports, found)


def _name(path: str, name: Any, needed: bool, seen: set[str], found: list[Cause]) -> None:
    if not name:
        if needed:
            found.append(causes.required(f"{path}.name"))
        return
    causes.each(f"{path}.name", name, names.dns_label_errors(name), found)
    if name in seen:
        found.append(causes.duplicate(f"{path}.name", name))
    seen.add(name)


def _node_port(
    path: str, spec: Object, port: Object, taken: set[tuple[Any, Any]], found: list[Cause]
) -> None:
    number = port.get("nodePort")
    if not number:
        return
    if spec.get("type") == "ClusterIP":
        detail = "may not be used when `type` is 'ClusterIP'"
        found.append(causes.forbidden(f"{path}.nodePort", detail))
    key = (port.get("protocol"), number)
    if key in taken:
        found.append(causes.duplicate(f"{path}.nodePort", number))
    taken.add(key)


def _affinity(spec: Object, found: list[Cause]) -> None:
    affinity = spec.get("sessionAffinity")
    if affinity not in _AFFINITIES:
        causes.one_of("spec.sessionAffinity", affinity, _AFFINITIES, found)
    config = spec.get("sessionAffinityConfig")
    if affinity == "ClientIP":
        seconds = ((config or {}).get("clientIP") or {}).get("timeoutSeconds", 0)
        if not 0 < seconds <= _SECONDS_MAX:
            path = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
            detail = f"must be greater than 0 and less than {_SECONDS_MAX}"
            found.append(causes.invalid(path, seconds, detail))
    elif affinity == "None" and config is not None:
        detail = "must not be set when session affinity is None"
        found.append(causes.forbidden("spec.sessionAffinityConfig", detail))


def _traffic(spec: Object, found: list[Cause]) -> None:
    external, kind = spec.get("externalTrafficPolicy"), spec.get("type")
    path = "spec.externalTrafficPolicy"
    if kind not in _ON_NODES and not (kind == "ClusterIP" and spec.get("externalIPs")):
        if external:
            detail = "may only be set for externally-accessible services"
            found.append(causes.invalid(path, external, detail))
    else:
        causes.one_of(path, external, _POLICIES, found)
    health = spec.get("healthCheckNodePort")
    if health and (kind, external) != (_BALANCER, "Local"):
        detail = (
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        )
        found.append(causes.invalid("spec.healthCheckNodePort", health, detail))
    elif health:
        causes.port_number("spec.healthCheckNodePort", health, found)
    internal = spec.get("internalTrafficPolicy")
    if internal and internal not in _POLICIES:
        found.append(causes.unsupported("spec.internalTrafficPolicy", internal, _POLICIES))
    near = spec.get("trafficDistribution")
    if near is not None and near not in _DISTRIBUTIONS:
        found.append(causes.unsupported("spec.trafficDistribution", near, _DISTRIBUTIONS))


def _balancer(obj: Object, spec: Object, before: Object, found: list[Cause]) -> None:
    """What only a load balancer has: whom it serves (by field, or else by annotation), its kind,
    ports of nodes if it wants them."""
    balancer = spec.get("type") == _BALANCER
    ranges, path = spec.get("loadBalancerSourceRanges") or (), "spec.LoadBalancerSourceRanges"
    places = [f"{path}[{position}]" for position in range(len(ranges))]
    said = ((obj.get("metadata") or {}).get("annotations") or {}).get(_RANGES_ANNOTATION)
    told = bool(ranges)
    if not ranges and said is not None:
        path, told = f"metadata.annotations[{_RANGES_ANNOTATION}]", True
        ranges = said.split(",") if said.strip() else ()
        places = [path] * len(ranges)
    if told and not balancer:
        found.append(causes.forbidden(path, _BALANCER_ONLY))
    known = before.get("loadBalancerSourceRanges") or ()
    for place, value in zip(places, ranges, strict=True):
        check_range(place, (value or "").strip(), found, canonical=False, known=known)
    if spec.get("allocateLoadBalancerNodePorts") is not None and not balancer:
        found.append(causes.forbidden("spec.allocateLoadBalancerNodePorts", _BALANCER_ONLY))
    chosen = spec.get("loadBalancerClass")
    if chosen is not None and not balancer:
        found.append(causes.forbidden("spec.loadBalancerClass", _BALANCER_ONLY))
    elif chosen is not None:
        causes.each("spec.loadBalancerClass", chosen, names.label_key_errors(chosen), found)
