"""Rolling arithmetic: known values, and rollouts simulated to their end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.controllers.rolling import (
    Bounds,
    SetCounts,
    bounds,
    new_replicas,
    proportional,
    resolve,
    scale_down_old,
)


@pytest.mark.parametrize(
    ("value", "desired", "up", "expected"),
    [
        (2, 10, True, 2),
        ("25%", 10, True, 3),
        ("25%", 10, False, 2),
        ("100%", 7, True, 7),
        ("0%", 7, True, 0),
        ("150%", 4, True, 6),
        (None, 4, True, 1),
        ("3", 10, True, 3),
    ],
)
def test_percent_rounding(value: "int | str | None", desired: int, up: bool, expected: int) -> None:
    assert resolve(value, desired, up) == expected


def test_bounds_always_leave_a_way() -> None:
    assert bounds(10, "25%", "25%") == Bounds(10, 3, 2)
    assert bounds(1, "25%", "25%") == Bounds(1, 1, 0)
    assert bounds(3, 0, 0) == Bounds(3, 0, 1)
    assert bounds(1, "0%", "10%") == Bounds(1, 0, 1)
    assert bounds(2, 1, 5).unavailable == 2
    with pytest.raises(ValueError):
        bounds(3, "many", 0)


def test_the_new_set_grows_into_the_room() -> None:
    limits = Bounds(10, 3, 2)
    assert new_replicas(limits, 0, 10) == 3
    assert new_replicas(limits, 3, 13) == 3
    assert new_replicas(limits, 5, 9) == 9
    assert new_replicas(limits, 12, 12) == 10


def test_broken_old_pods_go_first_and_the_oldest_set_before_others() -> None:
    limits = Bounds(10, 3, 2)
    old = [
        SetCounts("b", 5, available=5, created=2.0),
        SetCounts("a", 5, available=3, created=1.0),
    ]
    assert scale_down_old(limits, old, SetCounts("n", 3, available=0)) == {"a": 3}
    new = SetCounts("n", 3, available=3)
    assert scale_down_old(limits, old, new) == {"a": 0}


def test_nothing_is_taken_while_too_few_are_available() -> None:
    limits = Bounds(4, 1, 0)
    assert scale_down_old(limits, [SetCounts("o", 4, 4)], SetCounts("n", 1, 0)) == {}
    assert scale_down_old(limits, [SetCounts("o", 4, 4)], SetCounts("n", 1, 1)) == {"o": 3}


def test_proportional_scaling_as_documented() -> None:
    """The example of the Deployment page: 10 to 15 with 8 old and 5 new, surge 3."""
    active = [SetCounts("old", 8, 8, 1.0, 13), SetCounts("new", 5, 0, 2.0, 13)]
    assert proportional(Bounds(15, 3, 2), active, 13) == {"old": 11, "new": 7}
    assert proportional(Bounds(0, 0, 0), active, 13) == {"old": 0, "new": 0}


sizes = st.integers(min_value=0, max_value=30)


@given(
    st.lists(sizes, min_size=1, max_size=4),
    st.integers(min_value=0, max_value=40),
    st.integers(min_value=0, max_value=10),
)
def test_proportional_scaling_hits_the_total_unless_one_is_used_up(
    counts: list[int], desired: int, surge: int
) -> None:
    active = [SetCounts(f"s{n}", size, size, float(n)) for n, size in enumerate(counts) if size]
    limits = Bounds(desired, surge, 1)
    result = proportional(limits, active, sum(counts))
    assert all(size >= 0 for size in result.values())
    if active and desired and 0 not in result.values():
        assert sum(result.values()) == limits.total_max
    assert sum(result.values()) >= limits.total_max or not active or not desired


def test_the_largest_gives_what_it_has_and_no_other_pays_for_it() -> None:
    """As in Kubernetes: every other share rounds to nothing, and the rollout takes the rest."""
    active = [SetCounts(f"s{n}", 1, 1, float(n)) for n in range(4)]
    assert proportional(Bounds(1, 1, 1), active, 4) == {"s0": 0, "s1": 1, "s2": 1, "s3": 1}


amount = st.one_of(
    st.integers(min_value=0, max_value=12),
    st.integers(min_value=0, max_value=100).map(lambda percent: f"{percent}%"),
)


@given(
    desired=st.integers(min_value=1, max_value=20),
    surge=amount,
    unavailable=amount,
    steps=st.lists(st.integers(min_value=0, max_value=5), min_size=1, max_size=8),
    olds=st.integers(min_value=1, max_value=3),
)
def test_a_rollout_ends_and_never_leaves_its_bounds(
    desired: int, surge: "int | str", unavailable: "int | str", steps: list[int], olds: int
) -> None:
    """Pods become available a few at a time (``steps``, in turns), and go at once."""
    limits = bounds(desired, surge, unavailable)
    share, extra = divmod(desired, olds)
    old = {f"o{n}": share + (extra if n == 0 else 0) for n in range(olds)}
    new, available = 0, 0
    for turn in range(1000):
        if new == desired and available == desired and not any(old.values()):
            return
        total = new + sum(old.values())
        new = new_replicas(limits, new, total)
        assert new + sum(old.values()) <= limits.total_max
        counts = [
            SetCounts(name, size, size, float(n)) for n, (name, size) in enumerate(old.items())
        ]
        old.update(scale_down_old(limits, counts, SetCounts("n", new, available)))
        assert sum(old.values()) + available >= limits.available_min
        assert all(size >= 0 for size in old.values())
        ready = max(steps[turn % len(steps)], 1 if turn % 7 == 6 else 0)
        available = min(new, available + ready)
    pytest.fail("the rollout did not end")
