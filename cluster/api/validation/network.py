"""Rules of Endpoints, EndpointSlices and Ingresses. Must not know Services."""

import ipaddress
from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.containers import PROTOCOLS
from cluster.api.validation.pod_names import check_address

_ADDRESS_TYPES = frozenset(("IPv4", "IPv6", "FQDN"))
_PATH_TYPES = frozenset(("Exact", "Prefix", "ImplementationSpecific"))
_ENDPOINTS_MAX = 1000
_ADDRESSES_MAX = 100
_PORTS_MAX = 100


def check_endpoint_slice(obj: Object, found: list[Cause]) -> None:
    """Addresses of the slice's type, ports with names that differ."""
    kind = obj.get("addressType")
    causes.one_of("addressType", kind, _ADDRESS_TYPES, found)
    endpoints = obj.get("endpoints") or ()
    if len(endpoints) > _ENDPOINTS_MAX:
        found.append(causes.too_many("endpoints", len(endpoints), _ENDPOINTS_MAX))
        return
    for position, endpoint in enumerate(endpoints):
        path = f"endpoints[{position}].addresses"
        addresses = endpoint.get("addresses") or ()
        if not addresses:
            found.append(causes.required(path, "must contain at least 1 address"))
        elif len(addresses) > _ADDRESSES_MAX:
            found.append(causes.too_many(path, len(addresses), _ADDRESSES_MAX))
        for number, address in enumerate(addresses):
            _slice_address(f"{path}[{number}]", address, kind, found)
    _slice_ports(obj.get("ports") or (), found)


def check_endpoint_slice_update(old: Object, new: Object, found: list[Cause]) -> None:
    """A slice keeps its type."""
    if old.get("addressType") != new.get("addressType"):
        found.append(causes.invalid("addressType", new.get("addressType"), causes.IMMUTABLE))


def check_endpoints(obj: Object, found: list[Cause]) -> None:
    """Subsets with at least an address; ports that have names if there are several."""
    for position, subset in enumerate(obj.get("subsets") or ()):
        path = f"subsets[{position}]"
        ready, other = subset.get("addresses") or (), subset.get("notReadyAddresses") or ()
        if not ready and not other:
            detail = "must specify `addresses` or `notReadyAddresses`"
            found.append(causes.required(path, detail))
        for name, addresses in (("addresses", ready), ("notReadyAddresses", other)):
            for number, item in enumerate(addresses):
                check_address(f"{path}.{name}[{number}].ip", item.get("ip") or "", found)
        ports = subset.get("ports") or ()
        for number, port in enumerate(ports):
            place = f"{path}.ports[{number}]"
            if not port.get("name") and len(ports) > 1:
                found.append(causes.required(f"{place}.name"))
            causes.port_number(f"{place}.port", port.get("port", 0), found)
            causes.one_of(f"{place}.protocol", port.get("protocol"), PROTOCOLS, found)


def check_ingress(obj: Object, found: list[Cause]) -> None:
    """Rules with paths that lead to backends, or a default backend."""
    spec = obj.get("spec") or {}
    if not spec.get("rules") and spec.get("defaultBackend") is None:
        detail = "either `defaultBackend` or `rules` must be specified"
        found.append(causes.invalid("spec", spec, detail))
    if spec.get("defaultBackend") is not None:
        _backend("spec.defaultBackend", spec["defaultBackend"], found)
    for position, rule in enumerate(spec.get("rules") or ()):
        path = f"spec.rules[{position}]"
        host = rule.get("host") or ""
        if host:
            plain = host.removeprefix("*.")
            causes.each(f"{path}.host", host, names.subdomain_errors(plain), found)
        http = rule.get("http")
        if http is None:
            continue
        if not http.get("paths"):
            found.append(causes.required(f"{path}.http.paths"))
        for number, item in enumerate(http.get("paths") or ()):
            _ingress_path(f"{path}.http.paths[{number}]", item, found)


def _slice_address(path: str, address: str, kind: Any, found: list[Cause]) -> None:
    if kind == "FQDN":
        causes.each(path, address, names.subdomain_errors(address), found)
        return
    before = len(found)
    check_address(path, address, found)
    if len(found) == before and kind in ("IPv4", "IPv6"):
        version = ipaddress.ip_address(address).version
        if version != int(kind[-1]):
            detail = f"must be a valid {kind} address"
            found.append(causes.invalid(path, address, detail))


def _slice_ports(ports: Any, found: list[Cause]) -> None:
    if len(ports) > _PORTS_MAX:
        found.append(causes.too_many("ports", len(ports), _PORTS_MAX))
    seen: set[str] = set()
    for position, port in enumerate(ports):
        path, name = f"ports[{position}]", port.get("name") or ""
        if name:
            causes.each(f"{path}.name", name, names.dns_label_errors(name), found)
        if name in seen:
            found.append(causes.duplicate(f"{path}.name", name))
        seen.add(name)
        causes.one_of(f"{path}.protocol", port.get("protocol"), PROTOCOLS, found)
        if port.get("port") is not None:
            causes.port_number(f"{path}.port", port["port"], found)


def _ingress_path(path: str, item: Object, found: list[Cause]) -> None:
    kind, value = item.get("pathType"), item.get("path") or ""
    if not kind:
        found.append(causes.required(f"{path}.pathType", "pathType must be specified"))
    elif kind not in _PATH_TYPES:
        found.append(causes.unsupported(f"{path}.pathType", kind, _PATH_TYPES))
    if (value or kind != "ImplementationSpecific") and not value.startswith("/"):
        found.append(causes.invalid(f"{path}.path", value, "must be an absolute path"))
    _backend(f"{path}.backend", item.get("backend") or {}, found)


def _backend(path: str, backend: Object, found: list[Cause]) -> None:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        detail = "cannot set both resource and service backends"
        found.append(causes.invalid(path, "", detail))
    elif service is not None:
        if not service.get("name"):
            found.append(causes.required(f"{path}.service.name"))
        port = service.get("port") or {}
        if not port.get("name") and not port.get("number"):
            detail = "port name or number is required"
            found.append(causes.required(f"{path}.service.port", detail))
    elif resource is None:
        detail = "resource or service backend is required"
        found.append(causes.required(path, detail))
