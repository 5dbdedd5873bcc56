"""The face of the core: limits, what a start takes, what is ignored."""

import pytest

from cluster.errors import Overloaded, StoreError
from cluster.raft.member import Member
from cluster.raft.member_state import Config
from cluster.raft.messages import (
    Entry,
    HardState,
    VoteRequest,
)
from tests.unit.cluster.raft.paper import Server


def leader_of(**config: float) -> Server:
    """A leader of three whose followers hold its no-op."""
    server = Server(**config)  # type: ignore[arg-type]  # counts are whole numbers
    server.elect()
    server.accept(1, "b")
    server.accept(1, "c")
    return server


def test_a_proposal_too_large_for_any_append_is_refused_for_good() -> None:
    server = leader_of(proposal_bytes_max=10)
    with pytest.raises(StoreError, match="at most 10, split it"):
        server.member.propose(bytes(11))
    server.member.propose(bytes(10))


def test_what_waits_for_a_quorum_is_bounded_in_bytes() -> None:
    """One proposal is always taken; room is made by commitment, not by sending."""
    server = leader_of(uncommitted_bytes_max=100)
    server.member.propose(bytes(90))
    with pytest.raises(Overloaded):
        server.member.propose(bytes(20))
    server.drain()
    with pytest.raises(Overloaded):
        server.member.propose(bytes(20))
    server.accept(2)
    assert server.member.state.uncommitted_bytes == 0
    server.member.propose(bytes(200))


def test_what_waits_for_a_quorum_is_bounded_in_number() -> None:
    server = leader_of(uncommitted_max=3)
    for _ in range(3):
        server.member.propose(b"x")
    with pytest.raises(Overloaded):
        server.member.propose(b"x")


def test_a_new_leader_counts_what_it_found() -> None:
    server = Server((1, 1, 1), uncommitted_bytes_max=10)
    server.elect()
    assert server.member.state.uncommitted_bytes == len(b"1.1") * 3
    with pytest.raises(Overloaded):
        server.member.propose(b"xx")
    server.accept(4)
    assert server.member.state.uncommitted_bytes == 0


def test_a_log_of_a_term_that_the_hard_state_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="log is of term 3"):
        Member(Config("a"), lambda: 0.5, 0.0, HardState(2, ""), [Entry(1, 3, b"")])


def test_a_single_founder_leads_at_once() -> None:
    server = Server(voters=("a",))
    server.tick()
    assert server.member.role == "leader" and server.now == 100.0
    server.member.propose(b"x")
    server.drain()
    assert [entry.data for entry in server.applied] == [b"", b"x"]


def test_misdirected_messages_and_echoes_are_ignored() -> None:
    server = Server()
    assert server.step(VoteRequest("b", "c", 9, 9, 9)) == []
    assert server.step(VoteRequest("a", "a", 9, 9, 9)) == []
    assert server.member.term == 0
