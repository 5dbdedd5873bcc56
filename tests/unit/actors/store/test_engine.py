"""The engine under disk faults, slow disks and a flood: never an answer that is not durable."""

import asyncio
import errno
import math
from pathlib import Path
from typing import Any

import pytest

from actors.kit.world.memory import EPOCH
from actors.kit.world.real_disk import RealDisk
from cluster import limits
from cluster.errors import AskTimeout, Overloaded
from cluster.messages.store import Put, Txn, TxnResult
from tests.simulation.loop import VirtualLoop, run_simulation
from tests.unit.actors.store.store_cluster import StoreCluster, engine_of


@pytest.mark.parametrize("which", ["leader", "follower"])
def test_a_failed_sync_kills_the_store_which_comes_back_from_disk(which: str) -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        follower = next(name for name in cluster.names if name != leader)
        victim = leader if which == "leader" else follower
        cluster.disks[victim].inject("sync", errno.EIO, "raft/")
        other = next(name for name in cluster.names if name not in (leader, victim))
        for number in range(20):
            assert (await cluster.put(other, f"k{number}")).succeeded
        await cluster.leader()
        await asyncio.sleep(2)
        await cluster.settled()
        found = cluster.tracers[victim].find(level="error")
        assert any("Input/output error" in str(record) for record in found)
        await cluster.stop()

    run_simulation(main)


def test_nothing_is_acknowledged_without_a_majority_of_disks() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        for name in cluster.names:
            if name != leader:
                cluster.disks[name].sync_latency = 60.0
        with pytest.raises(AskTimeout):
            await cluster.put(leader, "k", timeout=3.0)
        await cluster.stop()

    run_simulation(main)


def test_one_slow_disk_slows_nobody_down() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        term = (await cluster.status(leader)).term
        slow = next(name for name in cluster.names if name != leader)
        cluster.disks[slow].sync_latency = 2.0
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(100):
            await cluster.put(leader, f"k{number}")
        assert loop.time() - began < 1.0
        await asyncio.sleep(10)
        status = await cluster.status(leader)
        assert (status.role, status.term) == ("leader", term)
        await cluster.settled()
        await cluster.stop()

    run_simulation(main)


def test_a_flood_is_refused_beyond_the_bound_and_the_rest_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "RAFT_PENDING_PROPOSALS_MAX", 50)

    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        asks = [
            cluster.ref(leader).ask(Txn(success=(Put(f"k{number}", b""),)), 5.0)
            for number in range(200)
        ]
        answers = await asyncio.gather(*asks, return_exceptions=True)
        written = [answer for answer in answers if isinstance(answer, TxnResult)]
        refused = [answer for answer in answers if isinstance(answer, Overloaded)]
        assert len(written) == 50 and len(refused) == 150
        assert (await cluster.read(leader, "k", "l")).count == 50
        await cluster.stop()

    run_simulation(main)


def test_automatic_snapshots_bound_the_log_in_memory_and_on_disk() -> None:
    async def main() -> None:
        cluster = StoreCluster(snapshot_entries=10)
        await cluster.start()
        leader = await cluster.leader()
        for batch in range(50):
            await asyncio.gather(
                *(cluster.put(leader, f"k{n}", bytes(1000)) for n in range(batch, batch + 100))
            )
        await asyncio.sleep(1)
        for name in cluster.names:
            log = engine_of(cluster.actors[name]).member.log
            assert log.last_index > 50
            assert len(log.entries) <= 30
            assert log.last_index - log.snapshot_index <= 20
            files = await cluster.disks[name].list(f"raft/{name}/snapshot-")
            assert len(files) == 1
        await cluster.settled()
        await cluster.stop()

    run_simulation(main)


def test_who_was_away_catches_up_though_snapshots_and_logs_are_small_and_writes_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What follows the snapshot that it is sent stays until it is there."""
    monkeypatch.setattr(limits, "RAFT_SNAPSHOT_CHUNK_BYTES", 20_000)

    async def main() -> None:
        cluster = StoreCluster(snapshot_entries=5)
        await cluster.start()
        leader = await cluster.leader()
        away = next(name for name in cluster.names if name != leader)
        cluster.network.partition([away], [name for name in cluster.names if name != away])
        stopped = asyncio.Event()

        async def write() -> None:
            while not stopped.is_set():
                await cluster.put(leader, "k", bytes(4000))
                await asyncio.sleep(0.02)

        writer = asyncio.create_task(write())
        await asyncio.sleep(3)
        # A snapshot takes it many times as long as the leader takes to the next one.
        cluster.disks[away].sync_latency = 0.02
        cluster.network.heal()
        await asyncio.sleep(4)
        index = engine_of(cluster.actors[leader]).machine.applied
        await asyncio.sleep(0.5)
        assert engine_of(cluster.actors[away]).machine.applied >= index > 250
        assert len(cluster.tracers[away].find(msg="store.installed")) == 1
        stopped.set()
        await writer
        await cluster.settled()
        await cluster.stop()

    run_simulation(main)


class CoarseLoop(VirtualLoop):
    """Rings early, as uvloop does, whose timers count whole milliseconds."""

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:
        early = max(math.floor(when * 1000) / 1000, self.time() + 0.0001)
        return super().call_at(min(early, when), callback, *args, context=context)


def test_timers_that_ring_early_stop_no_heartbeat() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        term = (await cluster.status(leader)).term
        await asyncio.sleep(30)
        standings = [r for t in cluster.tracers.values() for r in t.find(msg="raft.standing")]
        assert (await cluster.status(leader)).term == term
        assert standings
        assert not [r for r in standings if "pre-candidate" in str(r) and r["ts"] > EPOCH + 1]
        await cluster.stop()

    with asyncio.Runner(loop_factory=CoarseLoop) as runner:
        runner.run(main())


async def test_the_same_on_real_disks_in_real_time(tmp_path: Path) -> None:
    cluster = StoreCluster(snapshot_entries=100)
    for name in cluster.names:
        cluster.disks[name] = RealDisk(tmp_path / name)  # type: ignore[assignment]
    await cluster.start()
    await asyncio.gather(*(cluster.put(cluster.names[n % 3], f"k{n:03}") for n in range(300)))
    leader = await cluster.leader()
    cluster.network.kill(leader)
    await cluster.systems.pop(leader).stop()
    cluster.actors.pop(leader)
    survivor = next(iter(cluster.systems))
    await cluster.put(survivor, "k300")
    await cluster.start(leader)
    assert (await cluster.read(leader, "k", "l")).count == 301
    await cluster.settled()
    await cluster.stop()
    await cluster.start()
    assert (await cluster.read(survivor, "k", "l")).count == 301
    await cluster.stop()
