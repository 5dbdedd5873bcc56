"""Numbers over time."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.chaos import series
from cluster.chaos.observations import Survey
from tests.unit.cluster.chaos.checkers.test_pods import seen


def test_rates_and_percentiles_by_step() -> None:
    moments = [0.5, 1.5, 1.6, 9.0, -1.0]
    assert series.rates(moments, 0.0, 3.0, 1.0) == [1.0, 2.0, 0.0]
    items = [(0.1, 5.0), (0.2, 1.0), (0.3, 9.0), (2.5, 4.0)]
    assert series.percentiles(items, 0.5, 0.0, 3.0, 1.0) == [5.0, None, 4.0]


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0.01, 1.0))
def test_a_percentile_is_one_of_the_values_and_enough_lie_below(
    values: list[float], share: float
) -> None:
    found = series.percentile(values, share)
    assert found in values
    assert found is not None
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


@given(st.floats(0.1, 1e6))
def test_a_plot_has_few_points(seconds: float) -> None:
    assert seconds / series.step_for(seconds) <= series.POINTS_MAX + 1


def test_pods_seen_count_a_moment_more() -> None:
    looks = [Survey(at, (seen(),), ()) for at in (0.5, 3.2)]
    looks.append(Survey(3.4, (), ()))
    assert series.ready_pods(looks, "web", 0.0, 8.0, 1.0) == [
        1.0, 1.0, 1.0, 0.0, 0.0, 0.0, None, None,
    ]  # fmt: skip
