"""Many seeds in several processes, and what they come to in figures.

Job: run, count, print; a failing seed with the command that replays it. Must not know: what fails.
"""

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterable, Sequence

from tests.simulation.members import canaries, coverage
from tests.simulation.members.scenario import run
from tests.simulation.members.simulation import Outcome

CHUNK = 8
PROGRESS = 250


def one(work: tuple[int, str, bool]) -> Outcome:
    """A seed, with a bug planted if one is named."""
    seed, canary, story = work
    if not canary:
        return run(seed, story)
    bug = canaries.BY_NAME[canary]
    with bug.plant():
        return run(seed, story, bug.knobs(seed))


def soak(
    seeds: Sequence[int],
    processes: int,
    canary: str = "",
    story: bool = False,
    digests: bool = False,
) -> bool:
    """Run them all and tell; True if no seed had a problem."""
    began, busy = time.monotonic(), time.process_time()
    work = [(seed, canary, story) for seed in seeds]
    total: Counter[str] = Counter()
    failed: list[int] = []
    operations, virtual, slowest = 0, 0.0, 0.0
    for number, outcome in enumerate(_outcomes(work, processes), 1):
        if number % PROGRESS == 0:
            rate = number / (time.monotonic() - began)
            print(f"{number} seeds, {len(failed)} failed, {rate:.1f} seeds/s", flush=True)
        operations += outcome.operations
        virtual += outcome.virtual_seconds
        slowest = max(slowest, outcome.converged_in)
        total.update(outcome.seen)
        if outcome.problems:
            failed.append(outcome.seed)
        _tell(outcome, story, digests)
    took = time.monotonic() - began
    cpu = f", {(time.process_time() - busy) / len(seeds):.3f} s CPU a seed" * (processes == 1)
    print(f"rare and other events in {len(seeds)} seeds:")
    for what, count in sorted(total.items()):
        print(f"  {count:>9} {what}")
    for what in coverage.never(total):
        print(f"  never: {what}")
    print(
        f"{len(seeds)} seeds, {len(failed)} failed {failed[:20]}, "
        f"{operations} answered operations, {virtual / 3600:.2f} simulated hours in "
        f"{took:.0f} s ({len(seeds) / took:.1f} seeds/s{cpu}), slowest convergence {slowest:.2f} s"
    )
    return not failed


def _outcomes(work: Sequence[tuple[int, str, bool]], processes: int) -> Iterable[Outcome]:
    if processes <= 1:
        yield from map(one, work)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(one, work, CHUNK)


def _tell(outcome: Outcome, story: bool, digests: bool) -> None:
    if digests:
        print(f"seed {outcome.seed} digest {outcome.digest}")
    if story:
        print("\n".join("  " + line for line in outcome.story))
    if outcome.problems:
        print(f"seed {outcome.seed} FAILED")
        print("\n".join("  " + line for line in outcome.problems))
        print(
            f"  replay: python -m tests.simulation --store --seed {outcome.seed} --story",
            flush=True,
        )
