"""Replicas come, go and hand over while the store serves."""

import asyncio

import pytest

from cluster.errors import NotLeader, StoreError
from cluster.messages.store import (
    ChangeMembership,
    MembershipRequest,
    MembershipStatus,
    TransferLeadership,
)
from tests.simulation.loop import run_simulation
from tests.unit.actors.store.store_cluster import StoreCluster

SECONDS = 20.0


async def change(cluster: StoreCluster, at: str, action: str, member: str) -> MembershipStatus:
    request = ChangeMembership(action, member)  # type: ignore[arg-type]  # one of the literals
    result = await cluster.ref(at).ask(request, SECONDS)
    assert isinstance(result, MembershipStatus)
    return result


async def join(cluster: StoreCluster, at: str, name: str) -> None:
    """As the launcher does it: learner first, a vote once it has caught up."""
    await cluster.add(name)
    await change(cluster, at, "add-learner", name)
    for _ in range(200):
        try:
            await change(cluster, at, "promote", name)
            return
        except StoreError:
            await asyncio.sleep(0.05)
    raise AssertionError(f"{name} never caught up")


def test_one_becomes_three_becomes_five_becomes_three_while_it_serves() -> None:
    async def main() -> None:
        cluster = StoreCluster(size=1, snapshot_entries=50)
        await cluster.start()
        await cluster.leader()
        written = 0
        stop = asyncio.Event()

        async def write() -> None:
            nonlocal written
            while not stop.is_set():
                await cluster.put("r1", f"k{written}")
                written += 1
                await asyncio.sleep(0.005)

        writer = asyncio.create_task(write())
        await asyncio.sleep(1)
        for name in ("r2", "r3", "r4", "r5"):
            await join(cluster, "r1", name)
        status = await cluster.status("r1")
        assert status.members == ("r1", "r2", "r3", "r4", "r5") and not status.learners
        for name in ("r4", "r5"):
            found = await change(cluster, "r2", "remove", name)
            assert name not in [row.name for row in found.members]
            await cluster.kill(name)
        stop.set()
        await writer
        await cluster.settled()
        assert written > 100
        for name in ("r1", "r2", "r3"):
            assert (await cluster.read(name, "k", "l")).count == written
            assert (await cluster.status(name)).members == ("r1", "r2", "r3")
        await cluster.stop()

    run_simulation(main)


def test_a_leader_that_is_removed_hands_over_and_the_rest_serves() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        other = next(name for name in cluster.names if name != leader)
        try:
            await change(cluster, other, "remove", leader)
        except NotLeader:
            # The answer may be lost with the leadership of who was asked.
            await asyncio.sleep(1)
        await cluster.put(other, "k")
        assert leader not in (await cluster.status(other)).members
        await cluster.kill(leader)
        assert await cluster.leader() != leader
        await cluster.put(other, "k")
        await cluster.stop()

    run_simulation(main)


def test_what_cannot_be_is_refused_with_what_to_do_instead() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        for action, member in (
            ("promote", "nobody"),
            ("remove", "nobody"),
            ("add-learner", leader),
        ):
            with pytest.raises(StoreError):
                await change(cluster, leader, action, member)
        with pytest.raises(StoreError, match="no vote"):
            await cluster.ref(leader).ask(TransferLeadership("nobody"), SECONDS)
        await cluster.stop()

    run_simulation(main)


def test_leadership_goes_where_it_is_asked_to_within_a_tenth_of_a_second() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        loop = asyncio.get_running_loop()
        for _ in range(4):
            leader = await cluster.leader()
            to = next(name for name in reversed(cluster.names) if name != leader)
            began = loop.time()
            await cluster.ref(cluster.names[0]).ask(TransferLeadership(to), SECONDS)
            await cluster.put(to, "k")
            assert loop.time() - began < 0.1
            assert await cluster.leader() == to
        await cluster.stop()

    run_simulation(main)


def test_every_replica_tells_who_takes_part_and_how_far_each_is() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        await cluster.put(leader, "k")
        await cluster.add("r4")
        await change(cluster, leader, "add-learner", "r4")
        await asyncio.sleep(1)
        for name in cluster.names:
            found = await cluster.ref(name).ask(MembershipRequest(), SECONDS)
            assert isinstance(found, MembershipStatus)
            rows = {row.name: row for row in found.members}
            assert sorted(rows) == ["r1", "r2", "r3", "r4"]
            assert [row.name for row in found.members if row.leader] == [leader]
            assert rows["r4"].kind == "learner" and rows["r1"].kind == "voter"
            assert len({row.match for row in found.members}) == 1
        await cluster.stop()

    run_simulation(main)


def test_a_replica_whose_disk_was_lost_does_not_take_part() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        victim = next(name for name in cluster.names if name != leader)
        await cluster.put(leader, "k")
        await cluster.kill(victim)
        cluster.wipe(victim, "existing")
        await cluster.start(victim)
        assert "rebuild" in str(cluster.systems[victim].failed.exception())
        await cluster.put(leader, "k2")
        await cluster.systems.pop(victim).stop()
        await cluster.stop()

    run_simulation(main)


def test_a_replica_is_rebuilt_under_its_name_without_its_old_promises() -> None:
    async def main() -> None:
        cluster = StoreCluster(snapshot_entries=50)
        await cluster.start()
        leader = await cluster.leader()
        victim = next(name for name in cluster.names if name != leader)
        for number in range(120):
            await cluster.put(leader, f"k{number}")
        await cluster.kill(victim)
        await change(cluster, leader, "remove", victim)
        cluster.wipe(victim, "join")
        await join(cluster, leader, victim)
        await cluster.settled()
        assert (await cluster.read(victim, "k", "l")).count == 120
        await cluster.stop()

    run_simulation(main)
