"""Leadership transfer: section 3.10 of Ongaro's thesis, sentence by sentence."""

import pytest

from cluster.errors import NotLeader
from cluster.raft.messages import AppendRequest, TimeoutNow, VoteRequest, VoteResponse
from tests.unit.cluster.raft.paper import FIVE, Server, of_kind


def leader_of(match: int = 1) -> Server:
    """A leader of three whose follower b holds ``match`` entries."""
    server = Server()
    server.elect()
    server.accept(match, "c")
    if match:
        server.accept(match, "b")
    return server


def test_thesis_3_10_the_leader_stops_taking_proposals() -> None:
    """Step 1: the prior leader stops accepting new client requests."""
    server = leader_of()
    server.member.transfer("b", server.now)
    with pytest.raises(NotLeader, match="handing over to b"):
        server.member.propose(b"x")
    with pytest.raises(NotLeader):
        server.member.change_membership("add-learner", "d")


def test_thesis_3_10_the_target_is_brought_up_to_date_first() -> None:
    """Step 2: the target's log comes to match the leader's, by normal replication."""
    server = leader_of()
    server.member.propose(b"x")
    server.drain()
    server.member.transfer("b", server.now)
    assert not of_kind(TimeoutNow, server.drain())
    sent = of_kind(TimeoutNow, server.accept(2, "c"))
    assert not sent
    (told,) = of_kind(TimeoutNow, server.accept(2, "b"))
    assert (told.to, told.term) == ("b", 1)


def test_thesis_3_10_a_target_that_lacks_nothing_is_told_at_once() -> None:
    """Then TimeoutNow goes out without a round trip."""
    server = leader_of()
    server.member.transfer("b", server.now)
    assert of_kind(TimeoutNow, server.drain(), "b")


def test_thesis_3_10_the_target_campaigns_at_once() -> None:
    """Step 3: TimeoutNow has the effect of its election timer firing: a new election, no pre-vote
    (the others would not hear it)."""
    server = Server()
    server.appended((0, 0), sender="c")
    requests = of_kind(VoteRequest, server.step(TimeoutNow("c", "a", 1)))
    assert {m.to for m in requests} == {"b", "c"}
    assert all(m.transfer and not m.pre and m.term == 2 for m in requests)


def test_thesis_3_10_its_requests_are_heard_though_a_leader_is_alive() -> None:
    """They carry a flag that says the leader itself wants it (4.2.3)."""
    voter = Server()
    voter.appended((0, 0), sender="c")
    (answer,) = of_kind(VoteResponse, voter.step(VoteRequest("b", "a", 2, 0, 0, transfer=True)))
    assert answer.granted


def test_thesis_3_10_the_prior_leader_steps_down_when_it_hears_the_new_term() -> None:
    """The target's messages carry the new term; its election ends the transfer."""
    server = leader_of()
    server.member.transfer("b", server.now)
    server.drain()
    assert (answer := server.asked(2, (1, 1), transfer=True)) and answer.granted
    assert server.member.role == "follower" and server.member.term == 2


def test_thesis_3_10_a_transfer_that_takes_too_long_is_aborted() -> None:
    """After about an election timeout the leader goes on and takes requests again."""
    server = leader_of(match=0)
    server.member.transfer("b", server.now)
    server.accept(1, "c")
    server.pass_time(server.config.election_min - 0.05)
    server.accept(1, "c")
    with pytest.raises(NotLeader):
        server.member.propose(b"x")
    server.pass_time(2 * server.config.heartbeat)
    assert server.member.role == "leader"
    server.member.propose(b"x")


def test_thesis_3_10_a_target_that_was_told_but_lost_changes_nothing() -> None:
    """If the target was wrongly thought alive the cluster just goes on."""
    server = leader_of()
    server.member.transfer("b", server.now)
    for _ in range(8):
        server.accept(1, "c")
        server.pass_time(0.1)
    server.member.propose(b"x")
    assert of_kind(AppendRequest, server.drain(), "c")


def test_thesis_3_10_only_a_voter_can_be_a_target() -> None:
    """A learner or a stranger cannot lead; a follower has nothing to hand over."""
    server = Server(learners=("d",))
    with pytest.raises(NotLeader, match="does not lead"):
        server.member.transfer("b", server.now)
    server.elect()
    for name in ("d", "x", "a"):
        with pytest.raises(NotLeader, match="no other voter"):
            server.member.transfer(name, server.now)


def test_thesis_3_10_the_best_target_holds_most() -> None:
    """For a planned stop any voter does: the one that needs least to catch up."""
    server = Server(voters=FIVE, learners=("f",))
    server.elect()
    server.member.propose(b"x")
    server.drain()
    server.accept(1, "b")
    server.accept(2, "d")
    server.accept(2, "f")
    assert server.member.most_advanced_peer() == "d"


def test_thesis_3_10_who_is_silent_is_no_target() -> None:
    """It may hold everything, and be dead."""
    server = leader_of()
    for _ in range(8):
        server.pass_time(0.1)
        server.accept(1, "c")
    server.member.propose(b"x")
    server.drain()
    server.step(server.answer(True, 1, "c"))
    assert server.member.most_advanced_peer() == "c"


def test_thesis_3_10_a_late_order_of_an_old_leader_moves_nobody() -> None:
    """TimeoutNow of a term that is over, or of somebody who does not lead, is ignored."""
    server = Server()
    server.appended((0, 0), term=3, sender="c")
    assert server.step(TimeoutNow("c", "a", 2)) == []
    assert server.step(TimeoutNow("b", "a", 3)) == []
    assert server.member.role == "follower"


def test_thesis_3_10_a_learner_does_not_obey() -> None:
    """It has no vote to win an election with."""
    learner = Server(voters=("b", "c"), learners=("a",))
    learner.appended((0, 0), sender="c")
    assert learner.step(TimeoutNow("c", "a", 1)) == []
