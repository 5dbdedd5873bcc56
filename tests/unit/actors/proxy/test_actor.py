"""The proxy against a fake API: one table, never emptied, kept when the actor ends."""

import asyncio

from msgspec.structs import replace

from actors.kit.world.packet_filter import Backend
from actors.kit.world.packet_filter_memory import MemoryPacketFilter
from actors.proxy.actor import ProxyActor
from cluster.api.resources import ENDPOINT_SLICES, SERVICES
from tests.unit.actors.client.harness import until
from tests.unit.actors.proxy.test_rules import VIP, endpoint, endpoint_slice, service
from tests.unit.actors.replica_bench import SERVERS, SETTINGS, ReplicaBench, replicated

NODES = {"n2": "10.245.0.2", "n3": "10.245.0.3"}


class Mute(ProxyActor):
    """Without sockets."""

    async def _serve_health(self) -> None:
        return


def backends(memory: MemoryPacketFilter) -> tuple[Backend, ...]:
    return memory.resolve(VIP, 80).backends


@replicated
async def test_it_programs_after_the_sync_and_follows_changes(bench: ReplicaBench) -> None:
    memory = MemoryPacketFilter(local=("10.245.0.1",))
    bench.state.put(SERVICES, service())
    bench.state.put(ENDPOINT_SLICES, endpoint_slice(endpoint("10.244.1.2")))
    ref = await bench.system.spawn("proxy", lambda: ProxyActor(SETTINGS, "n1", memory, SERVERS))
    await until(lambda: backends(memory) == (Backend("10.244.1.2", 8080),))
    assert memory.applied == 1
    for address in ("10.244.1.2", "10.244.1.3", "10.244.2.2"):
        bench.state.put(ENDPOINT_SLICES, endpoint_slice(endpoint(address)))
    await until(lambda: backends(memory) == (Backend("10.244.2.2", 8080),))
    assert memory.applied <= 4
    other = service()
    other["metadata"]["name"] = "other"
    other["spec"].update(clusterIP="None", type="ClusterIP")
    applied = memory.applied
    bench.state.put(SERVICES, other)
    await asyncio.sleep(1)
    assert memory.applied == applied, "a headless Service is no change"
    bench.state.remove(SERVICES, "d", "web")
    await until(lambda: memory.resolve(VIP, 80).outcome == "reject")
    assert ref.address == "proxy@replica-1"


@replicated
async def test_a_restarted_proxy_leaves_the_rules_until_it_knows_better(
    bench: ReplicaBench,
) -> None:
    memory = MemoryPacketFilter()
    bench.state.put(SERVICES, service())
    bench.state.put(ENDPOINT_SLICES, endpoint_slice(endpoint("10.244.1.2")))
    await bench.system.spawn("proxy", lambda: ProxyActor(SETTINGS, "n1", memory, SERVERS))
    await until(lambda: backends(memory))

    applied = memory.applied
    second = MemoryPacketFilter()
    second.tables.update(memory.tables)
    await bench.system.spawn("proxy-2", lambda: ProxyActor(SETTINGS, "n1", second, SERVERS))
    assert backends(second) == (Backend("10.244.1.2", 8080),)
    await until(lambda: second.applied == 1)
    assert backends(second) == (Backend("10.244.1.2", 8080),)
    assert memory.applied == applied


@replicated
async def test_refused_rules_are_tried_again(bench: ReplicaBench) -> None:
    memory = MemoryPacketFilter()
    memory.fail_next = 3
    bench.state.put(SERVICES, service())
    bench.state.put(ENDPOINT_SLICES, endpoint_slice(endpoint("10.244.1.2")))
    await bench.system.spawn("proxy", lambda: ProxyActor(SETTINGS, "n1", memory, SERVERS))
    await until(lambda: backends(memory))
    assert memory.fail_next == 0


@replicated
async def test_endpoints_of_a_node_that_died_are_left_out_until_they_answer(
    bench: ReplicaBench,
) -> None:
    async def reach(address: str, port: int, seconds: float) -> bool:
        asked.append((address, port))
        await asyncio.sleep(0.0 if address not in down else seconds)
        return address not in down

    settings = replace(SETTINGS, network=replace(SETTINGS.network, packet_filter="nftables"))
    asked: list[tuple[str, int]] = []
    down: set[str] = set()
    memory = MemoryPacketFilter(local=("10.245.0.1",))
    bench.state.put(SERVICES, service())
    ends = (
        endpoint("10.244.1.2", "n1"), endpoint("10.244.2.2", "n2"), endpoint("10.244.3.2", "n3"),
    )  # fmt: skip
    bench.state.put(ENDPOINT_SLICES, endpoint_slice(*ends))
    await bench.system.spawn(
        "proxy",
        lambda: Mute(settings, "n1", memory, SERVERS, lambda node: NODES.get(node, ""), reach),
    )
    await until(lambda: len(backends(memory)) == 3)
    await asyncio.sleep(5)
    assert set(asked) == {("10.245.0.2", 10256), ("10.245.0.3", 10256)}, "no pod is asked"
    # A kubelet that is down is no reason to leave out pods that answer.
    down.add("10.245.0.2")
    await asyncio.sleep(10)
    assert len(backends(memory)) == 3
    assert ("10.244.2.2", 8080) in asked
    down.add("10.244.2.2")
    await until(lambda: len(backends(memory)) == 2)
    assert Backend("10.244.2.2", 8080) not in backends(memory)
    # If nobody at all answers, the fault is more likely here.
    down.update(("10.245.0.3", "10.244.3.2"))
    bench.state.put(ENDPOINT_SLICES, endpoint_slice(*ends[1:]))
    await until(lambda: Backend("10.244.1.2", 8080) not in backends(memory))
    await asyncio.sleep(10)
    assert len(backends(memory)) == 2
    down.clear()
    bench.state.put(ENDPOINT_SLICES, endpoint_slice(*ends))
    await until(lambda: len(backends(memory)) == 3)
