"""What Services hold, and what is held for them, made to agree; ranges that nobody needs let go.

Job: the leader's walk over Services, IPAddresses and reservations: it makes what is missing (a
Service of an older release has no IPAddress) and removes what has no owner any more. Every change
is guarded by the versions seen. Must not know: how an address is chosen. Source: KEP-1880, repair
loops.
"""

from dataclasses import dataclass

import orjson

from actors.apiserver import address_ranges, deletion
from actors.apiserver.address_ranges import address_key, everything, put_address
from actors.apiserver.environment import Environment
from actors.apiserver.object_store import Keep, Remove, Step, Write, WriteContext
from actors.apiserver.selection import Selection
from actors.apiserver.strategies import service_ranges, services
from cluster.api import status
from cluster.api.encoding import decode
from cluster.api.kinds import by_resource, storage_key, storage_prefix
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.messages.store import Compare, Delete, KeyValue, Put, Txn

# How often the leader walks (as Kubernetes does), and looks whether a range is to go.
REPAIR_SECONDS = 180.0
LOOK_SECONDS = 1.0
_SERVICES = by_resource("", "v1", "services")


@dataclass(frozen=True)
class Change:
    """One transaction of the repair."""

    guards: tuple[Compare, ...]
    operations: tuple[Put | Delete, ...]


async def repair(environment: Environment) -> int:
    """Returns how many Services and leaked keys were put right. Raises StatusError.

    Addresses and reservations are read before the Services: whatever was written together with a
    Service is then seen with it, or its version has changed.
    """
    assert _SERVICES is not None and address_ranges.ADDRESSES is not None
    addresses = await everything(environment, storage_prefix(address_ranges.ADDRESSES))
    reserved = await everything(environment, "/allocations/")
    stored = await everything(environment, storage_prefix(_SERVICES))
    changed = 0
    for change in plan(environment, stored, addresses, reserved):
        result = await environment.objects.store.txn(Txn(change.guards, change.operations))
        changed += result.succeeded
    return changed


def plan(
    environment: Environment,
    stored: tuple[KeyValue, ...],
    addresses: tuple[KeyValue, ...],
    reserved: tuple[KeyValue, ...],
) -> list[Change]:
    """What must be written."""
    found = [(item, decode(item.value)) for item in stored]
    known = {item.key: item for item in (*addresses, *reserved)}
    planned = [
        change
        for item, obj in found
        if (change := _missing(environment, item, obj, known)) is not None
    ]
    held = {key for _, obj in found for key in services.reservations(obj)}
    used = {address_key(address) for _, obj in found for address in services.cluster_ips(obj)}
    leaked = [item for item in reserved if item.key not in held]
    leaked += [item for item in addresses if item.key not in used and _ours(decode(item.value))]
    planned += [
        Change((Compare(item.key, "mod", item.mod_revision),), (Delete(item.key),))
        for item in leaked
    ]
    return planned


def _missing(
    environment: Environment, item: KeyValue, service: Object, known: dict[str, KeyValue]
) -> Change | None:
    """What the Service holds and nothing says so."""
    owner = orjson.dumps({"service": "/".join(services.place_of(service))})
    puts = [Put(key, owner) for key in sorted(services.reservations(service)) if key not in known]
    puts += [
        put_address(environment, service, address)
        for address in services.cluster_ips(service)
        if address_key(address) not in known
    ]
    if not puts:
        return None
    guards = [Compare(item.key, "mod", item.mod_revision)]
    guards += [Compare(put.key, "create", 0) for put in puts]
    return Change(tuple(guards), tuple(puts))


def _ours(address: Object) -> bool:
    """True for an address that the allocator made for a Service: others may keep theirs."""
    labels = address["metadata"].get("labels") or {}
    ours = labels.get(service_ranges.MANAGER_LABEL) == service_ranges.MANAGER
    return ours and service_ranges.is_of_service(address)


async def release_ranges(environment: Environment) -> int:
    """Let go of the ranges that are to go and that no address needs. Returns how many went."""
    kind = address_ranges.RANGES
    assert kind is not None and address_ranges.ADDRESSES is not None
    seen = [decode(item.value) for item in await environment.objects.all(Selection(kind))]
    if not any(service_ranges.terminating(obj) for obj in seen):
        return 0
    # The ranges before the addresses: whoever takes an address guards the range it is of, so after
    # a range was seen to be going, none comes to it.
    every = [decode(item.value) for item in await everything(environment, storage_prefix(kind))]
    prefix = storage_prefix(address_ranges.ADDRESSES)
    names = [item.key.rpartition("/")[2] for item in await everything(environment, prefix)]
    released = 0
    for obj in every:
        others = [other for other in every if other is not obj]
        finalizers = obj["metadata"].get("finalizers") or []
        if not service_ranges.terminating(obj) or service_ranges.FINALIZER not in finalizers:
            continue
        if service_ranges.needed(obj, others, names):
            continue
        guards = tuple(
            Compare(storage_key(kind, "", other["metadata"]["name"]), "mod",
                    int(other["metadata"]["resourceVersion"]))
            for other in others
        )  # fmt: skip
        await _release(environment, obj, guards)
        released += 1
    return released


async def _release(environment: Environment, seen: Object, guards: tuple[Compare, ...]) -> None:
    kind = address_ranges.RANGES
    assert kind is not None
    name = seen["metadata"]["name"]

    async def decide(current: KeyValue | None, fresh: bool) -> Step:
        if current is None:
            raise status.not_found(kind, name)
        live = decode(current.value)
        if live["metadata"]["uid"] != seen["metadata"]["uid"]:
            return Keep()
        metadata = dict(live["metadata"])
        kept = [n for n in metadata.get("finalizers") or () if n != service_ranges.FINALIZER]
        metadata["finalizers"] = kept
        if not kept:
            del metadata["finalizers"]
        obj = {**live, "metadata": metadata}
        if deletion.complete(obj):
            return Remove((), obj)
        return Write(obj, (), guards)

    try:
        await environment.objects.change(kind, "", name, decide, WriteContext())
    except StatusError as error:
        # It went meanwhile.
        if error.code != 404:
            raise
