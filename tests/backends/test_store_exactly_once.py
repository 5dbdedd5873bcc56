"""Transactions asked for again, late and from everywhere: each happens once, on every engine."""

import asyncio

import pytest

from cluster.errors import (
    SessionExpired,
)
from cluster.messages.store import (
    Compare,
    Delete,
    Put,
)
from tests.backends.store_engines import Run
from tests.backends.store_rigs import Rig


def test_a_transaction_asked_for_again_gets_its_first_result(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        absent = [Compare("a", "mod", 0)]
        first = await rig.txn(Put("a", b"1"), compare=absent, client="c", sequence=1)
        assert first.succeeded
        changed = await rig.txn(Put("b", b"1"), Delete("a"))
        for store in rig.stores:
            again = await rig.txn(
                Put("a", b"1"), compare=absent, client="c", sequence=1, store=store
            )
            assert again == first
        assert (await rig.read("a", "z")).items == changed.items[:1]

    on_engine(body)


def test_a_refusal_asked_for_again_stays_a_refusal(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        await rig.put("a")
        absent = [Compare("a", "mod", 0)]
        refused = await rig.txn(Put("a", b"1"), compare=absent, client="c", sequence=1)
        assert not refused.succeeded
        await rig.txn(Delete("a"))
        again = await rig.txn(Put("a", b"1"), compare=absent, client="c", sequence=1)
        assert (again.succeeded, again.items) == (False, refused.items)
        assert (await rig.read("a")).items == ()

    on_engine(body)


def test_a_late_copy_of_what_is_over_is_not_applied(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        await rig.txn(Put("a", b"1"), client="c", sequence=1, done_below=1)
        await rig.txn(Put("a", b"2"), client="c", sequence=2, done_below=2)
        with pytest.raises(SessionExpired):
            await rig.txn(Put("a", b"1"), client="c", sequence=1, done_below=1)
        assert [item.value for item in (await rig.read("a")).items] == [b"2"]

    on_engine(body)


def test_who_was_answered_before_is_told_if_the_session_is_gone(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        with pytest.raises(SessionExpired):
            await rig.txn(Put("a", b"1"), client="c", sequence=7, established=True)
        assert (await rig.read("a")).items == ()

    on_engine(body)


def test_counting_from_everywhere_loses_and_doubles_nothing(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        async def count(worker: int) -> None:
            store = rig.stores[worker % len(rig.stores)]
            done = 0
            while done < 10:
                found = (await rig.read("n", store=store)).items
                value, mod = (int(found[0].value), found[0].mod_revision) if found else (0, 0)
                done += (
                    await rig.txn(
                        Put("n", str(value + 1).encode()),
                        compare=[Compare("n", "mod", mod)],
                        store=store,
                    )
                ).succeeded

        await asyncio.gather(*(count(worker) for worker in range(4)))
        (item,) = (await rig.read("n")).items
        assert (item.value, item.version) == (b"40", 40)

    on_engine(body)
