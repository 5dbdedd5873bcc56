"""What an operator may not ask for, and what the leader sends to who left."""

import pytest

from cluster.errors import StoreError
from cluster.raft.messages import (
    Membership,
)
from tests.unit.cluster.raft.paper import THREE, Server

OLD = Membership(THREE)


def leader_of(voters: tuple[str, ...] = THREE, learners: tuple[str, ...] = ()) -> Server:
    """A leader whose followers hold everything."""
    server = Server(voters=voters, learners=learners)
    server.elect()
    for name in (*voters, *learners):
        if name != "a":
            server.accept(1, name)
            server.accept(1, name)
    assert server.member.commit == 1
    return server


@pytest.mark.parametrize(
    ("action", "member", "voters", "advice"),
    [
        ("add-learner", "b", (), "voter already"),
        ("add-learner", "", (), "name"),
        ("promote", "b", (), "voter already"),
        ("promote", "x", (), "no member"),
        ("remove", "x", (), "no member"),
        ("replace", "", (), "at least one"),
        ("replace", "", ("c", "b", "a"), "already"),
        ("replace", "", ("a", "x"), "add it as a learner first"),
        ("demote", "b", (), "add-learner, promote, remove or replace"),
    ],
)
def test_refusals_say_what_to_do(
    action: str, member: str, voters: tuple[str, ...], advice: str
) -> None:
    server = leader_of()
    with pytest.raises(StoreError, match=advice):
        server.member.change_membership(action, member, voters)
    assert server.member.membership == OLD


def test_the_last_voter_stays() -> None:
    server = leader_of(voters=("a",))
    with pytest.raises(StoreError, match="last voter"):
        server.member.change_membership("remove", "a")


def test_there_is_a_bound_on_members() -> None:
    server = Server(members_max=3)
    server.elect()
    server.accept(1)
    with pytest.raises(StoreError, match="at most 3"):
        server.member.change_membership("add-learner", "d")


def test_a_change_that_could_never_be_committed_is_refused() -> None:
    """With c silent, b cannot go: a and c would have no quorum, not even to take it back."""
    server = Server()
    server.elect()
    server.accept(1, "b")
    with pytest.raises(StoreError, match="without an answer of c"):
        server.member.change_membership("remove", "b")
    server.member.change_membership("remove", "c")


def test_a_member_that_comes_in_again_before_it_was_left_alone_is_sent_everything_anew() -> None:
    """What is known of its earlier life counts for nothing."""
    server = leader_of()
    _, index = server.member.change_membership("remove", "c")
    server.drain()
    server.accept(index, "b")
    assert server.member.state.progress["c"].left_at == index
    _, again = server.member.change_membership("add-learner", "c")
    progress = server.member.state.progress["c"]
    assert (progress.tenure, progress.match, progress.left_at) == (again, 0, 0)


def test_who_left_counts_in_nothing() -> None:
    """Neither its silence nor its acknowledgements."""
    server = leader_of()
    _, index = server.member.change_membership("remove", "c")
    server.drain()
    server.accept(index, "c")
    assert server.member.commit < index
    assert [status.name for status in server.member.peers_status()] == ["a", "b"]
