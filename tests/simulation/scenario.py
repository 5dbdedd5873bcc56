"""One simulated run: a cluster with a workload, a nemesis, and at the end the checks."""

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from actors.apiserver.authority import Authority
from actors.kit.world.memory import SeededEntropy
from cluster.errors import StatusError, SteersmanError
from cluster.messages.apiserver import ApiRequest
from cluster.messages.store import Leadership, WatchLeadership
from tests.simulation import knobs
from tests.simulation.checkers import containers, history, raft
from tests.simulation.client import Client
from tests.simulation.cluster import SimulatedCluster
from tests.simulation.loop import run_simulation
from tests.simulation.nemesis import Nemesis
from tests.simulation.settled import Settled
from tests.simulation.user import User
from tests.simulation.watchers import Watcher
from tests.simulation.witness import EXPECTED_CRASHES
from tests.simulation.writers import COUNTER, Load

FAULTS_SECONDS = 20.0
WRITERS = 3
# After the last fault: until everybody's last request is answered, and until all is as desired.
ANSWERS_SECONDS = 20.0
SETTLE_SECONDS = 90.0


@dataclass
class Outcome:
    """``problems``: what the checkers found. ``digest``: of the trace of all messages. ``faults``:
    how often each was chosen."""

    problems: list[str]
    digest: str
    writes: int
    virtual_seconds: float
    story: list[str]
    faults: dict[str, int] = field(default_factory=dict)


class Scenario:
    """See the module."""

    def __init__(self, seed: int, authority: Authority) -> None:
        turned = knobs.draw(SeededEntropy(f"{seed}/knobs"))
        self.cluster = SimulatedCluster(seed, authority, turned)
        self.client = Client(self.cluster)
        self.user = User(self.client)
        self.load = Load(self.client)
        replicas = len(self.cluster.settings.replicas)
        self.watchers = [Watcher(self.client, "configmaps")]
        self.watchers += [Watcher(self.client, "configmaps", pinned=n) for n in range(replicas)]
        self.pods = Watcher(self.client, "pods", pick=containers.PodSeen)
        self.sets = Watcher(self.client, "replicasets", "apps", pick=containers.pick_set)
        self.led: list[tuple[int, str]] = []
        self.nemesis = Nemesis(self.cluster, self.leader, self.user.delete_pods_of)
        self.problems: list[str] = []

    async def run(self) -> Outcome:
        """Everything; raises nothing that a checker should say."""
        cluster = self.cluster
        with cluster.knobs.turned(), cluster.witness.watching():
            await cluster.start_all()
            await self.client.start()
            async with asyncio.TaskGroup() as group:
                followers = [
                    group.create_task(self.follow(item.name)) for item in cluster.settings.replicas
                ]
                await self.live(group)
                for job in followers:
                    job.cancel()
            await self.check()
            await self.client.stop()
            await cluster.stop()
        if cluster.witness.loop_faults:
            self.problems.append(f"nobody looked at {cluster.witness.loop_faults[:3]}")
        return Outcome(
            self.problems,
            cluster.tracer.digest(),
            len(self.load.acknowledged) + len(self.load.increments),
            asyncio.get_running_loop().time(),
            [f"        {cluster.knobs}", *sorted(self.nemesis.story + self.user.story)],
            self.nemesis.count,
        )

    async def live(self, group: asyncio.TaskGroup) -> None:
        """Use, break, mend, and wait until all is as desired."""
        await self.bootstrapped()
        # The two that ``surplus_pods`` compares begin before there is anything to see.
        watching = [group.create_task(w.run()) for w in (self.pods, self.sets, *self.watchers)]
        await asyncio.sleep(0.1)
        await self.user.begin()
        jobs = [group.create_task(self.job(item)) for item in self.work()]
        await self.nemesis.run(FAULTS_SECONDS)
        self.load.stopping = True
        self.user.stopping.set()
        _, late = await asyncio.wait(jobs, timeout=ANSWERS_SECONDS)
        for job in late:
            self.problems.append(
                f"{job.get_name()}: no answer {ANSWERS_SECONDS} s after all faults"
            )
            job.cancel()
        await self.settle()
        for job in watching:
            job.cancel()

    def work(self) -> list[Coroutine[None, None, None]]:
        """What users do all the time."""
        load = self.load
        return [
            *(load.write_on(number) for number in range(WRITERS)),
            *(load.count_on(number) for number in range(2)),
            load.read_on(0),
            self.user.run(),
        ]

    async def job(self, work: Coroutine[None, None, None]) -> None:
        """One of them; that a cluster with faults does not answer for a minute is a problem."""
        try:
            await work
        except TimeoutError:
            self.problems.append(f"{work.__qualname__}: no answer for a minute")

    async def bootstrapped(self) -> None:
        """Wait until the first leader has made the namespaces."""
        while True:
            try:
                await self.client.insist(ApiRequest("get", "namespaces", name="default"))
                return
            except StatusError:
                await asyncio.sleep(0.1)

    def leader(self) -> str:
        """The replica that last told it leads and runs; any running one if none."""
        for _, member in reversed(self.led):
            if member in self.cluster.running():
                return member
        return self.cluster.settings.replicas[0].name

    async def follow(self, replica: str) -> None:
        """Keep what a replica tells of its own leadership, over all its incarnations."""
        while True:
            system = self.cluster.systems.get(replica)
            if system is not None:
                try:
                    async with system.ref(f"store@{replica}").stream(WatchLeadership()) as stream:
                        async for item in stream:
                            assert isinstance(item, Leadership)
                            if item.leading:
                                self.led.append((item.term, replica))
                except SteersmanError:
                    pass
            await asyncio.sleep(0.05)

    async def settle(self) -> None:
        """Wait until the cluster is as desired, and stays so for a moment."""
        problem, good = "nothing was checked", 0
        settled = Settled(self.client, self.user)
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while good < 2:
                    await asyncio.sleep(0.5)
                    problem = await settled.problem()
                    good = 0 if problem else good + 1
        except (TimeoutError, SteersmanError) as error:
            self.problems.append(f"not settled: {problem} ({error!r})")

    async def check(self) -> None:
        """All checks over what was kept."""
        load, witness, found = self.load, self.cluster.witness, self.problems
        maps = await self.client.list("configmaps")
        stored = {item["metadata"]["name"]: (item.get("data") or {}).get("value") for item in maps}
        count = int(stored.get(COUNTER) or 0)
        found += history.lost_writes(load.acknowledged, stored)
        found += history.disordered_writes(load.acknowledged)
        found += history.stale_reads(load.acknowledged, load.reads)
        found += history.lost_updates(load.increments, load.unknown, count)
        watches = [watcher.segments for watcher in self.watchers]
        for segments in [*watches, self.pods.segments, self.sets.segments]:
            found += history.broken_watch(segments)
        found += history.incomplete_watches(load.acknowledged, watches)
        found += raft.rival_leaders(witness.leaders, self.led)
        found += raft.double_votes(witness.votes)
        found += raft.diverged_states(witness.applied)
        found += raft.unfenced_writes(witness.fenced)
        found += containers.run_twice(witness.containers)
        found += containers.falling_restarts(self.pods.segments)
        found += containers.moved_pods(self.pods.segments)
        found += containers.surplus_pods(self.pods.segments, self.sets.segments)
        for record in witness.tracer.crashes:
            text = str(record.get("error"))
            if not any(word in text for word in EXPECTED_CRASHES):
                found.append(f"{record['ts']:.2f} {record.get('actor')} {record['msg']}: {text}")


def run(
    seed: int, authority: Authority, canary: AbstractContextManager[None] | None = None
) -> Outcome:
    """One run on a fresh virtual loop. ``canary``: a bug to plant meanwhile."""
    with canary or nullcontext():
        return run_simulation(lambda: Scenario(seed, authority).run(), seed)
