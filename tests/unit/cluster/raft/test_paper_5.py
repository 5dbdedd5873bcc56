"""Sections 5.1 to 5.6 of the Raft paper, sentence by sentence, where Figure 2 does not say it."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.raft.messages import (
    AppendRequest,
    AppendResponse,
    Entry,
    VoteRequest,
    VoteResponse,
)
from tests.unit.cluster.raft.paper import FIVE, Server, log_of, of_kind, terms_of

# -- 5.1 basics -----------------------------------------------------------------------------------


def test_5_1_at_most_one_leader_in_a_term() -> None:
    """A term has one leader or none: a second one would be a broken protocol, never obeyed."""
    server = Server()
    server.elect()
    with pytest.raises(AssertionError, match="two leaders in term 1"):
        server.appended((0, 0), term=1)


def test_5_1_a_split_vote_ends_the_term_without_a_leader() -> None:
    """The term ends with no leader and a new one begins shortly."""
    server = Server(voters=FIVE)
    server.campaign()
    server.step(*(VoteResponse(voter, "a", 1, False, asked=1) for voter in "bc"))
    assert server.member.role == "candidate"
    server.step(VoteResponse("d", "a", 1, False, asked=1))
    assert server.member.role == "follower" and not server.member.leader
    server.elect()
    assert server.member.term == 2


def test_5_1_terms_are_exchanged_in_every_answer() -> None:
    """Servers exchange current terms whenever they speak: the smaller takes the larger."""
    server = Server(term=6)
    assert (vote := server.asked(2)) and vote.term == 6
    assert server.appended((0, 0), term=2).term == 6
    assert server.asked(8) and server.member.term == 8


def test_5_1_a_candidate_or_leader_that_finds_its_term_old_steps_down_at_once() -> None:
    """It immediately reverts to follower state, and does not answer reads or writes any more."""
    server = Server()
    server.elect()
    server.member.read_index(1)
    server.step(server.answer(False, 0, term=4))
    assert server.member.role == "follower"
    assert server.reads[-1].index is None


def test_5_1_requests_with_an_old_term_are_rejected() -> None:
    """A request with a stale term number is rejected, and changes nothing."""
    server = Server((1, 1), term=3)
    assert not server.appended((1, 1), log_of(2, first=2), term=2).accepted
    assert terms_of(server) == [1, 1] and not server.member.leader


def test_5_1_rpcs_are_retried_and_may_be_received_twice() -> None:
    """Servers retry RPCs without an answer; a second copy of any does no harm (5.5)."""
    server = Server()
    append = server.append((0, 0), log_of(1, 1), commit=1)
    once = of_kind(AppendResponse, server.step(append))
    twice = of_kind(AppendResponse, server.step(append))
    assert once[0].accepted and twice[0].accepted and terms_of(server) == [1, 1]


def test_5_1_rpcs_are_issued_in_parallel() -> None:
    """Several appends are out to one follower before the first is answered."""
    server = Server()
    server.elect()
    server.accept(1)
    sent = []
    for data in (b"x", b"y", b"z"):
        server.member.propose(data)
        sent += of_kind(AppendRequest, server.drain(), "b")
    assert [m.prev_index for m in sent if m.entries] == [1, 2, 3]


# -- 5.2 elections --------------------------------------------------------------------------------


def test_5_2_servers_start_as_followers() -> None:
    """When servers start up they begin as followers, whatever they were before."""
    server = Server()
    server.elect()
    server.crash()
    assert server.member.role == "follower" and server.member.term == 1


def test_5_2_a_follower_stays_one_while_it_hears_valid_rpcs() -> None:
    """It remains so as long as RPCs of a leader or candidate come."""
    server = Server()
    for _ in range(20):
        server.appended((0, 0))
        server.pass_time(0.5)
    assert server.member.role == "follower" and server.member.term == 1


def test_5_2_a_heartbeat_of_an_old_leader_keeps_nobody_quiet() -> None:
    """Only AppendEntries of the current leader restart the timer."""
    server = Server(term=3)
    due = server.member.next_deadline()
    server.appended((0, 0), term=2)
    assert server.member.next_deadline() == due


def test_5_2_votes_of_one_voter_count_once() -> None:
    """Each server votes for one candidate: an answer that comes twice is one vote (raftos D3)."""
    server = Server(voters=FIVE)
    server.campaign()
    server.grant("b")
    server.grant("b")
    assert server.member.role == "candidate"


def test_5_2_votes_belong_to_their_term() -> None:
    """A majority for the same term: a vote of an older one elects nobody (raftos D4)."""
    server = Server()
    server.campaign()
    server.campaign()
    assert server.member.term == 2
    server.step(VoteResponse("b", "a", 1, True))
    assert server.member.role == "candidate"


def test_5_2_half_is_no_majority() -> None:
    """The majority rule gives at most one winner: of four, two are not enough (raftos E7)."""
    server = Server(voters=("a", "b", "c", "d"))
    server.campaign()
    server.grant("b")
    assert server.member.role == "candidate"


def test_5_2_a_winner_prevents_new_elections() -> None:
    """It sends heartbeats to all of the other servers to establish its authority."""
    server = Server()
    sent = of_kind(AppendRequest, server.elect())
    assert {(m.to, m.term) for m in sent} == {("b", 1), ("c", 1)}


def test_5_2_a_leader_of_an_older_term_does_not_end_a_candidacy() -> None:
    """If the term in the RPC is smaller, the candidate rejects it and continues."""
    server = Server(term=4)
    server.campaign()
    assert not server.appended((0, 0), term=4).accepted
    assert server.member.role == "candidate" and server.member.term == 5


def test_5_2_a_leader_of_a_higher_term_ends_a_candidacy() -> None:
    """At least as large as the candidate's term: the leader is legitimate."""
    server = Server()
    server.campaign()
    server.appended((0, 0), term=5, sender="c")
    assert (server.member.leader, server.member.term) == ("c", 5)


@given(st.floats(0, 0.999))
def test_5_2_timeouts_are_random_from_a_fixed_interval(chance: float) -> None:
    """Election timeouts are chosen randomly from a fixed interval, anew each time."""
    server = Server(chance=chance, now=0.0)
    server.appended((0, 0))
    wait = server.member.next_deadline() - server.now
    config = server.config
    assert config.election_min <= wait < config.election_max
    server.chance = 0.999 - chance
    server.appended((0, 0))
    spread = config.election_max - config.election_min
    again = server.member.next_deadline() - server.now
    assert again == pytest.approx(config.election_min + spread * server.chance)


def test_5_2_candidates_wait_a_random_time_too() -> None:
    """Each candidate restarts its randomized timeout at the start of an election."""
    waits = []
    for chance in (0.0, 0.9):
        server = Server(chance=chance)
        server.campaign()
        waits.append(server.member.next_deadline() - server.now)
    assert waits[0] < waits[1]


# -- 5.3 replication ------------------------------------------------------------------------------


def test_5_3_an_entry_holds_its_term_and_its_index() -> None:
    """Each entry stores the term in which the leader received the command, and its position."""
    server = Server((1, 4))
    server.elect()
    server.member.propose(b"x")
    assert server.member.log.entries[-1] == Entry(4, 5, b"x")


def test_5_3_slow_followers_are_retried_for_ever() -> None:
    """If followers crash or are slow the leader retries indefinitely, even after it answered."""
    server = Server()
    server.elect()
    server.accept(1, "c")
    for _ in range(20):
        server.accept(1, "c")
        sent = of_kind(AppendRequest, server.pass_time(0.1), "b")
        assert sent and sent[-1].entries


def test_5_3_committing_commits_all_that_came_before() -> None:
    """This also commits all preceding entries, of previous leaders too."""
    server = Server((1, 2, 2))
    server.elect()
    server.accept(4)
    assert [entry.index for entry in server.applied] == [1, 2, 3, 4]


def test_5_3_followers_learn_the_commit_index_from_the_next_append() -> None:
    """The leader includes the highest index it knows to be committed, heartbeats too."""
    server = Server()
    server.elect()
    told = of_kind(AppendRequest, server.accept(1), "b")
    assert told and told[-1].commit == 1
    assert of_kind(AppendRequest, server.pass_time(0.1), "c")[-1].commit == 1


def test_5_3_a_leader_creates_one_entry_per_index_and_never_changes_it() -> None:
    """Log matching, first half."""
    server = Server()
    server.elect()
    names = [server.member.propose(b"%d" % number) for number in range(5)]
    assert len({index for _, index in names}) == 5
    before = list(server.member.log.entries)
    server.step(server.answer(False, 0, hint=(0, 0)))
    assert server.member.log.entries == before


def test_5_3_the_consistency_check_names_the_entry_before() -> None:
    """Log matching, second half: index and term of the entry before the new ones go along."""
    server = Server((1, 3))
    sent = of_kind(AppendRequest, server.elect(), "b")
    assert (sent[0].prev_index, sent[0].prev_term) == (2, 3)


FIGURE_7: dict[str, tuple[int, ...]] = {
    "a": (1, 1, 1, 4, 4, 5, 5, 6, 6),
    "b": (1, 1, 1, 4),
    "c": (1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6),
    "d": (1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7),
    "e": (1, 1, 1, 4, 4, 4, 4),
    "f": (1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3),
}


@pytest.mark.parametrize("case", sorted(FIGURE_7))
def test_5_3_figure_7_every_follower_ends_with_the_leaders_log(case: str) -> None:
    """Whatever is missing or extra in a follower, the leader finds where the logs agree, deletes
    what follows there and sends its own; it needs a round per term, not per entry."""
    leader = Server((1, 1, 1, 4, 4, 5, 5, 6, 6, 6), term=7, name="a")
    follower = Server(FIGURE_7[case], term=8, name="b")
    sent = of_kind(AppendRequest, leader.elect(), "b")
    rounds = 0
    while sent and rounds < 10:
        rounds += 1
        answers = follower.step(*sent)
        sent = of_kind(AppendRequest, leader.step(*_answers(answers)), "b")
    assert follower.member.log.entries == leader.member.log.entries
    assert rounds <= 6


def _answers(sent: Iterable[object]) -> list[AppendResponse]:
    return [m for m in sent if isinstance(m, AppendResponse)]


def test_5_3_a_leader_never_overwrites_or_deletes_its_own_entries() -> None:
    """Leader append-only, whatever followers answer."""
    server = Server((1, 2))
    server.elect()
    before = list(server.member.log.entries)
    server.step(server.answer(False, 2, hint=(9, 1)), server.answer(False, 1, hint=(0, 0)))
    assert server.member.log.entries == before


# -- 5.4 safety -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mine", [(1, 1), (1, 2), (1, 1, 1), (2,), (1,)])
def test_5_4_1_the_later_last_term_or_else_the_longer_log_is_more_up_to_date(
    mine: tuple[int, ...],
) -> None:
    """Last terms differ: the later one. Same last term: the longer log."""
    for last in [(i, t) for i in (1, 2, 3) for t in (1, 2)]:
        answer = Server(mine).asked(5, last)
        theirs_is_newer = (last[1], last[0]) >= (mine[-1], len(mine))
        assert answer and answer.granted == theirs_is_newer, last


def test_5_4_1_a_request_tells_the_candidates_last_entry() -> None:
    """The RPC includes information about the candidate's log."""
    server = Server((1, 1, 3))
    requests = of_kind(VoteRequest, server.campaign())
    assert {(m.last_index, m.last_term) for m in requests} == {(3, 3)}


def test_5_4_2_figure_8_an_old_entry_is_not_committed_by_counting() -> None:
    """Figure 8 (c): the entry of term 2 is on a majority, yet could still be overwritten."""
    leader = Server((1, 2), term=3, voters=FIVE)
    leader.elect()
    assert leader.member.term == 4
    leader.accept(2, "b")
    leader.accept(2, "c")
    assert leader.member.commit == 0


def test_5_4_2_figure_8_it_is_committed_with_one_of_the_present_term() -> None:
    """Figure 8 (e): once an entry of term 4 is on a majority, all before it are committed too."""
    leader = Server((1, 2), term=3, voters=FIVE)
    leader.elect()
    leader.accept(3, "b")
    leader.accept(3, "c")
    assert leader.member.commit == 3


def test_5_4_2_figure_8_what_was_not_committed_may_be_overwritten() -> None:
    """Figure 8 (d): a leader of term 5 whose log has an entry of term 3 replaces that of term 2."""
    follower = Server((1, 2), term=4)
    answer = follower.appended((1, 1), log_of(3, 5, first=2), term=5)
    assert answer.accepted and terms_of(follower) == [1, 3, 5]


def test_5_4_3_committed_entries_are_never_truncated() -> None:
    """State machine safety: it would need a leader that lacks them; the log refuses."""
    server = Server((1, 1))
    server.appended((2, 1), commit=2)
    with pytest.raises(AssertionError, match="committed"):
        server.member.log.merge([Entry(2, 3, b"x")])


# -- 5.5, 5.6 crashes, timing ---------------------------------------------------------------------


def test_5_5_a_crash_after_the_work_but_before_the_answer_does_no_harm() -> None:
    """The same RPC comes again after the restart: it is idempotent, also when it finds its entries
    in the log already."""
    server = Server()
    server.appended((0, 0), log_of(1, 1))
    server.crash()
    assert server.appended((0, 0), log_of(1, 1)).index == 2
    assert terms_of(server) == [1, 1]


def test_5_5_a_crash_before_the_sync_promises_nothing() -> None:
    """What was not durable was not answered; the leader sends it again."""
    server = Server(term=1, vote="b")
    server.member.step(server.append((0, 0), log_of(1, 1)), server.now)
    server.take()
    server.crash()
    assert terms_of(server) == []
    assert not server.appended((2, 1), log_of(1, first=3)).accepted


def test_5_6_the_broadcast_time_is_far_below_the_election_timeout() -> None:
    """Several heartbeats fit into the shortest election timeout; other settings are refused."""
    config = Server().config
    assert config.heartbeat * 3 < config.election_min < config.election_max
    with pytest.raises(ValueError, match="heartbeat"):
        Server(heartbeat=0.7)
