"""Planted bugs that the checkers must find with seed 1: else a green run means nothing.

The slower ones by hand: python -m tests.simulation --canary vote_not_persisted --seeds 20
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.simulation import canaries
from tests.simulation.authority import simulated_authority
from tests.simulation.scenario import run, run_with_identities

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize(
    "canary",
    [canaries.stale_reads, canaries.watch_drops_an_event, canaries.pods_created_twice],
    ids=lambda canary: canary.__name__,
)
def test_the_checkers_find_it(canary: Callable[[], Any]) -> None:
    with canary():
        outcome = run(1, simulated_authority())
    assert outcome.problems, f"{canary.__doc__} Nobody noticed."


def test_the_checkers_find_two_pods_of_one_identity() -> None:
    with canaries.pods_deleted_by_force():
        outcome = run_with_identities(1, simulated_authority())
    assert any(text.startswith("one live pod per identity") for text in outcome.problems)
