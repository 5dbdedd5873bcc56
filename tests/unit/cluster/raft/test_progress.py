"""What a leader believes of a peer."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.raft.messages import SnapshotMeta
from cluster.raft.progress import Progress


def test_an_acknowledgement_ends_probing_and_frees_the_window() -> None:
    progress = Progress(next=5, contact=0.0, waiting=True)
    progress.acknowledge(4)
    assert (progress.state, progress.match, progress.next, progress.waiting) == (
        "replicate",
        4,
        5,
        False,
    )
    progress.sent_append(6, 10)
    progress.sent_append(8, 20)
    progress.acknowledge(6)
    assert (
        list(progress.inflight) == [(8, 20)]
        and progress.inflight_bytes == 20
        and progress.next == 9
    )
    progress.acknowledge(3)
    assert progress.match == 6


def test_stale_refusals_are_ignored() -> None:
    progress = Progress(next=9, contact=0.0, match=6, state="replicate")
    assert not progress.reject(5, 3)
    assert progress.reject(8, 3) and progress.next == 7
    assert not progress.reject(8, 3)


def test_a_snapshot_ends_when_the_peer_holds_it() -> None:
    progress = Progress(next=1, contact=0.0)
    progress.start_snapshot(SnapshotMeta(40, 2))
    progress.acknowledge(10)
    assert progress.state == "snapshot" and not progress.reject(12, 1)
    progress.acknowledge(40)
    assert progress.state == "replicate" and progress.next == 41


def test_a_heartbeat_does_not_overtake_appends_but_finds_lost_ones() -> None:
    progress = Progress(next=6, contact=0.0, match=5, state="replicate")
    assert progress.beat_after() == 5
    progress.sent_append(9, 100)
    assert [progress.beat_after() for _ in range(4)] == [5, 9, 9, 9]
    progress.sent_append(12, 100)
    progress.acknowledge(9)
    assert [progress.beat_after() for _ in range(3)] == [9, 9, 12]
    progress.acknowledge(12)
    assert progress.beat_after() == 12


Steps = st.lists(
    st.tuples(
        st.sampled_from(("send", "ack", "reject", "lost", "snapshot")),
        st.integers(0, 30),
        st.integers(0, 30),
    ),
    max_size=40,
)


@given(Steps)
def test_whatever_comes_match_only_grows_and_the_window_adds_up(
    steps: list[tuple[str, int, int]],
) -> None:
    progress = Progress(next=5, contact=0.0)
    for what, one, other in steps:
        before = progress.match
        if what == "send" and progress.state == "replicate":
            progress.sent_append(progress.next + one % 3, other)
        elif what == "ack":
            progress.acknowledge(one)
        elif what == "reject":
            progress.reject(one, other)
        elif what == "lost":
            progress.lost()
        elif what == "snapshot":
            progress.start_snapshot(SnapshotMeta(one, 1))
        assert progress.match >= before and progress.next > progress.match
        assert progress.inflight_bytes == sum(size for _, size in progress.inflight)
        assert all(last > progress.match for last, _ in progress.inflight)
        assert not progress.inflight or progress.state == "replicate"


def test_a_broken_connection_sends_the_same_chunk_again() -> None:
    progress = Progress(next=1, contact=0.0)
    progress.start_snapshot(SnapshotMeta(40, 2))
    progress.snapshot_offset, progress.waiting = 512, True
    progress.lost()
    assert (progress.state, progress.snapshot_offset, progress.waiting) == ("snapshot", 512, False)


def test_catching_up_is_measured_in_rounds() -> None:
    """Thesis 4.2.1: each round is to reach what the log's end was when it began."""
    progress = Progress(next=1, contact=0.0)
    assert progress.lags(0.0, within=1.0), "nothing is known yet"
    progress.catch_up(100, now=0.0)
    progress.acknowledge(100)
    progress.catch_up(150, now=5.0)
    assert progress.lags(5.0, within=1.0)
    progress.acknowledge(150)
    progress.catch_up(160, now=5.5)
    assert not progress.lags(5.6, within=1.0)
    assert progress.lags(9.0, within=1.0), "the present round takes too long"
