"""A replica whose disk runs full loses nothing, and does what it could not once there is room."""

import asyncio

import pytest

from tests.simulation.loop import run_simulation
from tests.unit.actors.store.store_cluster import StoreCluster


@pytest.mark.parametrize("which", ["leader", "follower"])
def test_no_room_for_a_snapshot_stops_nobody_and_it_is_made_later(which: str) -> None:
    async def main() -> None:
        cluster = StoreCluster(snapshot_entries=50)
        await cluster.start()
        leader = await cluster.leader()
        follower = next(name for name in cluster.names if name != leader)
        victim = leader if which == "leader" else follower
        other = next(name for name in cluster.names if name not in (leader, victim))
        disk = cluster.disks[victim]
        disk.capacity = disk.used
        term = (await cluster.status(leader)).term
        for number in range(80):
            assert (await cluster.put(other, f"k{number:02}")).succeeded
        await asyncio.sleep(1)
        found = cluster.tracers[victim].find(level="warning")
        assert any("unfinished-" in str(r) and "No space left" in str(r) for r in found)
        assert not cluster.tracers[victim].find(level="error")
        assert not await disk.list(f"raft/{victim}/unfinished-")
        assert not await disk.list(f"raft/{victim}/snapshot-")
        status = await cluster.status(leader)
        assert (status.role, status.term) == ("leader", term)
        disk.capacity = None
        await asyncio.sleep(8)
        await cluster.settled()
        assert (await cluster.read(victim, "k", "l")).count == 80
        assert len(await disk.list(f"raft/{victim}/snapshot-")) == 1
        await cluster.stop()

    run_simulation(main)
