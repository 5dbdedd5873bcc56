"""Majorities."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.raft.quorum import has_quorum, majority, quorum_value


def test_majorities() -> None:
    assert [majority(size) for size in (1, 2, 3, 4, 5)] == [1, 2, 2, 3, 3]
    assert has_quorum("abc", ["a", "b"]) and not has_quorum("abcd", ["a", "b"])
    assert not has_quorum("abc", ["a", "x", "y"])
    assert not has_quorum("abc", ["a", "a"])


@given(st.lists(st.integers(0, 9), min_size=1, max_size=7))
def test_a_majority_has_reached_the_value_and_none_a_higher_one(values: list[int]) -> None:
    value = quorum_value(values)
    assert sum(v >= value for v in values) >= majority(len(values))
    assert sum(v > value for v in values) < majority(len(values))
