"""A replica whose disk runs full: it loses nothing, and serves again once there is room."""

import asyncio

import pytest

from tests.simulation.loop import run_simulation
from tests.unit.actors.store.store_cluster import StoreCluster


@pytest.mark.parametrize("which", ["leader", "follower"])
def test_a_store_serves_again_once_there_is_room(which: str) -> None:
    async def main() -> None:
        cluster = StoreCluster(snapshot_entries=50)
        await cluster.start()
        leader = await cluster.leader()
        follower = next(name for name in cluster.names if name != leader)
        victim = leader if which == "leader" else follower
        other = next(name for name in cluster.names if name not in (leader, victim))
        disk = cluster.disks[victim]
        disk.capacity = disk.used
        for number in range(80):
            assert (await cluster.put(other, f"k{number:02}")).succeeded
        found = cluster.tracers[victim].find(level="error")
        assert any("unfinished-" in str(r) and "No space left" in str(r) for r in found)
        while await disk.list(f"raft/{victim}/unfinished-"):
            await asyncio.sleep(0.001)  # what failed is just being removed
        disk.capacity = None
        await cluster.leader()
        await asyncio.sleep(2)
        await cluster.settled()
        assert (await cluster.read(victim, "k", "l")).count == 80
        assert len(await disk.list(f"raft/{victim}/snapshot-")) == 1
        await cluster.stop()

    run_simulation(main)
