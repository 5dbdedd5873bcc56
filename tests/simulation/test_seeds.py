"""Whole clusters from seeds: nothing lost, one leader per term, watches whole, all as desired.

``seeds.txt`` names the seeds that once found something: they always run.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.authority import simulated_authority
from tests.simulation.scenario import run

SEEDS = int(os.environ.get("STEERSMAN_SEEDS", "8"))
pytestmark = pytest.mark.timeout(120)


def found_before() -> list[int]:
    """The seeds of ``seeds.txt``: one a line, with what it found."""
    lines = (Path(__file__).parent / "seeds.txt").read_text().splitlines()
    return [int(line.split()[0]) for line in lines if line and not line.startswith("#")]


ALL = list(dict.fromkeys([*found_before(), *range(1, SEEDS + 1)]))


@pytest.mark.parametrize("seed", ALL)
def test_seed(seed: int) -> None:
    outcome = run(seed, simulated_authority())
    replay = f"replay: python -m tests.simulation --seed {seed} --story"
    assert not outcome.problems, "\n".join([*outcome.story, *outcome.problems, replay])
    assert outcome.writes > 50, f"the run did too little to mean anything; {replay}"


def test_the_same_seed_gives_the_same_trace() -> None:
    """In two processes with different hash seeds."""
    digests = []
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--seed", "7"],
            capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        digests.append(done.stdout.partition("trace ")[2].split()[0])
    assert digests[0] == digests[1]
