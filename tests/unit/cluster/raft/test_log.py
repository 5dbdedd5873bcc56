"""The log in memory: merging, compaction, snapshots."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.raft.log import RaftLog
from cluster.raft.messages import Entry, SnapshotMeta
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
