"""The table of entries that somebody waits for: told once, failed with their term, bounded."""

import asyncio

import pytest

from actors.store.proposals import Proposals
from cluster import limits
from cluster.errors import NotLeader, Overloaded
from cluster.messages.store import TxnResult

DONE = (TxnResult(True, 2),)


async def test_who_waits_is_found_by_the_entrys_name_once() -> None:
    table = Proposals(lambda: 7.0)
    future = table.add((1, 5), 10, "trace", None, waited_for=True)
    assert table.trace_of((1, 5)) == "trace" and table.trace_of((2, 5)) == ""
    pending = table.take((1, 5))
    assert pending is not None and pending.future is future and pending.since == 7.0
    assert table.take((1, 5)) is None and len(table) == 0


async def test_another_term_fails_who_waits_under_the_old_one() -> None:
    table = Proposals(lambda: 0.0)
    old, new = table.expect((1, 5)), table.expect((2, 6))
    table.add((1, 6), 10, "", None, waited_for=False)
    table.keep_only(2)
    assert isinstance(old.exception(), NotLeader) and not new.done()
    assert table.failed == 1 and len(table) == 1
    table.keep_only(0)
    assert isinstance(new.exception(), NotLeader)


async def test_who_went_away_is_not_told() -> None:
    table = Proposals(lambda: 0.0)
    future = table.expect((1, 5))
    future.cancel()
    table.keep_only(2)
    assert table.failed == 0
    await asyncio.sleep(0)


async def test_room_is_bounded_by_count_and_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RAFT_PENDING_PROPOSALS_MAX", 2)
    monkeypatch.setattr(limits, "RAFT_PENDING_BYTES_MAX", 100)
    table = Proposals(lambda: 0.0)
    table.check_room(100)
    with pytest.raises(Overloaded):
        table.check_room(101)
    table.add((1, 1), 60, "", None, waited_for=False)
    with pytest.raises(Overloaded):
        table.check_room(41)
    table.add((1, 2), 1, "", None, waited_for=False)
    with pytest.raises(Overloaded):
        table.check_room(1)
    table.take((1, 1))
    table.check_room(99)
