"""The store's client against members that answer, refuse, hang and vanish, on virtual time."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from actors.client.store_client import TRY_SECONDS, StoreClient
from actors.kit.actor import Actor, Delivery, Later, Sink
from actors.kit.system import ActorSystem
from actors.kit.tracing import NullTracer
from actors.kit.transports.memory import MemoryNetwork
from actors.kit.world.memory import SeededEntropy, memory_world
from cluster import names
from cluster.errors import AskTimeout, Fenced, NotLeader, StoreError, TemporaryFault
from cluster.messages.base import Message
from cluster.messages.registry import all_messages
from cluster.messages.store import (
    Compare,
    Leadership,
    Put,
    Range,
    RangeResult,
    TxnBatch,
    TxnRecord,
    TxnResult,
    WatchLeadership,
)
from cluster.state.batches import decode_records, encode_outcomes
from tests.simulation.loop import run_simulation
from tests.unit.actors.store.store_cluster import StoreCluster

MEMBERS = ("r1", "r2", "r3")
Outcome = TxnResult | StoreError


class FakeMember(Actor):
    """Applies each (client, sequence) once. ``mood``: ok, refuse, hang, or lose (apply, but never
    answer)."""

    def __init__(self, world: "FakeStore", name: str) -> None:
        self._store = world
        self._name = name

    async def handle(self, message: Message, delivery: Delivery) -> Message | Later | None:
        mood = self._store.moods.get(self._name, "ok")
        self._store.asked.append((self._name, message))
        if mood == "refuse":
            raise NotLeader("not here")
        if mood == "hang":
            return Later(asyncio.get_running_loop().create_future())
        if isinstance(message, Range):
            return RangeResult((), 7, 0)
        assert isinstance(message, TxnBatch)
        outcomes = [self._store.apply(record) for record in decode_records(message)]
        if mood == "lose":
            return Later(asyncio.get_running_loop().create_future())
        if self._store.pause:
            await asyncio.sleep(self._store.pause)
        return encode_outcomes(outcomes, message.brief)

    async def serve(self, message: Message, sink: Sink, delivery: Delivery) -> None:
        assert isinstance(message, WatchLeadership)
        told = None
        while True:
            if told != self._store.leadership:
                told = self._store.leadership
                await sink.send(told)
            await asyncio.sleep(0.01)


class FakeStore:
    """What the fake members share."""

    def __init__(self) -> None:
        self.leadership = Leadership("r1", 1, True)
        self.moods: dict[str, str] = {}
        self.asked: list[tuple[str, Message]] = []
        self.applied: dict[tuple[str, int], Outcome] = {}
        self.records: list[TxnRecord] = []
        self.answer: Callable[[TxnRecord], Outcome | None] = lambda record: None
        self.pause = 0.0
        self.systems: dict[str, ActorSystem] = {}

    def apply(self, record: TxnRecord) -> Outcome:
        """Once."""
        key = (record.client, record.sequence)
        if key not in self.applied:
            self.records.append(record)
            special = self.answer(record)
            self.applied[key] = special or TxnResult(True, len(self.records) + 1)
        return self.applied[key]

    def batches(self, member: str = "") -> list[TxnBatch]:
        """Those that came to a member, or to any."""
        return [m for name, m in self.asked if isinstance(m, TxnBatch) and member in ("", name)]


def virtually(test: Callable[[FakeStore, StoreClient], Awaitable[None]]) -> None:
    """A client in a process of its own, three fake members in theirs."""

    async def main() -> None:
        network, store = MemoryNetwork(SeededEntropy(3)), FakeStore()
        for name in (*MEMBERS, "tool"):
            system = ActorSystem(
                name, "z", memory_world(name), NullTracer(), network.transport(name),
                {other: other for other in MEMBERS if other != name}, all_messages(),
            )  # fmt: skip
            await system.start()
            store.systems[name] = system
            if name != "tool":
                await system.spawn(names.STORE, lambda name=name: FakeMember(store, name))
        home = Actor()
        await store.systems["tool"].spawn("tool", lambda: home)
        client = StoreClient(home.ctx, MEMBERS)
        await asyncio.sleep(0.1)
        try:
            await test(store, client)
        finally:
            for system in store.systems.values():
                await system.stop()

    run_simulation(main)


def test_what_is_asked_for_at_once_goes_to_the_leader_as_one_batch() -> None:
    async def test(store: FakeStore, client: StoreClient) -> None:
        results = await asyncio.gather(*(client.put(f"k{n}", b"v") for n in range(40)))
        assert [result.revision for result in results] == list(range(2, 42))
        assert [batch.count for batch in store.batches("r1")] == [40]
        assert len(store.batches()) == 1
        # Numbers of one session, and none was answered before.
        assert [record.sequence for record in store.records] == list(range(1, 41))
        assert {record.done_below for record in store.records} == {1}
        assert {record.established for record in store.records} == {False}
        await client.put("next", b"v")
        assert (store.records[-1].done_below, store.records[-1].established) == (41, True)

    virtually(test)


def test_what_is_asked_for_while_batches_are_under_way_is_gathered() -> None:
    async def test(store: FakeStore, client: StoreClient) -> None:
        store.pause = 0.1
        callers = []
        for number in range(30):
            callers.append(asyncio.ensure_future(client.put(f"k{number}", b"v")))
            await asyncio.sleep(0.001)
        await asyncio.gather(*callers)
        counts = [batch.count for batch in store.batches()]
        assert counts[:2] == [1, 1]
        assert sum(counts) == 30
        assert len(counts) <= 4

    virtually(test)


def test_each_caller_gets_its_own_outcome_and_error() -> None:
    async def test(store: FakeStore, client: StoreClient) -> None:
        def answer(record: TxnRecord) -> Outcome | None:
            if record.fence:
                return Fenced("term 3 is over")
            return TxnResult(False, 9) if record.compare else None

        store.answer = answer
        works = (
            client.put("a", b""),
            client.txn((Compare("b", "mod", 0),), (Put("b", b""),)),
            client.txn(success=(Put("c", b""),), fence=3),
        )
        first, second, third = await asyncio.gather(*works, return_exceptions=True)
        assert isinstance(first, TxnResult)
        assert first.succeeded
        assert second == TxnResult(False, 9)
        assert isinstance(third, Fenced)
        assert str(third) == "term 3 is over"
        assert len(store.batches()) == 1

    virtually(test)


def test_what_must_not_enter_the_log_fails_alone() -> None:
    async def test(store: FakeStore, client: StoreClient) -> None:
        bad = client.txn(success=(Put("a", b""), Put("a", b"")))
        wrong, good = await asyncio.gather(bad, client.put("b", b""), return_exceptions=True)
        assert isinstance(wrong, StoreError)
        assert isinstance(good, TxnResult)

    virtually(test)


def test_a_member_that_does_not_lead_is_followed_by_another_at_once() -> None:
    async def test(store: FakeStore, client: StoreClient) -> None:
        store.moods["r1"] = "refuse"
        began = asyncio.get_running_loop().time()
        result = await client.put("a", b"v")
        assert result.succeeded
        assert asyncio.get_running_loop().time() - began < 0.1
        assert [name for name, message in store.asked][:2] == ["r1", "r2"]

    virtually(test)


def test_an_answer_that_was_lost_is_asked_for_again_under_the_same_number() -> None:
    async def test(store: FakeStore, client: StoreClient) -> None:
        store.moods["r1"] = "lose"
        result = await client.put("a", b"v")
        assert result.revision == 2
        assert len(store.records) == 1, "applied once"
        assert len(store.batches()) >= 2

    virtually(test)


def test_a_new_leader_ends_the_wait_for_a_silent_one() -> None:
    async def test(store: FakeStore, client: StoreClient) -> None:
        store.moods["r1"] = "hang"
        caller = asyncio.ensure_future(client.put("a", b"v"))
        await asyncio.sleep(0.2)
        assert not caller.done()
        store.leadership = Leadership("r3", 2, True)
        await asyncio.wait_for(caller, 0.1)
        assert client.leader == "r3"
        assert [name for name, message in store.asked] == ["r1", "r3"]

    virtually(test)


def test_older_news_of_leadership_does_not_count() -> None:
    async def test(store: FakeStore, client: StoreClient) -> None:
        store.leadership = Leadership("r2", 5, True)
        await asyncio.sleep(0.1)
        store.leadership = Leadership("r1", 4, True)
        await asyncio.sleep(0.1)
        assert client.leader == "r2"

    virtually(test)


def test_a_lost_connection_is_noticed_at_once() -> None:
    async def test(store: FakeStore, client: StoreClient) -> None:
        store.moods["r1"] = "hang"
        caller = asyncio.ensure_future(client.put("a", b"v"))
        await asyncio.sleep(0.2)
        began = asyncio.get_running_loop().time()
        await store.systems["r1"].stop()
        await caller
        assert asyncio.get_running_loop().time() - began < 0.1

    virtually(test)


def test_at_the_deadline_the_outcome_is_unknown() -> None:
    async def test(store: FakeStore, client: StoreClient) -> None:
        store.moods.update(dict.fromkeys(MEMBERS, "hang"))
        began = asyncio.get_running_loop().time()
        with pytest.raises(AskTimeout):
            await client.txn(success=(Put("a", b""),), seconds=TRY_SECONDS * 1.5)
        assert asyncio.get_running_loop().time() - began == pytest.approx(
            TRY_SECONDS * 1.5, abs=0.1
        )
        # Given up means: a late copy is not applied any more.
        store.moods.clear()
        await client.put("b", b"")
        assert store.records[-1].done_below == store.records[-1].sequence

    virtually(test)


def test_a_forgotten_session_is_replaced() -> None:
    async def test(store: FakeStore, client: StoreClient) -> None:
        from cluster.errors import SessionExpired

        await client.put("a", b"")
        old = store.records[-1].client
        store.answer = lambda record: SessionExpired("forgotten") if record.client == old else None
        with pytest.raises(TemporaryFault, match="unknown"):
            await client.put("b", b"")
        await client.put("c", b"")
        assert store.records[-1].client != old
        assert not store.records[-1].established

    virtually(test)


def test_reads_go_to_another_member_too() -> None:
    async def test(store: FakeStore, client: StoreClient) -> None:
        store.moods["r1"] = "refuse"
        result = await client.range(Range("a"))
        assert result.revision == 7
        store.moods.update(dict.fromkeys(MEMBERS, "refuse"))
        with pytest.raises(NotLeader):
            await client.range(Range("a"), seconds=0.2)

    virtually(test)


def test_writes_of_a_real_cluster_survive_the_loss_of_its_leader() -> None:
    async def main() -> None:
        cluster = StoreCluster(seed=5)
        await cluster.start()
        network = cluster.network
        system = ActorSystem(
            "tool", "z", memory_world("tool"), NullTracer(),
            network.transport("tool", "admin", (names.GROUP_MASTERS,)),
            {name: name for name in cluster.names}, all_messages(),
        )  # fmt: skip
        await system.start()
        home = Actor()
        await system.spawn("tool", lambda: home)
        client = StoreClient(home.ctx, cluster.names)
        done: list[int] = []

        async def write(worker: int) -> None:
            for number in range(60):
                await client.put(f"{worker}/{number}", b"v")
                done.append(number)

        try:
            writers = [asyncio.ensure_future(write(worker)) for worker in range(4)]
            while len(done) < 60:
                await asyncio.sleep(0.01)
            await cluster.kill(await cluster.leader())
            await asyncio.gather(*writers)
            leader = await cluster.leader()
            found = await cluster.read(leader, "", "~")
            assert found.count == 240
            assert {item.version for item in found.items} == {1}, "each was applied once"
        finally:
            await system.stop()
            await cluster.stop()

    run_simulation(main)
