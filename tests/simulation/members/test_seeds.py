"""Members from thousands of seeds: what Raft, the store's revisions, watches and leases promise
holds under every fault, and all agree again once a majority is well.

``seeds-members.txt`` names the seeds that once found something: they always run. The seeds run in
shards; the last shard to end looks whether every rare event came up in some seed of any.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.members import coverage
from tests.simulation.members.scenario import run

SEEDS = int(os.environ.get("STEERSMAN_MEMBER_SEEDS", "1000"))
SHARDS = 20
pytestmark = pytest.mark.timeout(240)


def found_before() -> list[int]:
    """One a line, with what it found."""
    lines = (Path(__file__).parent / "seeds-members.txt").read_text().splitlines()
    return [int(line.split()[0]) for line in lines if line and not line.startswith("#")]


ALL = list(dict.fromkeys([*found_before(), *range(1, SEEDS + 1)]))


@pytest.fixture(scope="session")
def tally(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this test run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "members"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.parametrize("shard", range(SHARDS))
def test_seeds(shard: int, tally: Path) -> None:
    seen: Counter[str] = Counter()
    for seed in ALL[shard::SHARDS]:
        outcome = run(seed)
        replay = f"replay: python -m tests.simulation --store --seed {seed} --story"
        assert not outcome.problems, "\n".join([f"seed {seed}", *outcome.problems, replay])
        assert outcome.operations, f"nothing was ever answered; {replay}"
        seen.update(outcome.seen)
        seen["operations"] += outcome.operations
        seen["seeds"] += 1
    _judge(shard, seen, tally)


def _judge(shard: int, seen: Counter[str], tally: Path) -> None:
    """Leave this shard's counts; if all are there, look at their sum."""
    part = tally / f"{shard}.part"
    part.write_text(json.dumps(seen))
    part.rename(tally / f"{shard}.json")
    counts = sorted(tally.glob("*.json"))
    if len(counts) < SHARDS:
        return
    total: Counter[str] = Counter()
    for path in counts:
        total.update(json.loads(path.read_text()))
    if total["seeds"] >= 1000:
        assert not coverage.never(total), f"never happened in {total['seeds']} seeds"
        assert total["operations"] >= 100 * total["seeds"], "too few operations a seed"


def test_the_same_seed_gives_the_same_run() -> None:
    """In two processes with different hash seeds."""
    digests = []
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--store", "--first", "7", "--seeds", "3",
             "--processes", "1", "--digests"],
            capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        digests.append([line for line in done.stdout.splitlines() if "digest" in line])
    assert len(digests[0]) == 3
    assert digests[0] == digests[1]
