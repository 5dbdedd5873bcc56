"""Choosing cluster IPs and node ports, held by keys written together with the service.

Job: fill what a service needs and give the transaction its guards. Uniqueness is the store's: a
reservation key must be absent at the moment of the write, and so must the IPAddress of the same
address, which is written and removed with the service (KEP-1880). Must not know: HTTP.
"""

import ipaddress
from collections.abc import Iterable

import orjson

from actors.apiserver import address_ranges
from actors.apiserver.address_ranges import AddressRange, address_key, put_address
from actors.apiserver.environment import Environment
from actors.apiserver.store_client import prefix_end
from actors.apiserver.strategies import services
from actors.apiserver.strategies.service_types import needs_health_port
from cluster.api import status
from cluster.api.kinds import Kind, storage_prefix
from cluster.api.types import Object
from cluster.messages.store import Compare, Delete, Put, Range


async def reserve(
    environment: Environment, kind: Kind, obj: Object, old: Object | None, fresh: bool
) -> tuple[tuple[Put | Delete, ...], tuple[Compare, ...]]:
    """Fill the addresses of ``obj``; the operations and guards its transaction needs.

    Raises StatusError 422 if an address asked for is taken or outside the range, or none is left.
    """
    held = services.reservations(old) if old else frozenset()
    asked = services.reservations(obj)
    ranges = await address_ranges.ranges(environment, fresh)
    _check_asked(environment, kind, obj, old, ranges)
    used = await _used(environment, fresh)
    taken = sorted(key for key in asked - held if key in used)
    if taken and fresh:
        raise _taken(kind, obj, taken[0])
    _fill_address(environment, kind, obj, ranges, used)
    _fill_ports(environment, kind, obj, used | asked)
    wanted = services.reservations(obj)
    owner = orjson.dumps({"service": f"{obj['metadata']['namespace']}/{obj['metadata']['name']}"})
    new, freed = sorted(wanted - held), sorted(held - wanted)
    added = _addresses(new)
    puts = (*(Put(key, owner) for key in new), *(put_address(environment, obj, a) for a in added))
    guards = (
        *(Compare(put.key, "create", 0) for put in puts),
        *_standing(ranges, added),
    )
    deletes = (*freed, *(address_key(address) for address in _addresses(freed)))
    return (*puts, *(Delete(key) for key in deletes)), guards


def release(obj: Object) -> tuple[Delete, ...]:
    """The operations that free what a removed service held."""
    held = sorted(services.reservations(obj))
    return tuple(Delete(key) for key in (*held, *map(address_key, _addresses(held))))


def _addresses(keys: Iterable[str]) -> list[str]:
    """Those of the reservations that are of addresses."""
    prefix = services.ADDRESS_PREFIX
    return [key.removeprefix(prefix) for key in keys if key.startswith(prefix)]


def _standing(ranges: list[AddressRange], addresses: list[str]) -> list[Compare]:
    """That the ranges still give out addresses when these are taken."""
    chosen = [next((r for r in ranges if r.offers(address)), None) for address in addresses]
    return list({r.guard: None for r in chosen if r is not None and r.guard is not None})


async def _used(environment: Environment, fresh: bool) -> frozenset[str]:
    """The reservations there are. ``fresh``: also what an IPAddress made by hand takes; before
    that, the guard of the write finds it."""
    prefix = "/allocations/"
    found = await environment.objects.store.range(
        Range(key=prefix, end=prefix_end(prefix), linearizable=fresh)
    )
    used = {item.key for item in found.items}
    if fresh and address_ranges.ADDRESSES is not None:
        prefix = storage_prefix(address_ranges.ADDRESSES)
        for item in await address_ranges.everything(environment, prefix):
            used.add(services.ADDRESS_PREFIX + item.key.removeprefix(prefix))
    return frozenset(used)


def _check_asked(
    environment: Environment,
    kind: Kind,
    obj: Object,
    old: Object | None,
    ranges: list[AddressRange],
) -> None:
    network = environment.settings.network
    name = obj["metadata"]["name"]
    kept = services.cluster_ips(old) if old else ()
    listed = ", ".join(str(item.network) for item in ranges)
    for address in services.cluster_ips(obj):
        if address not in kept and not any(item.offers(address) for item in ranges):
            cause = status.Cause(
                "spec.clusterIPs",
                "FieldValueInvalid",
                f'Invalid value: ["{address}"]: failed to allocate IP {address}: the provided IP '
                f"({address}) is not in the valid range. The range of valid IPs is "
                f"{listed}",
            )
            raise status.invalid(kind, name, [cause])
    for position, port in enumerate(obj["spec"].get("ports") or ()):
        number = port.get("nodePort")
        if number and not network.node_port_min <= number <= network.node_port_max:
            cause = status.Cause(
                f"spec.ports[{position}].nodePort",
                "FieldValueInvalid",
                f"Invalid value: {number}: provided port is not in the valid range. The range of "
                f"valid ports is {network.node_port_min}-{network.node_port_max}",
            )
            raise status.invalid(kind, name, [cause])


def _taken(kind: Kind, obj: Object, key: str) -> Exception:
    value = key.rpartition("/")[2]
    if key.startswith(services.ADDRESS_PREFIX):
        field, text = "spec.clusterIPs", f"failed to allocate IP {value}: provided IP is already"
    else:
        field, text = "spec.ports[0].nodePort", "provided port is already"
        for position, port in enumerate(obj["spec"].get("ports") or ()):
            if str(port.get("nodePort")) == value:
                field = f"spec.ports[{position}].nodePort"
    cause = status.Cause(field, "FieldValueInvalid", f"Invalid value: {value}: {text} allocated")
    return status.invalid(kind, obj["metadata"]["name"], [cause])


def _fill_address(
    environment: Environment,
    kind: Kind,
    obj: Object,
    ranges: list[AddressRange],
    used: frozenset[str],
) -> None:
    if not services.needs_address(obj) or services.cluster_ips(obj):
        return
    network = environment.settings.network
    kept_free = {network.dns_address, network.kubernetes_address}
    for item in ranges:
        first, last = item.usable()
        offset = int(environment.entropy.random() * (last - first + 1))
        for step in range(last - first + 1):
            address = str(ipaddress.ip_address(first + (offset + step) % (last - first + 1)))
            if address not in kept_free and f"{services.ADDRESS_PREFIX}{address}" not in used:
                services.set_address(obj, address)
                return
    raise _exhausted(kind, obj, "spec.clusterIPs", "range is full")


def _fill_ports(environment: Environment, kind: Kind, obj: Object, used: frozenset[str]) -> None:
    spec = obj["spec"]
    taken = set(used)
    by_number: dict[int, int] = {}
    if services.needs_node_ports(obj):
        for port in spec.get("ports") or ():
            if not port.get("nodePort"):
                # The same port over TCP and UDP shares one node port number.
                number = by_number.get(port["port"]) or _free_port(environment, taken)
                if number is None:
                    raise _exhausted(kind, obj, "spec.ports", "range is full")
                port["nodePort"] = number
            by_number[port["port"]] = port["nodePort"]
            taken.add(f"{services.PORT_PREFIX}{port['nodePort']}")
    if needs_health_port(obj) and not spec.get("healthCheckNodePort"):
        number = _free_port(environment, taken)
        if number is None:
            raise _exhausted(kind, obj, "spec.healthCheckNodePort", "range is full")
        spec["healthCheckNodePort"] = number


def _free_port(environment: Environment, taken: set[str]) -> int | None:
    network = environment.settings.network
    count = network.node_port_max - network.node_port_min + 1
    offset = int(environment.entropy.random() * count)
    for step in range(count):
        number = network.node_port_min + (offset + step) % count
        if f"{services.PORT_PREFIX}{number}" not in taken:
            return number
    return None


def _exhausted(kind: Kind, obj: Object, field: str, why: str) -> Exception:
    cause = status.Cause(field, "InternalError", f"Internal error: failed to allocate: {why}")
    return status.invalid(kind, obj["metadata"]["name"], [cause])
