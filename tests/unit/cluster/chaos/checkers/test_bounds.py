"""Gaps and failed requests over their bounds, planted."""

import pytest

from cluster.chaos.checkers import bounds
from cluster.chaos.observations import Visit


def test_the_longest_gap() -> None:
    assert bounds.longest_gap([1.0, 2.0, 5.0], 0.0, 6.0) == (3.0, 2.0)
    assert bounds.longest_gap([], 1.0, 4.0) == (3.0, 1.0)
    assert bounds.longest_gap([5.0], 0.0, 20.0) == (15.0, 5.0), "to the end"
    assert bounds.longest_gap([-5.0, 90.0], 0.0, 4.0) == (4.0, 0.0), "outside counts nothing"


def test_a_gap_over_its_bound() -> None:
    assert bounds.gap("write gap", [1.0, 3.0], 0.0, 4.0, 2.0) == []
    assert bounds.gap("write gap", [1.0, 3.5], 0.0, 4.0, 0.0) == [], "no bound"
    (found,) = bounds.gap("write gap", [1.0, 3.5], 0.0, 4.0, 2.0)
    assert found.at == 3.0
    assert "2.50 s" in found.text


def test_failed_requests_by_service() -> None:
    good = [Visit("web", 1.0, 1.1)] * 9
    bad = Visit("web", 2.0, 3.0, "timeout")
    assert bounds.failed_share([*good, bad]) == pytest.approx(0.1)
    assert bounds.failed_requests([*good, bad], 0.1) == []
    other = Visit("api", 2.0, 3.0, "refused")
    (found,) = bounds.failed_requests([*good, bad, other], 0.1)
    assert found.subject == "service/api"
    assert bounds.failed_requests([*good, bad, other], 0.0) == [], "no bound"
