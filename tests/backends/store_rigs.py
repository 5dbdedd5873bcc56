"""Stores of every engine, made alike for the conformance suite: what a test asks, and of whom."""

import asyncio
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from actors.kit.system import ActorSystem
from actors.kit.tracing import MemoryTracer
from actors.kit.world.memory import memory_world
from actors.store.actor import StoreActor
from actors.store.engines.etcd.store import EtcdStore, etcd_actor
from actors.store.store import Store
from cluster.errors import StoreError
from cluster.messages.registry import all_messages
from cluster.messages.store import (
    Compare,
    Delete,
    Put,
    Range,
    RangeResult,
    StoreEvent,
    StoreEvents,
    TxnRecord,
    TxnResult,
    Watch,
)
from cluster.settings import ClusterSettings, ReplicaSettings, StoreSettings
from tests.backends.remote_store import RemoteStore
from tests.simulation.loop import run_simulation
from tests.support.store_cluster import StoreCluster as Processes
from tests.support.store_cluster import client, make_settings
from tests.support.store_cluster import leader as leader_of
from tests.unit.actors.store.store_cluster import StoreCluster

DEADLINE_SECONDS = 10.0
# etcd gives no shorter ones at its default timing.
LEASE_SECONDS = 2


def deadline(seconds: float = DEADLINE_SECONDS) -> float:
    """That far from now."""
    return asyncio.get_running_loop().time() + seconds


class Rig:
    """``stores``: one per replica, of one cluster."""

    def __init__(self, engine: str, stores: Sequence[Store]) -> None:
        self.engine = engine
        self.stores = list(stores)

    @property
    def store(self) -> Store:
        """Any one."""
        return self.stores[0]

    async def leader(self) -> Store:
        """The one that leads, once there is one."""
        for _ in range(1000):
            for store in self.stores:
                if store.leadership().leading:
                    return store
            await asyncio.sleep(0.02)
        raise AssertionError("no leader")

    async def followed(self) -> None:
        """On etcd: the replicas' own watches have told all that was written here. (One that a
        compaction cuts off makes its replica begin anew, and that takes a revision.)"""
        for store in self.stores:
            if isinstance(store, EtcdStore):
                await store.feed.reach(store.writes.revision)

    async def txn(
        self,
        *success: Put | Delete,
        compare: Sequence[Compare] = (),
        store: Store | None = None,
        **more: object,
    ) -> TxnResult:
        """One transaction. Raises what it was refused for."""
        record = TxnRecord(tuple(compare), success, **more)  # type: ignore[arg-type]
        (outcome,) = await (store or self.store).txns([record], deadline())
        if isinstance(outcome, StoreError):
            raise outcome
        return outcome

    async def put(self, key: str, value: bytes = b"v", **more: object) -> int:
        """Returns the revision."""
        return (await self.txn(Put(key, value, **more))).revision  # type: ignore[arg-type]

    async def read(
        self, key: str, end: str = "", store: Store | None = None, **more: object
    ) -> RangeResult:
        """A range."""
        query = Range(key, end, **more)  # type: ignore[arg-type]
        return await (store or self.store).range(query, deadline())

    @asynccontextmanager
    async def watch(
        self, key: str, end: str = "", start: int = 0, store: Store | None = None
    ) -> AsyncIterator["Follower"]:
        """A watch that stands (its first item has come)."""
        items = (store or self.store).watch(Watch(key, end, start))
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                first = await anext(items)
            yield Follower(items, first)
        finally:
            await items.aclose()


def rig_of(*stores: EtcdStore) -> Rig:
    """As the conformance suite asks."""
    return Rig("etcd", stores)


class Follower:
    """What a watch told. ``items`` as they came, the first one among them."""

    def __init__(self, source: AsyncIterator[StoreEvents], first: StoreEvents) -> None:
        self._source = source
        self.items = [first]

    @property
    def events(self) -> list[StoreEvent]:
        """All so far."""
        return [event for item in self.items for event in item.events]

    @property
    def revision(self) -> int:
        """How far it stands."""
        return self.items[-1].revision

    async def until(self, revision: int) -> list[StoreEvent]:
        """All events once everything up to ``revision`` that touches the range has come: the last
        of it must be an event of the range."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while self.revision < revision:
                self.items.append(await anext(self._source))
        return self.events

    async def quiet(self, seconds: float = 0.2) -> None:
        """Nothing more comes for a while."""
        following = asyncio.ensure_future(anext(self._source))  # type: ignore[arg-type]
        done, _ = await asyncio.wait([following], timeout=seconds)
        following.cancel()
        with suppress(asyncio.CancelledError):
            item = await following
            assert not done, f"came: {item}"


Body = Callable[[Rig], Awaitable[None]]


def run(engine: str, url: str, body: Body) -> None:
    """Run a test on stores of that engine: raft in virtual time, etcd at ``url``, raftos as three
    processes (it keeps its leader in a class: one process holds one node)."""

    async def on_raft(size: int) -> None:
        cluster = StoreCluster(size=size)
        await cluster.start()
        await cluster.leader()
        try:
            await body(Rig(engine, [actor.store for actor in cluster.actors.values()]))
        finally:
            await cluster.stop()

    async def on_etcd(size: int) -> None:
        async with etcd_stores(url, size) as stores:
            await body(Rig(engine, stores))

    async def on_raftos(size: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            settings = make_settings(Path(folder), size, store=StoreSettings(engine="raftos"))
            members = Processes(settings)
            members.start_all()
            try:
                async with client(settings, "asker") as system:
                    lead = await leader_of(system, settings, 30.0)
                    others = [item.name for item in settings.replicas if item.name != lead]
                    stores = [RemoteStore(system, name) for name in (lead, *others)]
                    following = [asyncio.ensure_future(store.follow()) for store in stores]
                    try:
                        await body(Rig(engine, stores))
                    finally:
                        for task in following:
                            task.cancel()
                        await asyncio.gather(*following, return_exceptions=True)
            finally:
                members.stop()

    kind, _, size = engine.partition("-")
    if kind == "raft":
        run_simulation(lambda: on_raft(int(size)))
    elif kind == "raftos":
        asyncio.run(on_raftos(int(size)))
    else:
        asyncio.run(on_etcd(int(size)))


def etcd_settings(url: str, names: Sequence[str], cluster: str = "") -> ClusterSettings:
    """Of a cluster with these replicas, in the etcd at ``url``."""
    return ClusterSettings(
        name=cluster or f"test-{uuid.uuid4().hex[:12]}",
        data_dir="/none",
        replicas=tuple(ReplicaSettings(name, "z", name, ()) for name in names),
        nodes=(),
        store=StoreSettings(engine="etcd", endpoints=url),
    )


@asynccontextmanager
async def etcd_stores(
    url: str, size: int, cluster: str = "", names: Sequence[str] = ()
) -> AsyncIterator[list[EtcdStore]]:
    """Replicas of a new cluster (or of the one named) in the etcd at ``url``."""
    chosen = list(names) or [f"r{number}" for number in range(1, size + 1)]
    settings = etcd_settings(url, chosen, cluster)
    systems: list[ActorSystem] = []
    stores: list[EtcdStore] = []
    try:
        for name in chosen:
            world = memory_world(uuid.uuid4().hex)
            system = ActorSystem(name, "z", world, MemoryTracer(), None, {}, all_messages())
            await system.start()
            systems.append(system)
            actors: list[StoreActor] = []

            def make(name: str = name, actors: list[StoreActor] = actors) -> StoreActor:
                actors.append(etcd_actor(settings, name))
                return actors[-1]

            await system.spawn("store", make)
            store = actors[-1].store
            assert isinstance(store, EtcdStore)
            stores.append(store)
        while not all(store.leadership().leader for store in stores):
            await asyncio.sleep(0.01)
        yield stores
    finally:
        for system in systems:
            await system.stop()
        await grpc_at_rest()


async def grpc_at_rest() -> None:
    """Return once the tasks that gRPC makes for each call have ended (soon after the call)."""
    for _ in range(2000):
        if not any("_AioCall" in repr(task.get_coro()) for task in asyncio.all_tasks()):
            return
        await asyncio.sleep(0.01)
