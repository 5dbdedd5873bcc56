"""Store replicas as they run, each in an ActorSystem of its own, on a network in memory."""

import asyncio
from typing import Literal

import msgspec

from actors.kit.ref import Ref
from actors.kit.system import ActorSystem
from actors.kit.tracing import MemoryTracer
from actors.kit.transports.memory import MemoryNetwork
from actors.kit.world.memory import SeededEntropy, memory_world
from actors.kit.world.memory_disk import SimDisk
from actors.store.actor import StoreActor
from actors.store.engine import Engine
from actors.store.engines.raft import RaftStore, raft_actor
from cluster.errors import TemporaryFault
from cluster.messages.registry import all_messages
from cluster.messages.store import (
    Put,
    Range,
    RangeResult,
    StatusRequest,
    StoreStatus,
    Txn,
    TxnResult,
)
from cluster.settings import ClusterSettings, ReplicaSettings, TimingSettings


def engine_of(actor: StoreActor) -> Engine:
    """The Raft engine behind a store actor."""
    assert isinstance(actor.store, RaftStore)
    return actor.store.engine


class StoreCluster:
    """``size`` replicas. Everything in virtual time, from ``seed``."""

    def __init__(
        self,
        seed: int = 1,
        size: int = 3,
        snapshot_entries: int = 10_000,
        sync_latency: float = 0.0005,
        loss: float = 0.0,
    ) -> None:
        self.entropy = SeededEntropy(seed)
        self.network = MemoryNetwork(self.entropy.fork("net"), loss=loss, duplicate=loss)
        self.names = [f"r{number}" for number in range(1, size + 1)]
        self.disks = {name: SimDisk(sync_latency) for name in self.names}
        self.systems: dict[str, ActorSystem] = {}
        self.actors: dict[str, StoreActor] = {}
        self.tracers = {name: MemoryTracer() for name in self.names}
        self.snapshot_entries = snapshot_entries
        self.starts = 0
        self.settings = ClusterSettings(
            name="test",
            data_dir="/none",
            replicas=tuple(ReplicaSettings(name, "z", name, ()) for name in self.names),
            nodes=(),
            timing=TimingSettings(),
        )

    async def start(self, *names: str) -> None:
        """Start these replicas, or all."""
        for name in names or self.names:
            self.starts += 1
            world = memory_world(f"{self.entropy.hex(8)}/{name}/{self.starts}", self.disks[name])
            system = ActorSystem(
                name,
                "z",
                world,
                self.tracers[name],
                self.network.transport(name),
                {other: other for other in self.names if other != name},
                all_messages(),
            )
            await system.start()
            self.systems[name] = system
            await system.spawn("store", lambda name=name: self._make(name))

    def _make(self, name: str) -> StoreActor:
        actor = raft_actor(self.settings, name, self.snapshot_entries)
        self.actors[name] = actor
        return actor

    async def add(self, name: str) -> None:
        """Start a replica that waits to be made a member; the others learn its address."""
        if name not in self.names:
            self.names.append(name)
            self.disks[name] = SimDisk(0.0005)
            self.tracers[name] = MemoryTracer()
            self._enter(name, "join")
        for system in self.systems.values():
            system.add_peer(name, name)
        await self.start(name)

    def wipe(self, name: str, initial: Literal["join", "existing"]) -> None:
        """A replica that does not run loses its disk; what its settings say of that."""
        self.disks[name] = SimDisk(0.0005)
        self._enter(name, initial)

    def _enter(self, name: str, initial: Literal["join", "existing"]) -> None:
        others = tuple(item for item in self.settings.replicas if item.name != name)
        entry = ReplicaSettings(name, "z", name, (), initial)
        self.settings = msgspec.structs.replace(self.settings, replicas=(*others, entry))

    async def kill(self, name: str) -> None:
        """As SIGKILL and power loss: connections reset, unsynced bytes (partly) gone."""
        self.network.kill(name)
        await self.systems.pop(name).stop()
        self.actors.pop(name)
        self.disks[name].crash(self.entropy)

    async def stop(self) -> None:
        """The end of the test."""
        for name in list(self.systems):
            await self.systems.pop(name).stop()

    def ref(self, name: str) -> Ref:
        """The store of a replica, asked from within its process as an API server does."""
        return self.systems[name].ref(f"store@{name}")

    async def put(
        self, name: str, key: str, value: bytes = b"v", fence: int = 0, timeout: float = 10.0
    ) -> TxnResult:
        """Write through a replica."""
        txn = Txn(success=(Put(key, value),), fence=fence)
        result = await self.ref(name).ask(txn, timeout)
        assert isinstance(result, TxnResult)
        return result

    async def read(self, name: str, key: str, end: str = "", **options: object) -> RangeResult:
        """Read at a replica."""
        result = await self.ref(name).ask(Range(key, end, **options), 10.0)  # type: ignore[arg-type]
        assert isinstance(result, RangeResult)
        return result

    async def status(self, name: str) -> StoreStatus:
        """What a replica knows."""
        result = await self.ref(name).ask(StatusRequest(), 5.0)
        assert isinstance(result, StoreStatus)
        return result

    async def leader(self) -> str:
        """The replica that leads (and can prove it), once there is one."""
        for _ in range(400):
            for name, actor in self.actors.items():
                if actor._store is not None and engine_of(actor).leading:
                    try:
                        await self.read(name, "none")
                    except TemporaryFault:
                        continue
                    if engine_of(actor).leading:
                        return name
            await asyncio.sleep(0.05)
        raise AssertionError("no leader")

    async def settled(self) -> None:
        """Wait until all running replicas have applied the same; their states must be equal."""
        for _ in range(400):
            found = [await self.status(name) for name in self.systems]
            if len({status.applied_index for status in found}) == 1:
                assert len({(s.state_hash, s.revision, s.compacted) for s in found}) == 1
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"replicas do not settle: {found}")
