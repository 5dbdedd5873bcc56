"""Whole clusters from seeds: nothing lost, one leader per term, watches whole, pods as desired."""

import os
import subprocess
import sys

import pytest

from tests.simulation.authority import simulated_authority
from tests.simulation.scenario import run

SEEDS = int(os.environ.get("STEERSMAN_SEEDS", "50"))
pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
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
