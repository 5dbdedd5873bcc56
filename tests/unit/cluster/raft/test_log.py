"""The log in memory: merging, compaction, snapshots."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.raft.log import RaftLog
from cluster.raft.memberships import with_learner
from cluster.raft.messages import Entry, Membership, SnapshotMeta, membership_entry
from tests.unit.cluster.raft.paper import log_of


def test_a_log_with_a_hole_is_refused() -> None:
    with pytest.raises(ValueError, match="where 2 belongs"):
        RaftLog([Entry(1, 1, b""), Entry(3, 1, b"")])
    with pytest.raises(ValueError, match="starts at 5"):
        RaftLog([Entry(5, 1, b"")], SnapshotMeta(3, 1))


def test_entries_that_the_snapshot_covers_are_left_out() -> None:
    log = RaftLog(log_of(1, 1, 2, 2), SnapshotMeta(3, 2))
    assert [entry.index for entry in log.entries] == [4]
    assert (log.last_index, log.commit, log.term_at(3), log.term_at(2)) == (4, 3, 2, None)


def test_slices_keep_both_bounds_but_make_progress() -> None:
    log = RaftLog([Entry(i, 1, bytes(10)) for i in range(1, 6)])
    assert len(log.slice(1, 3, 1000)) == 3
    assert len(log.slice(1, 9, 25)) == 2
    assert len(log.slice(1, 9, 1)) == 1
    assert log.slice(6, 9, 9) == ()


def test_compaction_keeps_some_entries_before_the_snapshot() -> None:
    log = RaftLog(log_of(1, 1, 2, 2, 3))
    log.commit = 5
    log.snapshot_taken(4, keep=2)
    assert (log.base_index, log.base_term, log.snapshot_index, log.snapshot.term) == (2, 1, 4, 2)
    log.snapshot_taken(3, keep=0)
    assert log.snapshot_index == 4


def test_a_truncation_takes_back_what_counts_as_durable() -> None:
    log = RaftLog(log_of(1, 1, 1))
    log.merge([Entry(2, 2, b"")])
    assert (log.persisted, log.handed, log.epoch) == (1, 1, 1)
    assert log.take_unhanded() == (Entry(2, 2, b""),)
    log.mark_persisted(3, epoch=0)
    assert log.persisted == 1


def test_an_installed_snapshot_takes_the_place_of_the_log() -> None:
    log = RaftLog(log_of(1, 1, 2, 2))
    log.install(SnapshotMeta(3, 9))
    assert log.entries == [] and log.last_index == 3 and log.persisted == 0
    log.mark_persisted(3, log.epoch)
    assert log.persisted == 3 and log.commit == 3


Terms = st.lists(st.integers(1, 4), max_size=12).map(sorted)


@given(Terms, Terms)
def test_both_sides_skipping_terms_never_skip_a_match(mine: list[int], theirs: list[int]) -> None:
    """Where logs part is found, and never below: entries that match are kept."""
    leader, follower = RaftLog(log_of(*mine)), RaftLog(log_of(*theirs))
    agreed = 0
    for index in range(1, min(len(mine), len(theirs)) + 1):
        if mine[:index] != theirs[:index]:
            break
        agreed = index
    prev = leader.last_index
    rounds = 0
    while not follower.matches(prev, leader.term_at(prev) or 0):
        hint = follower.last_not_above(prev, leader.term_at(prev) or 0)
        found, _ = leader.last_not_above(*hint)
        assert min(prev - 1, found) < prev
        prev = min(prev - 1, found)
        rounds += 1
    assert prev >= agreed or mine[:prev] == theirs[:prev]
    assert rounds <= 9


@given(Terms, Terms, st.data())
def test_merging_makes_the_logs_equal_up_to_there_and_never_cuts_a_match(
    mine: list[int], theirs: list[int], data: st.DataObject
) -> None:
    """Whatever part of the leader's log comes, in whatever order and however often."""
    leader, follower = RaftLog(log_of(*theirs)), RaftLog(log_of(*mine))
    for _ in range(data.draw(st.integers(1, 4))):
        first = data.draw(st.integers(1, len(theirs) + 1))
        count = data.draw(st.integers(0, len(theirs)))
        if not follower.matches(first - 1, leader.term_at(first - 1) or 0):
            continue
        part = leader.slice(first, count, 1 << 20)
        before = list(follower.entries)
        conflict = any(follower.term_at(e.index) not in (None, e.term) for e in part)
        follower.merge(part)
        assert leader.entries[: first - 1 + len(part)] == [
            *leader.entries[: first - 1],
            *follower.entries[first - 1 : first - 1 + len(part)],
        ]
        if not conflict:
            assert follower.entries[: len(before)] == before
        assert follower.persisted <= follower.last_index and follower.handed <= follower.last_index


@given(Terms, st.integers(0, 12), st.integers(0, 12), st.integers(0, 5))
def test_compaction_changes_nothing_that_is_kept(
    terms: list[int], commit: int, at: int, keep: int
) -> None:
    log, whole = RaftLog(log_of(*terms)), RaftLog(log_of(*terms))
    log.commit = min(commit, log.last_index)
    log.snapshot_taken(min(at, log.commit), keep)
    assert log.last_index == whole.last_index and log.last_term == whole.last_term
    for index in range(log.base_index, log.last_index + 1):
        assert log.term_at(index) == whole.term_at(index)
    assert log.base_index <= log.snapshot_index <= log.commit


def test_a_batch_is_remembered_until_the_log_changes() -> None:
    """Peers are mostly sent the same."""
    log = RaftLog(log_of(1, 1, 1))
    first = log.batch(1, 9, 999)
    assert log.batch(1, 9, 999) is first and first[1] == 9
    log.append(Entry(4, 1, b"x"))
    assert len(log.batch(1, 9, 999)[0]) == 4
    log.merge([Entry(4, 2, b"y")])
    assert log.batch(1, 9, 999)[0][-1].term == 2


def test_the_log_knows_the_membership_at_each_index() -> None:
    """It goes with truncation, and stays with compaction."""
    founders = Membership(("a", "b"))
    change = membership_entry(3, 1, with_learner(founders, "c", 3))
    log = RaftLog([*log_of(1, 1), change, *log_of(1, first=4)], SnapshotMeta(0, 0, founders))
    assert log.memberships.current.learners == ("c",) and log.memberships.at(2) == founders
    log.commit = 4
    log.snapshot_taken(4, keep=0)
    assert log.snapshot.membership.learners == ("c",) == log.memberships.current.learners
    log.install(SnapshotMeta(9, 2, founders))
    assert log.memberships.current == founders
