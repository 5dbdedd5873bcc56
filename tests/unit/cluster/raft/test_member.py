"""The face of the core: limits, flow control, resumed snapshots, Readys, what a start takes."""

import pytest

from cluster.errors import NotLeader, Overloaded, StoreError
from cluster.raft.member import Member
from cluster.raft.member_state import Config
from cluster.raft.messages import (
    AppendRequest,
    AppendResponse,
    Entry,
    HardState,
    Membership,
    SnapshotMeta,
    SnapshotRequest,
    SnapshotResponse,
    VoteRequest,
)
from tests.unit.cluster.raft.paper import Server, log_of, of_kind


def leader_of(**config: float) -> Server:
    """A leader of three whose followers hold its no-op."""
    server = Server(**config)  # type: ignore[arg-type]  # counts are whole numbers
    server.elect()
    server.accept(1, "b")
    server.accept(1, "c")
    return server


# -- limits ---------------------------------------------------------------------------------------


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


# -- flow control (thesis 10.2.1) -----------------------------------------------------------------


def test_appends_in_flight_are_bounded_by_count() -> None:
    server = leader_of(inflight_max=2, entries_max=1)
    for _ in range(5):
        server.member.propose(b"x")
    sent = of_kind(AppendRequest, server.drain(), "b")
    assert [m.entries[0].index for m in sent] == [2, 3]
    sent = of_kind(AppendRequest, server.accept(2), "b")
    assert [m.entries[0].index for m in sent if m.entries] == [4]


def test_appends_in_flight_are_bounded_by_bytes() -> None:
    server = leader_of(inflight_bytes_max=100, entries_max=1)
    for _ in range(5):
        server.member.propose(bytes(60))
    sent = of_kind(AppendRequest, server.drain(), "b")
    assert [m.entries[0].index for m in sent] == [2, 3]
    assert server.member.state.progress["b"].inflight_bytes == 120
    server.accept(3)
    assert server.member.state.progress["b"].inflight_bytes == 120


def test_one_append_is_bounded_in_entries_and_bytes() -> None:
    server = leader_of(entries_max=3, bytes_max=25)
    for size in (10, 10, 10, 1, 1, 1, 1):
        server.member.propose(bytes(size))
    sent = of_kind(AppendRequest, server.drain(), "b")
    assert [[len(e.data) for e in m.entries] for m in sent] == [[10, 10], [10, 1, 1], [1, 1]]


def test_a_slow_follower_holds_up_no_other() -> None:
    server = leader_of(inflight_max=1, entries_max=1)
    for index in range(2, 8):
        server.member.propose(b"x")
        server.drain()
        server.accept(index, "b")
    assert server.member.commit == 7
    assert server.member.state.progress["c"].next == 3


def test_while_the_place_is_searched_one_append_is_out() -> None:
    server = Server((1,) * 4)
    server.elect()
    for _ in range(3):
        server.member.propose(b"x")
        assert not of_kind(AppendRequest, server.drain(), "b")


def test_heartbeats_find_out_that_an_append_was_lost() -> None:
    """Not the first ones: they are short, and may overtake a long append."""
    server = leader_of()
    server.member.propose(b"x")
    server.drain()
    beats = [of_kind(AppendRequest, server.tick(), "b")[0] for _ in range(3)]
    assert [beat.prev_index for beat in beats] == [1, 1, 2] and not beats[-1].entries
    (again,) = of_kind(AppendRequest, server.step(server.answer(False, 2, hint=(1, 1))), "b")
    assert again.prev_index == 1 and len(again.entries) == 1


def test_while_a_snapshot_is_sent_heartbeats_go_on_and_a_lost_chunk_is_sent_again() -> None:
    """But not with every heartbeat: a large chunk may take longer than one."""
    server = Server((1,) * 4)
    server.elect()
    server.accept(5, "c")
    server.member.snapshot_taken(4, keep=0)
    server.step(server.answer(False, 4))
    chunks, beats = 0, 0
    for _ in range(11):
        sent = server.pass_time(0.1)
        server.accept(5, "c")
        chunks += len(of_kind(SnapshotRequest, sent, "b"))
        beats += len(of_kind(AppendRequest, sent, "b"))
    assert chunks == 1 and beats >= 9


def test_a_newer_snapshot_takes_the_place_of_the_one_being_sent() -> None:
    server = Server((1,) * 4)
    server.elect()
    server.accept(5, "c")
    server.member.snapshot_taken(4, keep=0)
    server.step(server.answer(False, 4))
    server.step(SnapshotResponse("b", "a", 2, 4, 512))
    server.member.snapshot_taken(5, keep=0)
    (chunk,) = of_kind(SnapshotRequest, server.drain(), "b")
    assert (chunk.meta.index, chunk.offset) == (5, 0)


# -- resuming a snapshot --------------------------------------------------------------------------

META = SnapshotMeta(9, 2, Membership(("a", "b", "c")))


def test_a_transfer_goes_on_after_a_restart_of_the_receiver() -> None:
    server = Server()
    server.step(server.chunk(META, 0, b"abcd"))
    server.crash()
    (answer,) = of_kind(SnapshotResponse, server.step(server.chunk(META, 0, b"abcd")))
    assert answer.offset == 4
    server.step(server.chunk(META, 4, b"ef", done=True))
    assert server.disk.content == b"abcdef" and server.member.commit == 9


def test_it_goes_on_under_another_leader_that_sends_the_same() -> None:
    server = Server()
    server.step(server.chunk(META, 0, b"abcd", sender="b", term=2))
    sent = server.step(server.chunk(META, 0, b"abcd", sender="c", term=3))
    assert of_kind(SnapshotResponse, sent)[0].offset == 4
    server.step(server.chunk(META, 4, b"ef", done=True, sender="c", term=3))
    assert server.disk.content == b"abcdef"


def test_whole_in_the_spool_but_not_installed_it_is_installed_by_an_empty_chunk() -> None:
    """The crash came after the last chunk was durable, before it took its place."""
    server = Server(term=2, vote="b")
    server.disk.spool_meta, server.disk.spool = META, b"abcdef"
    server.crash()
    (answer,) = of_kind(SnapshotResponse, server.step(server.chunk(META, 0, b"abc")))
    assert answer.offset == 6
    server.step(server.chunk(META, 6, b"", done=True))
    assert server.disk.content == b"abcdef"


def test_a_spool_that_the_log_has_overtaken_is_forgotten() -> None:
    server = Server()
    server.disk.spool_meta, server.disk.spool = META, b"abc"
    server.disk.meta = SnapshotMeta(12, 2, META.membership)
    server.disk.hard_state = HardState(2)
    server.crash()
    assert server.member.state.incoming is None


def test_nothing_comes_into_the_spool_while_it_is_being_installed() -> None:
    """Nor is anything applied on top of the state that goes."""
    server = Server(term=2, vote="b")
    server.member.step(server.chunk(META, 0, b"abc", done=True), server.now)
    ready = server.take()
    newer = SnapshotMeta(12, 2, META.membership)
    server.member.step(server.chunk(newer, 0, b"x"), server.now)
    server.member.step(server.append((9, 2), log_of(2, first=10), 2, commit=10), server.now)
    meanwhile = server.take()
    assert not meanwhile.chunks and not meanwhile.committed
    server.finish(ready)
    server.finish(meanwhile)
    server.drain()
    assert [entry.index for entry in server.applied] == [10]


# -- Readys ---------------------------------------------------------------------------------------


def test_a_leader_sends_while_its_own_disk_is_busy_but_counts_itself_only_after() -> None:
    """Thesis 10.2.1: the leader writes to its disk in parallel."""
    server = leader_of()
    server.member.propose(b"x")
    ready = server.take()
    assert any(m.entries for m in of_kind(AppendRequest, ready.send_now))
    server.member.step(server.answer(True, 2), server.now)
    assert server.member.commit == 1
    server.finish(ready)
    assert server.member.commit == 2


def test_a_heartbeats_answer_promises_only_what_is_durable_and_waits_for_no_disk() -> None:
    server = Server(term=1, vote="b")
    server.appended((0, 0))
    server.member.step(server.append((0, 0), log_of(1)), server.now)
    pending = server.take()
    assert not pending.send_now
    server.member.step(server.append((1, 1)), server.now)
    (answer,) = of_kind(AppendResponse, server.take().send_now)
    assert answer.accepted and answer.index == 0


def test_news_of_a_write_overtaken_by_a_truncation_counts_for_nothing() -> None:
    """The entry cache not cut with the log (cockroach #63302), in its asynchronous form."""
    server = Server()
    server.member.step(server.append((0, 0), log_of(1, 1)), server.now)
    first = server.take()
    server.member.step(server.append((0, 0), log_of(2), 2, sender="c"), server.now)
    second = server.take()
    server.finish(first)
    assert server.member.log.persisted == 0
    server.finish(second)
    assert server.member.log.persisted == 1


def test_what_is_to_be_applied_comes_in_portions() -> None:
    server = Server(apply_max=2)
    server.appended((0, 0), log_of(1, 1, 1, 1, 1), commit=5)
    assert [len(r.committed) for r in server.readies if r.committed] == [2, 2, 1]


def test_there_is_no_ready_without_news() -> None:
    server = leader_of()
    server.drain()
    assert server.member.ready() is None


# -- what a start takes ---------------------------------------------------------------------------


def test_a_log_of_a_term_that_the_hard_state_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="log is of term 3"):
        Member(Config("a"), lambda: 0.5, 0.0, HardState(2, ""), [Entry(1, 3, b"")])


def test_a_member_needs_a_name() -> None:
    with pytest.raises(ValueError, match="name"):
        Config("")


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


def test_status_is_of_every_member_as_the_leader_knows_it() -> None:
    server = Server(learners=("d",))
    server.elect()
    server.accept(1, "b")
    status = {item.name: item for item in server.member.peers_status()}
    assert [(n, s.kind, s.match, s.state) for n, s in status.items()] == [
        ("a", "voter", 1, ""),
        ("b", "voter", 1, "replicate"),
        ("c", "voter", 0, "probe"),
        ("d", "learner", 0, "probe"),
    ]
    follower = Server()
    assert [(s.name, s.match, s.contact) for s in follower.member.peers_status()] == [
        ("a", 0, 0.0),
        ("b", 0, 0.0),
        ("c", 0, 0.0),
    ]
    with pytest.raises(NotLeader):
        follower.member.change_membership("remove", "c")
