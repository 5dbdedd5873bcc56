"""A client process in the simulation: writers that keep what was acknowledged, a watcher that keeps
what it saw. It speaks messages, as components do, and is an administrator."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import orjson

from actors.kit.actor import Actor
from actors.kit.system import ActorSystem
from actors.kit.world.memory import memory_world
from cluster import names
from cluster.errors import StatusError, SteersmanError
from cluster.messages.apiserver import ApiRequest, ApiResponse, WatchBatch
from cluster.messages.registry import all_messages
from tests.simulation.cluster import SimulatedCluster

Object = dict[str, Any]
NAME = "client"
ASK_SECONDS = 4.0


@dataclass
class Acknowledged:
    """One write that the cluster said it did; times are virtual seconds."""

    name: str
    value: str
    revision: int
    begin: float
    end: float


@dataclass
class Seen:
    """What the watcher was told."""

    kind: str
    name: str
    value: str
    revision: int


@dataclass
class Client:
    """One client process, with its own view of which API server to ask next."""

    cluster: SimulatedCluster
    acknowledged: list[Acknowledged] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    relists: int = 0

    async def start(self) -> None:
        """Join the network."""
        transport = self.cluster.network.transport(NAME, "admin", (names.GROUP_MASTERS,))
        self.system = ActorSystem(
            NAME, "", memory_world(f"{self.cluster.seed}/client"), self.cluster.tracer, transport,
            self.cluster.settings.peer_addresses(), all_messages(),
        )  # fmt: skip
        await self.system.start()
        await self.system.spawn("user", Actor)

    async def stop(self) -> None:
        """Leave."""
        self.cluster.network.kill(NAME)
        await self.system.stop()

    def server(self, turn: int) -> str:
        """The turn-th API server, round and round."""
        replicas = self.cluster.settings.replicas
        return names.address(names.APISERVER, replicas[turn % len(replicas)].name)

    async def ask(self, request: ApiRequest, turn: int) -> Object:
        """One request to one server. Raises SteersmanError."""
        ref = self.system.ref(self.server(turn), names.address("user", NAME))
        answer = await ref.ask(request, ASK_SECONDS)
        assert isinstance(answer, ApiResponse)
        decoded: Object = orjson.loads(answer.body)
        return decoded

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

    async def write(self, name: str, value: str, turn: int) -> None:
        """Set a ConfigMap to a value, until acknowledged."""
        loop = asyncio.get_running_loop()
        while True:
            begin = loop.time()
            try:
                answer = await self._put(name, value, turn)
            except SteersmanError:
                turn += 1
                await asyncio.sleep(0.05)
                continue
            revision = int(answer["metadata"]["resourceVersion"])
            self.acknowledged.append(Acknowledged(name, value, revision, begin, loop.time()))
            return

    async def _put(self, name: str, value: str, turn: int) -> Object:
        body = orjson.dumps(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name},
             "data": {"value": value}}
        )  # fmt: skip
        request = ApiRequest("create", "configmaps", namespace="default", body=body)
        try:
            return await self.ask(request, turn)
        except StatusError as error:
            if error.code != 409:
                raise
        request = ApiRequest("update", "configmaps", namespace="default", name=name, body=body)
        return await self.ask(request, turn)

    async def write_on(self, number: int) -> None:
        """Write for ever, objects of one's own."""
        step = 0
        while True:
            step += 1
            await self.write(f"w{number}-{step // 3}", str(step), number + step)
            await asyncio.sleep(0.1)

    async def watch_on(self) -> None:
        """Watch for ever, resuming after the last revision seen; a lost place is counted."""
        listed = await self.insist(ApiRequest("list", "configmaps", namespace="default"))
        revision, turn = int(listed["metadata"]["resourceVersion"]), 0
        while True:
            query = {"resourceVersion": str(revision), "allowWatchBookmarks": "true"}
            request = ApiRequest("watch", "configmaps", namespace="default", query=query)
            ref = self.system.ref(self.server(turn), names.address("user", NAME))
            try:
                async with ref.stream(request) as stream:
                    async for item in stream:
                        assert isinstance(item, WatchBatch)
                        revision = self._take(item, revision)
            except SteersmanError:
                pass
            turn += 1
            await asyncio.sleep(0.05)

    def _take(self, batch: WatchBatch, revision: int) -> int:
        for event in batch.events:
            if event.kind == "ERROR":
                self.relists += 1
                return revision
            obj = orjson.loads(event.object)
            if event.kind != "BOOKMARK":
                value = obj.get("data", {}).get("value", "")
                self.seen.append(Seen(event.kind, obj["metadata"]["name"], value, event.revision))
            revision = max(revision, event.revision)
        return revision
