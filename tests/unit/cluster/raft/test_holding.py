"""What a leader holds in memory for peers that lag, and for how long; a log in memory that begins
behind its snapshot."""

from cluster.raft.log import ENTRY_BYTES
from cluster.raft.messages import AppendRequest, SnapshotRequest, SnapshotResponse
from tests.unit.cluster.raft.paper import Server, of_kind


def lagging(**config: float) -> Server:
    """The leader a has applied ten entries that b holds; c holds two. All are alive."""
    server = Server(**config)
    server.elect()
    for name in server.others():
        server.accept(1, name)
    for number in range(9):
        server.member.propose(b"%d" % number)
    server.drain()
    server.accept(10)
    server.accept(2, "c")
    assert server.member.state.applied == 10
    return server


def of_c(server: Server) -> str:
    return server.member.state.progress["c"].state


def test_a_snapshot_takes_nothing_away_that_a_living_peer_lacks() -> None:
    server = lagging()
    server.member.snapshot_taken(10, keep=0)
    assert server.member.log.base_index == 2
    server.member.peer_lost("c", server.now)
    (append,) = of_kind(AppendRequest, server.drain(), "c")
    assert append.prev_index == 2 and not server.member.wants_snapshot
    assert of_kind(AppendRequest, server.accept(2, "c"), "c")[-1].entries[-1].index == 10


def test_it_is_bounded_in_bytes() -> None:
    server = lagging(hold_bytes_max=3 * (ENTRY_BYTES + 1))
    server.member.snapshot_taken(10, keep=0)
    assert server.member.log.base_index == 7


def test_what_all_may_lack_stays_in_any_case() -> None:
    server = lagging(hold_bytes_max=0)
    server.member.snapshot_taken(10, keep=4)
    assert server.member.log.base_index == 6


def test_a_peer_that_is_silent_for_long_is_not_waited_for() -> None:
    server = lagging()
    for _ in range(70):
        server.pass_time(0.1)
        server.accept(10)
    assert server.member.role == "leader"
    server.member.forget(10, keep=0)
    assert server.member.log.base_index == 10
    assert not server.member.wants_snapshot and not server.member.sending_snapshot


def test_a_follower_keeps_what_it_is_told_to() -> None:
    server = Server((1,) * 6)
    server.appended((6, 1), commit=6)
    server.member.forget(6, keep=2)
    assert [entry.index for entry in server.member.log.entries] == [5, 6]
    assert server.member.log.snapshot_index == 0


def sending() -> Server:
    """c is being sent the snapshot of ten entries; five more are applied since."""
    server = lagging(hold_bytes_max=5 * (ENTRY_BYTES + 1))
    server.member.snapshot_taken(10, keep=0)
    server.member.peer_lost("c", server.now)
    assert of_kind(SnapshotRequest, server.drain(), "c")
    for number in range(5):
        server.member.propose(b"%d" % number)
    server.drain()
    server.accept(15)
    assert server.member.state.applied == 15
    return server


def test_what_follows_a_snapshot_stays_while_it_is_sent_and_until_the_peer_has_it() -> None:
    server = sending()
    assert server.member.sending_snapshot
    server.member.forget(15, keep=0)
    assert server.member.log.base_index == 10
    sent = server.accept(10, "c")
    server.member.forget(15, keep=0)
    assert [entry.index for entry in of_kind(AppendRequest, sent, "c")[-1].entries] == [
        11, 12, 13, 14, 15,
    ]  # fmt: skip
    server.accept(15, "c")
    server.member.forget(15, keep=0)
    assert server.member.log.base_index == 15 and of_c(server) == "replicate"


def test_who_lacks_what_no_snapshot_holds_waits_for_the_next_one() -> None:
    """It hears that one leads meanwhile; it is sent no snapshot that nothing follows."""
    server = lagging(hold_bytes_max=0)
    server.member.snapshot_taken(2, keep=0)
    server.member.forget(10, keep=0)
    assert (server.member.log.snapshot_index, server.member.log.base_index) == (2, 10)
    assert not server.member.wants_snapshot, "all that it lacks is on its way"
    server.member.peer_lost("c", server.now)
    assert server.member.wants_snapshot and not server.drain()
    beats = []
    for _ in range(3):
        sent = server.pass_time(0.1)
        server.accept(10)
        server.step(server.answer(False, 10, "c", hint=(2, 1)))
        beats += of_kind(AppendRequest, sent, "c")
        assert not of_kind(SnapshotRequest, sent) and not any(beat.entries for beat in beats)
    assert len(beats) == 3
    server.member.propose(b"while it waits")
    server.drain()
    server.accept(11)
    server.member.forget(11, keep=0)
    server.member.snapshot_taken(11, keep=0)
    assert not server.member.wants_snapshot
    (chunk,) = of_kind(SnapshotRequest, server.pass_time(0.1), "c")
    assert chunk.meta.index == 11
    server.step(SnapshotResponse("c", "a", server.member.term, 11, 5))
    server.accept(11, "c")
    assert of_c(server) == "replicate"


def test_reads_are_confirmed_by_who_waits_for_a_snapshot() -> None:
    server = lagging(hold_bytes_max=0)
    server.member.forget(10, keep=0)
    server.member.peer_lost("c", server.now)
    server.drain()
    server.member.read_index(1)
    (asked,) = of_kind(AppendRequest, server.drain(), "c")
    server.step(server.answer(False, 10, "c", read=asked.read))
    assert server.readies[-1].reads[0].index == 10


def test_a_hold_while_a_snapshot_is_wanted_keeps_what_will_follow_it() -> None:
    server = lagging(hold_bytes_max=100 * ENTRY_BYTES)
    server.member.state.log.forget(10)
    server.member.peer_lost("c", server.now)
    assert server.member.wants_snapshot
    for number in range(3):
        server.member.propose(b"%d" % number)
    server.drain()
    server.accept(13)
    server.member.forget(13, keep=0)
    assert server.member.log.base_index == 10
    server.member.snapshot_taken(11, keep=0)
    assert server.member.log.base_index <= 11 and not server.member.wants_snapshot
