"""What the etcd engine keeps in etcd: its bounds, its markers, its prefix, and a snapshot of it."""

import pytest

from actors.store.engines.etcd import messages as etcd
from cluster.errors import (
    StoreError,
)
from cluster.messages.store import (
    Compare,
    Delete,
    LeaseGrant,
    LeaseStatus,
    Put,
    TxnRecord,
    TxnResult,
)
from cluster.state.commands import TxnsCommand
from cluster.state.snapshot import decode_snapshot
from tests.backends.store_rigs import deadline, etcd_stores, rig_of


async def test_markers_do_not_grow_with_the_number_of_transactions(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        rig = rig_of(store)
        for number in range(30):
            await rig.put(f"k{number % 3}")
        await store.txns([TxnRecord((), (Put(f"n{n}", b""),)) for n in range(20)], deadline())
        layout = store.feed._layout
        request = etcd.RangeRequest(layout.prefix + b"s", layout.prefix + b"t", count_only=True)
        answer = await store.client.once(etcd.RANGE, request, etcd.RangeResponse)
        assert answer.count == 20


async def test_a_transaction_too_large_for_etcd_is_refused(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        rig = rig_of(store)
        with pytest.raises(StoreError, match="too large"):
            await rig.txn(*(Put(f"k{n}", b"x" * 900_000) for n in range(2)))
        with pytest.raises(StoreError, match="at most 125"):
            await rig.txn(*(Put(f"k{n}", b"x") for n in range(126)))
        assert (await rig.read("k", "l")).count == 0
        await rig.txn(*(Put(f"k{n}", b"x") for n in range(125)))
        await rig.txn(*(Delete(f"k{n}") for n in range(63)), compare=[
            Compare(f"k{n}", "version", 1) for n in range(62)
        ])  # fmt: skip
        assert (await rig.read("k", "l")).count == 62


async def test_other_users_of_the_same_etcd_are_not_seen(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 1) as (one,), etcd_stores(etcd_url, 1) as (two,):
        mine, theirs = rig_of(one), rig_of(two)
        await theirs.put("a", b"theirs")
        async with mine.watch("", "z") as follower:
            for number in range(5):
                await theirs.put(f"k{number}")
            last = await mine.put("a", b"mine")
            events = await follower.until(last)
            assert [event.item.value for event in events] == [b"mine"]
        assert (await mine.read("", "z")).count == 1


async def test_a_snapshot_is_one_that_the_embedded_engine_goes_on_from(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        rig = rig_of(store)
        lease = await store.lease(LeaseGrant(600), deadline())
        assert isinstance(lease, LeaseStatus)
        await rig.txn(*(Put(f"k{number}", b"x", stamp=1) for number in range(100)))
        await rig.txn(Delete("k7"), Put("leased", b"", lease=lease.id))
        found = await rig.read("", "~")
        machine = decode_snapshot(b"".join([piece async for piece in store.snapshot()]))
        assert (machine.revision, machine.compacted) == (found.revision, found.revision)
        assert machine.read("", "~") == found
        status = machine.lease_status(lease.id, keys=True)
        assert (status.ttl, status.keys) == (600, ("leased",))
        record = TxnRecord((Compare("k8", "version", 1),), (Put("k8", b"y"),))
        (outcome,) = machine.apply(machine.applied + 1, 2, TxnsCommand((record,)))
        assert isinstance(outcome, TxnResult)
        assert (outcome.succeeded, outcome.revision) == (True, found.revision + 1)
