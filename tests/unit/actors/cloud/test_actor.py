"""The cloud controller manager against a fake API and the local provider in memory."""

import asyncio

from actors.cloud.actor import CloudActor
from actors.cloud.providers.local import LocalProvider
from actors.kit.world.packet_filter import Backend
from actors.kit.world.packet_filter_memory import MemoryPacketFilter
from cluster.api.resources import NODES, SERVICES
from cluster.api.types import Object
from tests.unit.actors.client.harness import until
from tests.unit.actors.cloud.samples import balanced, fresh_node, ready_node
from tests.unit.actors.replica_bench import SERVERS, SETTINGS, ReplicaBench, replicated


async def start(bench: ReplicaBench, memory: MemoryPacketFilter, term: int = 3) -> None:
    bench.leadership.become(term, term > 0)
    provider = LocalProvider(SETTINGS, memory)
    await bench.system.spawn("cloud", lambda: CloudActor("replica-1", SERVERS, provider))


def node(bench: ReplicaBench, name: str) -> Object:
    found = bench.state.find(NODES, "", name)
    assert found is not None
    return found


def address(bench: ReplicaBench, name: str = "web") -> str:
    found = bench.state.find(SERVICES, "default", name) or {}
    ingress = ((found.get("status") or {}).get("loadBalancer") or {}).get("ingress") or [{}]
    return str(ingress[0].get("ip", ""))


@replicated
async def test_fresh_nodes_are_initialized(bench: ReplicaBench) -> None:
    bench.state.put(NODES, fresh_node("n1"))
    await start(bench, MemoryPacketFilter())
    await until(lambda: node(bench, "n1")["spec"].get("providerID") == "local://test/n1")
    found = node(bench, "n1")
    assert [taint["key"] for taint in found["spec"]["taints"]] == ["other"]
    assert found["metadata"]["labels"]["topology.kubernetes.io/zone"] == "a"
    assert {"type": "InternalIP", "address": "10.245.0.1"} in found["status"]["addresses"]
    before = len(bench.state.writes())
    await asyncio.sleep(60)
    assert len(bench.state.writes()) == before
    assert all(item.fence == 3 for item in bench.state.writes())


@replicated
async def test_a_service_gets_an_address_that_answers_and_gives_it_back(
    bench: ReplicaBench,
) -> None:
    memory = MemoryPacketFilter()
    bench.state.put(NODES, ready_node("n1", "10.245.0.1"))
    bench.state.put(SERVICES, balanced())
    await start(bench, memory)
    await until(lambda: address(bench))
    where = address(bench)
    assert memory.resolve(where, 80).outcome == "forward"
    await until(lambda: ("EnsuredLoadBalancer", "Ensured load balancer") in bench.events())

    bench.state.put(NODES, ready_node("n2", "10.245.0.2"))
    await until(lambda: len(memory.resolve(where, 80).backends) == 2)
    bench.state.put(NODES, ready_node("n1", "10.245.0.1", ready=False))
    only = (Backend("10.245.0.2", 30080),)
    await until(lambda: memory.resolve(where, 80).backends == only)

    found = bench.state.find(SERVICES, "default", "web")
    assert found is not None and found["metadata"]["finalizers"]
    marked = {
        **found,
        "metadata": {**found["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"},
    }
    bench.state.put(SERVICES, marked)
    await until(lambda: bench.state.find(SERVICES, "default", "web") is None)
    assert memory.resolve(where, 80).outcome == "reject"


@replicated
async def test_a_change_of_type_frees_the_address(bench: ReplicaBench) -> None:
    memory = MemoryPacketFilter()
    bench.state.put(NODES, ready_node("n1", "10.245.0.1"))
    bench.state.put(SERVICES, balanced())
    await start(bench, memory)
    await until(lambda: address(bench))
    where = address(bench)
    found = bench.state.find(SERVICES, "default", "web") or {}
    bench.state.put(SERVICES, {**found, "spec": {**found["spec"], "type": "ClusterIP"}})
    await until(lambda: not address(bench))
    await until(lambda: memory.resolve(where, 80).outcome == "reject")
    left = bench.state.find(SERVICES, "default", "web") or {}
    assert not left["metadata"].get("finalizers")


@replicated
async def test_addresses_outlive_a_change_of_leaders(bench: ReplicaBench) -> None:
    memory = MemoryPacketFilter()
    bench.state.put(NODES, ready_node("n1", "10.245.0.1"))
    for name in ("b", "a"):
        bench.state.put(SERVICES, balanced(name))
    await start(bench, memory)
    await until(lambda: address(bench, "a") and address(bench, "b"))
    before = {name: address(bench, name) for name in ("a", "b")}
    bench.leadership.become(4, False)
    await asyncio.sleep(1)
    assert all(memory.resolve(where, 80).outcome == "forward" for where in before.values())
    memory.tables.clear()
    bench.leadership.become(5, True)
    await until(lambda: memory.tables)
    assert {front[0] for front in memory.tables["steersman_lb_test"].forwards} == set(
        before.values()
    )
    await asyncio.sleep(10)
    assert {name: address(bench, name) for name in ("a", "b")} == before


@replicated
async def test_a_refusing_filter_is_told_and_tried_again(bench: ReplicaBench) -> None:
    memory = MemoryPacketFilter()
    bench.state.put(NODES, ready_node("n1", "10.245.0.1"))
    await start(bench, memory)
    await asyncio.sleep(1)
    memory.fail_next = 3
    bench.state.put(SERVICES, balanced())
    await until(lambda: address(bench))
    assert any(reason == "SyncLoadBalancerFailed" for reason, _ in bench.events())
