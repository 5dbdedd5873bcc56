"""The API server as an actor: when it may be asked in the other replicas' place."""

import asyncio
import socket
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from actors.apiserver.actor import ApiServerActor
from actors.client.live_settings import LiveSettings
from actors.kit.actor import Delivery
from actors.kit.testing import actor_system
from actors.kit.world.memory_disk import SimDisk
from actors.kit.world.real import RealClock, RealEntropy
from actors.kit.world.world import World
from cluster import names
from cluster.errors import NotLeader
from cluster.messages.base import Message
from cluster.messages.store import Range
from tests.support.control_plane import REPLICA, make_authority, make_settings
from tests.unit.actors.apiserver.fake_store import FakeStore


class OutsideStore(FakeStore):
    """Knows no leader until it has come in."""

    inside = False

    async def handle(self, message: Message, delivery: Delivery) -> Message | None:
        if isinstance(message, Range) and not self.inside:
            raise NotLeader("no leader is known")
        return await super().handle(message, delivery)


def answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


@pytest.mark.parametrize("initial", ["join", "existing"])
async def test_a_replica_that_comes_in_is_asked_for_others_only_once_it_can_answer(
    tmp_path: Path, initial: Literal["join", "existing"]
) -> None:
    settings = make_settings(tmp_path, http=True)
    [replica] = settings.replicas
    replicas = (msgspec.structs.replace(replica, initial=initial),)
    settings = msgspec.structs.replace(settings, replicas=replicas)
    authority = make_authority(settings)
    live = LiveSettings(settings, REPLICA)
    store = OutsideStore()
    shared = settings.network.shared_api
    world = World(RealClock(), RealEntropy(), SimDisk())
    async with actor_system(REPLICA, world=world) as system:
        await system.spawn(names.STORE, lambda: store)
        await system.spawn(names.APISERVER, lambda: ApiServerActor(live, authority))
        assert answers(replica.api_addresses[0]), "operators reach it at once"
        assert answers(shared) == (initial == "existing")
        store.inside = True
        async with asyncio.timeout(5):
            while not answers(shared):
                await asyncio.sleep(0.02)
