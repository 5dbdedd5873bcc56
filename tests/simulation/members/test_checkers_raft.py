"""The Raft checker is fed bad histories: it must refuse each, and nothing else."""

import pytest

from tests.simulation.members.checkers.raft import RaftChecker, Violation, has_majority

THREE = [("a", "b", "c")]


def agreed(*terms: int) -> RaftChecker:
    """Entries 1, 2, ... of these terms, handed out and durable at a and b, applied at a."""
    checker = RaftChecker()
    facts = [(index, term, b"%d" % index) for index, term in enumerate(terms, 1)]
    for name in ("a", "b"):
        checker.handed(name, False, 0, facts)
        checker.durable(name, facts)
    for fact in facts:
        checker.applied("a", fact[1], fact, mark=fact[0])
    return checker


def test_majorities() -> None:
    assert has_majority("abc", "ab") and not has_majority("abcd", "ab")


def test_a_second_vote_in_a_term() -> None:
    checker = RaftChecker()
    checker.voted("a", 1, "b")
    checker.voted("a", 1, "b")
    checker.voted("a", 2, "c")
    with pytest.raises(Violation, match="voted for b and c"):
        checker.voted("a", 1, "c")


def test_two_leaders_of_a_term() -> None:
    checker = RaftChecker()
    for voter in "ab":
        checker.voted(voter, 1, "a")
    checker.leads("a", 1, 1, THREE, [1], 0)
    with pytest.raises(Violation, match="leaders a and b"):
        checker.leads("b", 1, 1, THREE, [1], 0)


def test_a_leader_without_a_majority_of_every_group() -> None:
    checker = RaftChecker()
    for voter in "ab":
        checker.voted(voter, 1, "a")
    with pytest.raises(Violation, match="with votes of"):
        checker.leads("a", 1, 1, [("a", "b", "c"), ("c", "d", "e")], [1], 0)


def test_a_leader_that_lacks_a_committed_entry() -> None:
    checker = agreed(1, 1)
    for voter in "bc":
        checker.voted(voter, 2, "c")
    with pytest.raises(Violation, match="lacks committed entry 2"):
        checker.leads("c", 1, 2, THREE, [1, 2], 0)


def test_a_leader_of_an_older_term_may_lack_what_was_committed_later() -> None:
    checker = agreed(1, 3)
    for voter in "bc":
        checker.voted(voter, 2, "c")
    checker.leads("c", 1, 2, THREE, [1, 2], 0)


def test_same_index_and_term_but_another_entry() -> None:
    checker = agreed(1)
    with pytest.raises(Violation, match="differs from another's"):
        checker.handed("c", False, 0, [(1, 1, b"other")])


def test_same_entry_after_another_one() -> None:
    checker = agreed(1, 2)
    with pytest.raises(Violation, match="differs from another's"):
        checker.handed("c", False, 0, [(2, 2, b"2")])


def test_a_leader_that_overwrites() -> None:
    checker = agreed(1, 1)
    with pytest.raises(Violation, match="overwrites"):
        checker.handed("a", True, 1, [(2, 2, b"new")])
    checker.handed("b", False, 1, [(2, 2, b"new")])


def test_a_restart_that_forgets_its_term_its_vote_or_its_log() -> None:
    for term, vote, entries, wrong in (
        (1, "", [(1, 1), (2, 1)], "starts again in 1"),
        (2, "", [(1, 1), (2, 1)], "starts with ''"),
        (2, "c", [(1, 1)], "starts again with 1"),
    ):
        checker = agreed(1, 1)
        checker.promise("a", 1, 2)
        checker.promise("a", 2, 0)
        checker.voted("a", 2, "c")
        with pytest.raises(Violation, match=wrong):
            checker.recovered("a", term, vote, 0, entries)
    checker.recovered("a", 2, "c", 0, [(1, 1), (2, 1)])


def test_a_restart_with_entries_that_nobody_wrote() -> None:
    with pytest.raises(Violation, match="nobody wrote"):
        agreed(1).recovered("a", 1, "", 0, [(1, 1), (2, 7)])


def test_what_was_promised_is_void_once_a_leader_replaced_it_or_the_disk_was_wiped() -> None:
    checker = agreed(1, 1)
    checker.promise("b", 1, 2)
    checker.handed("b", False, 1, [(2, 2, b"new")])
    checker.recovered("b", 2, "", 0, [(1, 1)])
    checker.wiped("b")
    checker.recovered("b", 0, "", 0, [])


def test_commitment_needs_every_group_durably_and_the_own_term() -> None:
    checker = agreed(1, 1)
    checker.committed("a", 1, 2, 1, THREE)
    with pytest.raises(Violation, match="hold it durably"):
        checker.committed("a", 1, 2, 1, [*THREE, ("c", "d", "a")])
    with pytest.raises(Violation, match="by count"):
        checker.committed("a", 2, 2, 1, THREE)


def test_what_a_leader_believes_of_its_peers() -> None:
    checker = agreed(1, 1)
    checker.matched("a", 1, "b", 2, 1, before=1)
    checker.matched("a", 1, "c", 0, 0, before=0)
    for peer, index, term, before, wrong in (
        ("b", 1, 1, 2, "back from 2 to 1"),
        ("b", 3, 1, 0, "not so"),
        ("b", 2, 2, 0, "not so"),
        ("c", 1, 1, 0, "not so"),
    ):
        with pytest.raises(Violation, match=wrong):
            checker.matched("a", 1, peer, index, term, before)
    for voter in "bc":
        checker.voted(voter, 2, "b")
    checker.leads("b", 1, 2, THREE, [1, 1, 2], 0)
    checker.matched("a", 1, "b", 3, 1, before=2)


def test_a_read_round_counts_only_if_it_was_heard_in_that_office() -> None:
    checker = RaftChecker()
    checker.heard_round("a", 2, "b", 7)
    checker.round_answered("a", 2, "b", 7)
    for term, number in ((2, 8), (3, 1)):
        with pytest.raises(Violation, match="it heard"):
            checker.round_answered("a", term, "b", number)


def test_another_entry_or_another_state_at_an_index() -> None:
    with pytest.raises(Violation, match="another entry"):
        agreed(1).applied("c", 2, (1, 2, b"1"), mark=1)
    with pytest.raises(Violation, match="another state"):
        agreed(1).applied("c", 1, (1, 1, b"1"), mark=9)
    with pytest.raises(Violation, match="known is up to 1"):
        agreed(1).applied("c", 1, (3, 1, b"3"), mark=3)


def test_terms_that_fall_along_the_log() -> None:
    checker = agreed(1, 3)
    with pytest.raises(Violation, match="after one of 3"):
        checker.applied("a", 3, (3, 2, b"3"), mark=3)


def test_a_snapshot_of_what_is_not_committed() -> None:
    checker = agreed(1, 1)
    with pytest.raises(Violation, match="not committed"):
        checker.installed("c", 3, 1)
    with pytest.raises(Violation, match="with term 2"):
        checker.installed("c", 2, 2)
    checker.installed("c", 2, 1)
    assert checker.held["c"].holds(1, 1)
