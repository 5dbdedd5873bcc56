"""How many examples: a fixed few for the test command, many new ones for a soak."""

import os

import hypothesis

SCALE = int(os.environ.get("STEERSMAN_FUZZ_SCALE", "1"))
SOAK = SCALE > 1


def examples(count: int) -> hypothesis.settings:
    """``count`` of them where all tests run, the same ones each time; many times that in a soak."""
    return hypothesis.settings(
        max_examples=count * SCALE,
        derandomize=not SOAK,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
