"""A snapshot that comes in chunks: resumed, overtaken, installed."""

from cluster.raft.messages import (
    HardState,
    Membership,
    SnapshotMeta,
    SnapshotResponse,
)
from tests.unit.cluster.raft.paper import Disk, Server, log_of, of_kind

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


def test_a_late_chunk_of_an_older_snapshot_of_the_same_leader_is_ignored() -> None:
    server = Server()
    server.step(server.chunk(META, 0, b"abc"))
    assert server.step(server.chunk(SnapshotMeta(7, 2, META.membership), 0, b"x")) == []
    assert server.disk.spool == b"abc"


def test_another_leaders_older_snapshot_is_taken() -> None:
    """It may have no newer one."""
    server = Server()
    server.step(server.chunk(META, 0, b"abc"))
    older = SnapshotMeta(7, 2, META.membership)
    server.step(server.chunk(older, 0, b"x", term=3, sender="c"))
    assert (server.disk.spool_meta, server.disk.spool) == (older, b"x")


def test_chunks_for_an_earlier_life_are_ignored() -> None:
    """A blank member takes none that is meant for a founder of its name."""
    server = Server(disk=Disk())
    assert server.step(server.chunk(META, 0, b"abc")) == []
    assert server.disk.spool == b"" and server.member.term == 0
