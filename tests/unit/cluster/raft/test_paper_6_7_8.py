"""Sections 6 (membership), 7 with Figure 13 (snapshots) and 8 (clients) of the Raft paper."""

import pytest

from cluster.errors import NotLeader
from cluster.raft.memberships import joint, settled, with_learner
from cluster.raft.messages import (
    MEMBERSHIP,
    AppendRequest,
    AppendResponse,
    Entry,
    Membership,
    SnapshotMeta,
    SnapshotRequest,
    SnapshotResponse,
    TimeoutNow,
    VoteRequest,
    membership_entry,
    membership_of,
)
from tests.unit.cluster.raft.paper import Server, log_of, of_kind, terms_of

OLD = Membership(("a", "b", "c"))
# Voters a, b, c and two learners that have caught up: what a joint change can choose from.
WIDE = with_learner(with_learner(OLD, "d", 0), "e", 0)


def leader_of(learners: tuple[str, ...] = ("d", "e")) -> Server:
    """A leader whose followers and learners hold everything."""
    server = Server(learners=learners)
    server.elect()
    for name in ("b", "c", *learners):
        server.accept(1, name)
        server.accept(1, name)
    assert server.member.commit == 1
    return server


def last_membership(server: Server) -> Membership:
    """What the last entry says."""
    entry = server.member.log.entries[-1]
    assert entry.kind == MEMBERSHIP
    return membership_of(entry)


# -- 6 joint consensus ----------------------------------------------------------------------------


def test_6_a_change_begins_with_both_configurations() -> None:
    """The leader stores C_old,new as an entry: the union of old and new, which both decide."""
    server = leader_of()
    server.member.change_membership("replace", voters=("a", "d", "e"))
    wanted = last_membership(server)
    assert (wanted.voters, wanted.outgoing) == (("a", "d", "e"), ("a", "b", "c"))


def test_6_a_server_uses_the_latest_configuration_in_its_log_committed_or_not() -> None:
    """As soon as the entry is in the log, all decisions are by it: leader and follower."""
    server = leader_of()
    server.member.change_membership("replace", voters=("a", "d", "e"))
    assert server.member.membership.outgoing and server.member.commit == 1
    follower = Server()
    change = membership_entry(1, 1, joint(WIDE, ("a", "d", "e")))
    follower.appended((0, 0), [change])
    assert follower.member.membership.voters == ("a", "d", "e")
    assert follower.member.commit == 0


def test_6_entries_go_to_all_servers_of_both_configurations() -> None:
    """Log entries are replicated to all servers in both."""
    server = leader_of()
    server.member.change_membership("replace", voters=("a", "d", "e"))
    sent = of_kind(AppendRequest, server.drain())
    assert {m.to for m in sent if m.entries} == {"b", "c", "d", "e"}


@pytest.mark.parametrize(
    ("holders", "committed"),
    [("bc", False), ("de", False), ("bd", True), ("d", False), ("b", False)],
)
def test_6_joint_agreement_needs_a_majority_of_each(holders: str, committed: bool) -> None:
    """Agreement needs separate majorities from both: neither alone decides."""
    server = leader_of()
    _, index = server.member.change_membership("replace", voters=("a", "d", "e"))
    server.drain()
    for name in holders:
        server.accept(index, name)
    assert (server.member.commit >= index) == committed


@pytest.mark.parametrize(("voters", "wins"), [("bc", False), ("de", False), ("ce", True)])
def test_6_joint_elections_need_a_majority_of_each(voters: str, wins: bool) -> None:
    """The same for elections."""
    server = Server()
    server.appended((0, 0), [membership_entry(1, 1, joint(WIDE, ("a", "d", "e")))])
    server.pass_time(1.0)
    server.grant("b", "d", pre=True)
    assert server.member.role == "candidate"
    server.grant(*voters)
    assert (server.member.role == "leader") == wins


def test_6_any_server_of_either_configuration_may_lead() -> None:
    """Any server from either configuration may serve as leader: one of the outgoing here."""
    server = Server()
    server.appended((0, 0), [membership_entry(1, 1, joint(WIDE, ("b", "d", "e")))])
    server.pass_time(1.0)
    server.grant("b", "d", pre=True)
    server.grant("b", "d")
    assert server.member.role == "leader"


def test_6_once_joint_is_committed_the_new_one_follows_by_itself() -> None:
    """It is then safe for the leader to create the entry of C_new, in force at once."""
    server = leader_of()
    _, index = server.member.change_membership("replace", voters=("a", "d", "e"))
    server.drain()
    server.accept(index, "b")
    server.accept(index, "d")
    wanted = last_membership(server)
    assert (wanted.voters, wanted.outgoing) == (("a", "d", "e"), ())
    assert server.member.membership == wanted


def test_6_a_new_leader_finishes_what_it_finds() -> None:
    """A leader elected in the joint phase commits C_old,new with an entry of its own term, and goes
    on to C_new."""
    server = Server()
    server.appended((0, 0), [membership_entry(1, 1, joint(WIDE, ("a", "d", "e")))])
    server.pass_time(1.0)
    server.grant("b", "d", pre=True)
    server.grant("b", "d")
    server.accept(2, "b")
    server.accept(2, "d")
    assert last_membership(server) == settled(joint(WIDE, ("a", "d", "e")))


def test_6_the_new_configuration_is_committed_by_its_own_rules() -> None:
    """When C_new is committed by the rules of C_new, the old one is irrelevant."""
    server = leader_of()
    _, index = server.member.change_membership("replace", voters=("a", "d", "e"))
    server.drain()
    server.accept(index, "b")
    server.accept(index, "d")
    for name in ("b", "c"):
        server.accept(index + 1, name)
    assert server.member.commit == index
    server.accept(index + 1, "e")
    assert server.member.commit == index + 1


def test_6_new_servers_join_without_a_vote() -> None:
    """They first join as non-voting members: the log goes to them, no majority counts them."""
    server = Server(learners=("d",))
    sent = of_kind(AppendRequest, server.elect())
    assert {m.to for m in sent} == {"b", "c", "d"}
    server.accept(1, "d")
    assert server.member.commit == 0
    server.accept(1, "b")
    assert server.member.commit == 1


def test_6_non_voting_members_do_not_campaign() -> None:
    """A learner whose timer runs out stays a follower."""
    learner = Server(voters=("b", "c"), learners=("a",))
    for _ in range(5):
        assert not of_kind(VoteRequest, learner.tick())
    assert learner.member.role == "follower" and learner.member.term == 0


def test_6_a_leader_outside_the_new_configuration_counts_only_others() -> None:
    """While it commits C_new it replicates but does not count itself."""
    server = leader_of()
    _, index = server.member.change_membership("replace", voters=("b", "d", "e"))
    server.drain()
    server.accept(index, "b")
    server.accept(index, "d")
    assert server.member.membership.voters == ("b", "d", "e")
    server.accept(index + 1, "b")
    assert server.member.commit == index, "itself and one of three is no majority of C_new"
    server.accept(index + 1, "d")
    assert server.member.commit == index + 1


def test_6_a_leader_outside_the_new_configuration_steps_down_when_it_is_committed() -> None:
    """It steps down once it has committed C_new; here it hands over first, so nobody must wait."""
    server = leader_of()
    _, index = server.member.change_membership("replace", voters=("b", "d", "e"))
    server.drain()
    server.accept(index, "b")
    server.accept(index, "d")
    server.accept(index + 1, "b")
    assert server.member.role == "leader"
    sent = server.accept(index + 1, "d")
    assert {m.to for m in of_kind(TimeoutNow, sent)} <= {"b", "d"}
    assert of_kind(TimeoutNow, sent)
    with pytest.raises(NotLeader):
        server.member.propose(b"x")
    server.pass_time(1.0)
    assert server.member.role == "follower"
    assert not of_kind(VoteRequest, server.pass_time(5.0)), "it takes no further part"


def test_6_removed_servers_are_not_listened_to_while_a_leader_is_heard() -> None:
    """Within the minimum election timeout of hearing a leader, a RequestVote neither changes the
    term nor gets a vote."""
    server = Server()
    server.appended((0, 0), sender="b")
    assert server.asked(9, (9, 9), sender="x") is None
    assert server.member.term == 1
    server.now += server.config.election_min + 0.01
    assert (answer := server.asked(9, (9, 9), sender="c")) and answer.granted


# -- 7 log compaction -----------------------------------------------------------------------------


def test_7_each_server_snapshots_independently_what_is_committed() -> None:
    """Just the committed entries: the log refuses to be compacted beyond."""
    server = Server((1, 1, 1))
    server.appended((3, 1), commit=2)
    with pytest.raises(AssertionError, match="committed"):
        server.member.snapshot_taken(3, keep=0)
    server.member.snapshot_taken(2, keep=0)
    assert server.member.log.base_index == 2


def test_7_a_snapshot_carries_last_index_last_term_and_configuration() -> None:
    """Metadata: last included index and term, for the consistency check, and the latest
    configuration as of it."""
    change = membership_entry(2, 1, with_learner(OLD, "d", 2))
    server = Server()
    server.appended((0, 0), [*log_of(1), change, *log_of(1, first=3)], commit=3)
    server.member.snapshot_taken(3, keep=0)
    meta = server.member.log.snapshot
    assert (meta.index, meta.term) == (3, 1) and meta.membership.learners == ("d",)
    assert server.appended((3, 1), log_of(1, first=4)).accepted


def test_7_once_it_is_written_the_log_up_to_it_may_go() -> None:
    """It may delete all entries up through the last included one; here some are kept for followers
    that are a little behind."""
    server = Server((1,) * 6)
    server.appended((6, 1), commit=6)
    server.member.snapshot_taken(5, keep=2)
    assert [entry.index for entry in server.member.log.entries] == [4, 5, 6]


def far_behind(size: int = 4) -> tuple[Server, list[object]]:
    """A leader that has discarded what its follower b needs next; what it sends to b."""
    server = Server((1,) * size)
    server.elect()
    server.accept(size + 1, "c")
    server.member.snapshot_taken(size, keep=0)
    return server, list(server.step(server.answer(False, size)))


def test_7_a_follower_that_lags_far_is_sent_a_snapshot() -> None:
    """When the next entry has been discarded; from its first byte, with all metadata."""
    server, sent = far_behind()
    (chunk,) = of_kind(SnapshotRequest, sent, "b")
    assert (chunk.meta.index, chunk.meta.term, chunk.offset) == (4, 1, 0)
    assert chunk.meta.membership == server.member.membership
    assert server.member.sending_snapshot


def test_7_others_are_not_bothered() -> None:
    """Followers that keep up are sent entries, not snapshots."""
    server, _ = far_behind()
    server.member.propose(b"x")
    sent = server.drain()
    assert of_kind(AppendRequest, sent, "c") and not of_kind(SnapshotRequest, sent, "c")


# -- Figure 13 ------------------------------------------------------------------------------------

META = SnapshotMeta(9, 2, Membership(("a", "b", "c", "d")))


def test_figure_13_chunks_are_sent_in_order() -> None:
    """The leader always sends chunks in order, each when the one before is held."""
    server, _ = far_behind()
    wants = SnapshotResponse("b", "a", 2, 4, 100)
    (chunk,) = of_kind(SnapshotRequest, server.step(wants))
    assert chunk.offset == 100
    assert not of_kind(SnapshotRequest, server.step(wants)), "a second copy changes nothing"


def test_figure_13_1_reply_at_once_if_the_term_is_old() -> None:
    """Receiver 1: with the present term, so that the sender steps down."""
    server = Server(term=5)
    (answer,) = of_kind(AppendResponse, server.step(server.chunk(META, 0, b"x", term=2)))
    assert not answer.accepted and answer.term == 5


def test_figure_13_2_the_first_chunk_makes_a_new_file() -> None:
    """Receiver 2: offset 0 begins anew, also where another snapshot was being received."""
    server = Server()
    server.step(server.chunk(META, 0, b"abc"))
    newer = SnapshotMeta(12, 2, META.membership)
    server.step(server.chunk(newer, 0, b"x"))
    assert (server.disk.spool_meta, server.disk.spool) == (newer, b"x")


def test_figure_13_3_data_goes_to_the_file_at_its_offset() -> None:
    """Receiver 3: in order; what does not fit is asked for again."""
    server = Server()
    server.step(server.chunk(META, 0, b"ab"))
    (answer,) = of_kind(SnapshotResponse, server.step(server.chunk(META, 4, b"ef")))
    assert answer.offset == 2
    server.step(server.chunk(META, 2, b"cd"))
    assert server.disk.spool == b"abcd"


def test_figure_13_4_reply_and_wait_for_more() -> None:
    """Receiver 4: while done is false it answers (when the chunk is durable) and waits."""
    server = Server(term=2, vote="b")
    server.member.step(server.chunk(META, 0, b"ab"), server.now)
    ready = server.take()
    assert not ready.send_now and ready.chunks and ready.snapshot is None
    (answer,) = of_kind(SnapshotResponse, ready.send_after_persist)
    assert answer.offset == 2


def test_figure_13_5_the_whole_snapshot_takes_the_place_of_older_ones() -> None:
    """Receiver 5: save it; a partial one with a smaller index is discarded."""
    server = Server()
    older = SnapshotMeta(5, 1, META.membership)
    server.step(server.chunk(older, 0, b"old"))
    server.step(server.chunk(META, 0, b"ab"), server.chunk(META, 2, b"c", done=True))
    assert server.disk.meta == META and server.disk.content == b"abc"
    server.step(server.chunk(older, 3, b"late"))
    assert server.disk.meta == META and server.disk.spool == b""


def test_figure_13_6_if_its_last_entry_is_held_the_log_stays() -> None:
    """Receiver 6: same index and term: retain what follows and reply."""
    server = Server((1,) * 8 + (2, 2, 2))
    (answer,) = of_kind(AppendResponse, server.step(server.chunk(META, 0, b"x")))
    assert answer.accepted and answer.index >= 9
    assert server.member.log.last_index == 11 and server.member.commit == 9
    assert not server.disk.content


def test_figure_13_7_else_the_whole_log_goes() -> None:
    """Receiver 7: discard the entire log, uncommitted and conflicting entries with it."""
    server = Server((1,) * 12)
    server.step(server.chunk(META, 0, b"x", done=True))
    assert (server.member.log.base_index, server.member.log.last_index) == (9, 9)
    assert server.disk.entries == []


def test_figure_13_8_state_and_configuration_are_the_snapshots() -> None:
    """Receiver 8: reset the state machine, and load the snapshot's configuration."""
    server = Server()
    sent = server.step(server.chunk(META, 0, b"state", done=True))
    assert server.disk.content == b"state" and server.member.commit == 9
    assert server.member.membership == META.membership
    assert server.readies[-1].membership is None or server.readies[-1].membership == META.membership
    (answer,) = of_kind(AppendResponse, sent)
    assert answer.accepted and answer.index == 9
    server.appended((9, 2), log_of(2, first=10), term=2, commit=10)
    assert [entry.index for entry in server.applied] == [10]


def test_figure_13_then_entries_follow_where_the_snapshot_ends() -> None:
    """The follower that has it is sent entries again."""
    server, _ = far_behind()
    sent = server.accept(4)
    (append,) = of_kind(AppendRequest, sent, "b")
    assert append.prev_index == 4 and not server.member.sending_snapshot


# -- 8 clients ------------------------------------------------------------------------------------


def test_8_a_server_that_does_not_lead_says_who_does() -> None:
    """It rejects the request and names the most recent leader it has heard from."""
    server = Server()
    server.appended((0, 0), sender="c")
    with pytest.raises(NotLeader, match="leader: c"):
        server.member.propose(b"x")


def test_8_a_leader_begins_its_term_with_a_blank_entry() -> None:
    """It commits a no-op at the start of its term, to learn which entries are committed."""
    server = Server((1,))
    server.elect()
    assert server.member.log.entries[-1] == Entry(2, 2, b"")
    server.accept(2)
    assert server.member.commit == 2 and terms_of(server) == [1, 2]


def test_8_no_read_before_the_blank_entry_is_committed() -> None:
    """It does not know what is committed before: etcd/raft 3189a66."""
    server = Server((1,))
    server.elect()
    server.member.read_index(1)
    server.drain()
    assert not server.reads
    server.accept(2)
    server.accept(2, read=server.member.state.reads.round)
    assert server.reads[-1].index == 2


def test_8_reads_exchange_heartbeats_with_a_majority_first() -> None:
    """Before it answers a read a leader checks that it has not been deposed."""
    server = Server()
    server.elect()
    server.accept(1)
    server.member.read_index(7)
    sent = of_kind(AppendRequest, server.drain())
    assert sent and not server.reads
    server.accept(1, read=sent[-1].read)
    assert [(read.context, read.index) for read in server.reads] == [(7, 1)]
