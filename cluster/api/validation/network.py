"""Rules of Endpoints and EndpointSlices. Must not know Services."""

import ipaddress
from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.containers import PROTOCOLS
from cluster.api.validation.metadata import check_labels
from cluster.api.validation.pod_names import check_address

_ADDRESS_TYPES = frozenset(("IPv4", "IPv6", "FQDN"))
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
        return
    seen: set[str] = set()
    for position, port in enumerate(ports):
        path, name = f"ports[{position}]", port.get("name") or ""
        if name:
            causes.each(f"{path}.name", name, names.dns_label_errors(name), found)
        if name in seen:
            found.append(causes.duplicate(f"{path}.name", name))
        seen.add(name)
        causes.one_of(f"{path}.protocol", port.get("protocol"), PROTOCOLS, found)
        _app_protocol(path, port, found)
        if port.get("port") is not None:
            causes.port_number(f"{path}.port", port["port"], found)


def _slice_details(path: str, endpoint: Object, found: list[Cause]) -> None:
    check_labels(f"{path}.deprecatedTopology", endpoint.get("deprecatedTopology") or {}, found)
    hostname = endpoint.get("hostname")
    if hostname is not None:
        causes.each(f"{path}.hostname", hostname, names.dns_label_errors(hostname), found)


def _endpoints_address(path: str, item: Object, found: list[Cause]) -> None:
    check_address(f"{path}.ip", item.get("ip") or "", found)
    hostname, node = item.get("hostname") or "", item.get("nodeName")
    if hostname:
        causes.each(f"{path}.hostname", hostname, names.dns_label_errors(hostname), found)
    if node is not None:
        causes.each(f"{path}.nodeName", node, names.subdomain_errors(node), found)


def _app_protocol(path: str, port: Object, found: list[Cause]) -> None:
    protocol = port.get("appProtocol")
    if protocol is not None:
        causes.each(f"{path}.appProtocol", protocol, names.label_key_errors(protocol), found)
