"""What goes wrong, drawn from the seed: kills, partitions, one-way cuts, loss, delay."""

import asyncio
from collections.abc import Awaitable, Callable

from actors.kit.world.memory import SeededEntropy
from tests.simulation.cluster import SimulatedCluster

FAULT_SECONDS = (0.5, 4.0)
CALM_SECONDS = (0.5, 2.0)


class Nemesis:
    """Breaks one thing after another, and mends each before the next but one."""

    def __init__(self, cluster: SimulatedCluster, leader: Callable[[], str]) -> None:
        self.cluster = cluster
        self.leader = leader
        self.entropy: SeededEntropy = cluster.entropy.fork("nemesis")
        self.story: list[str] = []

    async def run(self, seconds: float) -> None:
        """Break things for so long, then mend everything."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        faults: tuple[Callable[[], Awaitable[None]], ...] = (
            self.kill_leader, self.kill_leader, self.kill_replica, self.kill_node,
            self.isolate_leader, self.isolate_replica, self.cut_one_way, self.lose, self.delay,
        )  # fmt: skip
        while loop.time() < end:
            await asyncio.sleep(self.entropy.uniform(*CALM_SECONDS))
            await self.entropy.choice(faults)()
            await self.mend()
        await self.mend()

    async def mend(self) -> None:
        """Everything passes and everything runs again."""
        self.cluster.network.heal()
        self.cluster.network.loss = 0.0
        self.cluster.network.latency = (0.0002, 0.002)
        for item in self.cluster.settings.processes():
            if item.name not in self.cluster.running():
                await self.cluster.start(item.name)

    async def hold(self, what: str) -> None:
        """Let it last."""
        seconds = self.entropy.uniform(*FAULT_SECONDS)
        now = asyncio.get_running_loop().time()
        self.story.append(f"{now:7.2f} {what} for {seconds:.2f} s")
        await asyncio.sleep(seconds)

    def some_replica(self) -> str:
        """Any replica."""
        return self.entropy.choice([r.name for r in self.cluster.settings.replicas])

    def others(self, name: str) -> list[str]:
        """All processes but one, clients too."""
        return [p.name for p in self.cluster.settings.processes() if p.name != name] + ["client"]

    async def kill_leader(self) -> None:
        """SIGKILL of the leader."""
        await self.kill(self.leader())

    async def kill_replica(self) -> None:
        """SIGKILL of any replica."""
        await self.kill(self.some_replica())

    async def kill_node(self) -> None:
        """SIGKILL of a kubelet; its containers go on."""
        await self.kill(self.entropy.choice([n.name for n in self.cluster.settings.nodes]))

    async def kill(self, name: str) -> None:
        """SIGKILL of a process."""
        await self.cluster.kill(name)
        await self.hold(f"kill {name}")

    async def isolate_leader(self) -> None:
        """The leader hears and is heard by nobody."""
        await self.isolate(self.leader())

    async def isolate_replica(self) -> None:
        """Any replica hears and is heard by nobody."""
        await self.isolate(self.some_replica())

    async def isolate(self, name: str) -> None:
        """Cut a process off."""
        self.cluster.network.partition([name], self.others(name))
        await self.hold(f"isolate {name}")

    async def cut_one_way(self) -> None:
        """One replica can send to the others, but not hear them."""
        name = self.some_replica()
        for other in self.others(name):
            self.cluster.network.block(other, name)
        await self.hold(f"deafen {name}")

    async def lose(self) -> None:
        """Messages get lost."""
        self.cluster.network.loss = self.entropy.uniform(0.01, 0.2)
        await self.hold(f"lose {self.cluster.network.loss:.0%} of messages")

    async def delay(self) -> None:
        """Messages take long."""
        self.cluster.network.latency = (0.005, self.entropy.uniform(0.02, 0.1))
        await self.hold("delay")
