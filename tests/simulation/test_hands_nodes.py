"""The verbs on nodes, on a whole cluster with a Deployment; and what the ground shows of it."""

import asyncio

import pytest

from cluster.chaos.orders import Order
from tests.simulation import user
from tests.simulation.authority import simulated_authority
from tests.simulation.cluster import SimulatedCluster
from tests.simulation.ground import SimulatedGround
from tests.simulation.hands import SimulatedHands
from tests.simulation.loop import run_simulation
from tests.simulation.settled import Settled

pytestmark = pytest.mark.timeout(120)

ORDERS = [
    Order("engine-restart", "random-node"),
    Order("engine-restart", "nodes", seconds=2.0),
    Order("container-kill", "nodes", amount=2),
    Order("sandbox-kill", "nodes"),
    Order("image-remove", "nodes"),
    Order("pause", "random-node"),
    Order("zone-outage", "b"),
]


class Bench:
    """A whole cluster, a user with a Deployment and a Service, and hands."""

    def __init__(self) -> None:
        self.cluster = SimulatedCluster(1, simulated_authority())
        self.ground = SimulatedGround(self.cluster)
        self.hands = SimulatedHands(self.cluster)
        self.user = user.User(self.ground)

    async def run(self) -> None:
        with self.cluster.witness.watching():
            await self.cluster.start_all()
            await self.ground.start()
            await self.hands.start()
            await self.ground.bootstrapped()
            await self.user.begin()
            await self.settled()
            for order in ORDERS:
                await self.one(order)
            await self.looks()
            await self.hands.stop()
            await self.ground.stop()
            await self.cluster.stop()

    async def one(self, order: Order) -> None:
        active = await self.hands.inject(order, seed=1)
        assert active.proof, active
        assert not active.doubt
        await asyncio.sleep(3.0)
        healed = await self.hands.heal(active)
        assert healed.proof, healed
        await self.settled()

    async def settled(self) -> None:
        settled = Settled(self.ground, self.user)
        async with asyncio.timeout(60.0):
            while await settled.problem():
                await asyncio.sleep(0.5)

    async def looks(self) -> None:
        """The ground shows what is there."""
        ground, cluster = self.ground, self.cluster
        (service,) = [
            item for item in await ground.list("services") if item["metadata"]["name"] == user.NAME
        ]
        visits = [await ground.visit(service, turn) for turn in range(12)]
        assert all(visit is not None and not visit.problem for visit in visits), visits
        found = await ground.containers()
        assert found is not None
        # Who answered says so.
        assert {visit.pod for visit in visits if visit} == {item.pod for item in found}
        assert sorted(item.part for item in found if item.running) == ["", "", "", *["main"] * 3]
        rules = [rule for rule in await ground.forwards() or [] if rule.service == user.NAME]
        assert [len(rule.backends) for rule in rules] == [3] * len(ground.nodes)
        stores = await ground.stores()
        assert len({(seen.applied, seen.digest) for seen in stores}) == 1
        assert [seen.role for seen in stores].count("leader") == 1
        name = next(item.name for item in found if item.part)
        chain = await ground.chain(f"pod/{name}", 0.0, ground.wall())
        assert any(name in line for line in chain), chain
        for item in found:
            cluster.machines[item.node].runtime.crash(item.identity)
        broken = await ground.visit(service, 0)
        assert broken is not None
        assert broken.problem and not broken.pod


def test_each_takes_effect_and_heals() -> None:
    run_simulation(lambda: Bench().run(), 1)
