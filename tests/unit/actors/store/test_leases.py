"""Leases through the store: the log's time, whoever leads."""

import asyncio

import pytest

from cluster.errors import LeaseNotFound, StoreError
from cluster.messages.store import (
    LeaseGrant,
    LeaseIds,
    LeaseKeepAlive,
    LeaseList,
    LeaseRevoke,
    LeaseStatus,
    LeaseTimeToLive,
    Put,
    Txn,
    TxnResult,
)
from tests.simulation.loop import run_simulation
from tests.unit.actors.store.store_cluster import StoreCluster


async def grant(cluster: StoreCluster, at: str, ttl: int, number: int = 0) -> LeaseStatus:
    result = await cluster.ref(at).ask(LeaseGrant(ttl, number), 10.0)
    assert isinstance(result, LeaseStatus)
    return result


async def attach(cluster: StoreCluster, at: str, key: str, lease: int) -> None:
    txn = Txn(success=(Put(key, b"v", lease=lease),))
    assert isinstance(await cluster.ref(at).ask(txn, 10.0), TxnResult)


def test_keys_go_when_their_lease_ends_not_before_and_stay_while_it_is_kept_alive() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        await cluster.leader()
        short, kept = await grant(cluster, "r1", 3), await grant(cluster, "r2", 3)
        await attach(cluster, "r3", "short", short.id)
        await attach(cluster, "r3", "kept", kept.id)
        for _ in range(8):
            await asyncio.sleep(0.35)
            await cluster.ref("r2").ask(LeaseKeepAlive(kept.id), 10.0)
        assert (await cluster.read("r1", "short")).count == 1
        await asyncio.sleep(0.5)
        assert (await cluster.read("r1", "short")).count == 0
        assert (await cluster.read("r1", "kept")).count == 1
        with pytest.raises(LeaseNotFound):
            await cluster.ref("r3").ask(LeaseKeepAlive(short.id), 10.0)
        await cluster.settled()
        await cluster.stop()

    run_simulation(main)


def test_every_replica_tells_what_is_left_and_which_leases_there_are() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        await cluster.leader()
        lease = await grant(cluster, "r1", 10, 77)
        assert (lease.id, lease.ttl, lease.left) == (77, 10, 10.0)
        with pytest.raises(StoreError, match="exists"):
            await grant(cluster, "r2", 10, 77)
        await attach(cluster, "r1", "k", 77)
        await asyncio.sleep(4)
        for name in cluster.names:
            found = await cluster.ref(name).ask(LeaseTimeToLive(77, keys=True), 10.0)
            assert isinstance(found, LeaseStatus)
            assert 5.5 < found.left < 6.5 and found.keys == ("k",)
            assert await cluster.ref(name).ask(LeaseList(), 10.0) == LeaseIds((77,))
        await cluster.ref("r2").ask(LeaseRevoke(77), 10.0)
        assert (await cluster.read("r3", "k")).count == 0
        for request in (LeaseRevoke(77), LeaseTimeToLive(77), LeaseKeepAlive(77)):
            with pytest.raises(LeaseNotFound):
                await cluster.ref("r1").ask(request, 10.0)
        await cluster.stop()

    run_simulation(main)


def test_a_new_leader_lets_no_lease_end_early_and_every_one_end() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        other = next(name for name in cluster.names if name != leader)
        loop = asyncio.get_running_loop()
        lease = await grant(cluster, other, 5)
        granted = loop.time()
        await attach(cluster, other, "k", lease.id)
        await asyncio.sleep(2)
        await cluster.kill(leader)
        await cluster.leader()
        while (await cluster.read(other, "k")).count:
            await asyncio.sleep(0.05)
        # The time that passed under the old leader since the last command is given once more.
        assert 5.0 <= loop.time() - granted < 5.0 + 2.0 + 1.5
        await cluster.stop()

    run_simulation(main)
