"""What goes wrong, drawn from the seed: which fault comes when and how long it lasts.

Lanes run side by side: one breaks processes and the network, the other machines and actors. Each
fault mends itself. Must not know: what the cluster is used for (but that users delete pods).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from actors.kit.world.memory import SeededEntropy
from tests.simulation.cluster import SimulatedCluster

CALM_SECONDS = (0.3, 2.0)
SHORT = (0.3, 4.0)
LONG = (6.0, 12.0)
LONG_CHANCE = 0.12


class Nemesis:
    """``lanes``: the faults of each. ``leader``: names the replica that leads. ``deleter``: deletes
    all pods of a node. ``count``: how often each fault was chosen."""

    def __init__(
        self,
        cluster: SimulatedCluster,
        lanes: Sequence[Sequence["Fault"]],
        leader: Callable[[], str],
        deleter: Callable[[str], Awaitable[None]],
    ) -> None:
        self.cluster = cluster
        self.lanes = lanes
        self.leader = leader
        self.deleter = deleter
        self.entropy: SeededEntropy = cluster.entropy.fork("nemesis")
        self.story: list[str] = []
        self.count: dict[str, int] = {}

    async def run(self, seconds: float) -> None:
        """Break things for so long, then mend everything."""
        async with asyncio.TaskGroup() as group:
            for faults in self.lanes:
                group.create_task(self._lane(faults, seconds))
        await self.cluster.run_all()

    async def _lane(self, faults: Sequence["Fault"], seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        entropy = self.entropy.fork(faults[0].__name__)
        while loop.time() < end:
            await asyncio.sleep(entropy.uniform(*CALM_SECONDS))
            fault = entropy.choice(faults)
            self.count[fault.__name__] = self.count.get(fault.__name__, 0) + 1
            await fault(Hand(self, entropy))


class Hand:
    """What one fault works with."""

    def __init__(self, nemesis: Nemesis, entropy: SeededEntropy) -> None:
        self.cluster = nemesis.cluster
        self.network = nemesis.cluster.network
        self.entropy = entropy
        self.leader = nemesis.leader
        self.deleter = nemesis.deleter
        self._story = nemesis.story

    async def hold(self, what: str, spans: tuple[float, float] | None = None) -> None:
        """Let it last."""
        if spans is None:
            spans = LONG if self.entropy.random() < LONG_CHANCE else SHORT
        seconds = self.entropy.uniform(*spans)
        self.say(f"{what} for {seconds:.2f} s")
        await asyncio.sleep(seconds)

    def say(self, what: str) -> None:
        """Into the story."""
        self._story.append(f"{asyncio.get_running_loop().time():7.2f} {what}")

    def replicas(self) -> list[str]:
        """All replicas in a random order."""
        return self.shuffled([item.name for item in self.cluster.settings.replicas])

    def nodes(self) -> list[str]:
        """All nodes in a random order."""
        return self.shuffled([item.name for item in self.cluster.settings.nodes])

    def some_node(self) -> str:
        """A node; a replica where there are none."""
        return [*self.nodes(), *self.replicas()][0]

    def some_zone(self) -> str:
        """A zone; that of the leader half the time."""
        if self.entropy.random() < 0.5:
            return self.cluster.settings.zone_of(self.leader())
        return self.entropy.choice([item.zone for item in self.cluster.settings.replicas])

    def some_replica(self) -> str:
        """A replica; the leader half the time."""
        return self.leader() if self.entropy.random() < 0.5 else self.replicas()[0]

    def some_process(self) -> str:
        """Any replica or node."""
        return self.entropy.choice([item.name for item in self.cluster.settings.processes()])

    def shuffled(self, items: Sequence[str]) -> list[str]:
        """In a random order."""
        left, taken = list(items), []
        while left:
            taken.append(left.pop(int(self.entropy.random() * len(left))))
        return taken


Fault = Callable[[Hand], Awaitable[None]]
