"""The network in memory: latency, order, loss, partitions, kills, and the same again by seed."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from actors.kit.system import ActorSystem
from actors.kit.testing import actor_system
from actors.kit.tracing import MemoryTracer
from actors.kit.transports.memory import DIAL_SECONDS, SILENCE_SECONDS, MemoryNetwork
from actors.kit.world.memory import SeededEntropy
from cluster.chaos.faults import LinkFault
from cluster.errors import ActorDown, AskTimeout
from cluster.messages.base import ConnectionLost
from tests.simulation.loop import run_simulation, simulated
from tests.unit.actors.kit.messages import REGISTRY, Add, Count, Counter, Slow, Total, Watcher


@asynccontextmanager
async def _processes(
    network: MemoryNetwork, *names: str, tracer: MemoryTracer | None = None
) -> AsyncIterator[list[ActorSystem]]:
    """Processes with a counter each."""
    systems = []
    try:
        for name in names:
            manager = actor_system(
                name, transport=network.transport(name), registry=REGISTRY, tracer=tracer
            )
            systems.append((manager, await manager.__aenter__()))
            await systems[-1][1].spawn("counter", Counter)
        yield [system for _, system in systems]
    finally:
        for manager, _ in reversed(systems):
            await manager.__aexit__(None, None, None)


def _network(seed: int = 1, **options: float) -> MemoryNetwork:
    return MemoryNetwork(SeededEntropy(seed), latency=(0.01, 0.02), **options)


def _now() -> float:
    return asyncio.get_running_loop().time()


@simulated
async def test_a_round_trip_takes_its_latency() -> None:
    async with _processes(_network(), "a", "b") as (a, _):
        began = _now()
        await a.ref("counter@b").ask(Add(1), 1)
        assert 0.02 <= _now() - began <= 0.04


@simulated
async def test_messages_keep_their_order_however_latency_varies() -> None:
    async with _processes(_network(), "a", "b") as (a, b):
        watcher = Watcher()
        await b.spawn("watcher", lambda: watcher)
        for number in range(200):
            a.ref("watcher@b").tell(Add(number))
            if number % 7 == 0:
                await asyncio.sleep(0.003)
        await asyncio.sleep(1)
        numbers = [message.amount for message in watcher.messages() if isinstance(message, Add)]
        assert numbers == list(range(200))


@simulated
async def test_loss_drops_tells_and_delays_asks() -> None:
    async with _processes(_network(loss=0.5), "a", "b") as (a, b):
        watcher = Watcher()
        await b.spawn("watcher", lambda: watcher)
        for number in range(200):
            a.ref("watcher@b").tell(Add(number))
        for number in range(20):
            assert await a.ref("counter@b").ask(Add(1), 5) == Total(number + 1)
        async with a.ref("counter@b").stream(Count(100)) as stream:
            assert [item async for item in stream] == [Total(n) for n in range(100)]
        assert 50 < len(watcher.seen) < 150


@simulated
async def test_duplicates_come_later() -> None:
    async with _processes(_network(duplicate=1.0), "a", "b") as (a, b):
        watcher = Watcher()
        await b.spawn("watcher", lambda: watcher)
        for number in range(10):
            a.ref("watcher@b").tell(Add(number))
            await asyncio.sleep(0.01)
        await asyncio.sleep(1)
        numbers = [message.amount for message in watcher.messages() if isinstance(message, Add)]
        assert sorted(numbers) == sorted([*range(10), *range(10)])
        assert numbers != sorted(numbers)


@simulated
async def test_a_partition_that_heals_soon_only_delays() -> None:
    network = _network()
    async with _processes(network, "a", "b") as (a, _):
        await a.ref("counter@b").ask(Add(1), 1)
        network.partition(["a"], ["b"])
        ask = asyncio.create_task(a.ref("counter@b").ask(Add(1), 10))
        await asyncio.sleep(SILENCE_SECONDS - 1)
        assert not ask.done()
        network.heal()
        assert await ask == Total(2)


@simulated
async def test_a_partition_that_lasts_breaks_the_connection_on_both_sides() -> None:
    network = _network()
    async with _processes(network, "a", "b") as (a, b):
        watchers = [Watcher(processes=("b",)), Watcher(processes=("a",))]
        await a.spawn("watcher", lambda: watchers[0])
        await b.spawn("watcher", lambda: watchers[1])
        await a.ref("counter@b").ask(Add(1), 1)
        network.partition(["a"], ["b"])
        with pytest.raises(ActorDown):
            await a.ref("counter@b").ask(Add(1), 60)
        assert SILENCE_SECONDS <= _now() <= SILENCE_SECONDS + 1
        await asyncio.sleep(0.1)
        assert watchers[0].messages() == [ConnectionLost("b")]
        assert watchers[1].messages() == [ConnectionLost("a")]
        network.heal()
        await asyncio.sleep(DIAL_SECONDS + 1)
        assert await a.ref("counter@b").ask(Add(1), 1) == Total(2)


@simulated
async def test_one_direction_may_be_blocked_alone() -> None:
    network = _network()
    async with _processes(network, "a", "b", "c") as (a, b, _):
        await a.ref("counter@b").ask(Add(1), 1)
        network.block("b", "a")
        with pytest.raises(AskTimeout):
            await a.ref("counter@b").ask(Add(1), 1)
        assert await b.ref("counter@c").ask(Add(0), 1) == Total(0)
        network.unblock("b", "a")
        assert await a.ref("counter@b").ask(Add(0), 1) == Total(2), "the blocked ask was handled"


@simulated
async def test_dialling_into_a_partition_fails_after_a_while_then_at_once() -> None:
    network = _network()
    network.partition(["a"], ["b"])
    async with _processes(network, "a", "b") as (a, _):
        with pytest.raises(ActorDown):
            await a.ref("counter@b").ask(Add(1), 60)
        assert _now() == DIAL_SECONDS
        with pytest.raises(ActorDown):
            await a.ref("counter@b").ask(Add(1), 60)
        assert _now() == DIAL_SECONDS
        network.heal()
        await asyncio.sleep(1)
        assert await a.ref("counter@b").ask(Add(1), 1) == Total(1)


@simulated
async def test_a_killed_process_is_seen_at_once_and_may_return() -> None:
    network = _network()
    async with _processes(network, "a") as (a,):
        watcher = Watcher(processes=("b",))
        async with _processes(network, "b"):
            ask = asyncio.create_task(a.ref("counter@b").ask(Slow(50), 60))
            await asyncio.sleep(0.1)
            await a.spawn("watcher", lambda: watcher)
            began = _now()
            network.kill("b")
            with pytest.raises(ActorDown):
                await ask
            assert _now() == began
        await asyncio.sleep(3)
        assert watcher.messages() == [ConnectionLost("b")]
        async with _processes(network, "b"):
            await asyncio.sleep(1)
            assert await a.ref("counter@b").ask(Add(1), 1) == Total(1)


def test_the_same_seed_gives_the_same_digest() -> None:
    def run(seed: int) -> str:
        tracer = MemoryTracer()

        async def main() -> None:
            network = _network(seed, loss=0.1, duplicate=0.1)
            async with _processes(network, "a", "b", "c", tracer=tracer) as systems:
                for number in range(30):
                    system = systems[number % 3]
                    target = system.ref(f"counter@{'abc'[number % 2]}")
                    target.tell(Add(1))
                    await target.ask(Add(1), 5)

        run_simulation(main)
        return tracer.digest()

    assert run(1) == run(1)
    assert run(1) != run(2)


@simulated
async def test_packets_suffer_what_messages_suffer_but_a_paused_process() -> None:
    network = _network()
    assert 0.01 <= network.packets("a", "b", 300) <= 0.02
    slow = LinkFault("slow", ("b",), delay=0.5)
    network.suffer("a", [(slow, {})])
    assert 0.51 <= network.packets("a", "b", 300) <= 0.52
    assert network.packets("b", "a", 300) <= 0.02
    network.suffer("a", [(LinkFault("cut", ("b",), cut=True), {})])
    assert network.packets("a", "b", 300) == math.inf
    assert network.packets("a", "a", 300) <= 0.02
    network.suffer("a", [])
    network.freeze("b")
    assert network.packets("a", "b", 300) <= 0.02
    network.block("a", "b")
    assert network.packets("a", "b", 300) == math.inf
