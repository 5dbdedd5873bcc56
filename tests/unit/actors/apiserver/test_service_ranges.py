"""ServiceCIDRs and IPAddresses with the Services that use them; the leader's repair."""

import ipaddress
import time
from typing import Any

import orjson
import pytest

from actors.apiserver import address_ranges, service_repair
from actors.apiserver.address_ranges import address_key, everything
from actors.apiserver.continue_token import ContinueTokens
from actors.apiserver.environment import Environment
from actors.apiserver.object_store import ObjectStore
from actors.apiserver.policy_cache import PolicyCache
from actors.apiserver.store_client import StoreClient
from actors.apiserver.strategies.services import ADDRESS_PREFIX, PORT_PREFIX
from actors.kit.world.real import RealClock, RealEntropy
from cluster import names
from cluster.api.kinds import storage_prefix
from cluster.errors import StatusError
from cluster.messages.store import Delete, KeyValue, Put, Txn
from tests.support.control_plane import REPLICA, ControlPlane

GROUP = "networking.k8s.io"


def service(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}], **spec}}


def service_range(name: str, *ranges: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"cidrs": list(ranges)}}


def environment(plane: ControlPlane) -> Environment:
    """What the leader repairs with: the same store, no caches."""
    store = plane.system.ref(
        names.address(names.STORE, REPLICA), sender=names.address("apiserver/test", REPLICA)
    )
    objects = ObjectStore(StoreClient(store), ContinueTokens(b"key", time.time))
    ref = plane.system.ref
    return Environment(
        plane.settings, REPLICA, RealClock(), RealEntropy(), objects, PolicyCache(), ref
    )


async def addresses(plane: ControlPlane) -> dict[str, str]:
    """Address to the name of its Service."""
    found = await plane.list("ipaddresses", group=GROUP)
    return {item["metadata"]["name"]: item["spec"]["parentRef"]["name"] for item in found["items"]}


async def test_the_cluster_begins_with_a_range_and_its_addresses(plane: ControlPlane) -> None:
    first = await plane.get("servicecidrs", "kubernetes", group=GROUP)
    assert first["spec"]["cidrs"] == ["10.96.0.0/16"]
    assert first["status"]["conditions"][0]["status"] == "True"
    assert first["metadata"]["finalizers"] == ["networking.k8s.io/service-cidr-finalizer"]
    assert await addresses(plane) == {"10.96.0.1": "kubernetes", "10.96.0.10": "kube-dns"}


async def test_an_address_comes_and_goes_with_its_service(plane: ControlPlane) -> None:
    made = await plane.create("services", service("a"), "default")
    address = made["spec"]["clusterIP"]
    held = await plane.get("ipaddresses", address, group=GROUP)
    assert held["spec"]["parentRef"] == {
        "resource": "services",
        "namespace": "default",
        "name": "a",
    }
    assert held["metadata"]["labels"] == {
        "ipaddress.kubernetes.io/ip-family": "IPv4",
        "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
    }
    made["spec"] = {"type": "ExternalName", "externalName": "example.com"}
    await plane.update("services", made)
    assert address not in await addresses(plane)
    again = await plane.create("services", service("b", clusterIP=address), "default")
    assert (await addresses(plane))[address] == "b"
    await plane.delete("services", again["metadata"]["name"], "default")
    assert address not in await addresses(plane)


async def test_an_address_taken_by_hand_is_nobodys_else(plane: ControlPlane) -> None:
    parent = {"group": "example.com", "resource": "gateways", "namespace": "default", "name": "g"}
    given = {"metadata": {"name": "10.96.9.9"}, "spec": {"parentRef": parent}}
    await plane.create("ipaddresses", given, "", GROUP)
    with pytest.raises(StatusError) as refused:
        await plane.create("services", service("a", clusterIP="10.96.9.9"), "default")
    assert "provided IP is already allocated" in str(refused.value)
    await service_repair.repair(environment(plane))
    assert "10.96.9.9" in await addresses(plane)


async def test_further_ranges_are_used_and_kept_while_needed(plane: ControlPlane) -> None:
    with pytest.raises(StatusError) as refused:
        await plane.create("services", service("a", clusterIP="10.200.0.7"), "default")
    assert "not in the valid range" in str(refused.value)
    await plane.create("servicecidrs", service_range("more", "10.200.0.0/28"), "", GROUP)
    await plane.create("services", service("a", clusterIP="10.200.0.7"), "default")
    await plane.delete("servicecidrs", "more", group=GROUP)
    world = environment(plane)
    assert await service_repair.release_ranges(world) == 0
    going = await plane.get("servicecidrs", "more", group=GROUP)
    (condition,) = going["status"]["conditions"]
    assert (condition["status"], condition["reason"]) == ("False", "Terminating")
    with pytest.raises(StatusError):
        await plane.create("services", service("b", clusterIP="10.200.0.8"), "default")
    await plane.delete("services", "a", "default")
    await service_repair.release_ranges(world)
    with pytest.raises(StatusError) as gone:
        await plane.get("servicecidrs", "more", group=GROUP)
    assert gone.value.code == 404


async def test_a_range_that_went_between_two_looks_is_no_error(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    await plane.create("servicecidrs", service_range("more", "10.200.0.0/28"), "", GROUP)
    await plane.create("services", service("a", clusterIP="10.200.0.7"), "default")
    await plane.delete("servicecidrs", "more", group=GROUP)
    world = environment(plane)
    assert address_ranges.RANGES is not None
    ranges = storage_prefix(address_ranges.RANGES)
    seen = await everything(world, ranges)
    await plane.delete("services", "a", "default")
    await service_repair.release_ranges(world)

    async def as_seen(environment: Environment, prefix: str) -> tuple[KeyValue, ...]:
        return seen if prefix == ranges else await everything(environment, prefix)

    async def listed(*_: object) -> tuple[KeyValue, ...]:
        return seen

    async def found(*_: object) -> KeyValue:
        return seen[0]

    monkeypatch.setattr(service_repair, "everything", as_seen)
    monkeypatch.setattr(ObjectStore, "all", listed)
    monkeypatch.setattr(ObjectStore, "find", found)
    await service_repair.release_ranges(world)


async def test_a_range_inside_another_goes_at_once(plane: ControlPlane) -> None:
    await plane.create("servicecidrs", service_range("part", "10.96.0.0/24"), "", GROUP)
    await plane.delete("servicecidrs", "part", group=GROUP)
    await service_repair.release_ranges(environment(plane))
    listed = await plane.list("servicecidrs", group=GROUP)
    assert [item["metadata"]["name"] for item in listed["items"]] == ["kubernetes"]


async def test_services_of_an_older_release_get_their_addresses(plane: ControlPlane) -> None:
    made = await plane.create("services", service("a", type="NodePort"), "default")
    address, port = made["spec"]["clusterIP"], made["spec"]["ports"][0]["nodePort"]
    world = environment(plane)
    lost = (address_key(address), f"{PORT_PREFIX}{port}")
    await world.objects.store.txn(Txn((), tuple(Delete(key) for key in lost)))
    await service_repair.repair(world)  # unless the leader was quicker
    assert (await addresses(plane))[address] == "a"
    assert await world.objects.store.get(lost[1]) is not None
    assert await service_repair.repair(world) == 0


async def test_what_nobody_holds_is_given_back(plane: ControlPlane) -> None:
    made = await plane.create("services", service("a"), "default")
    world, address = environment(plane), made["spec"]["clusterIP"]
    stored = await world.objects.store.get("/registry/core/services/default/a")
    assert stored is not None
    await world.objects.store.txn(Txn((), (Delete(stored.key),)))
    owner = orjson.dumps({"service": "default/a"})
    await world.objects.store.txn(Txn((), (Put(f"{PORT_PREFIX}30999", owner),)))
    await service_repair.repair(world)  # unless the leader was quicker
    assert set(await addresses(plane)) == {"10.96.0.1", "10.96.0.10"}
    assert await world.objects.store.get(f"{ADDRESS_PREFIX}{address}") is None


async def test_a_full_range_is_followed_by_the_next(plane: ControlPlane) -> None:
    """The only range with room is the small one."""
    await plane.create("servicecidrs", service_range("small", "10.200.0.0/30"), "", GROUP)
    await plane.delete("servicecidrs", "kubernetes", group=GROUP)
    made = [await plane.create("services", service(f"s{n}"), "default") for n in range(2)]
    given = {item["spec"]["clusterIP"] for item in made}
    assert given == {str(ipaddress.ip_address("10.200.0.0") + n) for n in (1, 2)}
    with pytest.raises(StatusError) as refused:
        await plane.create("services", service("s3"), "default")
    assert "range is full" in str(refused.value)
