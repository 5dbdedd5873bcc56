"""A client process in the simulation. It speaks messages, as components do, and is an
administrator. What it does and keeps is in ``writers``, ``watchers`` and ``user``."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import orjson

from actors.kit.actor import Actor
from actors.kit.ref import Ref
from actors.kit.system import ActorSystem
from actors.kit.world.memory import memory_world
from cluster import names
from cluster.errors import StatusError, SteersmanError
from cluster.messages.apiserver import ApiRequest, ApiResponse, WatchBatch
from cluster.messages.base import Message
from cluster.messages.registry import all_messages
from deploy.chaos.ground import Event
from tests.simulation.cluster import SimulatedCluster

Object = dict[str, Any]
NAME = "client"
ASK_SECONDS = 4.0
NAMESPACE = "default"


class Client:
    """One client process; ``turn`` counts round and round the API servers."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self.cluster = cluster
        self.entropy = cluster.entropy.fork(NAME)
        transport = cluster.network.transport(NAME, "admin", (names.GROUP_MASTERS,))
        self.system = ActorSystem(
            NAME, "", memory_world(f"{cluster.seed}/client"), cluster.tracer, transport,
            cluster.settings.peer_addresses(), all_messages(),
        )  # fmt: skip

    async def start(self) -> None:
        """Join the network."""
        await self.system.start()
        await self.system.spawn("user", Actor)

    async def stop(self) -> None:
        """Leave."""
        self.cluster.network.kill(NAME)
        await self.system.stop()

    def server(self, turn: int) -> str:
        """The turn-th API server."""
        replicas = self.cluster.settings.replicas
        return names.address(names.APISERVER, replicas[turn % len(replicas)].name)

    async def ask(self, request: ApiRequest, turn: int, seconds: float = ASK_SECONDS) -> Object:
        """One request to one server. Raises SteersmanError."""
        answer = await self.ref(self.server(turn)).ask(request, seconds)
        assert isinstance(answer, ApiResponse)
        decoded: Object = orjson.loads(answer.body)
        return decoded

    @property
    def replicas(self) -> tuple[str, ...]:
        """Names of those whose turn it is, one after the other."""
        return tuple(item.name for item in self.cluster.settings.replicas)

    @asynccontextmanager
    async def watch(self, request: ApiRequest, turn: int) -> AsyncIterator[AsyncIterator[Event]]:
        """One watch at one server. Raises SteersmanError."""
        async with (
            self.ref(self.server(turn)).stream(request) as stream,
            aclosing(_events(stream)) as events,
        ):
            yield events

    def ref(self, address: str) -> Ref:
        """Any actor of the cluster."""
        return self.system.ref(address, names.address("user", NAME))

    async def insist(self, request: ApiRequest, seconds: float = 60.0) -> Object:
        """Ask server after server until one answers (a client error is final)."""
        turn = 0
        async with asyncio.timeout(seconds):
            while True:
                try:
                    return await self.ask(request, turn)
                except StatusError as error:
                    if error.code < 500 and error.code != 429:
                        raise
                except SteersmanError:
                    pass
                turn += 1
                await asyncio.sleep(0.05)

    async def bootstrapped(self) -> None:
        """Wait until the first leader has made the namespaces."""
        while True:
            try:
                await self.insist(ApiRequest("get", "namespaces", name=NAMESPACE))
                return
            except StatusError:
                await asyncio.sleep(0.1)

    async def list(
        self, resource: str, group: str = "", namespace: str = NAMESPACE
    ) -> list[Object]:
        """All objects of a resource, read linearizably."""
        request = ApiRequest("list", resource, group=group, namespace=namespace)
        items: list[Object] = (await self.insist(request))["items"]
        return items


async def _events(stream: AsyncIterator[Message]) -> AsyncIterator[Event]:
    async for item in stream:
        assert isinstance(item, WatchBatch)
        for event in item.events:
            yield Event(event.kind, orjson.loads(event.object), event.revision)
