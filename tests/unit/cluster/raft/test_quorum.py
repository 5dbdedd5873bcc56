"""Majorities."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.raft.messages import Membership
from cluster.raft.quorum import Quorum, majority, quorum_value


def quorum(voters: str, outgoing: str = "") -> Quorum:
    return Quorum(Membership(tuple(voters), tuple(outgoing)))


def test_majorities() -> None:
    assert [majority(size) for size in (1, 2, 3, 4, 5)] == [1, 2, 2, 3, 3]
    assert quorum("abc").has(["a", "b"]) and not quorum("abcd").has(["a", "b"])
    assert not quorum("abc").has(["a", "x", "y"])
    assert not quorum("abc").has(["a", "a"])
    assert not quorum("").has(["a"])


def test_a_joint_quorum_is_one_of_both() -> None:
    both = quorum("abc", "cde")
    assert both.has(["a", "b", "d", "e"]) and both.has("bcd")
    assert not both.has(["a", "b", "c"]) and not both.has(["c", "d", "e"])
    assert both.out_of_reach(["d", "e"]) and not both.out_of_reach(["a", "e"])
    assert both.value({"a": 9, "b": 8, "c": 1, "d": 3, "e": 2}) == 2
    assert both.names == ("a", "b", "c", "d", "e")


@given(st.lists(st.integers(0, 9), min_size=1, max_size=7))
def test_a_majority_has_reached_the_value_and_none_a_higher_one(values: list[int]) -> None:
    value = quorum_value(values)
    assert sum(v >= value for v in values) >= majority(len(values))
    assert sum(v > value for v in values) < majority(len(values))


Groups = st.tuples(
    st.sets(st.sampled_from("abcdef"), min_size=1), st.sets(st.sampled_from("abcdef"))
)


@given(Groups, st.sets(st.sampled_from("abcdefx")))
def test_out_of_reach_is_what_the_others_cannot_make_up_for(
    groups: tuple[set[str], set[str]], refusers: set[str]
) -> None:
    both = quorum("".join(sorted(groups[0])), "".join(sorted(groups[1])))
    assert both.out_of_reach(refusers) == (not both.has(set(both.names) - refusers))


@given(Groups, st.lists(st.integers(0, 9), min_size=6, max_size=6))
def test_a_quorum_has_reached_the_value_and_none_a_higher_one(
    groups: tuple[set[str], set[str]], reached: list[int]
) -> None:
    both = quorum("".join(sorted(groups[0])), "".join(sorted(groups[1])))
    of = dict(zip("abcdef", reached, strict=True))
    value = both.value(of)
    assert both.has([name for name in of if of[name] >= value])
    assert not both.has([name for name in of if of[name] > value])
