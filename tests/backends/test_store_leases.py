"""Leases on every engine: granted, kept alive, revoked, ended, with their keys."""

import asyncio

import pytest

from cluster.errors import (
    LeaseNotFound,
    StoreError,
)
from cluster.messages.base import Done
from cluster.messages.store import (
    Compare,
    LeaseGrant,
    LeaseIds,
    LeaseKeepAlive,
    LeaseList,
    LeaseRevoke,
    LeaseStatus,
    LeaseTimeToLive,
    Put,
)
from tests.backends.store_engines import Run
from tests.backends.store_rigs import LEASE_SECONDS, Rig, deadline


async def grant(rig: Rig, ttl: int = 600, lease: int = 0) -> LeaseStatus:
    """A new lease."""
    status = await rig.store.lease(LeaseGrant(ttl, lease), deadline())
    assert isinstance(status, LeaseStatus)
    return status


def test_a_lease_is_granted_told_of_and_revoked_with_its_keys(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        status = await grant(rig)
        assert (status.ttl, status.left) == (600, 600)
        made = await rig.txn(Put("b", b"", lease=status.id), Put("a", b"", lease=status.id))
        assert [item and item.lease for item in made.items] == [status.id] * 2
        await rig.put("c")
        for store in rig.stores:
            told = await store.lease(LeaseTimeToLive(status.id, keys=True), deadline())
            assert isinstance(told, LeaseStatus)
            assert (told.ttl, told.keys) == (600, ("a", "b"))
            assert 590 < told.left <= 600
        base = (await rig.read("a")).revision
        async with rig.watch("a", "z") as follower:
            assert await rig.store.lease(LeaseRevoke(status.id), deadline()) == Done()
            events = await follower.until(base + 1)
            assert [(event.kind, event.item.key) for event in events] == [
                ("delete", "a"),
                ("delete", "b"),
            ]
        assert [item.key for item in (await rig.read("a", "z")).items] == ["c"]
        with pytest.raises(LeaseNotFound):
            await rig.store.lease(LeaseTimeToLive(status.id), deadline())

    on_engine(body)


def test_leases_are_listed_and_granting_takes_no_revision(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        base = await rig.put("a")
        ids = [(await grant(rig)).id for _ in range(3)]
        assert len(set(ids)) == 3
        chosen = await grant(rig, lease=ids[0] + 12_345)
        assert chosen.id == ids[0] + 12_345
        for store in rig.stores:
            found = await store.lease(LeaseList(), deadline())
            assert isinstance(found, LeaseIds)
            assert {*ids, chosen.id} <= set(found.ids)
            assert list(found.ids) == sorted(found.ids)
        with pytest.raises(StoreError):
            await grant(rig, lease=chosen.id)
        assert (await rig.read("a")).revision == base

    on_engine(body)


def test_a_lease_that_is_not_there_is_told(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        base = await rig.put("a")
        for request in (LeaseKeepAlive(4711), LeaseRevoke(4711), LeaseTimeToLive(4711)):
            with pytest.raises(LeaseNotFound):
                await rig.store.lease(request, deadline())
        with pytest.raises(LeaseNotFound):
            await rig.txn(Put("a", b"", lease=4711))
        refused = await rig.txn(Put("a", b"", lease=4711), compare=[Compare("a", "mod", 0)])
        assert not refused.succeeded
        assert await rig.put("a") == base + 1

    on_engine(body)


def test_a_key_goes_with_the_lease_of_its_last_put(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        one, two = (await grant(rig)).id, (await grant(rig)).id
        await rig.put("a", lease=one)
        await rig.put("b", lease=one)
        await rig.put("a", lease=two)
        await rig.put("b")
        base = (await rig.read("a")).revision
        await rig.store.lease(LeaseRevoke(one), deadline())
        found = await rig.read("a", "z")
        assert [(item.key, item.lease) for item in found.items] == [("a", two), ("b", 0)]
        assert found.revision == base
        await rig.store.lease(LeaseRevoke(two), deadline())
        assert [item.key for item in (await rig.read("a", "z")).items] == ["b"]

    on_engine(body)


def test_a_lease_ends_by_itself_unless_it_is_kept_alive(on_engine: Run) -> None:
    async def body(rig: Rig) -> None:
        await rig.leader()
        kept, left = await grant(rig, LEASE_SECONDS), await grant(rig, LEASE_SECONDS)
        await rig.txn(Put("kept", b"", lease=kept.id), Put("left", b"", lease=left.id))
        loop = asyncio.get_running_loop()
        began, gone_after = loop.time(), 0.0
        while loop.time() < began + LEASE_SECONDS + 2.5:
            alive = await rig.store.lease(LeaseKeepAlive(kept.id), deadline())
            assert isinstance(alive, LeaseStatus)
            assert alive.ttl == LEASE_SECONDS
            names = [item.key for item in (await rig.read("a", "z")).items]
            assert "kept" in names
            if "left" not in names:
                gone_after = loop.time() - began
                break
            await asyncio.sleep(0.2)
        assert gone_after >= LEASE_SECONDS - 0.3
        with pytest.raises(LeaseNotFound):
            await rig.store.lease(LeaseKeepAlive(left.id), deadline())
        # Else it ends while another test counts revisions of the same etcd.
        await rig.store.lease(LeaseRevoke(kept.id), deadline())

    on_engine(body)
