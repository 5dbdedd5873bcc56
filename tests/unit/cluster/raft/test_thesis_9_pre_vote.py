"""Pre-vote (section 9.6 of Ongaro's thesis), and how quickly the dead are replaced."""

from cluster.raft.messages import AppendRequest, VoteRequest, VoteResponse
from tests.unit.cluster.raft.paper import FIVE, Server, of_kind


def test_thesis_9_6_a_server_asks_before_it_raises_its_term() -> None:
    """It increments its term only if a majority would vote for it: cut off, it never does."""
    server = Server((1,))
    sent = server.pass_time(10)
    assert server.member.term == 1 and server.member.role == "pre-candidate"
    assert sent and all(isinstance(m, VoteRequest) and m.pre and m.term == 2 for m in sent)


def test_thesis_9_6_a_majority_of_yes_starts_the_election() -> None:
    """The candidate's own yes included."""
    server = Server(voters=FIVE)
    server.tick()
    server.grant("b", pre=True)
    assert server.member.role == "pre-candidate"
    server.grant("c", pre=True)
    assert server.member.role == "candidate" and server.member.term == 1


def test_thesis_9_6_the_answer_is_yes_if_the_log_is_good_and_no_leader_is_heard() -> None:
    """The two conditions."""
    server = Server((1, 1))
    assert (stale := server.asked(2, (1, 1), pre=True)) and not stale.granted
    assert (good := server.asked(2, (2, 1), pre=True)) and good.granted
    server.appended((2, 1), sender="c")
    assert server.asked(2, (2, 1), pre=True) is None


def test_thesis_9_6_a_pre_vote_changes_nothing_at_the_voter() -> None:
    """Neither term nor vote nor timer; it may say yes to several."""
    server = Server()
    due = server.member.next_deadline()
    for name in ("b", "c"):
        assert (answer := server.asked(1, sender=name, pre=True)) and answer.granted
    assert server.member.term == 0 and server.member.next_deadline() == due
    assert all(ready.hard_state is None for ready in server.readies)


def test_thesis_9_6_a_pre_vote_is_not_a_vote() -> None:
    """An answer to the one does not count for the other."""
    server = Server()
    server.campaign()
    server.step(VoteResponse("b", "a", 1, True, pre=True))
    assert server.member.role == "candidate"


def test_thesis_9_6_a_returning_server_disturbs_nobody() -> None:
    """Its term has not grown, and followers of a live leader do not answer it."""
    away, follower = Server((1, 1), name="b"), Server((1, 1))
    away.pass_time(60.0)
    follower.appended((2, 1), sender="c")
    requests = of_kind(VoteRequest, away.tick(), "a")
    assert follower.step(*requests) == []
    assert away.member.term == follower.member.term == 1
    assert away.appended((2, 1), sender="c").accepted


def test_thesis_9_6_a_server_with_an_old_term_learns_the_present_one() -> None:
    """Else a healthy quorum could stay without a leader (hashicorp/raft before 1.7.3)."""
    answer = Server(term=8).asked(3, (5, 5), pre=True)
    assert answer and not answer.granted and answer.term == 8
    server = Server()
    server.step(VoteResponse("b", "a", 8, False, pre=True))
    assert server.member.term == 8


def test_thesis_9_6_refused_by_so_many_that_none_is_left_it_waits() -> None:
    """It becomes a follower, with a full election timeout."""
    server = Server()
    server.tick()
    for name in ("b", "c"):
        server.step(VoteResponse(name, "a", 0, False, pre=True, asked=1))
    assert server.member.role == "follower"
    assert server.member.next_deadline() >= server.now + server.config.election_min - 1e-9


def test_thesis_9_6_a_late_refusal_does_not_count_against_a_later_question() -> None:
    """It is of what was asked before, in another term."""
    server = Server(term=4)
    server.tick()
    for name in ("b", "c"):
        server.step(VoteResponse(name, "a", 4, False, pre=True, asked=4))
    assert server.member.role == "pre-candidate"
    server.grant("b", pre=True)
    assert server.member.role == "candidate"


# -- a connection that breaks ---------------------------------------------------------------------


def test_a_broken_connection_to_the_leader_starts_an_election_at_once() -> None:
    """By rank: the first at once, the next a stagger later, so that they do not split the vote."""
    waits = []
    for name in ("a", "b"):
        server = Server(name=name)
        server.appended((0, 0), sender="c")
        server.member.peer_lost("c", server.now)
        waits.append(server.member.next_deadline() - server.now)
    assert waits[0] < 0.01 < waits[1] < 0.05


def test_it_ends_the_leaders_protection_too() -> None:
    """Whoever asks gets an answer."""
    server = Server()
    server.appended((0, 0), sender="c")
    server.member.peer_lost("c", server.now)
    assert (answer := server.asked(2, pre=True)) and answer.granted


def test_who_noticed_first_asks_again_soon() -> None:
    """The others may notice a little later: a whole retry of an election timeout would be lost."""
    server = Server()
    server.appended((0, 0), sender="c")
    server.member.peer_lost("c", server.now)
    sent = of_kind(VoteRequest, server.pass_time(0.1), "b")
    assert 3 <= len(sent) <= 6 and all(m.pre for m in sent)


def test_who_notices_a_moment_later_answers_what_it_was_asked_meanwhile() -> None:
    """Both connections break at once, but one is told first; the other must not cost a retry."""
    server = Server()
    server.appended((0, 0), sender="c")
    assert server.asked(2, pre=True) is None
    server.now += 0.005
    server.member.peer_lost("c", server.now)
    (answer,) = of_kind(VoteResponse, server.drain())
    assert answer.granted and answer.to == "b"


def test_what_was_asked_long_before_is_not_answered() -> None:
    """Who asked has given up, or asked again."""
    server = Server()
    server.appended((0, 0), sender="c")
    server.asked(2, pre=True)
    server.now += 0.3
    server.member.peer_lost("c", server.now)
    assert not of_kind(VoteResponse, server.drain())


def test_with_leases_not_even_then() -> None:
    """The promise to the leader is kept."""
    server = Server(lease_reads=True, now=0.0)
    server.pass_time(2.0)
    server.appended((0, 0), sender="c")
    server.asked(2, pre=True)
    server.member.peer_lost("c", server.now)
    assert not of_kind(VoteResponse, server.drain())


def test_a_leader_that_lives_after_all_is_followed_again() -> None:
    """Its next message ends the candidacy that nobody heard."""
    server = Server()
    server.appended((0, 0), sender="c")
    server.member.peer_lost("c", server.now)
    server.pass_time(0.05)
    server.appended((0, 0), sender="c")
    assert server.member.leader == "c" and server.member.term == 1
    assert server.member.next_deadline() >= server.now + server.config.election_min - 1e-9


def test_a_lost_follower_matters_to_nobody_else() -> None:
    """Only the leader's connection counts."""
    server = Server()
    server.appended((0, 0), sender="c")
    due = server.member.next_deadline()
    server.member.peer_lost("b", server.now)
    assert server.member.next_deadline() == due and server.member.leader == "c"


def test_a_leader_sends_again_what_a_broken_connection_may_have_lost() -> None:
    """From what is known to be held."""
    server = Server()
    server.elect()
    server.accept(1)
    server.member.propose(b"x")
    server.drain()
    server.member.peer_lost("b", server.now)
    (again,) = of_kind(AppendRequest, server.drain(), "b")
    assert again.prev_index == 1 and again.entries


# -- a process that starved -----------------------------------------------------------------------


def test_a_starved_follower_reads_its_messages_before_it_campaigns() -> None:
    """Its timer rang late, so the leader's heartbeats may wait unread."""
    server = Server()
    server.appended((0, 0), sender="c")
    server.now = server.member.next_deadline() + 3.0
    server.member.tick(server.now)
    assert server.drain() == [] and server.member.role == "follower"
    assert server.member.next_deadline() <= server.now + server.config.heartbeat
    server.appended((0, 0), sender="c")
    assert server.member.next_deadline() >= server.now + server.config.election_min - 1e-9


def test_it_campaigns_if_there_was_nothing() -> None:
    """A short while later."""
    server = Server()
    server.appended((0, 0), sender="c")
    server.now = server.member.next_deadline() + 3.0
    server.member.tick(server.now)
    assert of_kind(VoteRequest, server.tick())
