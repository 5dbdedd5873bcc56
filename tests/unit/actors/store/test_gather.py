"""Transactions of one turn go to the engine together; each asker gets its own outcome."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, cast

import pytest

from actors.kit.context import Context
from actors.store.gather import Gather
from actors.store.store import Store
from cluster import limits
from cluster.errors import AskTimeout, Fenced, Overloaded, StoreError
from cluster.messages.store import Put, TxnRecord, TxnResult


class Engine:
    """Takes note of batches; fails those told to."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, float]] = []
        self.error: Exception | None = None

    async def txns(
        self, records: Sequence[TxnRecord], deadline: float
    ) -> Sequence[TxnResult | StoreError]:
        self.batches.append((len(records), deadline))
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return [Fenced("over") if r.fence else TxnResult(True, n) for n, r in enumerate(records)]


class Tasks:
    """The part of a context that is used."""

    def task(self, work: Coroutine[Any, Any, None], name: str) -> "asyncio.Task[None]":
        return asyncio.get_running_loop().create_task(work, name=name)


def gather(engine: Engine) -> Gather:
    return Gather(cast(Context, Tasks()), cast(Store, engine))


def record(fence: int = 0) -> TxnRecord:
    return TxnRecord((), (Put("k", b"v"),), fence)


async def test_one_turn_one_batch_with_the_latest_deadline() -> None:
    engine = Engine()
    gathered = gather(engine)
    futures = [gathered.add(record(), 5.0 + number) for number in range(3)]
    found = await asyncio.gather(*futures)
    assert [answer.revision for answer in found if isinstance(answer, TxnResult)] == [0, 1, 2]
    await gathered.add(record(), 1.0)
    assert engine.batches == [(3, 7.0), (1, 1.0)]


async def test_an_error_is_its_own_askers_only() -> None:
    gathered = gather(Engine())
    bad, good = gathered.add(record(fence=3), 1.0), gathered.add(record(), 1.0)
    with pytest.raises(Fenced):
        await bad
    assert isinstance(await good, TxnResult)


async def test_who_went_away_hinders_nobody_and_a_failed_batch_fails_all() -> None:
    engine = Engine()
    gathered = gather(engine)
    gone, stays = gathered.add(record(), 1.0), gathered.add(record(), 1.0)
    gone.cancel()
    assert isinstance(await stays, TxnResult)
    engine.error = AskTimeout("late")
    for future in [gathered.add(record(), 1.0), gathered.add(record(), 1.0)]:
        with pytest.raises(AskTimeout, match="late"):
            await future


async def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RAFT_PENDING_PROPOSALS_MAX", 2)
    gathered = gather(Engine())
    first = [gathered.add(record(), 1.0) for _ in range(2)]
    with pytest.raises(Overloaded):
        gathered.add(record(), 1.0)
    await asyncio.gather(*first)
    await gathered.add(record(), 1.0)
