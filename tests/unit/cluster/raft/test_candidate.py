"""Who gives way to whom, who asks again, and what a split vote changes. (What the paper and the
thesis say of elections is in test_paper_5 and test_thesis_9_pre_vote.)"""

import pytest

from cluster.raft import candidate
from cluster.raft.messages import RaftRpc, VoteRequest, VoteResponse
from tests.unit.cluster.raft.paper import FIVE, Server, of_kind


def asking(name: str, terms: tuple[int, ...] = (1,), voters: tuple[str, ...] = FIVE) -> Server:
    """A server of whose five the leader, e, fell silent a moment ago: it has just asked."""
    server = Server(terms, name=name, voters=voters)
    server.appended((len(terms), terms[-1]), sender="e")
    server.tick()
    assert server.member.role == "pre-candidate"
    return server


def standing(name: str = "a") -> Server:
    """The same, with a quorum that liked the idea."""
    server = asking(name)
    server.grant(*[other for other in "abcd" if other != name], pre=True)
    assert server.member.role == "candidate"
    return server


def refuse(server: Server, *voters: str) -> list[RaftRpc]:
    """They have voted for somebody else in the term that this one stands in."""
    term = server.member.term
    return server.step(*(VoteResponse(v, server.name, term, False, asked=term) for v in voters))


def wait_of(server: Server) -> float:
    """Seconds until its timer rings."""
    return server.member.next_deadline() - server.now


# -- questions that cross -------------------------------------------------------------------------


def test_of_two_that_ask_together_the_greater_name_gives_way() -> None:
    server = asking("b")
    assert (answer := server.asked(2, (1, 1), sender="a", pre=True)) and answer.granted
    assert server.member.role == "follower"
    server.grant("a", "c", "d", pre=True)
    assert server.member.role == "follower", "what it is granted now it did not ask for"


def test_and_the_smaller_does_not_but_says_yes_as_well() -> None:
    server = asking("b")
    assert (answer := server.asked(2, (1, 1), sender="c", pre=True)) and answer.granted
    assert server.member.role == "pre-candidate"
    server.grant("c", "d", pre=True)
    assert server.member.role == "candidate"


def test_who_has_the_worse_log_gives_way_to_any_name() -> None:
    server = asking("b")
    server.asked(2, (2, 1), sender="c", pre=True)
    assert server.member.role == "follower"


def test_who_has_the_better_log_gives_way_to_no_name() -> None:
    server = asking("b", (1, 1))
    assert (answer := server.asked(2, (1, 1), sender="a", pre=True)) and not answer.granted
    assert server.member.role == "pre-candidate"


def test_who_asks_in_a_lower_term_gives_way() -> None:
    """It would not get the other's vote."""
    server = asking("b")
    server.asked(7, (1, 1), sender="c", pre=True)
    assert server.member.role == "follower" and server.member.term == 1


def test_who_asked_a_while_ago_does_not_give_way() -> None:
    """Else a member that cannot win would hold up others by asking again and again."""
    server = asking("b")
    server.now += server.config.stagger * 1.1
    assert (answer := server.asked(2, (1, 1), sender="a", pre=True)) and answer.granted
    assert server.member.role == "pre-candidate"


def test_a_candidate_does_not_give_way() -> None:
    """It has voted, and others may have voted for it."""
    server = standing("b")
    server.asked(3, (1, 1), sender="a", pre=True)
    assert server.member.role == "candidate"


def test_who_gave_way_asks_again_if_nothing_comes_of_the_other() -> None:
    """Sooner than an election timeout, for nobody leads."""
    server = asking("b")
    server.asked(2, (1, 1), sender="a", pre=True)
    low = server.config.election_min
    assert low / 4 <= wait_of(server) <= low / 2
    assert all(m.pre and m.term == 2 for m in of_kind(VoteRequest, server.tick()))
    assert server.member.role == "pre-candidate"


# -- a question that was passed over --------------------------------------------------------------


def test_who_is_asked_by_a_worse_log_asks_back() -> None:
    """Whoever asks hears no leader any more; it may have passed over the question when it did."""
    server = asking("b", (1, 1))
    request = VoteRequest("c", "b", 2, 1, 1, pre=True)
    (again,) = of_kind(VoteRequest, server.step(request))
    assert (again.to, again.pre, again.term) == ("c", True, 2)


def test_but_not_whom_it_has_an_answer_of() -> None:
    server = asking("b", (1, 1))
    server.grant("c", pre=True)
    request = VoteRequest("c", "b", 2, 1, 1, pre=True)
    assert not of_kind(VoteRequest, server.step(request))


def test_nor_a_stranger() -> None:
    server = asking("b", (1, 1))
    request = VoteRequest("z", "b", 2, 1, 1, pre=True)
    assert not of_kind(VoteRequest, server.step(request))


@pytest.mark.parametrize("state", ["follower", "candidate"])
def test_nor_if_it_is_not_asking(state: str) -> None:
    server = Server((1, 1), voters=FIVE) if state == "follower" else standing("a")
    request = VoteRequest("c", "a", 9, 0, 0, pre=True)
    assert not of_kind(VoteRequest, server.step(request))


# -- a split vote ---------------------------------------------------------------------------------


def test_once_all_but_the_silent_leader_have_answered_there_is_nothing_to_wait_for() -> None:
    """One of the five votes for it, two for another; the leader would be the third."""
    server = standing("a")
    server.grant("b")
    refuse(server, "c")
    assert wait_of(server) >= server.config.election_min / 2 - 1e-9
    refuse(server, "d")
    assert wait_of(server) < server.config.stagger
    assert server.member.role == "candidate", "the vote of the fifth would still count"
    assert all(m.pre and m.term == 3 for m in of_kind(VoteRequest, server.tick()))


def test_they_do_not_stand_together_again() -> None:
    """In the order of the names, without the silent one's."""
    waits = []
    for name in "abcd":
        server = standing(name)
        refuse(server, *[other for other in "abcd" if other != name][:2])
        waits.append(wait_of(server) / server.config.stagger)
    assert waits == pytest.approx([0.05, 1.05, 2.05, 3.05])


def test_if_not_even_the_leader_could_help_the_same_goes_for_a_follower() -> None:
    server = standing("a")
    refuse(server, "b", "c", "d")
    assert server.member.role == "follower" and wait_of(server) < server.config.stagger


def test_long_after_the_leader_was_heard_it_is_not_counted_out() -> None:
    """It may be back, with a disk that is slow, and have the one vote that is missing."""
    server = asking("a")
    server.pass_time(2 * server.config.election_max)
    server.grant("b", "c", pre=True)
    due = server.member.next_deadline()
    refuse(server, "b", "c")
    assert server.member.next_deadline() == due


def test_nor_is_a_leader_that_hands_over() -> None:
    """It lives, and votes."""
    server = Server((1,), voters=FIVE)
    server.appended((1, 1), sender="e")
    candidate.ask_votes(server.member.state, transfer=True)
    server.drain()
    due = server.member.next_deadline()
    refuse(server, "b", "c")
    assert server.member.next_deadline() == due


def test_a_refused_pre_vote_is_no_reason_to_hurry() -> None:
    """Whoever says no has a better log and will ask itself, or hears a leader."""
    server = asking("a")
    due = server.member.next_deadline()
    server.step(*(VoteResponse(v, "a", 1, False, pre=True, asked=2) for v in "bc"))
    assert server.member.next_deadline() == due


# -- the rest -------------------------------------------------------------------------------------


def test_to_hurry_never_makes_a_timer_later() -> None:
    server = asking("d")
    state = server.member.state
    state.deadline = due = state.now + state.config.stagger
    candidate.hurry(state, "e")
    assert server.member.next_deadline() == due


def test_to_hurry_breaks_no_promise_to_the_leader() -> None:
    server = Server((1,), voters=FIVE, lease_reads=True, now=0.0)
    server.pass_time(2.0)
    server.appended((1, 1), sender="e")
    candidate.hurry(server.member.state, "e")
    assert server.member.next_deadline() >= server.now + server.config.election_min - 1e-9


def test_only_a_voter_may_campaign() -> None:
    server = Server(voters=("b", "c"), learners=("a",))
    with pytest.raises(AssertionError, match="a voter"):
        candidate.campaign(server.member.state)


def test_who_is_alone_asks_nobody() -> None:
    server = Server(voters=("a",))
    assert not of_kind(VoteRequest, server.tick())
    assert server.member.role == "leader"


def test_votes_of_strangers_are_not_recorded() -> None:
    server = standing("a")
    assert not candidate.record_vote(server.member.state, "z", granted=True)
    assert "z" not in server.member.state.votes


def test_an_answer_does_not_change_by_being_given_twice() -> None:
    server = standing("a")
    refuse(server, "b")
    server.grant("b", "c")
    assert server.member.role == "candidate"
    server.grant("d")
    assert server.member.role == "leader"


def test_what_was_passed_over_is_looked_at_once() -> None:
    server = Server((1,), voters=FIVE)
    server.appended((1, 1), sender="e")
    assert server.asked(2, (1, 1), pre=True) is None
    server.member.state.leader = ""
    candidate.hear_again(server.member.state)
    candidate.hear_again(server.member.state)
    (answer,) = of_kind(VoteResponse, server.drain())
    assert answer.granted and answer.to == "b"
