"""What a leader believes of a peer."""

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
