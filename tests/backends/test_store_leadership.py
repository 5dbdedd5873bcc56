"""Leadership on every engine: one leads, fences hold, hand-overs are told."""

import asyncio

import pytest

from cluster.errors import (
    Fenced,
)
from cluster.messages.store import (
    Compare,
    Put,
    TransferLeadership,
)
from tests.backends.store_engines import Run
from tests.backends.store_rigs import Rig, deadline


def test_one_leads_and_all_know_it(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        leader = (await rig.leader()).leadership()
        assert leader.term > 0
        await asyncio.sleep(0.5)
        told = [store.leadership() for store in rig.stores]
        assert sum(each.leading for each in told) == 1
        assert {(each.leader, each.term) for each in told} == {(leader.leader, leader.term)}

    on_engine(body)


def test_a_fence_holds_while_its_term_lasts_and_not_after(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        first = await rig.leader()
        term = first.leadership().term
        for store in rig.stores:
            assert (await rig.txn(Put("a", b"1"), fence=term, store=store)).succeeded
        absent = [Compare("a", "mod", 0)]
        assert not (await rig.txn(Put("a", b"1"), compare=absent, fence=term)).succeeded
        with pytest.raises(Fenced):
            await rig.txn(Put("a", b"2"), fence=term + 1000)
        if len(rig.stores) > 1:
            await first.hand_over(deadline())
            assert not first.leadership().leading
            second = await rig.leader()
            assert second is not first
            assert second.leadership().term > term
            for store in rig.stores:
                with pytest.raises(Fenced):
                    await rig.txn(Put("a", b"2"), fence=term, store=store)
            with pytest.raises(Fenced):
                await rig.txn(Put("a", b"2"), compare=absent, fence=term)
        assert [item.value for item in (await rig.read("a")).items] == [b"1"]

    on_engine(body)


def test_leadership_goes_to_whom_it_is_given(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        names = [store.status().member for store in rig.stores]
        for asked in rig.stores:
            for name in names:
                await asked.transfer(TransferLeadership(name), deadline())
                leader = await rig.leader()
                assert leader.leadership().leader == leader.status().member == name

    on_engine(body)


def test_a_change_of_leadership_is_told(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        if len(rig.stores) == 1:
            return
        leader = await rig.leader()
        (other, *_) = [store for store in rig.stores if store is not leader]
        seen = asyncio.ensure_future(other.leadership_changed())
        await asyncio.sleep(0)
        await leader.hand_over(deadline())
        await asyncio.wait_for(seen, 5)

    on_engine(body)
