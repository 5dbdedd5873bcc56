"""Taking office, being heard, handing over: the parts of a leader that the paper leaves open. (The
rest is in test_paper_figure_2, test_paper_5 and the tests of the thesis.)"""

import pytest

from cluster.raft import leader
from cluster.raft.messages import AppendRequest, SnapshotRequest, SnapshotResponse, TimeoutNow
from tests.unit.cluster.raft.paper import FIVE, Server, of_kind


def elected(
    voters: tuple[str, ...] = ("a", "b", "c"), terms: tuple[int, ...] = (), **config: float
) -> Server:
    """A leader that everybody has answered once."""
    server = Server(terms, voters=voters, **config)
    server.elect()
    for name in server.others():
        server.accept(len(terms) + 1, name)
    return server


def test_only_a_candidate_takes_office() -> None:
    with pytest.raises(AssertionError, match="only an elected candidate"):
        leader.become_leader(Server().member.state)


def test_a_leader_takes_office_with_nothing_known_of_the_others() -> None:
    """They have had no time to answer, and it is not judged by their silence yet."""
    server = Server((1, 1))
    server.elect()
    state = server.member.state
    assert {name: item.match for name, item in state.progress.items()} == {"b": 0, "c": 0}
    assert state.term_start == 3 and state.grace_until >= server.now + state.config.election_min
    assert state.deadline == pytest.approx(server.now + state.config.heartbeat)


def test_silence_is_since_a_quorum_was_heard_last() -> None:
    server = elected(FIVE)
    began = server.now
    for delay, name in ((0.02, "b"), (0.05, "c"), (0.07, "d")):
        server.now = began + delay
        server.accept(1, name)
    state = server.member.state
    state.now = began + 0.1
    # Itself, d and c: the quorum's last word is c's.
    assert leader.silence(state) == pytest.approx(0.05)


def test_a_heartbeat_goes_to_everybody_and_arms_the_next() -> None:
    server = elected()
    sent = of_kind(AppendRequest, server.tick())
    assert sorted(m.to for m in sent) == ["b", "c"] and not any(m.entries for m in sent)
    assert server.member.next_deadline() == pytest.approx(server.now + server.config.heartbeat)


def test_the_best_successor_was_heard_lately_and_holds_most() -> None:
    server = elected()
    server.member.propose(b"x")
    server.drain()
    server.accept(2, "b")
    assert leader.most_advanced(server.member.state) == "b"
    server.now += server.config.election_min * 1.1
    server.accept(1, "c")
    assert leader.most_advanced(server.member.state) == "c"


def test_there_is_none_for_who_is_alone() -> None:
    assert leader.most_advanced(elected(("a",)).member.state) == ""


def test_a_transfer_waits_until_the_successor_holds_all() -> None:
    server = elected()
    server.member.propose(b"x")
    server.drain()
    leader.transfer(server.member.state, "b")
    assert not of_kind(TimeoutNow, server.drain())
    assert of_kind(TimeoutNow, server.accept(2, "b")) == [TimeoutNow("a", "b", 1)]


def test_nothing_is_committed_by_old_terms_entries() -> None:
    """Counting is for entries of its own term (paper 5.4.2)."""
    server = Server((1, 1))
    server.elect()
    server.accept(2, "b")
    leader.maybe_commit(server.member.state)
    assert server.member.commit == 0
    server.accept(3, "b")
    assert server.member.commit == 3


def test_an_acknowledgement_of_what_was_never_sent_is_a_bug() -> None:
    server = elected()
    with pytest.raises(AssertionError, match="never sent"):
        server.accept(9, "b")


# -- snapshots ------------------------------------------------------------------------------------


def sending_a_snapshot() -> Server:
    """c lacks what the leader's log does not hold any more."""
    server = elected(hold_bytes_max=0)
    for number in range(4):
        server.member.propose(b"%d" % number)
    server.drain()
    server.accept(5, "b")
    server.member.snapshot_taken(5, keep=0)
    server.member.peer_lost("c", server.now)
    server.drain()
    server.step(server.answer(False, 5, "c"))
    assert server.member.sending_snapshot
    return server


def test_the_peer_says_which_chunk_it_wants_next() -> None:
    server = sending_a_snapshot()
    (chunk,) = of_kind(SnapshotRequest, server.step(SnapshotResponse("c", "a", 1, 5, 64)), "c")
    assert chunk.offset == 64


def test_a_chunk_that_is_out_already_is_not_sent_twice() -> None:
    server = sending_a_snapshot()
    wants = SnapshotResponse("c", "a", 1, 5, 64)
    server.step(wants)
    assert not of_kind(SnapshotRequest, server.step(wants))


@pytest.mark.parametrize("strange", [{"sender": "z"}, {"last_index": 4}, {"tenure": 7}])
def test_answers_about_another_snapshot_life_or_by_strangers_move_nothing(
    strange: dict[str, int],
) -> None:
    server = sending_a_snapshot()
    fields = {"sender": "c", "to": "a", "term": 1, "last_index": 5, "offset": 64} | strange
    assert not of_kind(SnapshotRequest, server.step(SnapshotResponse(**fields)))  # type: ignore[arg-type]  # names and numbers
