"""How a leader sends: windows, probes, chunks (thesis 10.2.1)."""

from cluster.raft.messages import (
    AppendRequest,
    SnapshotRequest,
    SnapshotResponse,
)
from tests.unit.cluster.raft.paper import Server, of_kind


def leader_of(**config: float) -> Server:
    """A leader of three whose followers hold its no-op."""
    server = Server(**config)  # type: ignore[arg-type]  # counts are whole numbers
    server.elect()
    server.accept(1, "b")
    server.accept(1, "c")
    return server


def test_appends_in_flight_are_bounded_by_count() -> None:
    server = leader_of(inflight_max=2, entries_max=1)
    for _ in range(5):
        server.member.propose(b"x")
    sent = of_kind(AppendRequest, server.drain(), "b")
    assert [m.entries[0].index for m in sent] == [2, 3]
    sent = of_kind(AppendRequest, server.accept(2), "b")
    assert [m.entries[0].index for m in sent if m.entries] == [4]


def test_appends_in_flight_are_bounded_by_bytes() -> None:
    server = leader_of(inflight_bytes_max=120, entries_max=1)
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


def test_answers_of_an_earlier_life_move_no_transfer() -> None:
    server = Server((1,) * 4)
    server.elect()
    server.accept(5, "c")
    server.member.snapshot_taken(4, keep=0)
    server.step(server.answer(False, 4))
    assert server.step(SnapshotResponse("b", "a", 2, 4, 512, tenure=3)) == []
    assert server.member.state.progress["b"].snapshot_offset == 0


def test_a_broken_connection_sends_the_same_chunk_again() -> None:
    """From where the peer wanted it."""
    server = Server((1,) * 4)
    server.elect()
    server.accept(5, "c")
    server.member.snapshot_taken(4, keep=0)
    server.step(server.answer(False, 4))
    server.step(SnapshotResponse("b", "a", 2, 4, 512))
    server.member.peer_lost("b", server.now)
    (chunk,) = of_kind(SnapshotRequest, server.drain(), "b")
    assert chunk.offset == 512
