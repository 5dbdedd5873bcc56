"""Memberships: the history a log holds, and that a change never makes two disjoint majorities."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.raft.memberships import (
    Memberships,
    joint,
    kind_of,
    names_of,
    promoted,
    removed,
    settled,
    tenure_of,
    with_learner,
)
from cluster.raft.messages import Entry, Membership, membership_entry, membership_of
from cluster.raft.quorum import Quorum

OLD = Membership(("a", "b", "c"))
NAMES = "abcdef"

# A change: what to do, to whom, and a set of names for replace.
Changes = st.lists(
    st.tuples(
        st.sampled_from(("add", "promote", "remove", "replace")), st.sampled_from(NAMES)
    ).flatmap(
        lambda pair: st.tuples(st.just(pair[0]), st.just(pair[1]), st.sets(st.sampled_from(NAMES)))
    ),
    max_size=12,
)


def changed(
    present: Membership, action: str, name: str, wanted: set[str], index: int
) -> Membership:
    """The next membership, the present one if that change makes no sense."""
    kind = kind_of(present, name)
    if action == "add" and not kind:
        return with_learner(present, name, index)
    if action == "promote" and kind == "learner":
        return promoted(present, name)
    if action == "remove" and kind and present.voters != (name,):
        return removed(present, name)
    known = {*present.voters, *present.learners}
    if action == "replace" and wanted and wanted <= known:
        return joint(present, wanted)
    return present


def history(changes: list[tuple[str, str, set[str]]]) -> list[Membership]:
    """All memberships in force one after the other; a joint one is settled before the next."""
    found = [OLD]
    for index, (action, name, wanted) in enumerate(changes, 1):
        found.append(changed(found[-1], action, name, wanted, index))
        if found[-1].outgoing:
            found.append(settled(found[-1]))
    return found


def quorums(membership: Membership) -> list[set[str]]:
    """Every set of members that is one."""
    names = names_of(membership)
    sets = [set(some) for size in range(len(names) + 1) for some in combinations(names, size)]
    return [some for some in sets if Quorum(membership).has(some)]


@given(Changes)
def test_any_two_quorums_of_consecutive_memberships_share_a_member(
    changes: list[tuple[str, str, set[str]]],
) -> None:
    memberships = history(changes)
    for before, after in pairwise(memberships):
        for one in quorums(before):
            assert all(one & other for other in quorums(after)), (before, after)


@given(Changes)
def test_names_are_sorted_and_in_one_place_and_tenures_are_of_members(
    changes: list[tuple[str, str, set[str]]],
) -> None:
    for membership in history(changes):
        for group in (membership.voters, membership.outgoing, membership.learners):
            assert list(group) == sorted(set(group))
        assert membership.voters, "somebody always votes"
        assert not set(membership.learners) & {*membership.voters, *membership.outgoing}
        assert {name for name, _ in membership.tenures} <= set(names_of(membership))
        entry = membership_entry(1, 1, membership)
        assert membership_of(entry) == membership


@given(Changes, st.integers(1, 14), st.integers(0, 14))
def test_history_survives_truncation_and_compaction(
    changes: list[tuple[str, str, set[str]]], cut: int, base: int
) -> None:
    """What is in force at an index does not depend on what came after, or on what was dropped."""
    told = [
        membership_entry(index, 1, membership) for index, membership in enumerate(history(changes))
    ][1:]
    whole, touched = Memberships(OLD), Memberships(OLD)
    whole.take(told)
    touched.take(told)
    touched.truncate(cut)
    base = min(base, cut - 1)
    touched.compact(base)
    for index in range(base, cut):
        assert touched.at(index) == whole.at(index)
    assert touched.current == whole.at(cut - 1)
    touched.take(entry for entry in told if entry.index >= cut)
    assert touched.current == whole.current


def test_who_comes_in_again_has_a_later_tenure() -> None:
    once = with_learner(OLD, "d", 7)
    again = with_learner(removed(once, "d"), "d", 9)
    assert (tenure_of(once, "d"), tenure_of(again, "d"), tenure_of(again, "a")) == (7, 9, 0)
    assert tenure_of(removed(again, "d"), "d") == 0


def test_promotion_and_joint_changes_keep_the_tenure() -> None:
    once = with_learner(OLD, "d", 7)
    assert tenure_of(promoted(once, "d"), "d") == 7
    assert tenure_of(settled(joint(once, ("a", "d"))), "d") == 7


def test_kinds() -> None:
    both = joint(with_learner(with_learner(OLD, "d", 4), "e", 5), ("a", "d"))
    kinds = {name: kind_of(both, name) for name in "abcdex"}
    assert kinds == {
        "a": "voter",
        "b": "leaving",
        "c": "leaving",
        "d": "voter",
        "e": "learner",
        "x": "",
    }


def test_an_entry_that_is_no_membership_is_refused() -> None:
    with pytest.raises(ValueError, match="entry 3 is no membership"):
        membership_of(Entry(3, 1, b"\xc1"))


def test_commands_do_not_count() -> None:
    memberships = Memberships(OLD)
    memberships.take([Entry(1, 1, b"x"), membership_entry(2, 1, removed(OLD, "c"))])
    assert (memberships.changed_at, memberships.at(1), len(memberships.changes)) == (2, OLD, 1)
