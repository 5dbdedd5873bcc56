"""Scenario files at many seeds, in several processes, and what they come to in figures.

Job: run, count, print; a failing seed with the command that replays it. Must not know: what fails.
"""

import gc
import multiprocessing
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from tests.simulation import canaries, scenario_files
from tests.simulation.authority import simulated_authority
from tests.simulation.run import Outcome

PROGRESS = 20
# Of young objects, between two collections: a run's objects mostly live as long as the run.
YOUNG_OBJECTS = 200_000


@dataclass(frozen=True)
class Job:
    """One run: a scenario, a seed, a bug to plant ('' for none). ``short``: at most so many seconds
    of its faults, 0 for all."""

    scenario: str
    seed: int
    canary: str = ""
    short: float = 0.0


@dataclass
class Figures:
    """Of all runs so far. ``failed``: scenario and seed of those with a problem."""

    runs: int = 0
    writes: int = 0
    virtual: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    def take(self, job: Job, outcome: Outcome) -> None:
        """One more."""
        self.runs += 1
        self.writes += outcome.writes
        self.virtual += outcome.virtual_seconds
        self.faults.update(outcome.faults)
        if outcome.problems:
            self.failed.append(f"{job.scenario}/{job.seed}")


def one(job: Job) -> tuple[Job, Outcome]:
    """Run it. What raises is a problem."""
    planted = getattr(canaries, job.canary) if job.canary else nullcontext
    try:
        scenario = scenario_files.load(job.scenario)
        if job.short:
            scenario = scenario_files.short(scenario, job.short)
        return job, scenario_files.run(scenario, job.seed, simulated_authority(), planted())
    except Exception:
        lines = traceback.format_exc().splitlines()
        return job, Outcome(["the run itself failed", *lines], "", 0, 0.0, [])


def soak(
    scenarios: Sequence[str], seeds: Sequence[int], processes: int,
    canary: str = "", story: bool = False, short: float = 0.0,
) -> bool:  # fmt: skip
    """Run each scenario at each seed and tell; True if no run had a problem."""
    began, busy, figures = time.monotonic(), time.process_time(), Figures()
    jobs = [Job(name, seed, canary, short) for seed in seeds for name in scenarios]
    for job, outcome in _outcomes(jobs, processes):
        figures.take(job, outcome)
        _tell(job, outcome, story)
        if figures.runs % PROGRESS == 0:
            print(_line(figures, time.monotonic() - began), flush=True)
    print("faults that took effect:")
    for verb, count in sorted(figures.faults.items()):
        print(f"  {count:>7} {verb}")
    cpu = f", {(time.process_time() - busy) / len(jobs):.1f} s CPU a run" * (processes == 1)
    print(_line(figures, time.monotonic() - began) + cpu)
    return not figures.failed


def _outcomes(jobs: Sequence[Job], processes: int) -> Iterable[tuple[Job, Outcome]]:
    if processes <= 1:
        ready()
        yield from map(one, jobs)
        return
    with multiprocessing.get_context("spawn").Pool(processes, ready) as pool:
        yield from pool.imap(one, jobs)


def ready() -> None:
    """Of a process that runs many: what is loaded stays, the rest is collected seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 100)


def _line(figures: Figures, took: float) -> str:
    return (
        f"{figures.runs} runs, {len(figures.failed)} failed {figures.failed[:20]}, "
        f"{figures.writes} acknowledged writes, {sum(figures.faults.values())} faults, "
        f"{figures.virtual / 3600:.2f} simulated hours in {took:.0f} s "
        f"({figures.runs / took:.2f} seeds/s)"
    )


def _tell(job: Job, outcome: Outcome, story: bool) -> None:
    print(
        f"{job.scenario} seed {job.seed}: {'FAILED' if outcome.problems else 'ok'}, "
        f"{outcome.writes} writes, {sum(outcome.faults.values())} faults, "
        f"{outcome.virtual_seconds:.1f} virtual s, trace {outcome.digest}", flush=True,
    )  # fmt: skip
    if story or outcome.problems:
        print("\n".join("  " + line for line in outcome.story + outcome.problems))
    if outcome.problems:
        print(
            f"  replay: python -m tests.simulation --scenario {job.scenario} "
            f"--seed {job.seed} --story" + f" --short {job.short:g}" * bool(job.short), flush=True,
        )  # fmt: skip
