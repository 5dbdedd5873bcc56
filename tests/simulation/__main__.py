"""Run seeds by hand.

python -m tests.simulation --seed 17 --story     one seed, with what went wrong when
python -m tests.simulation --seeds 500           a soak; prints seeds per second
python -m tests.simulation --scenario leader-kill-loop --seeds 1000 --processes 2
                                                 a shipped scenario (or a file; or all of them)
python -m tests.simulation --store --seeds 5000  the store's members on a heap of events: fast
python -m tests.simulation --actors --seeds 500  the store alone, as actors
python -m tests.simulation --canary NAME         with a planted bug (see canaries.py): must fail
"""

import argparse
import contextlib
import os
import sys
import time

from tests.simulation import canaries, scenario, scenario_files, soak, store_scenario
from tests.simulation.authority import simulated_authority
from tests.simulation.members import soak as members


def main() -> None:
    """Exits with 1 if any seed has a problem."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, help="run one seed")
    parser.add_argument("--seeds", type=int, default=50, help="run so many seeds")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--story", action="store_true", help="print what the nemesis did")
    parser.add_argument("--store", action="store_true", help="the store's members, fast")
    parser.add_argument("--actors", action="store_true", help="the store alone, as actors")
    parser.add_argument("--identities", action="store_true", help="a StatefulSet with every seed")
    parser.add_argument("--scenario", help="a scenario of deploy/scenarios, a file's path, or all")
    parser.add_argument("--short", type=float, default=0.0, help="seconds of faults, at most")
    parser.add_argument("--processes", type=int, help="with --store or --scenario")
    parser.add_argument("--digests", action="store_true", help="with --store: one a seed")
    parser.add_argument("--canary", help="plant this bug")
    chosen = parser.parse_args()
    if chosen.store or chosen.scenario:
        sys.exit(0 if _soak(chosen) else 1)
    run = store_scenario.run if chosen.actors else scenario.run
    if chosen.identities:
        run = scenario.run_with_identities
    planted = getattr(canaries, chosen.canary) if chosen.canary else contextlib.nullcontext
    seeds = [chosen.seed] if chosen.seed is not None else range(
        chosen.first, chosen.first + chosen.seeds
    )  # fmt: skip
    began, failed, writes, virtual = time.monotonic(), 0, 0, 0.0
    for seed in seeds:
        with planted():
            outcome = run(seed, simulated_authority())
        writes += outcome.writes
        virtual += outcome.virtual_seconds
        failed += bool(outcome.problems)
        print(
            f"seed {seed}: {'FAILED' if outcome.problems else 'ok'}, {outcome.writes} writes, "
            f"{outcome.virtual_seconds:.1f} virtual s, trace {outcome.digest}", flush=True,
        )  # fmt: skip
        if chosen.story or outcome.problems:
            print("\n".join("  " + line for line in outcome.story + outcome.problems))
    took = time.monotonic() - began
    print(
        f"{len(seeds)} seeds, {failed} failed, {writes} acknowledged writes, "
        f"{virtual / 3600:.2f} simulated hours in {took:.0f} s ({len(seeds) / took:.2f} seeds/s)"
    )
    sys.exit(1 if failed else 0)


def _soak(chosen: argparse.Namespace) -> bool:
    one = chosen.seed is not None
    seeds = [chosen.seed] if one else range(chosen.first, chosen.first + chosen.seeds)
    canary = chosen.canary or ""
    if chosen.store:
        processes = 1 if one else chosen.processes or os.cpu_count() or 1
        return members.soak(list(seeds), processes, canary, chosen.story, chosen.digests)
    named = scenario_files.shipped() if chosen.scenario == "all" else [chosen.scenario]
    processes = 1 if one else chosen.processes or 1
    return soak.soak(named, seeds, processes, canary, chosen.story, chosen.short)


if __name__ == "__main__":
    main()
