"""A planted bug that the checkers must find with seed 1: else a green run means nothing. Others:
``test_scenario_files``.

The slower ones by hand: python -m tests.simulation --canary vote_not_persisted --seeds 20
"""

import pytest

from tests.simulation import canaries
from tests.simulation.authority import simulated_authority
from tests.simulation.scenario import run_with_identities

pytestmark = pytest.mark.timeout(120)


def test_the_checkers_find_two_pods_of_one_identity() -> None:
    with canaries.pods_deleted_by_force():
        outcome = run_with_identities(1, simulated_authority())
    assert any(text.startswith("one live pod per identity") for text in outcome.problems)
