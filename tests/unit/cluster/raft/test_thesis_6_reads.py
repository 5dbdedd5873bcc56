"""Chapter 6 of Ongaro's thesis: leaders that lost their quorum (6.2), reads (6.4), leases (6.4.1).

Sessions (6.3) are the state machine's: of them the core only has that every command is an entry.
"""

import pytest

from cluster.errors import NotLeader, Overloaded
from cluster.raft import member as member_module
from cluster.raft.memberships import joint
from cluster.raft.messages import (
    AppendRequest,
    AppendResponse,
    Membership,
    TimeoutNow,
    VoteRequest,
    membership_entry,
)
from tests.unit.cluster.raft.paper import FIVE, Server, of_kind


def leader_of(voters: tuple[str, ...] = ("a", "b", "c"), lease: bool = False) -> Server:
    """A leader whose no-op is committed; nobody else has answered anything."""
    server = Server(voters=voters, lease_reads=lease, now=0.0)
    server.elect()
    for name in voters[1 : len(voters) // 2 + 1]:
        server.accept(1, name)
    assert server.member.commit == 1
    return server


def ask(server: Server, context: int = 7) -> int:
    """Ask for a read; the round that its appends carry."""
    server.member.read_index(context)
    server.member.tick(server.now)
    sent = of_kind(AppendRequest, server.drain())
    return max((m.read for m in sent), default=0)


def answered(server: Server) -> list[tuple[int, int | None]]:
    """Reads answered so far."""
    return [(read.context, read.index) for read in server.reads]


# -- 6.2 check-quorum -----------------------------------------------------------------------------


def test_thesis_6_2_a_leader_without_a_quorum_steps_down() -> None:
    """An election timeout without a round of heartbeats to a majority: clients must look for
    another leader."""
    server = leader_of()
    server.pass_time(1.1)
    assert server.member.role == "leader"
    server.pass_time(0.5)
    assert server.member.role != "leader" and server.member.term == 1


def test_thesis_6_2_one_follower_of_two_is_enough() -> None:
    """The leader and it are the majority."""
    server = leader_of()
    for _ in range(50):
        server.pass_time(0.1)
        server.accept(1, "c")
    assert server.member.role == "leader"


def test_thesis_6_2_learners_do_not_keep_a_leader_in_office() -> None:
    """They count in no quorum."""
    server = Server(learners=("d", "e"))
    server.elect()
    for _ in range(30):
        server.pass_time(0.1)
        server.accept(1, "d")
        server.accept(1, "e")
    assert server.member.role != "leader"


@pytest.mark.parametrize(("speaking", "stays"), [("b", False), ("d", False), ("bd", True)])
def test_thesis_6_2_in_a_joint_change_both_majorities_must_be_heard(
    speaking: str, stays: bool
) -> None:
    """One majority of the two is not enough."""
    wide = Membership(("a", "b", "c"), (), ("d", "e"))
    server = Server(now=0.0)
    server.appended((0, 0), [membership_entry(1, 1, joint(wide, ("a", "d", "e")))])
    server.pass_time(1.0)
    server.grant("b", "d", pre=True)
    server.grant("b", "d")
    for _ in range(30):
        server.pass_time(0.1)
        for name in speaking:
            if server.member.role == "leader":
                server.accept(2, name)
    assert (server.member.role == "leader") == stays


def test_a_leader_that_slept_hears_its_peers_before_it_judges_them() -> None:
    """Their answers wait unread."""
    server = leader_of()
    server.now += 30
    server.member.tick(server.now)
    server.drain()
    assert server.member.role == "leader"
    server.pass_time(1.5)
    assert server.member.role != "leader"


# -- 6.4 ReadIndex --------------------------------------------------------------------------------


def test_thesis_6_4_1_the_read_index_is_the_commit_index_at_the_time_of_asking() -> None:
    """Saved before the round; what is committed meanwhile does not raise it."""
    server = leader_of()
    number = ask(server)
    server.member.propose(b"x")
    server.drain()
    server.accept(2, "b")
    assert server.member.commit == 2
    server.accept(2, "b", read=number)
    assert answered(server) == [(7, 1)]


def test_thesis_6_4_2_a_round_of_heartbeats_must_be_answered_by_a_majority() -> None:
    """Of five, two followers; the same one twice is one."""
    server = leader_of(voters=FIVE)
    number = ask(server)
    server.accept(1, "b", read=number)
    server.accept(1, "b", read=number)
    assert not answered(server)
    server.accept(1, "c", read=number)
    assert answered(server) == [(7, 1)]


def test_thesis_6_4_3_answers_to_what_was_sent_before_do_not_count() -> None:
    """They may be from before the read was asked, and another leader may have been elected."""
    server = leader_of()
    number = ask(server)
    server.accept(1, "b", read=number - 1)
    assert not answered(server)


def test_thesis_6_4_4_a_refusal_confirms_leadership_as_well() -> None:
    """A follower whose log differs still takes this leader for its own."""
    server = leader_of()
    number = ask(server)
    server.step(server.answer(False, 1, sender="c", read=number))
    assert answered(server) == [(7, 1)]


def test_the_refusal_of_an_old_leaders_append_confirms_no_round_of_the_present_one() -> None:
    """They may be the same member: its rounds count anew after a restart, and the answer, which is
    of the present term, must not take a round of its earlier office for one of this."""
    follower = Server(term=6)
    late = follower.append((0, 0), term=3, read=17)
    (answer,) = of_kind(AppendResponse, follower.step(late))
    assert (answer.accepted, answer.term, answer.read) == (False, 6, 0)


def test_a_round_that_was_never_begun_is_not_confirmed() -> None:
    """Whatever an answer says: later reads would be answered without asking anybody."""
    server = leader_of()
    server.accept(1, "b", read=17)
    number = ask(server)
    assert not answered(server)
    server.accept(1, "c", read=number)
    assert answered(server) == [(7, 1)]


def test_thesis_6_4_5_one_round_serves_all_reads_that_wait() -> None:
    """Reads that come during a round share the next one."""
    server = leader_of()
    first = ask(server, 1)
    for context in (2, 3):
        server.member.read_index(context)
    server.drain()
    server.accept(1, "b", read=first)
    assert answered(server) == [(1, 1)]
    server.accept(1, "b", read=first + 1)
    assert answered(server) == [(1, 1), (2, 1), (3, 1)]


def heard_leader(voters: tuple[str, ...] = ("a", "b", "c")) -> Server:
    """A leader whom everybody has answered."""
    server = leader_of(voters)
    for name in voters[1:]:
        server.accept(1, name)
    return server


def asked_of(server: Server, context: int) -> set[str]:
    """Ask for a read; whom its round is asked of."""
    server.member.read_index(context)
    sent = of_kind(AppendRequest, server.drain())
    return {m.to for m in sent if m.read == server.member.state.reads.round}


def test_a_round_is_asked_of_those_who_confirmed_the_last_one() -> None:
    """A quorum's answers are all that it needs; the first is asked of everybody."""
    server = heard_leader(FIVE)
    assert asked_of(server, 1) == {"b", "c", "d", "e"}
    for name in "ce":
        server.accept(1, name, read=1)
    # Too late to count.
    server.accept(1, "b", read=1)
    assert asked_of(server, 2) == {"c", "e"}
    for name in "ce":
        server.accept(1, name, read=2)
    assert answered(server) == [(1, 1), (2, 1)]


def test_a_round_that_is_not_answered_is_asked_of_everybody_with_the_next_heartbeat() -> None:
    """Whoever answers that is asked from then on."""
    server = heard_leader()
    ask(server, 1)
    server.accept(1, "b", read=1)
    assert asked_of(server, 2) == {"b"}
    beats = of_kind(AppendRequest, server.pass_time(server.config.heartbeat))
    assert {(m.to, m.read) for m in beats} == {("b", 2), ("c", 2)}
    server.accept(1, "c", read=2)
    assert answered(server) == [(1, 1), (2, 1)]
    assert asked_of(server, 3) == {"c"}


def test_a_round_is_asked_of_the_others_at_once_if_a_connection_breaks() -> None:
    """Its answer will not come."""
    server = heard_leader(FIVE)
    ask(server, 1)
    for name in "bc":
        server.accept(1, name, read=1)
    assert asked_of(server, 2) == {"b", "c"}
    server.member.peer_lost("c", server.now)
    again = of_kind(AppendRequest, server.drain())
    assert {m.to for m in again if m.read == 2} >= {"d", "e"}
    server.member.peer_lost("d", server.now)
    server.accept(1, "b", read=2)
    server.accept(1, "e", read=2)
    assert answered(server) == [(1, 1), (2, 1)]


def test_a_round_is_asked_of_everybody_when_the_membership_has_changed() -> None:
    """Who was a quorum before need not be one now."""
    server = heard_leader()
    ask(server, 1)
    server.accept(1, "b", read=1)
    server.member.change_membership("remove", "b")
    server.drain()
    assert "c" in asked_of(server, 2)


def test_thesis_6_4_6_a_single_voter_needs_nobody() -> None:
    """It is its own majority."""
    server = Server(voters=("a",))
    server.tick()
    assert server.member.role == "leader"
    ask(server)
    assert answered(server) == [(7, 1)]


def test_thesis_6_4_7_reads_fail_when_leadership_ends() -> None:
    """They must be asked again, with a fresh round (etcd raft #397)."""
    server = leader_of()
    ask(server, 1)
    server.member.read_index(2)
    server.step(server.answer(False, 0, term=4))
    assert answered(server) == [(1, None), (2, None)]
    with pytest.raises(NotLeader):
        server.member.read_index(3)


def test_reads_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above it the leader says so."""
    monkeypatch.setattr(member_module, "READS_MAX", 2)
    server = leader_of()
    server.member.read_index(1)
    server.member.read_index(2)
    with pytest.raises(Overloaded):
        server.member.read_index(3)


# -- 6.4.1 leases ---------------------------------------------------------------------------------


def leased() -> Server:
    """A leader that a quorum has just answered a round of heartbeats."""
    server = leader_of(lease=True)
    sent = of_kind(AppendRequest, server.tick(), "b")
    server.accept(1, "b", read=sent[-1].read)
    return server


def test_thesis_6_4_1_while_its_lease_lasts_a_leader_answers_at_once() -> None:
    """A round of heartbeats answered by a majority starts the lease."""
    server = leased()
    server.now += 0.05
    ask(server)
    assert answered(server) == [(7, 1)]


def test_thesis_6_4_1_without_the_option_there_is_none() -> None:
    """The default is a round for every read."""
    server = leader_of()
    ask(server)
    assert not answered(server)


def test_thesis_6_4_1_the_lease_counts_from_when_the_round_was_sent() -> None:
    """Not from the answer, which may have been long under way; and it is shorter than the election
    timeout by the bound on clock drift."""
    server = leader_of(lease=True)
    sent = of_kind(AppendRequest, server.tick(), "b")
    began = server.now
    server.now += 0.5
    server.member.step(server.answer(True, 1, read=sent[-1].read), server.now)
    server.drain()
    ask(server, 1)
    assert answered(server) == [(1, 1)]
    server.now = began + server.config.election_min / 1.1
    ask(server, 2)
    assert answered(server) == [(1, 1)]


def test_thesis_6_4_1_a_read_is_judged_by_a_clock_looked_at_after_it_was_asked() -> None:
    """A process that slept between must not answer by the time of before."""
    server = leased()
    server.member.read_index(7)
    sent = of_kind(AppendRequest, server.drain(), "b")
    assert not answered(server), "nobody has looked at the clock since: so it takes a round"
    server.accept(1, "b", read=sent[-1].read)
    assert answered(server) == [(7, 1)]


def test_thesis_6_4_1_a_transfer_ends_the_lease() -> None:
    """The target is elected without waiting for it; once told, also after the transfer was given
    up: the message may arrive late."""
    server = leased()
    server.member.transfer("b", server.now)
    assert of_kind(TimeoutNow, server.drain())
    ask(server, 1)
    assert not answered(server)
    for _ in range(9):
        (beat, *_) = of_kind(AppendRequest, server.pass_time(0.1), "c")
        server.accept(1, "c", read=beat.read)
    ask(server, 2)
    assert 2 not in dict(answered(server))


def test_thesis_6_4_1_followers_keep_their_promise_when_the_connection_breaks() -> None:
    """With leases a lost connection shortens nothing: no vote, no candidacy before the shortest
    election timeout has passed since the leader was heard."""
    server = Server(lease_reads=True, now=0.0)
    server.pass_time(2.0)
    server.appended((0, 0), sender="c")
    heard = server.now
    server.now += 0.1
    server.member.peer_lost("c", server.now)
    assert server.member.next_deadline() >= heard + server.config.election_min
    assert server.asked(5, (9, 9)) is None
    server.now = heard + server.config.election_min + 0.001
    assert (answer := server.asked(5, (9, 9))) and answer.granted


def test_thesis_6_4_1_a_restart_keeps_what_was_promised_before_it() -> None:
    """Nobody knows any more what: so for an election timeout it helps no other leader."""
    server = Server(lease_reads=True, now=0.0)
    server.appended((0, 0), sender="c")
    server.crash()
    assert server.asked(5, (9, 9)) is None
    assert not of_kind(VoteRequest, server.pass_time(server.config.election_min))


def test_thesis_6_4_1_the_lease_is_of_a_quorum() -> None:
    """Of five, one follower's answer starts none."""
    server = leader_of(voters=FIVE, lease=True)
    sent = of_kind(AppendRequest, server.tick(), "b")
    server.accept(1, "b", read=sent[-1].read)
    ask(server)
    assert not answered(server)


def test_thesis_6_4_1_a_promise_ends_with_the_shortest_election_timeout() -> None:
    """Not a moment later: a follower may then campaign itself."""
    server = Server(lease_reads=True, now=0.0, chance=0.0)
    server.pass_time(2.0)
    server.appended((0, 0), sender="c")
    server.member.peer_lost("c", server.now)
    assert server.member.next_deadline() == server.member.state.promised
    assert of_kind(VoteRequest, server.tick())
