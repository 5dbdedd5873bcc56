"""The kubernetes Service lists those who live, and those who were taken out come back."""

import asyncio
import time

import msgspec

from actors.apiserver.continue_token import ContinueTokens
from actors.apiserver.environment import Environment
from actors.apiserver.object_store import ObjectStore
from actors.apiserver.policy_cache import PolicyCache
from actors.apiserver.presence import Presence
from actors.apiserver.schema_files import load_definitions
from actors.apiserver.store_client import StoreClient
from actors.apiserver.writer import Writer
from cluster.messages.apiserver import SettingsChanged
from cluster.settings import ReplicaSettings
from tests.support.control_plane import REPLICA, ControlPlane

OTHER = ReplicaSettings("replica-2", "b", "127.0.0.1:7002", ("127.0.0.1:6002",))


def presence(plane: ControlPlane, replica: str, *alive: str) -> Presence:
    """As the replica of that name sees things, in a cluster of two."""
    settings = msgspec.structs.replace(plane.settings, replicas=(*plane.settings.replicas, OTHER))
    world = plane.system.world
    environment = Environment(
        settings,
        replica,
        world.clock,
        world.entropy,
        ObjectStore(
            StoreClient(plane.system.ref("store@replica-1")), ContinueTokens(b"", time.time)
        ),
        PolicyCache(),
        plane.system.ref,
    )

    async def answers(name: str) -> bool:
        return name in alive

    return Presence(environment, Writer(environment, load_definitions()), answers)


async def listed(plane: ControlPlane) -> tuple[list[str], int]:
    """(slices, addresses in the Endpoints)."""
    slices = await plane.list("endpointslices", "default", "discovery.k8s.io")
    endpoints = await plane.get("endpoints", "kubernetes", "default")
    names = [item["metadata"]["name"] for item in slices["items"]]
    return names, len(endpoints["subsets"])


async def until_listed(plane: ControlPlane, count: int) -> None:
    for _ in range(300):
        names, subsets = await listed(plane)
        if len(names) == subsets == count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"never {count}: {await listed(plane)}")


async def test_a_replica_enters_and_the_leader_takes_it_out_when_it_is_dead(
    plane: ControlPlane,
) -> None:
    staying = asyncio.create_task(presence(plane, "replica-2").stay())
    await until_listed(plane, 2)
    await presence(plane, REPLICA, "replica-2").sweep()
    assert (await listed(plane))[0] == ["kubernetes-replica-1", "kubernetes-replica-2"]
    await presence(plane, REPLICA).sweep(("replica-3",))
    assert len((await listed(plane))[0]) == 2, "only suspects are asked"
    await presence(plane, REPLICA).sweep(("replica-2",))
    async with asyncio.timeout(5):
        await staying  # it sees that it was taken out
    await until_listed(plane, 1)


async def test_one_that_was_taken_out_by_mistake_comes_back(plane: ControlPlane) -> None:
    await plane.delete("endpointslices", "kubernetes-replica-1", "default", "discovery.k8s.io")
    await until_listed(plane, 1)


async def test_many_at_once_are_all_in_the_endpoints(plane: ControlPlane) -> None:
    both = [asyncio.create_task(presence(plane, "replica-2").stay()) for _ in range(3)]
    await until_listed(plane, 2)
    for task in both:
        task.cancel()
    await asyncio.gather(*both, return_exceptions=True)


async def test_who_is_no_replica_any_more_is_taken_out_though_it_answers(
    plane: ControlPlane,
) -> None:
    staying = asyncio.create_task(presence(plane, "replica-2").stay())
    await until_listed(plane, 2)
    leader = presence(plane, REPLICA, "replica-2")
    leader.environment.settings = plane.settings
    await leader.sweep()
    async with asyncio.timeout(5):
        await staying
    await until_listed(plane, 1)


async def test_the_api_server_looks_again_when_it_is_told(plane: ControlPlane) -> None:
    """Its own settings know of one replica only."""
    staying = asyncio.create_task(presence(plane, "replica-2").stay())
    await until_listed(plane, 2)
    plane.system.ref("apiserver@replica-1").tell(SettingsChanged())
    async with asyncio.timeout(5):
        await staying
    await until_listed(plane, 1)
