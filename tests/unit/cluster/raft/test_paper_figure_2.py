"""Figure 2 of the Raft paper, line by line (extended version, page 4)."""

import pytest

from cluster.errors import NotLeader
from cluster.raft.messages import (
    AppendRequest,
    AppendResponse,
    Entry,
    HardState,
    SnapshotRequest,
    TimeoutNow,
    VoteRequest,
    VoteResponse,
)
from tests.unit.cluster.raft.paper import FIVE, Server, log_of, of_kind, terms_of

# -- State ----------------------------------------------------------------------------------------


def test_figure_2_state_current_term_starts_at_0_and_only_grows() -> None:
    """currentTerm: the latest term seen, 0 on first boot, never lower again."""
    server = Server()
    assert server.member.term == 0
    seen = [0]
    for term in (3, 1, 3, 7, 2):
        server.asked(term)
        seen.append(server.member.term)
    assert seen == sorted(seen) and seen[-1] == 7


def test_figure_2_state_term_and_vote_are_on_disk_before_the_answer() -> None:
    """Persistent state is updated on stable storage before responding. In two steps a crash between
    would give a second vote, so both are one record."""
    server = Server()
    server.member.step(VoteRequest("b", "a", 7, 0, 0), server.now)
    ready = server.take()
    assert ready.hard_state == HardState(7, "b")
    assert not ready.send_now
    assert [type(m) for m in ready.send_after_persist] == [VoteResponse]


def test_figure_2_state_entries_are_on_disk_before_the_answer() -> None:
    """The log, too, is updated on stable storage before responding."""
    server = Server(term=1, vote="b")
    server.member.step(server.append((0, 0), log_of(1)), server.now)
    ready = server.take()
    assert ready.entries == tuple(log_of(1)) and not ready.send_now
    (answer,) = of_kind(AppendResponse, ready.send_after_persist)
    assert answer.accepted and answer.index == 1


def test_figure_2_state_the_vote_survives_a_crash() -> None:
    """votedFor is persistent: after a restart no second candidate of the term gets a vote."""
    server = Server()
    assert (first := server.asked(3, sender="c")) and first.granted
    server.crash()
    second, again = server.asked(3, sender="b"), server.asked(3, sender="c")
    assert second and not second.granted
    assert again and again.granted


def test_figure_2_state_the_first_index_is_1() -> None:
    """log[]: the first index is 1."""
    server = Server()
    server.elect()
    assert [entry.index for entry in server.member.log.entries] == [1]


def test_figure_2_state_commit_and_applied_start_at_0_and_only_grow() -> None:
    """commitIndex and lastApplied: 0 at start, monotonic, and volatile: a restart begins anew."""
    server = Server((1, 1, 1))
    assert server.member.commit == 0 and not server.applied
    server.appended((3, 1), commit=2)
    server.appended((3, 1), commit=1)
    server.appended((1, 1), commit=1)
    assert server.member.commit == 2
    assert [entry.index for entry in server.applied] == [1, 2]
    server.crash()
    assert server.member.commit == 0 and not server.applied


def test_figure_2_state_next_index_starts_after_the_leaders_last_entry() -> None:
    """nextIndex: the leader's last index + 1. The no-op of the new term is what is sent first."""
    server = Server((1, 1))
    sent = of_kind(AppendRequest, server.elect())
    assert {(m.to, m.prev_index) for m in sent} == {("b", 2), ("c", 2)}


def test_figure_2_state_match_index_starts_at_0_and_only_grows() -> None:
    """matchIndex: 0 at first, monotonic, whatever order answers come in."""
    server = Server((1, 1))
    server.elect()
    progress = server.member.state.progress["b"]
    assert progress.match == 0
    for index in (3, 1, 2):
        server.accept(index)
    assert progress.match == 3


def test_figure_2_state_leader_state_is_made_anew_after_each_election() -> None:
    """nextIndex and matchIndex are reinitialized after election."""
    server = Server()
    server.elect()
    server.accept(1)
    server.asked(5, (9, 9), transfer=True)
    server.elect()
    assert {p.match for p in server.member.state.progress.values()} == {0}


# -- AppendEntries, receiver ----------------------------------------------------------------------


def test_figure_2_append_1_reply_false_if_the_term_is_old() -> None:
    """Receiver 1: false if term < currentTerm; the answer tells the leader the present term."""
    answer = Server(term=5).appended((0, 0), term=4)
    assert not answer.accepted and answer.term == 5


@pytest.mark.parametrize(("prev", "fits"), [((3, 1), False), ((2, 2), False), ((2, 1), True)])
def test_figure_2_append_2_reply_false_without_the_entry_before(
    prev: tuple[int, int], fits: bool
) -> None:
    """Receiver 2: false if there is no entry at prevLogIndex with prevLogTerm."""
    assert Server((1, 1)).appended(prev, term=2).accepted == fits


def test_figure_2_append_3_a_conflicting_entry_and_all_after_it_go() -> None:
    """Receiver 3: same index, other term: delete it and everything that follows."""
    server = Server((1, 1, 1))
    answer = server.appended((1, 1), [Entry(2, 2, b"new")], term=2)
    assert answer.accepted and answer.index == 2
    assert terms_of(server) == [1, 2]
    assert [entry.term for entry in server.disk.entries] == [1, 2]


def test_figure_2_append_3_what_matches_stays_and_so_does_what_follows() -> None:
    """Receiver 3, the other way: without a conflict nothing is deleted. (A delayed shorter append
    must not cut what a later one added: raftos D5, openraft in databend #3914.)"""
    server = Server()
    server.appended((0, 0), log_of(1, 1, 1, 1))
    assert server.appended((0, 0), log_of(1, 1)).index == 2
    assert server.appended((0, 0)).accepted
    assert server.member.log.last_index == 4


def test_figure_2_append_4_entries_not_yet_there_are_appended() -> None:
    """Receiver 4: append any new entries not already in the log."""
    server = Server((1, 1))
    server.appended((1, 1), [*log_of(1, first=2), *log_of(2, 2, first=3)], term=2)
    assert terms_of(server) == [1, 1, 2, 2]


def test_figure_2_append_5_commit_is_the_lesser_of_the_leaders_and_the_last_new_entry() -> None:
    """Receiver 5: min(leaderCommit, index of last new entry): what this message did not verify may
    still conflict."""
    server = Server((1, 1, 1))
    server.appended((1, 1), term=2, commit=3)
    assert server.member.commit == 1
    server.appended((1, 1), log_of(1, first=2), term=2, commit=9)
    assert server.member.commit == 2
    server.appended((3, 1), term=2, commit=2)
    assert server.member.commit == 2


def test_figure_2_append_is_also_the_heartbeat() -> None:
    """An AppendEntries without entries is the heartbeat: it restarts the election timer."""
    server = Server()
    server.appended((0, 0))
    due = server.member.next_deadline()
    server.now += 0.3
    server.appended((0, 0))
    assert server.member.next_deadline() == pytest.approx(due + 0.3)


def test_figure_2_append_may_carry_many_entries() -> None:
    """entries[]: may send more than one for efficiency."""
    server = Server((1,) * 10)
    server.elect()
    server.answer(False, 10)
    sent = server.step(server.answer(False, 10))
    (append,) = of_kind(AppendRequest, sent, "b")
    assert [entry.index for entry in append.entries] == list(range(1, 12))


def test_figure_2_append_names_the_leader() -> None:
    """leaderId: so that followers can redirect clients."""
    server = Server()
    server.appended((0, 0), sender="c")
    assert server.member.leader == "c"


# -- RequestVote, receiver ------------------------------------------------------------------------


def test_figure_2_vote_1_reply_false_if_the_term_is_old() -> None:
    """Receiver 1: false if term < currentTerm, with the present term for the candidate."""
    answer = Server(term=5).asked(4)
    assert answer and not answer.granted and answer.term == 5


def test_figure_2_vote_2_one_candidate_per_term_first_come_first_served() -> None:
    """Receiver 2: votedFor is null or the candidate: a lost answer can be asked for again."""
    server = Server()
    first, again, other = server.asked(1), server.asked(1), server.asked(1, sender="c")
    assert first and first.granted and again and again.granted
    assert other and not other.granted
    later = server.asked(2, sender="c")
    assert later and later.granted


@pytest.mark.parametrize(
    ("last", "granted"), [((2, 2), True), ((9, 1), False), ((1, 2), False), ((1, 3), True)]
)
def test_figure_2_vote_2_only_for_a_log_at_least_as_up_to_date(
    last: tuple[int, int], granted: bool
) -> None:
    """Receiver 2: and the candidate's log is at least as up to date as the receiver's."""
    answer = Server((1, 2)).asked(5, last)
    assert answer is not None and answer.granted == granted


# -- Rules: all servers ---------------------------------------------------------------------------


def test_figure_2_all_what_is_committed_is_applied_in_order_once() -> None:
    """commitIndex > lastApplied: increment lastApplied, apply. Whether it is durable here does not
    matter: a quorum has it."""
    server = Server(term=1, vote="b")
    server.member.step(server.append((0, 0), log_of(1, 1), commit=2), server.now)
    ready = server.take()
    assert server.member.commit == 2 and [entry.index for entry in ready.committed] == [1, 2]
    server.finish(ready)
    server.drain()
    server.appended((2, 1), commit=2)
    assert [entry.index for entry in server.applied] == [1, 2]


@pytest.mark.parametrize(
    "message",
    [
        AppendRequest("b", "a", 9, 0, 0, (), 0),
        AppendResponse("b", "a", 9, False, 0),
        VoteRequest("b", "a", 9, 9, 9, transfer=True),
        VoteResponse("b", "a", 9, False),
        TimeoutNow("b", "a", 9),
    ],
)
@pytest.mark.parametrize("role", ["follower", "candidate", "leader"])
def test_figure_2_all_a_higher_term_makes_a_follower_of_anyone(role: str, message: object) -> None:
    """A request or response with term T > currentTerm: take T, be a follower."""
    server = Server()
    if role != "follower":
        server.campaign() if role == "candidate" else server.elect()
    server.step(message)  # type: ignore[arg-type]  # each is a RaftRpc
    assert (server.member.role, server.member.term) == ("follower", 9)


def test_figure_2_all_a_higher_term_in_a_snapshot_counts_too() -> None:
    """The same for InstallSnapshot, which is an RPC as the others."""
    server = Server()
    server.elect()
    meta = server.disk.meta
    server.step(SnapshotRequest("b", "a", 9, meta, 0))
    assert (server.member.role, server.member.term) == ("follower", 9)


# -- Rules: followers -----------------------------------------------------------------------------


def test_figure_2_followers_answer_candidates_and_leaders() -> None:
    """Respond to RPCs from candidates and leaders."""
    server = Server()
    assert server.asked(1) is not None
    assert server.appended((0, 0)).accepted


def test_figure_2_followers_become_candidates_when_they_hear_nothing() -> None:
    """Election timeout without AppendEntries of the leader or a granted vote: stand. (First it asks
    whether that could succeed: thesis 9.6.)"""
    server = Server()
    server.tick()
    assert server.member.role == "pre-candidate"


def test_figure_2_followers_wait_after_granting_a_vote() -> None:
    """Granting a vote restarts the timer; refusing one does not."""
    server = Server((1,))
    due = server.member.next_deadline()
    server.now = due - 0.01
    assert (refused := server.asked(2, (0, 0))) and not refused.granted
    assert server.member.term == 2 and server.member.next_deadline() == due
    assert (granted := server.asked(2, (1, 1))) and granted.granted
    assert server.member.next_deadline() > server.now + server.config.election_min


# -- Rules: candidates ----------------------------------------------------------------------------


def test_figure_2_candidates_raise_the_term_vote_for_themselves_and_ask_everybody() -> None:
    """On conversion: increment currentTerm, vote for self, reset the timer, ask all others."""
    server = Server((1,))
    server.tick()
    for voter in ("b", "c"):
        server.member.step(VoteResponse(voter, "a", 2, True, pre=True), server.now)
    ready = server.take()
    assert ready.hard_state == HardState(2, "a")
    assert server.member.next_deadline() > server.now
    requests = of_kind(VoteRequest, ready.send_after_persist)
    assert {m.to for m in requests} == {"b", "c"} and not any(m.pre for m in requests)
    assert {(m.last_index, m.last_term) for m in requests} == {(1, 1)}
    assert server.member.state.votes == {}, "the own vote counts when it is durable"


def test_figure_2_candidates_lead_with_the_votes_of_a_majority() -> None:
    """Votes from a majority of servers: become leader; not before."""
    server = Server(voters=FIVE)
    server.campaign()
    server.grant("b")
    assert server.member.role == "candidate"
    server.grant("c")
    assert server.member.role == "leader"


def test_figure_2_candidates_follow_the_leader_of_their_term() -> None:
    """AppendEntries from the new leader: be a follower."""
    server = Server()
    server.campaign()
    server.appended((0, 0), term=server.member.term, sender="c")
    assert (server.member.role, server.member.leader) == ("follower", "c")


def test_figure_2_candidates_start_a_new_election_when_time_runs_out() -> None:
    """Election timeout elapses: a new election, in a new term (if it could be won)."""
    server = Server()
    server.campaign()
    term = server.member.term
    server.campaign()
    assert server.member.role == "candidate" and server.member.term == term + 1


# -- Rules: leaders -------------------------------------------------------------------------------


def test_figure_2_leaders_tell_everybody_at_once() -> None:
    """Upon election: AppendEntries to each server (with the no-op of section 8 in it)."""
    server = Server()
    assert {m.to for m in of_kind(AppendRequest, server.elect())} == {"b", "c"}


def test_figure_2_leaders_repeat_it_while_idle() -> None:
    """And again during idle periods, so that nobody's election timer runs out."""
    server = Server()
    server.elect()
    beats: list[AppendRequest] = []
    for _ in range(10):
        for peer in ("b", "c"):
            server.accept(1, peer)
        beats += of_kind(AppendRequest, server.pass_time(0.1), "b")
    assert 9 <= len(beats) <= 12 and not any(m.entries for m in beats)


def test_figure_2_leaders_append_a_command_and_answer_when_it_is_applied() -> None:
    """Command from a client: append to the local log, respond after it is applied."""
    server = Server()
    server.elect()
    name = server.member.propose(b"x")
    server.drain()
    assert name == (1, 2) and not server.applied
    server.accept(2)
    assert (server.applied[-1].term, server.applied[-1].index) == name


def test_figure_2_only_leaders_take_commands() -> None:
    """The same, the other way: nobody else appends."""
    with pytest.raises(NotLeader):
        Server().member.propose(b"x")


def test_figure_2_leaders_send_from_next_index_on() -> None:
    """Last log index >= nextIndex: AppendEntries with the entries from nextIndex."""
    server = Server()
    server.elect()
    server.accept(1)
    for data in (b"x", b"y"):
        server.member.propose(data)
    (append,) = of_kind(AppendRequest, server.drain(), "b")
    assert append.prev_index == 1 and [entry.data for entry in append.entries] == [b"x", b"y"]


def test_figure_2_leaders_learn_from_success() -> None:
    """Successful: update nextIndex and matchIndex of that follower, not of others."""
    server = Server((1, 1))
    server.elect()
    server.accept(3)
    b, c = (server.member.state.progress[name] for name in "bc")
    assert (b.match, b.next, c.match) == (3, 4, 0)


def test_figure_2_leaders_step_back_on_refusal_and_try_again() -> None:
    """AppendEntries fails because of log inconsistency: lower nextIndex and retry."""
    server = Server((1, 1, 1))
    server.elect()
    sent = server.step(server.answer(False, 3, hint=(2, 1)))
    (again,) = of_kind(AppendRequest, sent, "b")
    assert again.prev_index == 2


def test_figure_2_leaders_commit_what_a_majority_holds_of_their_own_term() -> None:
    """N > commitIndex, a majority of matchIndex >= N, log[N].term == currentTerm: commit N."""
    server = Server((1, 2), voters=FIVE)
    server.elect()
    server.accept(3, "b")
    assert server.member.commit == 0
    server.accept(2, "c")
    assert server.member.commit == 0, "entry 2 has a majority, but is of an older term"
    server.accept(3, "c")
    assert server.member.commit == 3


def test_figure_2_leaders_ignore_answers_of_older_terms() -> None:
    """matchIndex is of this term of leadership. (Raftos D11: an answer of term 1 that came in term
    3 committed what followers did not hold.)"""
    server = Server((1, 1))
    server.elect()
    server.step(server.answer(True, 3, term=1))
    assert server.member.commit == 0 and server.member.state.progress["b"].match == 0
