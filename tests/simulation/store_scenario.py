"""A run of the replicated store alone, quicker than a whole cluster: for what is rare.

Replicas may be three or five; everything that can happen to them and to their disks does.
"""

import asyncio
from contextlib import AbstractContextManager

from actors.apiserver.authority import Authority
from actors.kit.world.memory import SeededEntropy
from cluster.errors import SteersmanError
from cluster.messages.store import Range, RangeResult
from deploy.chaos.load import Load
from tests.simulation import knobs, machine_faults, network_faults, process_faults
from tests.simulation.client import Client
from tests.simulation.cluster import SimulatedCluster
from tests.simulation.nemesis import Nemesis
from tests.simulation.registers import PREFIX, PREFIX_END, StoreRegister
from tests.simulation.run import Outcome, Run, replicas_differ, simulate
from tests.simulation.watchers import StoreWatcher

WRITERS = 3


class StoreScenario(Run):
    """See the module."""

    def __init__(self, seed: int, authority: Authority) -> None:
        super().__init__()
        entropy = SeededEntropy(f"{seed}/store knobs")
        self.cluster = SimulatedCluster(
            seed, authority, knobs.draw(entropy), replicas=entropy.choice((3, 3, 5)), nodes=0,
            store_only=True,
        )  # fmt: skip
        self.client = Client(self.cluster)
        self.load = Load(StoreRegister(self.client), pause=0.05)
        self.watchers = [StoreWatcher(self.client), StoreWatcher(self.client, pinned=0)]
        lanes = ([*process_faults.FAULTS, *network_faults.FAULTS], machine_faults.FAULTS)
        self.breaking = Nemesis(self.cluster, lanes, self.leader, self.nothing_to_delete)

    async def nothing_to_delete(self, node: str) -> None:
        """There are no pods."""

    async def live(self, group: asyncio.TaskGroup) -> None:
        watching = [group.create_task(watcher.run()) for watcher in self.watchers]
        load = self.load
        works = [load.write_on(number) for number in range(WRITERS)]
        works += [load.count_on(0), load.count_on(1), load.read_on(0), load.read_on(1)]
        await self.under_faults(self.breaking, self.work_on(group, *works))
        await self.settle(self.contents_differ)
        for job in watching:
            job.cancel()
        try:
            self.check_history(await self.contents(0))
        except SteersmanError as error:
            self.problems.append(f"the store does not answer any more: {error!r}")

    async def contents(self, turn: int, linearizable: bool = True) -> dict[str, str]:
        """All values, as one replica has them."""
        replica = self.cluster.settings.replicas[turn].name
        query = Range(PREFIX, PREFIX_END, linearizable=linearizable)
        found = await self.client.ref(f"store@{replica}").ask(query, 10.0)
        assert isinstance(found, RangeResult)
        return {item.key.removeprefix(PREFIX): item.value.decode() for item in found.items}

    async def contents_differ(self) -> str:
        """'' if all replicas hold the same, entry by entry."""
        problem = await replicas_differ(self.client)
        if problem:
            return problem
        count = len(self.cluster.settings.replicas)
        held = [await self.contents(turn, linearizable=False) for turn in range(count)]
        return "" if all(item == held[0] for item in held) else "replicas hold different values"


def run(
    seed: int, authority: Authority, canary: AbstractContextManager[None] | None = None
) -> Outcome:
    """One run. ``canary``: a bug to plant meanwhile."""
    return simulate(StoreScenario, seed, authority, canary)
