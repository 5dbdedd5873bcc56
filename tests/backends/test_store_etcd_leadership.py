"""Leadership and members on the etcd engine: dead leaders, leaders that leave, who is told."""

import asyncio
from typing import Any

import pytest

from actors.store.engines.etcd import messages as etcd
from actors.store.store import Unsupported
from cluster.errors import (
    Fenced,
    NotLeader,
)
from cluster.messages.store import (
    ChangeMembership,
    Put,
    TransferLeadership,
)
from tests.backends.store_rigs import deadline, etcd_stores, rig_of


async def test_a_dead_leader_is_replaced_when_its_lease_ends(rough_url: str) -> None:
    async with etcd_stores(rough_url, 1) as (other,):
        cluster = other.feed._layout.prefix.decode().split("/")[2]
        first = await rig_of(other).leader()
        async with etcd_stores(rough_url, 1, cluster, ["r2"]) as (second,):
            assert not second.leadership().leading
            term = first.leadership().term
            # As SIGKILL: nothing is revoked, nothing kept alive.
            channels, other.client._channels = other.client._channels, []
            began = asyncio.get_running_loop().time()
            leader = await rig_of(second).leader()
            assert asyncio.get_running_loop().time() - began < 8.0
            assert leader.leadership().term > term
            # The old one knows by itself, before etcd can have let another lead.
            assert not other.leadership().leading
            other.client._channels = channels
            with pytest.raises(Fenced):
                await rig_of(other).txn(Put("a", b"1"), fence=term)


async def test_a_leader_that_stops_leaves_at_once(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 1) as (first,):
        cluster = first.feed._layout.prefix.decode().split("/")[2]
        await rig_of(first).leader()
        async with etcd_stores(etcd_url, 1, cluster, ["r2"]) as (second,):
            began = asyncio.get_running_loop().time()
            await first.election.close()
            await rig_of(second).leader()
            assert asyncio.get_running_loop().time() - began < 1.0


async def test_a_replica_that_comes_back_does_not_wait_for_its_earlier_life(rough_url: str) -> None:
    async with etcd_stores(rough_url, 1) as (first,):
        cluster = first.feed._layout.prefix.decode().split("/")[2]
        term = (await rig_of(first).leader()).leadership().term
        channels, first.client._channels = first.client._channels, []
        began = asyncio.get_running_loop().time()
        async with etcd_stores(rough_url, 1, cluster, ["r1"]) as (again,):
            leader = await rig_of(again).leader()
            assert leader.leadership().term > term
            # Sooner than its lease ends.
            assert asyncio.get_running_loop().time() - began < 3.0
            first.client._channels = channels


async def test_who_won_is_told_though_the_feed_told_of_the_key_before(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        await rig_of(store).leader()
        term, original = store.leadership().term, store.client.once

        async def late(method: str, *request: Any) -> Any:
            answer = await original(method, *request)
            while method == etcd.TXN and store.election._known_at < answer.header.revision:
                await asyncio.sleep(0.01)
            return answer

        monkeypatch.setattr(store.client, "once", late)

        async def follow() -> None:
            while not store.leadership().leading or store.leadership().term == term:
                await store.leadership_changed()

        following = asyncio.ensure_future(follow())
        await asyncio.sleep(0.05)
        await store.election._remove(term)
        await asyncio.wait_for(following, 5)


async def test_a_leader_alone_has_nobody_to_hand_over_to(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        await rig_of(store).leader()
        with pytest.raises(NotLeader, match="nobody"):
            await store.hand_over(deadline())
        with pytest.raises(NotLeader, match="does not run"):
            await store.transfer(TransferLeadership("r9"), deadline())


async def test_what_etcd_does_itself_is_not_done_here(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        with pytest.raises(Unsupported, match="no vote"):
            wanted = ChangeMembership("replace", voters=("r1", "r9"))
            await store.change_membership(wanted, deadline())


async def test_the_members_are_the_replicas_that_run(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 2) as (one, two):
        leader = one.leadership().leader
        told = await two.membership(deadline())
        assert [(member.name, member.kind, member.leader) for member in told.members] == [
            (name, "voter", name == leader) for name in ("r1", "r2")
        ]
        await one.election.close()
        told = await two.change_membership(ChangeMembership("remove", "r1"), deadline())
        assert [member.name for member in told.members] == ["r2"]
