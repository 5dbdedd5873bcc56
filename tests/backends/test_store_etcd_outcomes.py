"""The etcd engine when answers are lost or requests come late: each transaction happens once, or
its outcome is told to be unknown."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from actors.store.engines.etcd import messages as etcd
from actors.store.engines.etcd.store import EtcdStore
from cluster.errors import (
    ActorDown,
    AskTimeout,
    LeaseNotFound,
    TemporaryFault,
)
from cluster.messages.store import (
    Compare,
    Delete,
    LeaseGrant,
    LeaseStatus,
    Put,
    TxnRecord,
)
from tests.backends.store_rigs import deadline, etcd_stores, rig_of

Once = Callable[..., Awaitable[Any]]


class Line:
    """Stands between a store and its etcd. ``lose``: answers of so many of the next transactions
    are lost. ``hold``: so many are kept, to be sent late with ``send``."""

    def __init__(self, store: EtcdStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lose = self.hold = self.tries = 0
        self._held: list[tuple[Any, ...]] = []
        self._once: Once = store.client.once
        monkeypatch.setattr(store.client, "once", self.once)

    async def once(self, method: str, request: Any, *more: Any) -> Any:
        reads = method == etcd.TXN and not request.compare
        if method != etcd.TXN or reads:
            return await self._once(method, request, *more)
        self.tries += 1
        if self.hold:
            self.hold -= 1
            self._held.append((method, request, *more))
            raise AskTimeout("kept")
        answer = await self._once(method, request, *more)
        if self.lose:
            self.lose -= 1
            raise ActorDown("the answer was lost")
        return answer

    async def send(self) -> list[etcd.TxnResponse]:
        """What was kept arrives after all."""
        held, self._held = self._held, []
        return [await self._once(*request) for request in held]


@pytest.mark.parametrize("lost", [1, 3])
async def test_a_lost_answer_is_found_again(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        rig, line = rig_of(store), Line(store, monkeypatch)
        before = await rig.txn(Put("old", b"1"), Put("kept", b"1"))
        line.lose = lost
        result = await rig.txn(
            Put("a", b"r", stamp=1, index=b"i"),
            Delete("old"),
            Delete("none"),
            compare=[Compare("kept", "version", 1)],
        )
        assert result.succeeded
        a, old, none = result.items
        assert a is not None
        assert (a.value, a.version) == (b"r%d" % result.revision, 1)
        assert (old, none) == (before.items[0], None)
        assert result.revision == before.revision + 1 == (await rig.read("a")).revision
        assert (await rig.read("a")).items == (a,)
        assert store.writes.recalled >= 1


async def test_a_lost_refusal_is_found_again(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        rig, line = rig_of(store), Line(store, monkeypatch)
        here = await rig.txn(Put("a", b"1"))
        line.lose = 3
        refused = await rig.txn(Put("a", b"2"), compare=[Compare("a", "mod", 0)])
        assert (refused.succeeded, refused.items) == (False, here.items)
        assert line.tries == 5


async def test_a_late_attempt_is_not_applied_a_second_time(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        rig, line = rig_of(store), Line(store, monkeypatch)
        line.hold = 2
        first = await rig.txn(Put("a", b"1"))
        await rig.txn(Put("a", b"2"))
        assert [answer.succeeded for answer in await line.send()] == [False, False]
        (item,) = (await rig.read("a")).items
        assert (item.value, item.version) == (b"2", 2)
        assert item.mod_revision == first.revision + 1


@pytest.mark.parametrize("deletes", [True, False])
async def test_a_late_attempt_is_not_applied_after_its_refusal_was_told(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch, deletes: bool
) -> None:
    """Create if absent, or delete if present: the answer was no; the state then changes so that
    the late attempt would succeed."""
    async with etcd_stores(etcd_url, 1) as (store,):
        rig, line = rig_of(store), Line(store, monkeypatch)
        if deletes:
            line.hold = 1
            assert (await rig.txn(Delete("a"))).items == (None,)
            await rig.put("a", b"kept")
        else:
            await rig.put("a", b"1")
            line.hold = 1
            refused = await rig.txn(Put("a", b"late"), compare=[Compare("a", "mod", 0)])
            assert not refused.succeeded
            await rig.txn(Delete("a"))
        before = await rig.read("a")
        await line.send()
        assert await rig.read("a") == before


async def test_a_late_attempt_of_a_session_that_is_over_is_not_applied(
    rough_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(rough_url, 2) as (store, other):
        rig, line = rig_of(other), Line(store, monkeypatch)
        line.hold = 1_000
        record = TxnRecord((), (Put("a", b"late"),))
        with pytest.raises(AskTimeout):
            await store.txns([record], deadline(0.3))
        await store.writes.close()
        with pytest.raises(LeaseNotFound):
            await line.send()
        assert (await rig.read("a")).items == ()


async def test_a_lane_whose_outcome_is_not_known_is_not_used_again(
    rough_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(rough_url, 1) as (store,):
        rig, line = rig_of(store), Line(store, monkeypatch)
        line.hold = 1_000
        with pytest.raises(AskTimeout, match="outcome unknown"):
            await store.txns([TxnRecord((), (Put("a", b"1"),))], deadline(0.2))
        line.hold = 0
        await rig.put("b", b"1")
        answers = await line.send()
        assert sum(answer.succeeded for answer in answers) == 1
        (item,) = (await rig.read("a")).items
        assert item.version == 1


async def test_a_lost_session_is_replaced_and_its_unknown_outcomes_are_told(
    rough_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(rough_url, 1) as (store,):
        rig, line = rig_of(store), Line(store, monkeypatch)
        await store.writes._session.lease.revoke()
        assert await rig.put("a", b"1") == (await rig.read("a")).revision
        line.lose = 1
        lease = store.writes._session.lease
        original = line.once

        async def revoke_then(*request: Any) -> Any:
            try:
                return await original(*request)
            except ActorDown:
                await lease.revoke()
                raise

        monkeypatch.setattr(store.client, "once", revoke_then)
        with pytest.raises(TemporaryFault, match="outcome unknown"):
            await rig.put("a", b"2")
        monkeypatch.setattr(store.client, "once", original)
        await rig.put("b", b"1")


async def test_foreign_sessions_survive_lost_answers_at_two_replicas(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(etcd_url, 2) as (one, two):
        rig, line = rig_of(one, two), Line(one, monkeypatch)
        for sequence in range(1, 6):
            line.lose = 2
            await rig.txn(Put("n", b"%d" % sequence), client="c", sequence=sequence, store=one)
            again = await rig.txn(
                Put("n", b"%d" % sequence), client="c", sequence=sequence, store=two
            )
            assert again.items[0] is not None and again.items[0].version == sequence
        (item,) = (await rig.read("n")).items
        assert (item.value, item.version) == (b"5", 5)


async def test_a_lease_granted_with_a_lost_answer_is_one_lease(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        original: Once = store.client.once
        answers: list[Any] = []

        async def lose(method: str, *more: Any) -> Any:
            answer = await original(method, *more)
            if method == etcd.LEASE_GRANT and not answers:
                answers.append(answer)
                store.client.failures += 1
                raise ActorDown("the answer was lost")
            return answer

        monkeypatch.setattr(store.client, "once", lose)
        status = await store.lease(LeaseGrant(600), deadline())
        assert isinstance(status, LeaseStatus)
        assert status.id == answers[0].id
