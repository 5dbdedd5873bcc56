"""What a follower remembers of its leader, and what its answers promise. (What the paper says of
appends is in test_paper_figure_2 and test_paper_5.)"""

import msgspec
import pytest

from cluster.raft import follower
from cluster.raft.messages import AppendResponse, Membership, SnapshotMeta
from tests.unit.cluster.raft.paper import Disk, Server, log_of, of_kind


def test_it_follows_whoever_leads_its_term_and_waits_anew() -> None:
    server = Server(term=1)
    state = server.member.state
    state.now += 0.3
    assert follower.hear_leader(state, "c", 0)
    assert (state.leader, state.last_leader, state.heard) == ("c", "c", state.now)
    assert state.deadline >= state.now + state.config.election_min


def test_it_remembers_whom_it_followed_last_when_that_one_is_lost() -> None:
    server = Server()
    server.appended((0, 0), sender="c")
    server.member.peer_lost("c", server.now)
    state = server.member.state
    assert (state.leader, state.last_leader) == ("", "c")


def test_whom_it_follows_has_its_vote() -> None:
    """If it has not given it to somebody else."""
    for vote, after in (("", "c"), ("b", "b")):
        server = Server(term=1, vote=vote)
        follower.hear_leader(server.member.state, "c", 0)
        assert server.member.state.vote == after


def test_a_second_leader_in_a_term_is_a_bug() -> None:
    server = Server()
    server.elect()
    with pytest.raises(AssertionError, match="two leaders"):
        follower.hear_leader(server.member.state, "c", 0)


def test_what_was_said_to_an_earlier_life_is_not_heard() -> None:
    """The same leader has spoken to the present one."""
    again = Membership(("a", "b", "c"), tenures=(("a", 9),))
    server = Server(disk=Disk(meta=SnapshotMeta(12, 0, again)))
    server.appended((12, 0), sender="c")
    heard = server.member.state.heard
    server.now += 0.1
    late = msgspec.structs.replace(server.append((12, 0), sender="c"), tenure=4)
    assert not of_kind(AppendResponse, server.step(late))
    assert server.member.state.heard == heard


def test_only_with_leases_does_it_promise_to_help_nobody_else() -> None:
    for leases in (False, True):
        server = Server(lease_reads=leases)
        server.appended((0, 0), sender="c")
        promised = server.member.state.promised > server.now
        assert promised is leases


def test_an_append_that_only_tells_the_commit_index_gets_no_answer() -> None:
    server = Server((1,))
    tells = msgspec.structs.replace(server.append((1, 1), commit=1), quiet=True)
    assert not of_kind(AppendResponse, server.step(tells))
    assert server.member.commit == 1


def test_but_one_that_does_not_fit_does() -> None:
    """The leader knows less than it thinks."""
    server = Server((1,))
    tells = msgspec.structs.replace(server.append((5, 1), commit=5), quiet=True)
    (answer,) = of_kind(AppendResponse, server.step(tells))
    assert not answer.accepted and answer.index == 5


def test_a_heartbeat_promises_only_what_is_on_disk() -> None:
    """And does not wait for the rest."""
    server = Server((1,))
    server.appended((1, 1))
    server.member.step(server.append((1, 1), log_of(1, first=2)), server.now)
    written = server.take()
    server.member.step(server.append((2, 1)), server.now)
    (answer,) = of_kind(AppendResponse, server.take().send_now)
    assert (answer.accepted, answer.index) == (True, 1)
    server.finish(written)


def test_a_leader_that_asks_about_what_is_committed_is_told_how_far() -> None:
    """It knows little of this one; that part surely matches."""
    server = Server((1, 1, 1))
    server.appended((3, 1), commit=3)
    answer = server.appended((1, 1), log_of(1, 1, first=2))
    assert (answer.accepted, answer.index) == (True, 3)


def test_a_refusal_names_the_last_entry_that_may_match() -> None:
    """Not above the index asked about, nor of a later term."""
    server = Server((1, 1, 3, 3))
    answer = server.appended((4, 2), term=4)
    assert (answer.accepted, answer.index) == (False, 4)
    assert (answer.hint_index, answer.hint_term) == (2, 1)


def test_an_acceptance_is_of_the_present_term_and_echoes_what_was_asked() -> None:
    state = Server(term=7).member.state
    answer = follower.accepted(state, "b", 3, tenure=5, read=2)
    assert answer == AppendResponse("a", "b", 7, True, 3, read=2, tenure=5)
