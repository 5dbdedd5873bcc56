"""A soak: the same tests with new random requests, for as long as wanted.

python -m tests.fuzz --minutes 30             all rows, each round with a seed of its own
python -m tests.fuzz --minutes 5 --only paths one row: bodies, patches, queries, headers, paths,
                                              slow_clients, openapi
python -m tests.fuzz --seed 17                the round of that seed again
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
# Times the examples of the test command, in each round.
SCALE = 10


def round_of(seed: int, only: str) -> bool:
    """One round in a process of its own, so that a hang or a crash ends no more than it."""
    target = HERE / f"test_{only}.py" if only else HERE
    command = [sys.executable, "-m", "pytest", "-q", str(target), f"--hypothesis-seed={seed}"]
    environment = {**os.environ, "STEERSMAN_FUZZ_SCALE": str(SCALE)}
    done = subprocess.run(
        [*command, "-o", "timeout=1200"], env=environment, cwd=HERE.parent.parent, check=False
    )
    return done.returncode == 0


def main() -> None:
    """Exits with 1 at the first round that fails; its seed is printed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--minutes", type=float, default=10.0, help="begin no round after these")
    parser.add_argument("--seed", type=int, help="run the one round of this seed")
    parser.add_argument("--only", default="", help="one row, as paths")
    chosen = parser.parse_args()
    ends = time.monotonic() + 60 * chosen.minutes
    seed = chosen.seed if chosen.seed is not None else time.time_ns() % 1_000_000_000
    while True:
        began = time.monotonic()
        well = round_of(seed, chosen.only)
        took = time.monotonic() - began
        print(f"seed {seed}: {'ok' if well else 'FAILED'}, {took:.0f} s", flush=True)
        if not well:
            sys.exit(1)
        if chosen.seed is not None or time.monotonic() >= ends:
            return
        seed += 1


if __name__ == "__main__":
    main()
