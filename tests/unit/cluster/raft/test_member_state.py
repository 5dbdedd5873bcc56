"""The configuration, and the transitions that touch all of a member."""

import pytest

from cluster.raft.member_state import Config
from cluster.raft.messages import Membership, SnapshotMeta
from tests.unit.cluster.raft.paper import Disk, Server


def test_a_member_needs_a_name() -> None:
    with pytest.raises(ValueError, match="name"):
        Config("")


@pytest.mark.parametrize(
    "times", [(0.0, 0.6, 1.2), (0.6, 0.6, 1.2), (0.1, 1.2, 1.2), (0.1, 1.3, 1.2)]
)
def test_times_must_be_in_order(times: tuple[float, float, float]) -> None:
    heartbeat, low, high = times
    with pytest.raises(ValueError, match="0 < heartbeat < election_min < election_max"):
        Config("a", heartbeat, low, high)


def test_terms_only_grow() -> None:
    with pytest.raises(AssertionError, match="only grow"):
        Server(term=3).member.state.enter_term(3)


def test_blank_is_who_has_neither_members_nor_tenure() -> None:
    blank = Server(disk=Disk())
    assert blank.member.state.is_blank and not blank.member.state.may_campaign
    assert not Server().member.state.is_blank


def test_a_learner_and_a_stranger_may_not_campaign() -> None:
    for voters, learners in ((("b", "c"), ("a",)), (("b", "c"), ())):
        state = Server(voters=voters, learners=learners).member.state
        assert not state.may_campaign and not state.is_voter


def test_a_founder_that_came_in_again_may_campaign_by_its_new_tenure_only() -> None:
    again = Membership(("a", "b"), tenures=(("a", 9),))
    server = Server(disk=Disk(meta=SnapshotMeta(12, 0, again)))
    assert server.member.state.is_voter and not server.member.state.may_campaign
    server.member.state.tenure = 9
    assert server.member.state.may_campaign
