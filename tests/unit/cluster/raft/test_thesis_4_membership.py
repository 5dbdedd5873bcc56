"""Membership changes: chapter 4 of Ongaro's thesis, and what it takes to come in again."""

import pytest

from cluster.errors import NotLeader, StoreError
from cluster.raft.memberships import joint, removed, with_learner
from cluster.raft.messages import (
    AppendRequest,
    AppendResponse,
    Entry,
    HardState,
    Membership,
    SnapshotMeta,
    TimeoutNow,
    VoteRequest,
    VoteResponse,
    membership_entry,
)
from tests.unit.cluster.raft.paper import THREE, Disk, Server, log_of, of_kind

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


def joiner(**known: object) -> Server:
    """A member with an empty disk that waits to be contacted."""
    return Server(disk=Disk(**known))  # type: ignore[arg-type]  # fields of Disk


# -- 4.1 safety -----------------------------------------------------------------------------------


def test_thesis_4_1_a_change_is_an_entry_in_force_at_once() -> None:
    """The new configuration takes effect on each server as soon as it is added to its log."""
    server = leader_of()
    term, index = server.member.change_membership("add-learner", "d")
    assert (term, index) == (1, 2)
    assert server.member.membership == with_learner(OLD, "d", 2)
    assert {m.to for m in of_kind(AppendRequest, server.drain())} == {"b", "c", "d"}


def test_thesis_4_1_the_change_is_done_when_its_entry_is_committed() -> None:
    """The leader then knows that a majority has it, and another may begin."""
    server = leader_of()
    server.member.change_membership("add-learner", "d")
    server.drain()
    with pytest.raises(StoreError, match="under way"):
        server.member.change_membership("add-learner", "e")
    server.accept(2)
    server.member.change_membership("add-learner", "e")


def test_thesis_4_1_one_change_at_a_time_also_a_joint_one() -> None:
    """None begins between C_old,new and the end of C_new."""
    server = leader_of(learners=("d",))
    _, index = server.member.change_membership("replace", voters=("a", "b", "d"))
    server.drain()
    for step in (index, index + 1):
        with pytest.raises(StoreError, match="wait until it is done"):
            server.member.change_membership("add-learner", "e")
        server.accept(step, "b")
        server.accept(step, "d")
    server.member.change_membership("add-learner", "e")


def test_thesis_4_1_not_before_an_entry_of_the_own_term_is_committed() -> None:
    """The correction of 2015 to single-server changes: else two disjoint majorities can form."""
    server = Server((1,))
    server.elect()
    with pytest.raises(NotLeader, match="committed nothing"):
        server.member.change_membership("add-learner", "d")
    server.accept(2)
    server.member.change_membership("add-learner", "d")


def test_thesis_4_1_a_removed_entry_takes_its_configuration_with_it() -> None:
    """If the entry is removed from the log, a server falls back to the one before."""
    server = Server()
    change = membership_entry(2, 1, with_learner(OLD, "d", 2))
    server.appended((0, 0), [*log_of(1), change])
    assert server.member.membership.learners == ("d",)
    server.appended((1, 1), log_of(2, first=2), term=2, sender="c")
    assert server.member.membership == OLD
    assert server.member.membership_at(2) == OLD


def test_thesis_4_1_a_server_accepts_appends_of_a_leader_it_does_not_know() -> None:
    """Else a new server could never be added."""
    server = Server()
    assert server.appended((0, 0), log_of(1), sender="x").accepted
    assert server.member.leader == "x"


def test_thesis_4_1_a_server_votes_for_candidates_it_does_not_know() -> None:
    """If log and term are good: the vote may be needed."""
    server = Server()
    assert (answer := server.asked(1, sender="x")) and answer.granted


def test_thesis_4_1_a_learner_votes_if_it_is_asked() -> None:
    """It may have been made a voter by an entry that it does not hold yet."""
    learner = Server(voters=("b", "c"), learners=("a",))
    assert (answer := learner.asked(1)) and answer.granted


def test_thesis_4_1_votes_of_strangers_count_for_nothing() -> None:
    """Servers count by their own configuration only."""
    server = Server()
    server.campaign()
    server.grant("x", "y")
    assert server.member.role == "candidate"


def test_thesis_4_1_answers_of_strangers_count_for_nothing() -> None:
    """Neither do a stranger's acknowledgements."""
    server = leader_of()
    server.member.propose(b"x")
    server.drain()
    server.step(AppendResponse("x", "a", 1, True, 2), AppendResponse("y", "a", 1, True, 2))
    assert server.member.commit == 1


# -- 4.2.1 catching up ----------------------------------------------------------------------------


def test_thesis_4_2_1_a_new_server_catches_up_before_it_counts() -> None:
    """The leader replicates to it first; only then is it promoted."""
    server = leader_of(learners=("d",))
    server.member.change_membership("promote", "d")
    assert server.member.membership == Membership(("a", "b", "c", "d"))
    _, index = server.member.log.entries[-1].term, server.member.log.last_index
    server.drain()
    server.accept(index, "b")
    assert server.member.commit == 1, "three of four are needed now"
    server.accept(index, "d")
    assert server.member.commit == index


def test_thesis_4_2_1_who_has_answered_nothing_is_not_promoted() -> None:
    """An unavailable server, or a mistyped one."""
    server = leader_of()
    server.member.change_membership("add-learner", "d")
    server.drain()
    server.accept(2)
    with pytest.raises(StoreError, match="d lags 2 entries behind"):
        server.member.change_membership("promote", "d")


def test_thesis_4_2_1_rounds_must_get_shorter_than_an_election_timeout() -> None:
    """A round replicates what was in the log at its start; the last must be a short one."""
    server = leader_of(learners=("d",))
    for _ in range(50):
        server.member.propose(b"x")
    server.drain()
    server.accept(51, "b")
    server.accept(20, "d")
    server.now += 2.0
    for peer in "bcd":
        server.accept(51, peer)
    server.member.propose(b"y")
    server.drain()
    server.now += 1.0
    for peer in "bc":
        server.accept(52, peer)
    server.accept(51, "d")
    with pytest.raises(StoreError, match="lags"):
        server.member.change_membership("promote", "d")
    server.accept(52, "d")
    server.member.change_membership("promote", "d")


def test_thesis_4_2_1_a_learner_that_went_silent_is_not_promoted() -> None:
    """However much it held."""
    server = leader_of(learners=("d",))
    for _ in range(20):
        server.pass_time(0.1)
        server.accept(1, "b")
    with pytest.raises(StoreError, match="lags"):
        server.member.change_membership("promote", "d")


# -- 4.2.2 removing the leader, 4.2.3 disruptive servers ------------------------------------------


def test_thesis_4_2_2_a_removed_leader_steps_down_when_that_is_committed() -> None:
    """It replicates its own removal, not counting itself, then hands over and steps down."""
    server = leader_of()
    _, index = server.member.change_membership("remove", "a")
    server.drain()
    server.accept(index, "b")
    assert server.member.role == "leader" and server.member.commit < index
    sent = server.accept(index, "c")
    assert server.member.commit == index and of_kind(TimeoutNow, sent)
    server.pass_time(1.0)
    assert server.member.role == "follower"


def test_thesis_4_2_2_who_is_being_removed_may_be_needed_until_it_is_committed() -> None:
    """A server that is not part of its own latest configuration still starts elections: only its
    log may hold the entry (of the last voter but itself, here)."""
    gone = removed(Membership(("a", "b")), "a")
    server = Server(voters=("a", "b"))
    server.appended((0, 0), [membership_entry(1, 1, gone)])
    server.pass_time(1.0)
    assert server.member.role == "pre-candidate"
    server.grant("b", pre=True)
    server.grant("b")
    assert server.member.role == "leader"
    sent = server.accept(2)
    assert of_kind(TimeoutNow, sent, "b")


def test_thesis_4_2_2_once_that_is_committed_it_is_quiet() -> None:
    """It knows that nobody needs it."""
    server = Server()
    server.appended((0, 0), [membership_entry(1, 1, removed(OLD, "a"))], commit=1)
    assert not of_kind(VoteRequest, server.pass_time(10.0))


def test_thesis_4_2_3_a_removed_server_is_told_so_that_it_does_not_disturb() -> None:
    """It would get no heartbeats, time out and campaign; so it is sent its own removal."""
    server = leader_of()
    _, index = server.member.change_membership("remove", "c")
    sent = of_kind(AppendRequest, server.drain(), "c")
    assert sent and sent[-1].entries[-1].index == index
    server.accept(index, "b")
    server.accept(index, "c")
    server.pass_time(0.3)
    assert "c" not in server.member.state.progress


def test_thesis_4_2_3_one_that_does_not_answer_is_left_alone_in_the_end() -> None:
    """A bounded number of heartbeats."""
    server = leader_of()
    _, index = server.member.change_membership("remove", "c")
    server.drain()
    server.accept(index, "b")
    for _ in range(30):
        server.accept(index, "b")
        server.pass_time(0.1)
    assert "c" not in server.member.state.progress


def test_thesis_4_2_3_a_live_leader_is_not_disturbed_by_higher_terms() -> None:
    """A RequestVote within the election timeout of a heartbeat changes no term, at the leader
    neither."""
    server = leader_of()
    assert server.asked(9, (9, 9), sender="x") is None
    assert server.member.role == "leader" and server.member.term == 1


# -- 4.3 arbitrary changes ------------------------------------------------------------------------


def test_thesis_4_3_voters_are_replaced_as_a_set() -> None:
    """Joint consensus moves from any set to any other that has caught up."""
    server = leader_of(learners=("d", "e"))
    _, index = server.member.change_membership("replace", voters=("d", "e", "a"))
    assert server.member.membership == joint(Membership(THREE, (), ("d", "e")), "ade")
    server.drain()
    for step in (index, index + 1):
        for name in ("b", "d", "e"):
            server.accept(step, name)
    assert server.member.membership == Membership(("a", "d", "e"))
    assert server.member.commit == index + 1


# -- coming in again: tenures ---------------------------------------------------------------------


def test_an_answer_of_an_earlier_life_counts_for_nothing() -> None:
    """d was removed, lost its disk and came in again: what it acknowledged before is not held."""
    server = leader_of()
    _, tenure = server.member.change_membership("add-learner", "d")
    server.drain()
    server.step(AppendResponse("d", "a", 1, True, tenure, tenure=0))
    assert server.member.state.progress["d"].match == 0
    server.accept(tenure, "d")
    assert server.member.state.progress["d"].match == tenure


def test_a_blank_member_does_nothing_until_a_leader_speaks_to_its_present_life() -> None:
    """It neither campaigns nor votes nor takes what was meant for a founder of its name."""
    server = joiner()
    assert server.pass_time(10.0) == []
    assert server.step(VoteRequest("b", "a", 3, 9, 2)) == []
    assert server.step(AppendRequest("b", "a", 3, 0, 0, tuple(log_of(1)), 0)) == []
    assert (server.member.term, server.member.log.last_index) == (0, 0)
    sent = server.step(AppendRequest("b", "a", 3, 0, 0, tuple(log_of(1)), 0, tenure=7))
    (answer,) = of_kind(AppendResponse, sent)
    assert answer.accepted and answer.tenure == 7
    assert server.disk.hard_state == HardState(3, "b", 7, told=3)


def test_a_membership_of_an_earlier_life_gives_no_right_to_campaign() -> None:
    """The log replayed to a member that came in again tells of the time when it was the only voter:
    it must not elect itself by that."""
    server = joiner()
    history = [*log_of(1), membership_entry(2, 1, with_learner(Membership(("a",)), "b", 2))]
    server.step(AppendRequest("b", "a", 3, 0, 0, tuple(history), 0, tenure=24))
    server.pass_time(5.0)
    server.crash(5.0)
    assert not of_kind(VoteRequest, server.pass_time(5.0))
    assert server.member.role == "follower" and server.member.term == 3


def test_a_candidate_of_old_members_gets_no_vote_from_who_came_in_again() -> None:
    """It asks the earlier life, which knew more than its disk does now."""
    server = joiner()
    server.step(AppendRequest("b", "a", 3, 0, 0, tuple(log_of(1)), 0, tenure=24))
    server.now += 1.0
    assert server.step(VoteRequest("c", "a", 4, 9, 3)) == []
    (answer,) = of_kind(VoteResponse, server.step(VoteRequest("c", "a", 4, 9, 3, tenure=24)))
    assert answer.granted


@pytest.mark.parametrize("crashed", [False, True])
def test_a_late_word_to_an_earlier_life_does_not_bring_it_back(crashed: bool) -> None:
    """Though the leader has fallen silent meanwhile: a member that took itself for its earlier life
    would answer no candidate, and could be missing for ever."""
    server = joiner()
    server.step(AppendRequest("b", "a", 3, 0, 0, tuple(log_of(1)), 0, tenure=24))
    server.pass_time(5.0)
    if crashed:
        server.crash()
    assert server.member.leader == ""
    assert server.step(AppendRequest("b", "a", 3, 0, 0, (), 0, tenure=7)) == []
    (answer,) = of_kind(VoteResponse, server.step(VoteRequest("c", "a", 4, 9, 3, tenure=24)))
    assert answer.granted


def test_a_later_leader_may_know_an_earlier_life_only() -> None:
    """The entry by which this member came in again was lost with the leader that appended it."""
    server = joiner()
    server.step(AppendRequest("b", "a", 3, 0, 0, tuple(log_of(1)), 0, tenure=24))
    sent = server.step(AppendRequest("c", "a", 4, 0, 0, tuple(log_of(1)), 0, tenure=7))
    (answer,) = of_kind(AppendResponse, sent)
    assert answer.accepted and answer.tenure == 7
    server.crash()
    (answer,) = of_kind(
        AppendResponse, server.step(AppendRequest("c", "a", 4, 1, 1, (), 0, tenure=7))
    )
    assert answer.accepted and answer.tenure == 7


def test_whoever_hears_a_leader_has_voted_for_it() -> None:
    """So that a vote lost with a disk is not given a second time in that term."""
    server = Server()
    server.appended((0, 0), term=4, sender="c")
    assert server.disk.hard_state == HardState(4, "c")
    server.crash(5.0)
    assert (answer := server.asked(4, (9, 9), sender="b")) and not answer.granted


def test_membership_survives_compaction_and_restart() -> None:
    """It is part of the snapshot's metadata."""
    server = leader_of()
    server.member.change_membership("add-learner", "d")
    server.drain()
    server.accept(2)
    wanted = server.member.membership
    server.member.snapshot_taken(2, keep=0)
    meta = server.member.log.snapshot
    assert meta == SnapshotMeta(2, 1, wanted)
    server.disk.meta, server.disk.entries = meta, []
    server.crash()
    assert server.member.membership == wanted == server.member.membership_at(2)


def test_a_ready_tells_of_each_change_once() -> None:
    """The first of a start too."""
    server = Server()
    server.appended((0, 0), [Entry(1, 1, b"x")])
    server.appended((1, 1), [membership_entry(2, 1, with_learner(OLD, "d", 2))])
    told = [ready.membership for ready in server.readies if ready.membership is not None]
    assert told == [OLD, with_learner(OLD, "d", 2)]
