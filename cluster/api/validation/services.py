"""Rules of Services. Must not know address ranges: allocation has its own errors."""

from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.addresses import range_of
from cluster.api.validation.containers import PROTOCOLS
from cluster.api.validation.metadata import check_labels
from cluster.api.validation.pod_names import check_address
from cluster.api.validation.probes import check_target_port

_TYPES = frozenset(("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"))
_AFFINITIES = frozenset(("None", "ClientIP"))
_POLICIES = frozenset(("Cluster", "Local"))
_DISTRIBUTIONS = frozenset(("PreferClose", "PreferSameZone", "PreferSameNode"))
_SECONDS_MAX = 86400
_RANGES_ANNOTATION = "service.beta.kubernetes.io/load-balancer-source-ranges"
_BALANCER_ONLY = "may only be used when `type` is 'LoadBalancer'"


def check_service(obj: Object, found: list[Cause]) -> None:
    """A Service's spec."""
    spec = obj.get("spec") or {}
    kind = spec.get("type")
    if kind not in _TYPES:
        causes.one_of("spec.type", kind, _TYPES, found)
    if kind == "ExternalName":
        _external_name(spec, found)
    elif not spec.get("ports") and not _headless(spec):
        found.append(causes.required("spec.ports"))
    _ports(spec, found)
    if spec.get("selector"):
        check_labels("spec.selector", spec["selector"], found)
    _affinity(spec, found)
    _addresses(spec, found)
    _traffic(spec, found)
    _balancer(obj, spec, found)


def check_service_update(old: Object, new: Object, found: list[Cause]) -> None:
    """The cluster address stays, unless the type came from or goes to ExternalName."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    if "ExternalName" in (before.get("type"), after.get("type")):
        return
    address = before.get("clusterIP")
    if address and after.get("clusterIP") and after["clusterIP"] != address:
        detail = "may not change once set"
        given = [after["clusterIP"]]
        found.append(causes.invalid("spec.clusterIPs[0]", given, detail))


def _headless(spec: Object) -> bool:
    return bool(spec.get("clusterIP") == "None")


def _external_name(spec: Object, found: list[Cause]) -> None:
    name = spec.get("externalName") or ""
    if not name:
        found.append(causes.required("spec.externalName"))
    else:
        causes.each("spec.externalName", name, names.subdomain_errors(name.rstrip(".")), found)
    if spec.get("clusterIP"):
        detail = "may not be set when `type` is 'ExternalName'"
        found.append(causes.forbidden("spec.clusterIPs", detail))


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
    if spec.get("type") in ("ClusterIP", "ExternalName"):
        detail = f"may not be used when `type` is '{spec['type']}'"
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


def _addresses(spec: Object, found: list[Cause]) -> None:
    address = spec.get("clusterIP")
    if address and address != "None":
        check_address("spec.clusterIPs[0]", address, found)
    if _headless(spec) and spec.get("type") in ("NodePort", "LoadBalancer"):
        detail = f"may not be set to 'None' for {spec['type']} services"
        found.append(causes.invalid("spec.clusterIPs[0]", "None", detail))
    for position, item in enumerate(spec.get("externalIPs") or ()):
        check_address(f"spec.externalIPs[{position}]", item, found)


def _traffic(spec: Object, found: list[Cause]) -> None:
    external, kind = spec.get("externalTrafficPolicy"), spec.get("type")
    if external and external not in _POLICIES:
        found.append(causes.unsupported("spec.externalTrafficPolicy", external, _POLICIES))
    elif external and kind not in ("NodePort", "LoadBalancer") and not spec.get("externalIPs"):
        detail = "may only be set for externally-accessible services"
        found.append(causes.invalid("spec.externalTrafficPolicy", external, detail))
    health = spec.get("healthCheckNodePort")
    if health and (kind, external) != ("LoadBalancer", "Local"):
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


def _balancer(obj: Object, spec: Object, found: list[Cause]) -> None:
    """What only a load balancer has: whom it serves (by field, or else by annotation), its kind."""
    ranges, path = spec.get("loadBalancerSourceRanges") or (), "spec.LoadBalancerSourceRanges"
    places = [f"{path}[{position}]" for position in range(len(ranges))]
    if not ranges:
        said = ((obj.get("metadata") or {}).get("annotations") or {}).get(_RANGES_ANNOTATION) or ""
        path = f"metadata.annotations[{_RANGES_ANNOTATION}]"
        ranges = said.split(",") if said.strip() else ()
        places = [path] * len(ranges)
    balancer = spec.get("type") == "LoadBalancer"
    if ranges and not balancer:
        found.append(causes.forbidden(path, _BALANCER_ONLY))
    for place, value in zip(places, ranges, strict=True):
        _range(place, (value or "").strip(), found)
    chosen = spec.get("loadBalancerClass")
    if chosen is not None and not balancer:
        found.append(causes.forbidden("spec.loadBalancerClass", _BALANCER_ONLY))
    elif chosen is not None:
        causes.each("spec.loadBalancerClass", chosen, names.label_key_errors(chosen), found)


def _range(path: str, value: str, found: list[Cause]) -> None:
    if "/" not in value or range_of(value) is None:
        detail = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
        found.append(causes.invalid(path, value, detail))
