"""Three stores on a network in memory, in virtual time: what they promise, whatever dies."""

import asyncio
import random

import pytest

from cluster.errors import (
    ActorDown,
    AskTimeout,
    Compacted,
    Fenced,
    FutureRevision,
    NotLeader,
    PeerFault,
    StoreError,
    TemporaryFault,
)
from cluster.messages.base import Done
from cluster.messages.store import (
    Compact,
    Compare,
    Delete,
    HandOver,
    Leadership,
    Put,
    Range,
    StoreEvent,
    StoreEvents,
    TracesOfWrites,
    Txn,
    TxnResult,
    Watch,
    WatchLeadership,
    WriteTraces,
)
from tests.simulation.loop import run_simulation
from tests.unit.actors.store.store_cluster import StoreCluster, engine_of


def test_a_cold_cluster_elects_quickly_and_writes_go_through_any_replica() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        for number, name in enumerate(cluster.names):
            result = await cluster.put(name, f"k{number}")
            assert result.revision == number + 2
        assert asyncio.get_running_loop().time() < 1.0
        for name in cluster.names:
            found = await cluster.read(name, "k", "l")
            assert [item.key for item in found.items] == ["k0", "k1", "k2"]
        await cluster.settled()
        await cluster.stop()

    run_simulation(main)


def test_a_read_at_a_follower_sees_every_write_acknowledged_before() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        for number in range(30):
            await cluster.put(leader, "k", b"%d" % number)
            for name in cluster.names:
                assert (await cluster.read(name, "k")).items[0].value == b"%d" % number
        await cluster.stop()

    run_simulation(main)


@pytest.mark.parametrize("seed", range(4))
def test_no_acknowledged_write_is_lost_while_leaders_die(seed: int) -> None:
    """Writers through all replicas; leaders killed with loss of unsynced bytes; in the end every
    acknowledged write is there, once, at the revision that was acknowledged."""

    async def main() -> None:
        cluster = StoreCluster(seed, snapshot_entries=60, loss=0.01 if seed % 2 else 0.0)
        await cluster.start()
        acknowledged: dict[str, int] = {}
        done = asyncio.Event()

        async def writer(number: int) -> None:
            rng = random.Random(seed * 100 + number)
            count = 0
            while not done.is_set():
                name = rng.choice(cluster.names)
                key = f"w{number}/{count:05}"
                count += 1
                if name not in cluster.systems:
                    await asyncio.sleep(0.01)
                    continue
                try:
                    txn = Txn((Compare(key, "create", 0),), (Put(key, b"x"),))
                    result = await cluster.ref(name).ask(txn, 5.0)
                except TemporaryFault:
                    continue
                assert isinstance(result, TxnResult)
                # A retry inside the store must not see its own first attempt.
                assert result.succeeded, f"{key} was applied twice"
                acknowledged[key] = result.revision
                await asyncio.sleep(rng.random() * 0.02)

        writers = [asyncio.create_task(writer(number)) for number in range(6)]
        for _ in range(4):
            await asyncio.sleep(0.7)
            leader = await cluster.leader()
            await cluster.kill(leader)
            await asyncio.sleep(0.7)
            await cluster.start(leader)
        await asyncio.sleep(0.5)
        done.set()
        await asyncio.gather(*writers)
        await cluster.settled()
        # Everybody dies at once, and comes back from disk.
        for name in cluster.names:
            await cluster.kill(name)
        await cluster.start()
        for name in cluster.names:
            found = await cluster.read(name, "w", "x")
            revisions = {item.key: item.mod_revision for item in found.items}
            for key, revision in acknowledged.items():
                assert revisions.get(key) == revision, f"{key} at {revision} is lost"
        assert len(acknowledged) > 300
        await cluster.settled()
        await cluster.stop()

    run_simulation(main, seed=seed, shuffle=True)


def test_the_failover_gap_after_a_lost_connection_is_short() -> None:
    async def main() -> None:
        gaps = []
        for seed in range(20):
            cluster = StoreCluster(seed)
            await cluster.start()
            leader = await cluster.leader()
            survivor = next(name for name in cluster.names if name != leader)
            await cluster.put(survivor, "before")
            loop = asyncio.get_running_loop()
            began = loop.time()
            await cluster.kill(leader)
            await cluster.put(survivor, "after")
            gaps.append(loop.time() - began)
            await cluster.stop()
        gaps.sort()
        print(f"failover gap, s: p50 {gaps[10]:.3f} max {gaps[-1]:.3f}")
        assert gaps[10] < 0.1 and gaps[-1] < 0.4

    run_simulation(main)


def test_a_silent_partition_of_the_leader_fails_over_and_its_writes_are_not_acknowledged() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        others = [name for name in cluster.names if name != leader]
        await cluster.put(leader, "k", b"old")
        cluster.network.partition([leader], others)
        stale = asyncio.create_task(cluster.put(leader, "k", b"lost", timeout=3.0))
        with pytest.raises(AskTimeout):
            await cluster.ref(leader).ask(Range("k"), 2.5)
        result = await cluster.put(others[0], "k", b"new")
        assert result.succeeded
        with pytest.raises(AskTimeout):
            await stale
        assert (await cluster.status(leader)).role != "leader"
        cluster.network.heal()
        assert (await cluster.read(leader, "k")).items[0].value == b"new"
        await cluster.settled()
        await cluster.stop()

    run_simulation(main)


def test_a_member_that_was_cut_off_disturbs_nobody_when_it_returns() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        term = (await cluster.status(leader)).term
        away = next(name for name in cluster.names if name != leader)
        others = [name for name in cluster.names if name != away]
        for _ in range(3):
            cluster.network.partition([away], others)
            await asyncio.sleep(5)
            cluster.network.heal()
            await asyncio.sleep(5)
        status = await cluster.status(leader)
        assert (status.role, status.term) == ("leader", term)
        await cluster.settled()
        await cluster.stop()

    run_simulation(main)


async def follow(
    cluster: StoreCluster, name: str, start: int, events: list[StoreEvent], until: int
) -> None:
    """Watch through one replica until a revision; resume where it broke."""
    position = start
    while position <= until:
        try:
            async with cluster.ref(name).stream(Watch("w", "x", position)) as stream:
                async for item in stream:
                    assert isinstance(item, StoreEvents)
                    for event in item.events:
                        assert event.item.mod_revision >= position
                    events.extend(item.events)
                    position = max(position, item.revision + 1)
                    if position > until:
                        return
        except (ActorDown, KeyError):
            await asyncio.sleep(0.05)
        except TemporaryFault:
            continue


@pytest.mark.parametrize("seed", range(3))
def test_watches_resume_without_a_gap_across_deaths_and_snapshots(seed: int) -> None:
    async def main() -> None:
        cluster = StoreCluster(seed, snapshot_entries=40)
        await cluster.start()
        await cluster.leader()
        seen: dict[str, list[StoreEvent]] = {name: [] for name in cluster.names}
        tasks = [
            asyncio.create_task(follow(cluster, name, 2, seen[name], 301)) for name in cluster.names
        ]
        for number in range(300):
            name = cluster.names[number % 3]
            if name not in cluster.systems:
                name = await cluster.leader()
            await cluster.put(name, f"w{number % 17}", b"%d" % number)
            if number % 75 == 50:
                victim = cluster.names[(number // 75) % 3]
                await cluster.kill(victim)
            if number % 75 == 70:
                missing = [name for name in cluster.names if name not in cluster.systems]
                await cluster.start(*missing)
        await asyncio.gather(*tasks)
        for name, events in seen.items():
            values = [int(event.item.value) for event in events]
            assert values == list(range(300)), f"{name}: gap or disorder"
        await cluster.stop()

    run_simulation(main)


def test_a_watch_tells_where_it_stands_at_once_and_compaction_ends_old_ones() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        for number in range(10):
            await cluster.put("r1", f"k{number}")
        async with cluster.ref("r1").stream(Watch("z")) as stream:
            item = await stream.__anext__()
            assert isinstance(item, StoreEvents) and item == StoreEvents((), 11)
        assert await cluster.ref("r2").ask(Compact(8), 5.0) == Done()
        await cluster.settled()
        with pytest.raises(Compacted):
            async with cluster.ref("r1").stream(Watch("k", "l", 7)) as stream:
                await stream.__anext__()
        async with cluster.ref("r1").stream(Watch("k", "l", 8)) as stream:
            item = await stream.__anext__()
            assert isinstance(item, StoreEvents)
            assert [event.item.mod_revision for event in item.events] == [8, 9, 10, 11]
        with pytest.raises(Compacted):
            await cluster.read("r1", "k", "l", revision=7)
        assert (await cluster.read("r1", "k", "l", revision=8)).count == 7
        with pytest.raises(FutureRevision):
            await cluster.read("r1", "k", revision=99)
        before = asyncio.get_running_loop().time()
        query = Range("k", linearizable=False, at_least=99)
        with pytest.raises(FutureRevision, match="99, current: 11"):
            await cluster.ref("r1").ask(query, 10.0)
        assert asyncio.get_running_loop().time() - before < 4.0
        await cluster.stop()

    run_simulation(main)


def test_a_follower_far_behind_gets_a_snapshot_and_its_watchers_miss_nothing() -> None:
    async def main() -> None:
        cluster = StoreCluster(snapshot_entries=50)
        await cluster.start()
        leader = await cluster.leader()
        behind = next(name for name in cluster.names if name != leader)
        events: list[StoreEvent] = []
        watching = asyncio.create_task(follow(cluster, behind, 2, events, 3001))
        others = [name for name in cluster.names if name != behind]
        cluster.network.partition([behind], others)
        for batch in range(60):
            await asyncio.gather(
                *(
                    cluster.put(leader, f"w{number}", bytes(300))
                    for number in range(batch * 50, batch * 50 + 50)
                )
            )
        cluster.network.heal()
        await cluster.settled()
        assert (
            cluster.tracers[behind].find(msg="store.installed")
            or engine_of(cluster.actors[behind]).member.log.base_index > 0
        )
        await watching
        assert [event.item.mod_revision for event in events] == list(range(2, 3002))
        await cluster.stop()

    run_simulation(main)


def test_fences_of_a_deposed_leader_are_refused() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        term = (await cluster.status(leader)).term
        assert (await cluster.put(leader, "k", b"1", fence=term)).succeeded
        await cluster.kill(leader)
        survivor = next(iter(cluster.systems))
        with pytest.raises(Fenced):
            await cluster.put(survivor, "k", b"2", fence=term)
        assert (await cluster.read(survivor, "k")).items[0].value == b"1"
        await cluster.stop()

    run_simulation(main)


def test_leadership_streams_tell_terms_and_changes() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        survivor = next(name for name in cluster.names if name != leader)
        async with cluster.ref(survivor).stream(WatchLeadership()) as stream:
            first = await stream.__anext__()
            assert isinstance(first, Leadership)
            assert (first.leader, first.leading) == (leader, False)
            await cluster.kill(leader)
            while True:
                item = await stream.__anext__()
                assert isinstance(item, Leadership)
                if item.leader not in ("", leader):
                    assert item.term > first.term
                    break
        await cluster.stop()

    run_simulation(main)


def test_a_planned_hand_over_is_quick_and_loses_no_write() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        loop = asyncio.get_running_loop()
        began = loop.time()
        writes = [asyncio.create_task(cluster.put(name, f"k{name}")) for name in cluster.names]
        assert await cluster.ref(leader).ask(HandOver(), 2.0) == Done()
        await asyncio.gather(*writes)
        assert loop.time() - began < 0.1
        assert await cluster.leader() != leader
        await cluster.stop()

    run_simulation(main)


def test_a_single_replica_works_alone() -> None:
    async def main() -> None:
        cluster = StoreCluster(size=1)
        await cluster.start()
        await cluster.put("r1", "k", b"1")
        await cluster.kill("r1")
        await cluster.start()
        assert (await cluster.read("r1", "k")).items[0].value == b"1"
        with pytest.raises(NotLeader):
            await cluster.ref("r1").ask(HandOver(), 2.0)
        await cluster.stop()

    run_simulation(main)


def test_refusals_reach_the_asker() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        with pytest.raises(StoreError, match="once"):
            await cluster.ref("r1").ask(Txn(success=(Delete("a"), Put("a", b""))), 5.0)
        with pytest.raises(PeerFault):
            await cluster.ref("r1").ask(Done(), 5.0)
        await cluster.stop()

    run_simulation(main)


def test_only_replicas_and_administrators_may_speak_to_the_store() -> None:
    async def main() -> None:
        cluster = StoreCluster(size=1)
        await cluster.start()
        from actors.kit.system import ActorSystem
        from actors.kit.tracing import NullTracer
        from actors.kit.world.memory import memory_world
        from cluster.messages.registry import all_messages

        node = ActorSystem(
            "node-1",
            "z",
            memory_world(9),
            NullTracer(),
            cluster.network.transport("node-1", "system:node:node-1", ("system:nodes",)),
            {"r1": "r1"},
            all_messages(),
        )
        await node.start()
        with pytest.raises((PeerFault, ActorDown)):
            await node.ref("store@r1").ask(Range("/registry/secrets"), 2.0)
        await node.stop()
        await cluster.stop()

    run_simulation(main)


def test_a_long_list_comes_in_slices_of_one_revision() -> None:
    async def main() -> None:
        cluster = StoreCluster(size=1)
        await cluster.start()
        for start in range(0, 3000, 100):
            puts = tuple(Put(f"k{number:05}", b"v") for number in range(start, start + 100))
            await cluster.ref("r1").ask(Txn(success=puts), 5.0)
        listing = asyncio.create_task(cluster.read("r1", "k", "l"))
        writing = asyncio.create_task(cluster.put("r1", "k00000x"))
        found = await listing
        await writing
        assert found.count == len(found.items) == 3000 and not found.more
        assert (await cluster.read("r1", "k", "l", limit=2500)).more
        await cluster.stop()

    run_simulation(main)


def test_an_idle_cluster_sends_only_heartbeats_and_elects_nobody() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        term = (await cluster.status(leader)).term
        await asyncio.sleep(1)
        before = sum(tracer.count for tracer in cluster.tracers.values())
        await asyncio.sleep(60)
        after = sum(tracer.count for tracer in cluster.tracers.values())
        # A heartbeat and its answer: sent, received and handled, to two peers, ten times a second.
        assert after - before <= 60 * 10 * 2 * 2 * 3 * 1.05
        assert (await cluster.status(leader)).term == term
        await cluster.stop()

    run_simulation(main)


def test_the_trace_of_a_write_comes_back_in_its_event() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        await cluster.put("r2", "k")
        async with cluster.ref("r3").stream(Watch("k", "", 2)) as stream:
            item = await stream.__anext__()
            assert isinstance(item, StoreEvents)
            trace = item.events[0].trace
        assert len(trace) == 49
        assert cluster.tracers["r2"].find(msg="Txn", trace=trace[:32])
        revision = item.events[0].item.mod_revision
        answer = await cluster.ref("r3").ask(WriteTraces((revision, 0)), 1.0)
        assert answer == TracesOfWrites((trace, ""))
        await cluster.stop()

    run_simulation(main)
