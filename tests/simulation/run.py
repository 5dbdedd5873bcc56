"""What all simulated runs share: a load under a nemesis, told leaders, and the checks of history
and of Raft.

Must not know: which components the cluster has (``scenario``, ``store_scenario``).
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Protocol

from actors.apiserver.authority import Authority
from cluster.chaos.checkers import history, raft, watches
from cluster.chaos.observations import Led, Violation
from cluster.errors import SteersmanError
from cluster.messages.store import Leadership, StatusRequest, StoreStatus, WatchLeadership
from deploy.chaos.load import COUNTER, Load
from deploy.chaos.watching import Watcher
from tests.simulation.client import Client
from tests.simulation.cluster import SimulatedCluster
from tests.simulation.loop import run_simulation
from tests.simulation.nemesis import Nemesis
from tests.simulation.witness import EXPECTED_CRASHES

FAULTS_SECONDS = 20.0
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


Work = Coroutine[None, None, None]


class Breaking(Protocol):
    """Whoever breaks things: what was done when, and how often each kind."""

    story: list[str]
    count: dict[str, int]


class Run:
    """One run. Its parts are made by who inherits; ``live`` is theirs too."""

    cluster: SimulatedCluster
    client: Client
    load: Load
    watchers: list[Watcher]
    breaking: Breaking

    def __init__(self) -> None:
        self.led: list[Led] = []
        self.problems: list[str] = []
        self.story: list[str] = []

    async def outcome(self) -> Outcome:
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
            self.check()
            await self.client.stop()
            await cluster.stop()
        self.problems += [f"nobody looked at {text}" for text in cluster.witness.loop_faults[:3]]
        return Outcome(
            self.problems,
            cluster.tracer.digest(),
            len(self.load.acknowledged) + len(self.load.increments),
            asyncio.get_running_loop().time(),
            [f"        {cluster.knobs}", *sorted(self.breaking.story + self.story, key=_when)],
            self.breaking.count,
        )

    async def live(self, group: asyncio.TaskGroup) -> None:
        """Use, break, mend, and wait until all is as desired."""
        raise NotImplementedError

    async def under_faults(self, nemesis: Nemesis, jobs: list[asyncio.Task[None]]) -> None:
        """Let the nemesis do its work, then let the jobs end."""
        await nemesis.run(FAULTS_SECONDS)
        self.end_work()
        _, late = await asyncio.wait(jobs, timeout=ANSWERS_SECONDS)
        for job in late:
            self.problems.append(f"{job.get_name()}: no answer, though all faults are mended")
            job.cancel()

    def end_work(self) -> None:
        """Everybody ends with the next answer."""
        self.load.stopping = True

    async def job(self, work: Work) -> None:
        """What a user does; that there is no answer for a minute is a problem."""
        try:
            await work
        except TimeoutError:
            self.problems.append(f"{work.__qualname__}: no answer for a minute")

    def work_on(self, group: asyncio.TaskGroup, *works: Work) -> list["asyncio.Task[None]"]:
        """Tasks of these, named after them."""
        return [group.create_task(self.job(work), name=work.__qualname__) for work in works]

    def leader(self) -> str:
        """The replica that last told it leads and runs; any running one if none."""
        for led in reversed(self.led):
            if led.replica in self.cluster.running():
                return led.replica
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
                                self.led.append(Led(item.term, replica, _now()))
                except SteersmanError:
                    pass
            await asyncio.sleep(0.05)

    async def settle(self, problem_now: Callable[[], Coroutine[None, None, str]]) -> None:
        """Wait until there is no problem, twice in a row."""
        problem, good = "nothing was checked", 0
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while good < 2:
                    await asyncio.sleep(0.5)
                    try:
                        problem = await problem_now()
                    except SteersmanError as error:
                        # Not yet: an actor whose machine failed it waits before it is made anew.
                        problem = repr(error)
                    good = 0 if problem else good + 1
        except TimeoutError:
            self.problems.append(f"not settled: {problem}")

    def check(self) -> None:
        """Checks of what was kept, whatever the cluster was used for."""
        witness, found = self.cluster.witness, self.problems
        found += texts(raft.rival_leaders(witness.leaders, self.led))
        found += texts(raft.double_votes(witness.votes))
        found += texts(raft.diverged_states(witness.applied))
        found += texts(raft.unfenced_writes(witness.fenced))
        for record in witness.tracer.crashes:
            text = str(record.get("error"))
            if not any(word in text for word in EXPECTED_CRASHES):
                found.append(f"{record['ts']:.2f} {record.get('actor')} {record['msg']}: {text}")

    def check_history(self, stored: dict[str, str]) -> None:
        """Checks of what clients saw, against what is stored in the end."""
        load, found = self.load, self.problems
        found += texts(load.surprises)
        found += texts(history.lost_writes(load.acknowledged, stored))
        found += texts(history.disordered_writes(load.acknowledged))
        found += texts(history.stale_reads(load.acknowledged, load.reads))
        total = int(stored.get(COUNTER) or 0)
        found += texts(history.lost_updates(load.increments, load.unknown, total))
        kept = [watcher.segments for watcher in self.watchers]
        for segments in kept:
            found += texts(watches.broken_watch(segments))
        found += texts(watches.incomplete_watches(load.acknowledged, kept))


def texts(violations: Iterable[Violation]) -> list[str]:
    """As lines."""
    return [str(one) for one in violations]


def _when(line: str) -> str:
    """What a story is sorted by: its lines begin with the time; at one instant as they came."""
    return line[:7]


def _now() -> float:
    return asyncio.get_running_loop().time()


async def replicas_differ(client: Client) -> str:
    """'' if all replicas have applied the same to the same effect."""
    found = []
    for replica in client.cluster.settings.replicas:
        status = await client.ref(f"store@{replica.name}").ask(StatusRequest(), 5.0)
        assert isinstance(status, StoreStatus)
        found.append(status)
    if len({status.applied_index for status in found}) > 1:
        return f"applied: {[status.applied_index for status in found]}"
    if len({(status.state_hash, status.revision, status.compacted) for status in found}) > 1:
        return f"states differ: {[(status.state_hash, status.revision) for status in found]}"
    return ""


def simulate(
    make: Callable[[int, Authority], Run],
    seed: int,
    authority: Authority,
    canary: AbstractContextManager[None] | None = None,
) -> Outcome:
    """One run on a fresh virtual loop. ``canary``: a bug to plant meanwhile."""
    with canary or nullcontext():
        return run_simulation(lambda: make(seed, authority).outcome(), seed)
