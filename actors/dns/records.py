"""The answer to a question about the cluster domain. Pure.

Source: Kubernetes DNS-Based Service Discovery 1.1.0; RFC 1034, 2308 (NODATA and NXDOMAIN with the
SOA), 2782 (SRV), 8482 (ANY).
Must not know: the wire format, sockets.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from actors.dns.zone import ClusterZone, Endpoint, Port, Service

A, NS, CNAME, SOA, PTR, TXT, AAAA, SRV, ANY = 1, 2, 5, 6, 12, 16, 28, 33, 255
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5

TTL_SECONDS = 5
SCHEMA_VERSION = "1.1.0"
# A chain of ExternalNames within the cluster is followed so far.
ALIASES_MAX = 8


class Record(NamedTuple):
    """``owner``: lower case, without the last dot. ``data``: address, name, text, or for SRV
    (priority, weight, port, target)."""

    owner: str
    type: int
    data: str | tuple[int, int, int, str]


@dataclass
class Answer:
    """``authority``: True adds the SOA (negative answers). ``outside``: not our domain at all."""

    code: int
    records: list[Record] = field(default_factory=list)
    additional: list[Record] = field(default_factory=list)
    authority: bool = False
    outside: bool = False


class Domain(NamedTuple):
    """What the server answers for: the domain, its own address, and ranges for reverse names."""

    name: str
    server_address: str
    ranges: tuple[str, ...]


def answer(
    zone: ClusterZone, domain: Domain, labels: Sequence[str], kind: int, turn: int = 0
) -> Answer:
    """``labels``: the name asked for, lower case. ``kind``: the record type. ``turn``: rotates
    records so that clients that take the first one spread out."""
    name = ".".join(labels)
    if name == domain.name or name.endswith(f".{domain.name}"):
        inner = list(labels[: len(labels) - domain.name.count(".") - 1])
        found = _forward(zone, domain, inner, kind)
    elif name.endswith(".in-addr.arpa"):
        found = _reverse(zone, domain, labels, kind)
    else:
        return Answer(REFUSED, outside=True)
    if len(found.records) > 1 and found.records[0].type != CNAME:
        start = turn % len(found.records)
        found.records = found.records[start:] + found.records[:start]
    if found.code == NXDOMAIN or not found.records:
        found.authority = True
    return found


def _forward(zone: ClusterZone, domain: Domain, inner: list[str], kind: int) -> Answer:
    match inner:
        case []:
            return _apex(domain, kind)
        case ["dns-version"]:
            record = Record(f"dns-version.{domain.name}", TXT, SCHEMA_VERSION)
            return _of_kind([record], kind)
        case ["ns", "dns"]:
            record = Record(f"ns.dns.{domain.name}", A, domain.server_address)
            return _of_kind([record], kind)
        case ["dns"] | ["svc"] | ["pod"] | [_, "pod"]:
            return Answer(NOERROR)
        case [namespace, "svc"]:
            return Answer(NOERROR if zone.has_namespace(namespace) else NXDOMAIN)
        case [*rest, service, namespace, "svc"]:
            found = zone.services.get((namespace, service))
            if found is None:
                return Answer(NXDOMAIN)
            return _service(zone, domain, found, rest, kind)
        case [address, namespace, "pod"]:
            return _pod(f"{address}.{namespace}.pod.{domain.name}", address, kind)
    return Answer(NXDOMAIN)


def _apex(domain: Domain, kind: int) -> Answer:
    if kind in (SOA, ANY):
        return Answer(NOERROR, [Record(domain.name, SOA, "")])
    if kind == NS:
        server = f"ns.dns.{domain.name}"
        glue = Record(server, A, domain.server_address)
        return Answer(NOERROR, [Record(domain.name, NS, server)], [glue])
    return Answer(NOERROR)


def _of_kind(records: list[Record], kind: int) -> Answer:
    """The name exists: its records of the type asked for, none being NODATA."""
    return Answer(NOERROR, [item for item in records if kind in (item.type, ANY)])


def _pod(owner: str, label: str, kind: int) -> Answer:
    try:
        address = ipaddress.IPv4Address(label.replace("-", "."))
    except ValueError:
        return Answer(NXDOMAIN)
    return _of_kind([Record(owner, A, str(address))], kind)


def _service(
    zone: ClusterZone, domain: Domain, service: Service, rest: list[str], kind: int
) -> Answer:
    owner = service_name(service, domain)
    if service.external:
        return _alias(zone, domain, service, kind) if not rest else Answer(NXDOMAIN)
    match rest:
        case []:
            if kind == SRV:
                return _srv(zone, domain, service, owner, None)
            addresses = service.addresses or tuple(
                dict.fromkeys(item.address for item in zone.endpoints(service.key))
            )
            return _of_kind([Record(owner, A, address) for address in addresses], kind)
        case [port, protocol] if port.startswith("_") and protocol.startswith("_"):
            return _srv_question(zone, domain, service, port[1:], protocol[1:], kind)
        case [protocol] if protocol in ("_tcp", "_udp", "_sctp"):
            known = any(item.protocol == protocol[1:] for item in _all_ports(zone, service))
            return Answer(NOERROR if known else NXDOMAIN)
        case [label] if not service.addresses:
            found = [item for item in zone.endpoints(service.key) if item.label == label]
            if not found:
                return Answer(NXDOMAIN)
            name = f"{label}.{owner}"
            return _of_kind([Record(name, A, item.address) for item in found], kind)
    return Answer(NXDOMAIN)


def _alias(zone: ClusterZone, domain: Domain, service: Service, kind: int) -> Answer:
    """The CNAME, and where it leads as long as that is in the cluster."""
    records = [Record(service_name(service, domain), CNAME, service.external)]
    seen = {service.key}
    while kind not in (CNAME, ANY) and len(records) < ALIASES_MAX:
        target = str(records[-1].data)
        if not target.endswith(f".svc.{domain.name}"):
            break
        inner = target.removesuffix(f".{domain.name}").split(".")
        key = (inner[-2], inner[-3]) if len(inner) >= 3 else ("", "")
        found = zone.services.get(key)
        if found is not None and found.external and len(inner) == 3:
            if key in seen:
                break
            seen.add(key)
            records.append(Record(target, CNAME, found.external))
            continue
        records += _forward(zone, domain, inner, kind).records
        break
    return Answer(NOERROR, records)


def _all_ports(zone: ClusterZone, service: Service) -> list[Port]:
    if service.addresses:
        return list(service.ports)
    ports = [port for endpoint in zone.endpoints(service.key) for port in endpoint.ports]
    return [*service.ports, *ports]


def _srv_question(
    zone: ClusterZone, domain: Domain, service: Service, port: str, protocol: str, kind: int
) -> Answer:
    known = any(item[:2] == (port, protocol) for item in _all_ports(zone, service))
    if not port or not known:
        return Answer(NXDOMAIN)
    if kind not in (SRV, ANY):
        return Answer(NOERROR)
    owner = f"_{port}._{protocol}.{service_name(service, domain)}"
    return _srv(zone, domain, service, owner, (port, protocol))


def _srv(
    zone: ClusterZone,
    domain: Domain,
    service: Service,
    owner: str,
    wanted: tuple[str, str] | None,
) -> Answer:
    """SRV records of one port, or of all (``wanted`` None), with the targets' addresses."""
    target = service_name(service, domain)
    found: list[tuple[int, str, str]] = []
    if service.addresses:
        found = [
            (port.number, target, address)
            for port in service.ports
            if wanted in (None, port[:2])
            for address in service.addresses
        ]
    else:
        found = [
            (port.number, endpoint_name(endpoint, service, domain), endpoint.address)
            for endpoint in zone.endpoints(service.key)
            for port in endpoint.ports
            if wanted in (None, port[:2])
        ]
    pairs = list(dict.fromkeys((number, name) for number, name, _ in found))
    weight = max(1, 100 // len(pairs)) if pairs else 0
    records = [Record(owner, SRV, (0, weight, number, name)) for number, name in pairs]
    glue = list(dict.fromkeys(Record(name, A, address) for _, name, address in found))
    return Answer(NOERROR, records, glue)


def _reverse(zone: ClusterZone, domain: Domain, labels: Sequence[str], kind: int) -> Answer:
    try:
        address = ipaddress.IPv4Address(".".join(reversed(labels[:-2])))
    except ValueError:
        return Answer(REFUSED, outside=True)
    if not any(address in ipaddress.ip_network(item) for item in domain.ranges):
        return Answer(REFUSED, outside=True)
    owner = ".".join(labels)
    records = []
    for service in zone.services_at(str(address)):
        if str(address) in service.addresses:
            records.append(Record(owner, PTR, service_name(service, domain)))
        elif not service.addresses and not service.external:
            records += [
                Record(owner, PTR, endpoint_name(endpoint, service, domain))
                for endpoint in zone.endpoints(service.key)
                if endpoint.address == str(address)
            ]
    return _of_kind(records, kind) if records else Answer(NXDOMAIN)


def service_name(service: Service, domain: Domain) -> str:
    """``web.default.svc.cluster.local``."""
    return f"{service.key[1]}.{service.key[0]}.svc.{domain.name}"


def endpoint_name(endpoint: Endpoint, service: Service, domain: Domain) -> str:
    """``web-0.web.default.svc.cluster.local``."""
    return f"{endpoint.label}.{service_name(service, domain)}"
