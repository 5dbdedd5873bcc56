"""Figure 2 of the Raft paper, sentence by sentence, and the thesis' additions."""

import pytest

from cluster.errors import NotLeader
from cluster.raft.messages import (
    AppendRequest,
    AppendResponse,
    Entry,
    HardState,
    SnapshotMeta,
    SnapshotRequest,
    SnapshotResponse,
    TimeoutNow,
    VoteRequest,
    VoteResponse,
)
from tests.unit.cluster.raft.paper import Server, log_of

# -- AppendEntries, receiver ----------------------------------------------------------------------


def test_reply_false_if_term_is_old() -> None:
    rig = Server(term=5)
    answer = rig.appended((0, 0), term=4)
    assert not answer.accepted and answer.term == 5


def test_reply_false_if_log_has_no_entry_at_prev_index_with_prev_term() -> None:
    rig = Server((1, 1))
    assert not rig.appended((3, 1), term=2).accepted
    assert not rig.appended((2, 2), term=2).accepted
    assert rig.appended((2, 1), term=2).accepted


def test_a_conflicting_entry_and_all_that_follow_are_deleted() -> None:
    rig = Server((1, 1, 1))
    answer = rig.appended((1, 1), [Entry(2, 2, b"new")], term=2)
    assert answer.accepted and answer.index == 2
    assert [(e.index, e.term) for e in rig.member.log.entries] == [(1, 1), (2, 2)]


def test_entries_already_there_are_kept_and_what_follows_them_too() -> None:
    """A delayed, shorter append must not cut what a later one added (raftos D5, openraft)."""
    rig = Server()
    rig.appended((0, 0), log_of(1, 1, 1, 1), term=1)
    assert rig.appended((0, 0), log_of(1, 1), term=1).index == 2
    assert rig.appended((0, 0), (), term=1).index == 0
    assert rig.member.log.last_index == 4


def test_commit_is_the_leaders_but_never_beyond_what_this_message_verified() -> None:
    rig = Server((1, 1, 1))
    rig.appended((1, 1), (), term=2, commit=3)
    assert rig.member.commit == 1
    rig.appended((1, 1), [Entry(2, 1, b"1.2")], term=2, commit=9)
    assert rig.member.commit == 2
    assert [entry.index for entry in rig.applied] == [1, 2]


def test_a_committed_entry_is_never_truncated() -> None:
    rig = Server((1, 1))
    rig.appended((2, 1), (), term=1, commit=2)
    with pytest.raises(AssertionError, match="committed"):
        rig.member.log.merge([Entry(2, 3, b"x")])


# -- RequestVote, receiver ------------------------------------------------------------------------


def test_no_vote_in_an_old_term() -> None:
    answer = Server(term=5).asked(4)
    assert answer is not None and not answer.granted and answer.term == 5


def test_one_vote_per_term_first_come_first_served_and_repeatable() -> None:
    rig = Server()
    first, again, other = rig.asked(1), rig.asked(1), rig.asked(1, sender="c")
    assert first and first.granted
    assert again and again.granted, "a lost answer must be repeatable (nebula #2419)"
    assert other and not other.granted
    later = rig.asked(2, sender="c")
    assert later and later.granted


def test_a_vote_needs_a_log_at_least_as_up_to_date() -> None:
    for last, granted in [((2, 2), True), ((9, 1), False), ((1, 2), False), ((1, 3), True)]:
        answer = Server((1, 2)).asked(5, last)
        assert answer is not None and answer.granted == granted, last


def test_term_and_vote_are_one_durable_record_before_the_vote_leaves() -> None:
    """Written in two steps, a crash between gives a second vote (hashicorp/raft #661)."""
    rig = Server()
    rig.member.step(VoteRequest("b", "a", 7, 0, 0), rig.now)
    ready = rig.member.ready()
    assert ready is not None and ready.hard_state == HardState(7, "b")
    assert not ready.send_now
    assert [type(m) for m in ready.send_after_persist] == [VoteResponse]


def test_a_vote_survives_restart_and_step_down() -> None:
    """A vote erased by either lets two leaders win a term (redpanda, raftos D1, D2)."""
    rig = Server(term=3, vote="c")
    answer = rig.asked(3, sender="b")
    assert answer and not answer.granted
    rig = Server(term=3, vote="a")
    rig.appended((0, 0), term=3, sender="c")
    assert rig.member.state.vote == "a"


# -- rules for servers ----------------------------------------------------------------------------


def test_committed_entries_are_applied_in_order_once_and_only_when_durable_here() -> None:
    rig = Server()
    rig.member.step(AppendRequest("b", "a", 1, 0, 0, tuple(log_of(1, 1)), 2), rig.now)
    ready = rig.member.ready()
    assert ready is not None and rig.member.commit == 2 and not ready.committed
    rig.member.advance(ready)
    rig.drain()
    assert [entry.index for entry in rig.applied] == [1, 2]


def test_a_higher_term_makes_anyone_a_follower_of_it() -> None:
    rig = Server()
    rig.elect()
    rig.step(AppendResponse("b", "a", 9, False, 0))
    assert (rig.member.role, rig.member.term) == ("follower", 9)


def test_a_follower_that_hears_nothing_asks_first_and_leaves_terms_alone() -> None:
    rig = Server((1,))
    sent = rig.pass_time(10)
    assert rig.member.term == 1 and rig.member.role == "pre-candidate"
    assert all(isinstance(m, VoteRequest) and m.pre and m.term == 2 for m in sent)


def test_an_election_raises_the_term_votes_for_itself_and_asks_all() -> None:
    rig = Server((1,))
    rig.now = rig.member.next_deadline()
    rig.member.tick(rig.now)
    rig.drain()
    rig.member.step(VoteResponse("c", "a", 2, True, pre=True), rig.now)
    ready = rig.member.ready()
    assert ready is not None and ready.hard_state == HardState(2, "a")
    assert {m.to for m in ready.send_after_persist} == {"b", "c"}
    assert rig.member.state.votes == {}, "the own vote counts when it is durable"


def test_a_candidate_follows_the_leader_of_its_term() -> None:
    rig = Server()
    rig.now = rig.member.next_deadline()
    rig.member.tick(rig.now)
    rig.drain()
    rig.step(VoteResponse("b", "a", 1, True, pre=True))
    assert rig.member.role == "candidate"
    rig.appended((0, 0), term=1, sender="c")
    assert (rig.member.role, rig.member.leader) == ("follower", "c")


def test_votes_are_a_set_of_voters_and_belong_to_their_term() -> None:
    """Counted, a doubled datagram elects; unmatched, an old vote does (raftos D3, D4)."""
    rig = Server(voters=("a", "b", "c", "d", "e"))
    rig.now = rig.member.next_deadline()
    rig.member.tick(rig.now)
    rig.drain()
    for voter in ("b", "c"):
        rig.step(VoteResponse(voter, "a", 1, True, pre=True))
    assert rig.member.role == "candidate"
    rig.step(VoteResponse("b", "a", 1, True))
    rig.step(VoteResponse("b", "a", 1, True))
    rig.step(VoteResponse("c", "a", 0, True))
    assert rig.member.role == "candidate"
    rig.step(VoteResponse("c", "a", 1, True))
    assert rig.member.role == "leader"


def test_half_of_an_even_cluster_is_no_majority() -> None:
    rig = Server(voters=("a", "b", "c", "d"))
    rig.now = rig.member.next_deadline()
    rig.member.tick(rig.now)
    rig.drain()
    rig.step(VoteResponse("b", "a", 1, True, pre=True))
    assert rig.member.role == "pre-candidate"


def test_a_new_leader_appends_a_no_op_and_sends_it() -> None:
    rig = Server((1,))
    sent = rig.elect()
    assert rig.member.log.entries[-1] == Entry(2, 2, b"")
    appends = [m for m in sent if isinstance(m, AppendRequest)]
    assert {m.to for m in appends} == {"b", "c"}
    assert all((m.prev_index, m.prev_term) == (1, 1) for m in appends)


def test_heartbeats_keep_coming_while_idle() -> None:
    rig = Server()
    rig.elect()
    sent = []
    for _ in range(10):
        for peer in ("b", "c"):
            rig.accept(1, peer)
        sent += rig.pass_time(0.1)
    beats = [m for m in sent if isinstance(m, AppendRequest) and m.to == "b"]
    assert 9 <= len(beats) <= 12 and not any(m.entries for m in beats)


def test_a_leader_commits_when_a_majority_holds_an_entry_of_its_term() -> None:
    rig = Server()
    rig.elect()
    term, index = rig.member.propose(b"x")
    rig.drain()
    assert (term, index) == (1, 2) and rig.member.commit == 0
    rig.accept(2)
    assert rig.member.commit == 2 and rig.applied[-1].data == b"x"


def test_entries_of_earlier_terms_are_not_committed_by_counting() -> None:
    """Paper 5.4.2 and Figure 8 (LogCabin #44)."""
    rig = Server((1, 2))
    rig.elect()
    assert rig.member.term == 3
    rig.accept(2)
    assert rig.member.commit == 0
    rig.accept(3)
    assert rig.member.commit == 3


def test_a_leader_counts_itself_only_when_its_disk_has_it() -> None:
    rig = Server()
    rig.elect()
    rig.accept(1)
    rig.member.propose(b"x")
    ready = rig.member.ready()
    assert ready is not None and any(m.entries for m in ready.send_now), "sent while persisting"
    rig.member.step(AppendResponse("b", "a", 1, True, 2), rig.now)
    assert rig.member.commit == 1
    rig.member.advance(ready)
    assert rig.member.commit == 2


def test_match_never_moves_back_and_answers_of_old_terms_are_ignored() -> None:
    """Raftos D11: an answer of term 1 in term 3 committed what followers did not hold."""
    rig = Server((1, 1))
    rig.elect()
    rig.step(AppendResponse("b", "a", 1, True, 3))
    assert rig.member.commit == 0
    rig.accept(3)
    rig.accept(1)
    assert rig.member.state.progress["b"].match == 3


def test_log_backtracking_takes_a_round_per_term() -> None:
    rig = Server((1,) * 50 + (2,) * 50)
    rig.elect()
    follower = Server((1,) * 50 + (4,) * 70, term=4)
    rounds = 0
    sent = rig.pass_time(0.1)
    append = next(m for m in sent if isinstance(m, AppendRequest) and m.to == "b")
    while True:
        rounds += 1
        follower.member.state.term = rig.member.term
        answer = follower.appended(
            (append.prev_index, append.prev_term), append.entries, rig.member.term
        )
        if answer.accepted:
            break
        moved = AppendResponse(
            "b", "a", answer.term, False, answer.index, answer.hint_index, answer.hint_term
        )
        sent = rig.step(moved)
        append = next(m for m in sent if isinstance(m, AppendRequest) and m.to == "b")
    assert rounds <= 3 and answer.index >= 101


# -- pre-vote, check-quorum, lease ----------------------------------------------------------------


def test_a_live_leader_protects_its_followers_from_candidates() -> None:
    rig = Server()
    rig.appended((0, 0), term=1, sender="c")
    assert rig.asked(5, (9, 9)) is None and rig.asked(5, (9, 9), pre=True) is None
    assert rig.member.term == 1
    rig.now += 0.7
    answer = rig.asked(2, (9, 9), pre=True)
    assert answer and answer.granted and rig.member.term == 1


def test_a_lost_connection_to_the_leader_ends_its_protection_and_starts_an_election() -> None:
    rig = Server()
    rig.appended((0, 0), term=1, sender="c")
    rig.member.peer_lost("c", rig.now)
    assert rig.member.next_deadline() - rig.now < 0.01
    answer = rig.asked(2, pre=True)
    assert answer and answer.granted
    sent = rig.pass_time(0.02)
    assert any(isinstance(m, VoteRequest) and m.pre for m in sent)


def test_a_lost_follower_matters_to_nobody_else() -> None:
    rig = Server()
    rig.appended((0, 0), term=1, sender="c")
    due = rig.member.next_deadline()
    rig.member.peer_lost("b", rig.now)
    assert rig.member.next_deadline() == due and rig.member.leader == "c"


def test_a_leader_that_hears_no_quorum_steps_down() -> None:
    rig = Server()
    rig.elect()
    rig.pass_time(1.1)
    assert rig.member.role == "leader"
    rig.pass_time(0.5)
    assert rig.member.role != "leader" and rig.member.term == 1


def test_a_leader_that_slept_hears_its_peers_before_it_judges_them() -> None:
    rig = Server()
    rig.elect()
    rig.now += 30
    rig.member.tick(rig.now)
    rig.drain()
    assert rig.member.role == "leader"
    rig.pass_time(1.5)
    assert rig.member.role != "leader"


def test_a_candidate_with_an_old_term_learns_the_present_one() -> None:
    """Else a healthy quorum can stay without a leader (hashicorp/raft before 1.7.3)."""
    answer = Server(term=8).asked(3, (5, 5), pre=True)
    assert answer and not answer.granted and answer.term == 8
    rig = Server()
    rig.step(VoteResponse("b", "a", 8, False, pre=True))
    assert rig.member.term == 8


# -- reads ----------------------------------------------------------------------------------------


def test_no_read_before_an_entry_of_the_own_term_is_committed() -> None:
    """etcd/raft 3189a66."""
    rig = Server((1,))
    rig.elect()
    rig.member.read_index(1)
    rig.drain()
    assert not any(ready.reads for ready in rig.readies)
    rig.accept(2)
    rig.accept(2, read=rig.member.state.reads.round)
    assert next(r for ready in rig.readies for r in ready.reads).index == 2


def test_a_read_needs_a_quorum_that_answers_after_it_was_asked() -> None:
    rig = Server()
    rig.elect()
    rig.accept(1)
    rig.member.read_index(7)
    sent = rig.drain()
    round_number = rig.member.state.reads.round
    assert any(isinstance(m, AppendRequest) and m.read == round_number for m in sent)
    rig.accept(1, read=round_number - 1)
    assert not any(ready.reads for ready in rig.readies)
    rig.accept(1, "c", read=round_number)
    assert next(r for ready in rig.readies for r in ready.reads).context == 7


def test_reads_that_wait_fail_when_leadership_ends() -> None:
    rig = Server()
    rig.elect()
    rig.member.read_index(7)
    rig.step(AppendResponse("b", "a", 4, False, 0))
    assert next(r for ready in rig.readies for r in ready.reads).index is None
    with pytest.raises(NotLeader):
        rig.member.read_index(8)
    with pytest.raises(NotLeader):
        rig.member.propose(b"x")


# -- transfer, snapshots, strangers ---------------------------------------------------------------


def test_leadership_goes_to_a_peer_that_holds_the_whole_log() -> None:
    rig = Server()
    rig.elect()
    rig.member.transfer("b", rig.now)
    assert not any(isinstance(m, TimeoutNow) for m in rig.drain())
    with pytest.raises(NotLeader):
        rig.member.propose(b"x")
    assert any(isinstance(m, TimeoutNow) for m in rig.accept(1))
    rig.accept(1, "c")
    rig.pass_time(0.9)
    rig.member.propose(b"given up, goes on")


def test_the_chosen_successor_campaigns_at_once_past_the_lease() -> None:
    rig = Server()
    rig.appended((0, 0), term=1, sender="c")
    sent = rig.step(TimeoutNow("c", "a", 1))
    assert all(isinstance(m, VoteRequest) and not m.pre and m.transfer for m in sent) and sent
    voter = Server()
    voter.appended((0, 0), term=1, sender="c")
    answer = voter.step(VoteRequest("b", "a", 2, 0, 0, transfer=True))
    assert isinstance(answer[0], VoteResponse) and answer[0].granted


def test_a_peer_behind_the_compacted_log_gets_a_snapshot_in_chunks() -> None:
    rig = Server((1, 1, 1, 1))
    rig.elect()
    rig.accept(5, "c")
    rig.member.snapshot_taken(4, keep=0)
    sent = rig.step(AppendResponse("b", "a", 2, False, 4, hint_index=0, hint_term=0))
    chunk = next(m for m in sent if isinstance(m, SnapshotRequest))
    assert (chunk.meta.index, chunk.meta.term, chunk.offset) == (4, 1, 0)
    assert chunk.meta.membership == rig.member.membership
    assert rig.member.sending_snapshot
    sent = rig.step(SnapshotResponse("b", "a", 2, 4, offset=100))
    assert next(m for m in sent if isinstance(m, SnapshotRequest)).offset == 100
    sent = rig.accept(4)
    assert next(m for m in sent if isinstance(m, AppendRequest)).prev_index == 4
    assert not rig.member.sending_snapshot


def test_chunks_are_put_together_in_order_and_lost_ones_asked_for_again() -> None:
    rig = Server((1, 1))
    meta = SnapshotMeta(9, 2, rig.member.membership)

    def chunk(offset: int, data: bytes, done: bool = False) -> SnapshotRequest:
        return rig.chunk(meta, offset, data, done)

    assert rig.step(chunk(0, b"ab"))[-1] == SnapshotResponse("a", "b", 2, 9, 2)
    assert rig.step(chunk(4, b"ef", True))[-1] == SnapshotResponse("a", "b", 2, 9, 2)
    assert rig.step(chunk(2, b"cd"))[-1] == SnapshotResponse("a", "b", 2, 9, 4)
    answer = rig.step(chunk(4, b"ef", True))[-1]
    assert isinstance(answer, AppendResponse) and answer.accepted and answer.index == 9
    assert next(ready.snapshot for ready in rig.readies if ready.snapshot) == meta
    assert rig.disk.content == b"abcdef"
    assert (rig.member.log.base_index, rig.member.commit) == (9, 9)
    again = rig.step(chunk(0, b"ab"))[-1]
    assert isinstance(again, AppendResponse) and again.index == 9


def test_misdirected_messages_are_ignored() -> None:
    rig = Server()
    assert rig.step(VoteRequest("b", "c", 9, 9, 9)) == []
    assert rig.member.term == 0


def test_a_heartbeat_answer_promises_only_what_is_durable_and_waits_for_no_disk() -> None:
    rig = Server(term=1)
    rig.appended((0, 0), term=1)
    rig.member.step(AppendRequest("b", "a", 1, 0, 0, tuple(log_of(1)), 0), rig.now)
    pending = rig.member.ready()
    assert pending is not None and not pending.send_now
    rig.member.step(AppendRequest("b", "a", 1, 1, 1, (), 0), rig.now)
    ready = rig.member.ready()
    assert ready is not None
    (answer,) = ready.send_now
    assert isinstance(answer, AppendResponse) and answer.accepted and answer.index == 0


def test_news_of_a_write_overtaken_by_a_truncation_counts_for_nothing() -> None:
    """The entry cache not cut with the log (cockroach #63302), in its asynchronous form."""
    rig = Server()
    rig.member.step(AppendRequest("b", "a", 1, 0, 0, tuple(log_of(1, 1)), 0), rig.now)
    first = rig.member.ready()
    rig.member.step(AppendRequest("c", "a", 2, 0, 0, tuple(log_of(2)), 0), rig.now)
    second = rig.member.ready()
    assert first is not None and second is not None
    rig.member.advance(first)
    assert rig.member.log.persisted == 0
    rig.member.advance(second)
    assert rig.member.log.persisted == 1
