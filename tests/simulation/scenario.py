"""A run of a whole cluster: writers, watchers, and a user whose Deployment is rolled, scaled and
deleted from while everything breaks; in the end all must be as the user wants it."""

import asyncio
from contextlib import AbstractContextManager
from functools import partial

from actors.apiserver.authority import Authority
from actors.kit.world.memory import SeededEntropy
from cluster.chaos.checkers import pods as pod_checks
from cluster.chaos.checkers import watches
from cluster.chaos.picking import pod_seen, set_size
from cluster.errors import SteersmanError
from deploy.chaos.load import Load
from deploy.chaos.registers import ApiRegister
from deploy.chaos.watching import ApiWatcher
from tests.simulation import knobs, machine_faults, network_faults, process_faults
from tests.simulation.client import Client
from tests.simulation.cluster import SimulatedCluster
from tests.simulation.identities import NAME, IdentityUser, lives
from tests.simulation.nemesis import Nemesis
from tests.simulation.run import Outcome, Run, simulate, texts
from tests.simulation.settled import Settled
from tests.simulation.user import User

WRITERS = 3
# Every so many seeds have a StatefulSet too: its controller moves the same machinery.
IDENTITIES_EVERY = 3


class Scenario(Run):
    """See the module."""

    def __init__(self, seed: int, authority: Authority, identities: bool | None = None) -> None:
        super().__init__()
        turned = knobs.draw(SeededEntropy(f"{seed}/knobs"))
        self.cluster = SimulatedCluster(seed, authority, turned)
        self.client = Client(self.cluster)
        self.user = User(self.client)
        self.story = self.user.story
        self.identities: IdentityUser | None = None
        if seed % IDENTITIES_EVERY == 0 if identities is None else identities:
            self.identities = IdentityUser(self.client, self.story)
        self.load = Load(ApiRegister(self.client))
        self.watchers = [ApiWatcher(self.client, "configmaps")]
        replicas = len(self.cluster.settings.replicas)
        self.watchers += [ApiWatcher(self.client, "configmaps", pinned=n) for n in range(replicas)]
        self.pods = ApiWatcher(self.client, "pods", pick=pod_seen)
        self.sets = ApiWatcher(self.client, "replicasets", "apps", pick=set_size)
        lanes = (
            [*process_faults.FAULTS, *network_faults.FAULTS],
            [*machine_faults.FAULTS, *machine_faults.NODE_FAULTS],
        )
        self.breaking = Nemesis(self.cluster, lanes, self.leader, self.user.delete_pods_of)

    async def live(self, group: asyncio.TaskGroup) -> None:
        await self.client.bootstrapped()
        # The two that ``surplus_pods`` compares begin before there is anything to see.
        watching = [group.create_task(w.run()) for w in (self.pods, self.sets, *self.watchers)]
        await asyncio.sleep(0.1)
        await self.user.begin()
        load = self.load
        works = [load.write_on(number) for number in range(WRITERS)]
        works += [load.count_on(0), load.count_on(1), load.read_on(0), self.user.run()]
        if self.identities is not None:
            await self.identities.begin()
            works.append(self.identities.run())
        await self.under_faults(self.breaking, self.work_on(group, *works))
        await self.settle(Settled(self.client, self.user, self.identities).problem)
        for job in watching:
            job.cancel()
        try:
            maps = await self.client.list("configmaps")
        except (TimeoutError, SteersmanError) as error:
            self.problems.append(f"the cluster does not answer any more: {error!r}")
        else:
            named = ((item["metadata"]["name"], item.get("data") or {}) for item in maps)
            self.check_history({name: data["value"] for name, data in named if "value" in data})

    def end_work(self) -> None:
        super().end_work()
        self.user.stopping.set()
        if self.identities is not None:
            self.identities.stopping.set()

    def check(self) -> None:
        super().check()
        found, pods, sets = self.problems, self.pods.segments, self.sets.segments
        for segments in (pods, sets):
            found += texts(watches.broken_watch(segments))
        ran = self.cluster.witness.containers
        found += texts(pod_checks.rival_identities(lives(ran), [NAME]))
        events = [event.seen() for event in ran]
        found += texts(pod_checks.run_twice(events))
        found += texts(pod_checks.falling_restarts(pods))
        found += texts(pod_checks.moved_pods(pods))
        found += texts(pod_checks.surplus_pods(pods, sets))


def run(
    seed: int, authority: Authority, canary: AbstractContextManager[None] | None = None
) -> Outcome:
    """One run. ``canary``: a bug to plant meanwhile."""
    return simulate(Scenario, seed, authority, canary)


def run_with_identities(
    seed: int, authority: Authority, canary: AbstractContextManager[None] | None = None
) -> Outcome:
    """One run with a StatefulSet, whatever the seed."""
    return simulate(partial(Scenario, identities=True), seed, authority, canary)
