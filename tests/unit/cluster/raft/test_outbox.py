"""What a Ready holds, and what must not leave before the disk has it."""

import pytest

from cluster.raft.messages import (
    AppendRequest,
    AppendResponse,
)
from tests.unit.cluster.raft.paper import Server, log_of, of_kind


def leader_of(**config: float) -> Server:
    """A leader of three whose followers hold its no-op."""
    server = Server(**config)  # type: ignore[arg-type]  # counts are whole numbers
    server.elect()
    server.accept(1, "b")
    server.accept(1, "c")
    return server


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


def test_what_a_quorum_holds_is_applied_while_the_own_disk_is_busy() -> None:
    server = Server()
    server.member.step(server.append((0, 0), log_of(1, 1), commit=1), server.now)
    ready = server.take()
    assert [entry.index for entry in ready.committed] == [1]
    assert not ready.send_now and ready.send_after_persist
    server.member.step(server.append((2, 1), commit=2), server.now)
    assert [entry.index for entry in server.take().committed] == [2]
    assert server.member.log.persisted == 0


def test_a_leader_applies_what_its_followers_hold_while_its_own_disk_is_busy() -> None:
    """Thesis 10.2.1: it may even commit before it has written the entry itself."""
    server = leader_of()
    server.member.propose(b"x")
    pending = server.take()
    for peer in ("b", "c"):
        server.member.step(server.answer(True, 2, sender=peer), server.now)
    assert [entry.index for entry in server.take().committed] == [2]
    assert server.member.log.persisted == 1
    server.finish(pending)
    assert server.member.log.persisted == 2


@pytest.mark.parametrize(("size", "told"), [(1, True), (80_000, False)])
def test_who_has_yet_to_sync_an_entry_is_told_that_it_is_committed(size: int, told: bool) -> None:
    """Unless what tells could overtake the entry."""
    server = leader_of()
    server.drain()
    server.member.propose(b"x" * size)
    server.drain()
    news = of_kind(AppendRequest, server.accept(2, "b"))
    assert server.member.commit == 2
    assert [(m.prev_index, m.commit, m.quiet) for m in news if m.to == "c"] == (
        [(2, 2, True)] if told else []
    )


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
