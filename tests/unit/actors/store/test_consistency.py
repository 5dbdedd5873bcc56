"""Who is wrong when replicas hold different states."""

import asyncio

import msgspec
import pytest

from actors.store.consistency import PERIOD_SECONDS, refuse_if_corrupt, verdict
from cluster.errors import Corrupt
from cluster.messages.store import ChangeMembership, HashRequest, HashResult, Put, Txn, Watch
from cluster.state.mvcc import StateMachine
from tests.simulation.loop import run_simulation
from tests.unit.actors.store.store_cluster import StoreCluster, engine_of


def test_equal_states_and_single_answers_raise_no_alarm() -> None:
    assert verdict({}, 7) == {}
    assert verdict({"a": "1"}, 7) == {}
    assert verdict({"a": "1", "b": "1", "c": "1"}, 7) == {}


def test_the_minority_is_corrupt() -> None:
    assert verdict({"a": "1", "b": "2", "c": "1"}, 7) == {
        "b": "corrupt: differs from the majority at revision 7"
    }
    wrong = verdict({"a": "1", "b": "2", "c": "3", "d": "1", "e": "1"}, 7)
    assert list(wrong) == ["b", "c"]


def test_without_a_majority_nobody_is_called_corrupt() -> None:
    found = verdict({"a": "1", "b": "2"}, 7)
    assert list(found) == ["a", "b"]
    assert not any(text.startswith("corrupt") for text in found.values())


def test_a_corrupt_replica_refuses_and_names_the_way_out() -> None:
    machine = StateMachine()
    refuse_if_corrupt(machine, "a")
    machine.alarms["b"] = "corrupt: differs from the majority at revision 7"
    machine.alarms["c"] = "replicas differ at revision 7"
    refuse_if_corrupt(machine, "a")
    refuse_if_corrupt(machine, "c")
    with pytest.raises(Corrupt, match="rebuild"):
        refuse_if_corrupt(machine, "b")


async def rot(cluster: StoreCluster, name: str, key: str) -> None:
    """A bit flips in one replica's memory."""
    machine = engine_of(cluster.actors[name]).machine
    item = machine.items[key]
    machine.items.table[key] = msgspec.structs.replace(item, value=b"rotten")


@pytest.mark.parametrize("which", ["leader", "follower"])
def test_a_replica_that_differs_is_found_and_answers_no_more(which: str) -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        for number in range(5):
            await cluster.put(leader, f"k{number}")
        await cluster.settled()
        victim = leader if which == "leader" else next(n for n in cluster.names if n != leader)
        other = next(name for name in cluster.names if name not in (leader, victim))
        await rot(cluster, victim, "k3")
        await asyncio.sleep(PERIOD_SECONDS + 5)
        with pytest.raises(Corrupt, match="differs from the majority"):
            await cluster.read(victim, "k3")
        with pytest.raises(Corrupt):
            await cluster.read(victim, "k3", linearizable=False)
        with pytest.raises(Corrupt):
            await cluster.ref(victim).ask(Txn(success=(Put("k", b""),)), 5.0)
        with pytest.raises(Corrupt):
            async with cluster.ref(victim).stream(Watch("k", "l")) as stream:
                await anext(stream)
        assert (await cluster.read(other, "k3")).items[0].value == b"v"
        await cluster.put(other, "k9")
        status = await cluster.status(other)
        assert [text.partition(":")[0] for text in status.alarms] == [victim]
        assert status.leader != victim
        # Once it has left, what was wrong has left with it.
        await cluster.ref(other).ask(ChangeMembership("remove", victim), 10.0)
        await asyncio.sleep(0.5)
        assert (await cluster.status(other)).alarms == ()
        await cluster.stop()

    run_simulation(main)


def test_equal_replicas_have_equal_hashes_at_a_revision() -> None:
    async def main() -> None:
        cluster = StoreCluster()
        await cluster.start()
        leader = await cluster.leader()
        await cluster.put(leader, "k1")
        at = (await cluster.status(leader)).revision
        await cluster.put(leader, "k2")
        found = [await cluster.ref(name).ask(HashRequest(at), 5.0) for name in cluster.names]
        assert len({item.hash for item in found if isinstance(item, HashResult)}) == 1
        later = await cluster.ref(leader).ask(HashRequest(), 5.0)
        assert isinstance(later, HashResult)
        assert later.revision == at + 1 and later.hash != found[0].hash  # type: ignore[attr-defined]  # a HashResult
        await cluster.stop()

    run_simulation(main)
