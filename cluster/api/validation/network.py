"""Rules of Endpoints and EndpointSlices. Must not know Services.

Unlike in Kubernetes an endpoint may have a loopback address: a cluster that is all on one machine
has its nodes there.
"""

from collections.abc import Callable
from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.addresses import address_of, check_address, check_reachable
from cluster.api.validation.containers import PROTOCOLS
from cluster.api.validation.metadata import check_labels

_ADDRESS_TYPES = frozenset(("IPv4", "IPv6", "FQDN"))
_ENDPOINTS_MAX = 1000
_ADDRESSES_MAX = 100
_PORTS_MAX = 100
_TOPOLOGY_MAX = 16
_HINTS_MAX = 8
NameErrors = Callable[[str], tuple[str, ...]]


def check_endpoint_slice(obj: Object, found: list[Cause]) -> None:
    """Addresses of the slice's type, ports with names that differ."""
    kind = obj.get("addressType")
    causes.one_of("addressType", kind, _ADDRESS_TYPES, found)
    endpoints = obj.get("endpoints") or ()
    if len(endpoints) > _ENDPOINTS_MAX:
        found.append(causes.too_many("endpoints", len(endpoints), _ENDPOINTS_MAX))
        return
    for position, endpoint in enumerate(endpoints):
        _slice_details(f"endpoints[{position}]", endpoint, found)
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
                _endpoints_address(f"{path}.{name}[{number}]", item, found)
        ports = subset.get("ports") or ()
        for number, port in enumerate(ports):
            place = f"{path}.ports[{number}]"
            name = port.get("name") or ""
            if not name and len(ports) > 1:
                found.append(causes.required(f"{place}.name"))
            elif name:
                causes.each(f"{place}.name", name, names.dns_label_errors(name), found)
            causes.port_number(f"{place}.port", port.get("port", 0), found)
            causes.one_of(f"{place}.protocol", port.get("protocol"), PROTOCOLS, found)
            _app_protocol(place, port, found)


def _slice_address(path: str, address: str, kind: Any, found: list[Cause]) -> None:
    if kind == "FQDN":
        _domain(path, address, found)
    elif kind in ("IPv4", "IPv6"):
        check_address(path, address, found)
        read = address_of(address)
        if read is not None and read.version != int(kind[-1]):
            detail = f"must be a valid {kind} address"
            found.append(causes.invalid(path, address, detail))
        check_reachable(path, address, found, loopback=True)


def _domain(path: str, value: str, found: list[Cause]) -> None:
    """A name of at least two parts, with or without the last dot."""
    name = value.removesuffix(".")
    if not name:
        found.append(causes.required(path))
        return
    errors = names.subdomain_errors(name)
    causes.each(path, value, errors, found)
    if not errors and "." not in name:
        detail = "should be a domain with at least two segments separated by dots"
        found.append(causes.invalid(path, value, detail))


def _slice_ports(ports: Any, found: list[Cause]) -> None:
    if len(ports) > _PORTS_MAX:
        found.append(causes.too_many("ports", len(ports), _PORTS_MAX))
        return
    seen: set[str] = set()
    for position, port in enumerate(ports):
        path, name = f"ports[{position}]", port.get("name") or ""
        if name:
            causes.each(f"{path}.name", name, names.dns_label_errors(name), found)
        if name in seen:
            found.append(causes.duplicate(f"{path}.name", name))
        seen.add(name)
        if port.get("protocol") not in PROTOCOLS:
            said = port.get("protocol")
            found.append(causes.unsupported(f"{path}.protocol", said, PROTOCOLS))
        _app_protocol(path, port, found)
        if port.get("port") is not None:
            causes.port_number(f"{path}.port", port["port"], found)


def _slice_details(path: str, endpoint: Object, found: list[Cause]) -> None:
    node, hostname = endpoint.get("nodeName"), endpoint.get("hostname")
    if node is not None:
        causes.each(f"{path}.nodeName", node, names.subdomain_errors(node), found)
    topology, place = endpoint.get("deprecatedTopology") or {}, f"{path}.deprecatedTopology"
    if len(topology) > _TOPOLOGY_MAX:
        found.append(causes.too_many(place, len(topology), _TOPOLOGY_MAX))
    check_labels(place, topology, found)
    if hostname is not None:
        causes.each(f"{path}.hostname", hostname, names.dns_label_errors(hostname), found)
    hints, place = endpoint.get("hints") or {}, f"{path}.hints"
    _hints(f"{place}.forZones", hints.get("forZones") or (), names.label_value_errors, found)
    _hints(f"{place}.forNodes", hints.get("forNodes") or (), names.subdomain_errors, found)


def _hints(path: str, hints: Any, errors: NameErrors, found: list[Cause]) -> None:
    """Who is to use the endpoint: zones, or nodes."""
    if len(hints) > _HINTS_MAX:
        found.append(causes.too_many(path, len(hints), _HINTS_MAX))
        return
    seen: set[str] = set()
    for number, hint in enumerate(hints):
        place, name = f"{path}[{number}].name", hint.get("name") or ""
        if name in seen:
            found.append(causes.duplicate(place, name))
        seen.add(name)
        causes.each(place, name, errors(name), found)


def _endpoints_address(path: str, item: Object, found: list[Cause]) -> None:
    address = item.get("ip") or ""
    check_address(f"{path}.ip", address, found)
    check_reachable(f"{path}.ip", address, found, loopback=True)
    hostname, node = item.get("hostname") or "", item.get("nodeName")
    if hostname:
        causes.each(f"{path}.hostname", hostname, names.dns_label_errors(hostname), found)
    if node is not None:
        causes.each(f"{path}.nodeName", node, names.subdomain_errors(node), found)


def _app_protocol(path: str, port: Object, found: list[Cause]) -> None:
    protocol = port.get("appProtocol")
    if protocol is not None:
        causes.each(f"{path}.appProtocol", protocol, names.label_key_errors(protocol), found)
