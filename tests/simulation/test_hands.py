"""Every verb on a simulated cluster: it takes effect, by evidence, and it heals, by evidence."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from cluster import names
from cluster.chaos.orders import VERBS, Order
from cluster.errors import SteersmanError
from cluster.messages.store import Put, StatusRequest, Txn, TxnResult
from tests.simulation.authority import simulated_authority
from tests.simulation.client import Client
from tests.simulation.cluster import SimulatedCluster
from tests.simulation.hand_works import WORKS
from tests.simulation.hands import SimulatedHands
from tests.simulation.loop import run_simulation

pytestmark = pytest.mark.timeout(60)

Try = Callable[["Bench"], Awaitable[None]]


class Bench:
    """The store of three replicas, a client of it, and hands."""

    def __init__(self) -> None:
        self.cluster = SimulatedCluster(1, simulated_authority(), nodes=0, store_only=True)
        self.client = Client(self.cluster)
        self.hands = SimulatedHands(self.cluster)
        self.written = 0

    async def run(self, what: Try) -> None:
        with self.cluster.witness.watching():
            await self.cluster.start_all()
            await self.client.start()
            await self.hands.start()
            writing = asyncio.create_task(self.write())
            while not (await self.hands.view()).leader:
                await asyncio.sleep(0.05)
            await what(self)
            await self.hands.stop()
            writing.cancel()
            await self.client.stop()
            await self.cluster.stop()

    async def write(self) -> None:
        """So that logs sync and replicas speak."""
        turn = 0
        while True:
            turn += 1
            address = names.address(names.STORE, f"replica-{1 + turn % 3}")
            try:
                answer = await self.client.ref(address).ask(Txn(success=(Put("/a", b""),)), 1.0)
                assert isinstance(answer, TxnResult)
                self.written += 1
            except SteersmanError:
                pass
            await asyncio.sleep(0.02)

    async def answers(self, replica: str) -> bool:
        """Whether a replica answers within a second."""
        try:
            address = names.address(names.STORE, replica)
            await self.client.ref(address).ask(StatusRequest(), 1.0)
        except SteersmanError:
            return False
        return True


def test_every_verb_has_a_work() -> None:
    assert set(WORKS) == set(VERBS)


ORDERS = [
    Order("kill", "leader"),
    Order("kill", "replica-1,replica-2"),
    Order("pause", "follower"),
    Order("restart", "leader"),
    Order("partition", "leader"),
    Order("partition", "replica-1", "replica-2", way="out"),
    Order("partition", "replica-1", "replica-2", way="in"),
    Order("partition", "replica-1", way="bridge"),
    Order("delay", "leader", amount=0.1, jitter=0.05),
    Order("loss", "leader", amount=0.3),
    Order("duplicate", "leader", amount=0.3),
    Order("reorder", "leader", amount=0.3),
    Order("bandwidth", "leader", amount=20_000),
    Order("slow-disk", "leader", amount=0.3),
    Order("disk-full", "follower"),
    Order("fsync-error", "leader"),
    Order("torn-write", "leader", amount=0.5),
    Order("clock", "leader", amount=3600.0),
    Order("clock", "follower", rate=3.0),
    Order("zone-outage", "zone/a"),
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order.verb} {order.target}")
def test_it_takes_effect_and_heals(order: Order) -> None:
    async def what(bench: Bench) -> None:
        active = await bench.hands.inject(order, seed=3)
        assert active.proof, active.doubt
        assert not active.doubt
        await asyncio.sleep(1.0)
        healed = await bench.hands.heal(active)
        assert healed.proof, healed.doubt
        assert not healed.doubt
        assert await bench.hands.active() == []
        await asyncio.sleep(3.0)
        before = bench.written
        await asyncio.sleep(1.0)
        assert bench.written > before + 5

    run_simulation(lambda: Bench().run(what), 1)


def test_a_paused_replica_neither_answers_nor_leads_on() -> None:
    async def what(bench: Bench) -> None:
        leader = (await bench.hands.view()).leader
        active = await bench.hands.inject(Order("pause", "leader"))
        assert not await bench.answers(leader)
        await asyncio.sleep(2.0)
        view = await bench.hands.view()
        assert view.leader
        assert view.leader != leader
        await bench.hands.heal(active)
        await asyncio.sleep(1.0)
        assert await bench.answers(leader)

    run_simulation(lambda: Bench().run(what), 1)


def test_a_replica_killed_while_it_is_paused_comes_back_running() -> None:
    async def what(bench: Bench) -> None:
        pause = await bench.hands.inject(Order("pause", "replica-1"))
        kill = await bench.hands.inject(Order("kill", "replica-1"))
        await bench.hands.heal(kill)
        await asyncio.sleep(2.0)
        assert await bench.answers("replica-1")
        assert "killed meanwhile" in (await bench.hands.heal(pause)).proof

    run_simulation(lambda: Bench().run(what), 1)


def test_of_two_faults_that_keep_it_down_both_must_heal() -> None:
    async def what(bench: Bench) -> None:
        one = await bench.hands.inject(Order("kill", "replica-1"))
        two = await bench.hands.inject(Order("zone-outage", "zone/a"))
        assert two.doubt
        await bench.hands.heal(one)
        await asyncio.sleep(2.0)
        assert not await bench.answers("replica-1")
        await bench.hands.heal(two)
        await asyncio.sleep(2.0)
        assert await bench.answers("replica-1")

    run_simulation(lambda: Bench().run(what), 1)


def test_of_two_partitions_on_one_way_both_must_heal() -> None:
    async def what(bench: Bench) -> None:
        network = bench.cluster.network
        one = await bench.hands.inject(Order("partition", "replica-1", "replica-2"))
        two = await bench.hands.inject(Order("partition", "replica-1", "replica-2", way="out"))
        await bench.hands.heal(one)
        assert not network.passes("replica-1", "replica-2")
        assert network.passes("replica-2", "replica-1")
        await bench.hands.heal(two)
        assert network.passes("replica-1", "replica-2")

    run_simulation(lambda: Bench().run(what), 1)


def test_it_ends_by_itself_when_told_how_long() -> None:
    async def what(bench: Bench) -> None:
        active = await bench.hands.inject(Order("partition", "leader", seconds=2.0))
        await asyncio.sleep(1.5)
        assert [item.name for item in await bench.hands.active()] == [active.name]
        await asyncio.sleep(1.0)
        assert await bench.hands.active() == []
        assert (await bench.hands.heal(active)).proof

    run_simulation(lambda: Bench().run(what), 1)
