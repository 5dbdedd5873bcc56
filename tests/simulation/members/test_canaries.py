"""Planted bugs that the checkers must find within the number of seeds stated beside each."""

import pytest

from tests.simulation.members import canaries
from tests.simulation.members.scenario import run

pytestmark = pytest.mark.timeout(240)


@pytest.mark.parametrize("canary", canaries.BY_NAME.values(), ids=lambda canary: canary.name)
def test_the_checkers_find_it(canary: canaries.Canary) -> None:
    for seed in range(canary.first, canary.first + canary.seeds):
        with canary.plant():
            outcome = run(seed, knobs=canary.knobs(seed))
        if outcome.problems:
            return
    raise AssertionError(f"{canary.name} went unnoticed for {canary.seeds} seeds")
