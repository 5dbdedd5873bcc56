"""The scenarios that ship (``deploy/scenarios``), unmodified, on a simulated cluster.

The runner is the product's; here are its ground and hands, and what only a simulation can see:
messages of Raft, states of members, every start of a container, every crash of an actor.
"""

import asyncio
import re
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import yaml
from msgspec import structs

from actors.apiserver.authority import Authority
from actors.kit.world.memory import SeededEntropy
from actors.kubelet.runtimes.memory import Behaviour
from cluster import limits
from cluster.chaos.checkers import pods as pod_checks
from cluster.chaos.report import Report
from cluster.chaos.scenario import Scenario, parse_scenario
from deploy.chaos import manifests, runner
from tests.simulation import knobs
from tests.simulation.cluster import SimulatedCluster
from tests.simulation.ground import SimulatedGround
from tests.simulation.hands import SimulatedHands
from tests.simulation.run import Outcome, Run, simulate, texts

FOLDER = Path(__file__).parents[2] / "deploy" / "scenarios"
# As the page's server drains (``deploy.images.web_app``).
DRAIN_SECONDS = 3.0
CHUNK_BYTES_LEAST = 128 * limits.KIB
# Of the phase without faults, in a short run.
STEADY_SECONDS = 1.5
# How the runner begins a line about one.
FAULT = re.compile(r"[a-z-]+-\d+ (on|healed)")


def shipped() -> list[str]:
    """Names of the scenarios, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(name: str) -> Scenario:
    """A shipped scenario by its name, or a file by its path. Raises ValueError, OSError."""
    path = Path(name) if name.endswith(".yaml") else FOLDER / f"{name}.yaml"
    return parse_scenario(yaml.safe_load(path.read_text()))


def short(scenario: Scenario, seconds: float) -> Scenario:
    """The same, with no more than the first so many seconds of its faults. The share of requests
    that may fail is of the whole length: of a part of it nothing is known."""
    if scenario.seconds <= seconds:
        return scenario
    steady = min(scenario.steady, STEADY_SECONDS)
    bounds = structs.replace(scenario.bounds, failed_requests=0.0)
    return structs.replace(scenario, seconds=seconds, steady=steady, bounds=bounds)


def sizes(seed: int) -> knobs.Knobs:
    """Of the run of a seed: as drawn, but that a follower can catch up. A snapshot must arrive
    before the log has gone on by more than is kept; else the next loss of a leader is an outage,
    and bounds on outages mean nothing."""
    drawn = knobs.draw(SeededEntropy(f"{seed}/knobs"))
    chunk = max(drawn.bounds["RAFT_SNAPSHOT_CHUNK_BYTES"], CHUNK_BYTES_LEAST)
    return replace(drawn, bounds={**drawn.bounds, "RAFT_SNAPSHOT_CHUNK_BYTES": chunk})


class FileRun(Run):
    """One run of a scenario."""

    def __init__(self, scenario: Scenario, seed: int, authority: Authority) -> None:
        super().__init__()
        shape = scenario.cluster
        self.cluster = SimulatedCluster(seed, authority, sizes(seed), shape.replicas, shape.nodes)
        for machine in self.cluster.machines.values():
            machine.runtime.behave(manifests.IMAGE, Behaviour(stop_seconds=DRAIN_SECONDS))
        ground = SimulatedGround(self.cluster)
        self.client = ground
        self.breaking = self.hands = SimulatedHands(self.cluster)
        self.runner = runner.Run(scenario, seed, ground, self.hands, self._say)
        ground.hit = self.runner.breaker.hit
        self.load = self.runner.load
        self.watchers = []
        self.report: Report | None = None

    def _say(self, line: str) -> None:
        if not FAULT.match(line):  # the hands tell of those
            now = asyncio.get_running_loop().time()
            self.story += [f"{now:7.2f}   runner: {part}" for part in line.splitlines()]

    async def live(self, group: asyncio.TaskGroup) -> None:
        await self.client.bootstrapped()
        await self.hands.start()
        self.report = await self.runner.outcome()
        await self.hands.stop()
        for app in self.runner.apps:
            self.story += [f"{at:7.2f}   user: {what}" for at, what in app.story]

    def check(self) -> None:
        super().check()
        assert self.report is not None
        for found in self.report.violations:
            self.problems += [str(found.violation), *(f"    {item}" for item in found.chain)]
        if self.report.verdict == "says nothing":
            doubts = tuple(doubt for fault in self.report.faults for doubt in fault.doubts)
            self.problems += [
                f"says nothing: {reason}"
                for reason in self.report.reasons
                if not reason.endswith(doubts or "-")
            ]
        events = [event.seen() for event in self.cluster.witness.containers]
        self.problems += texts(pod_checks.run_twice(events))


def run(
    scenario: Scenario, seed: int, authority: Authority,
    canary: AbstractContextManager[None] | None = None,
) -> Outcome:  # fmt: skip
    """One run. ``canary``: a bug to plant meanwhile."""
    return simulate(lambda seed, door: FileRun(scenario, seed, door), seed, authority, canary)
