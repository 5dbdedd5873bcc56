"""The kit under faults, from a seed: whatever breaks, every ask and stream ends, nothing leaks, and
in the end every process reaches every other.

Replay one: ``pytest "tests/simulation/test_kit.py::test_nothing_hangs_or_leaks[3-True]"``.
"""

import asyncio
from contextlib import AbstractAsyncContextManager

import pytest

from actors.kit.supervisor import RestartPolicy
from actors.kit.system import ActorSystem
from actors.kit.testing import actor_system
from actors.kit.tracing import MemoryTracer
from actors.kit.transports.memory import MemoryNetwork
from actors.kit.world.memory import SeededEntropy
from cluster.errors import TemporaryFault
from tests.simulation.loop import run_simulation
from tests.unit.actors.kit.messages import (
    REGISTRY,
    Add,
    Count,
    Counter,
    Crash,
    SlowLater,
    Watcher,
)

NAMES = "abcde"
ROBUST = RestartPolicy(intensity=1000)


class Chaos:
    """Five processes, six clients, and what happens to them."""

    def __init__(self, seed: int) -> None:
        self.entropy = SeededEntropy(seed)
        self.network = MemoryNetwork(self.entropy.fork("network"), loss=0.05, duplicate=0.05)
        self.tracer = MemoryTracer()
        self.systems: dict[str, ActorSystem] = {}
        self.managers: dict[str, AbstractAsyncContextManager[ActorSystem]] = {}
        self.answered = 0

    async def run(self) -> None:
        for name in NAMES:
            await self.boot(name)
        await asyncio.gather(self.break_things(), *(self.client() for _ in range(6)))
        await asyncio.sleep(60)
        await self.check()
        for name in NAMES:
            await self.managers[name].__aexit__(None, None, None)
        own = asyncio.current_task()
        assert [task for task in asyncio.all_tasks() if task is not own] == []

    async def boot(self, name: str) -> None:
        manager = actor_system(
            name,
            transport=self.network.transport(name),
            registry=REGISTRY,
            tracer=self.tracer,
        )
        others = [other for other in NAMES if other != name]
        targets = [f"counter@{other}" for other in others]
        system = await manager.__aenter__()
        await system.spawn("counter", Counter, ROBUST)
        await system.spawn("watcher", lambda: Watcher(*targets, processes=tuple(others)), ROBUST)
        self.systems[name], self.managers[name] = system, manager

    async def client(self) -> None:
        for _ in range(60):
            source, target = self.entropy.choice(NAMES), self.entropy.choice(NAMES)
            if source in self.systems:
                try:
                    async with asyncio.timeout(30):
                        await self.talk(self.systems[source], f"counter@{target}")
                    self.answered += 1
                except TemporaryFault:
                    pass
            await asyncio.sleep(self.entropy.random() * 0.3)

    async def talk(self, system: ActorSystem, target: str) -> None:
        ref, dice = system.ref(target), self.entropy.random()
        if dice < 0.5:
            await ref.ask(Add(1), 2)
        elif dice < 0.6:
            ref.tell(Crash())
        elif dice < 0.8:
            async with ref.stream(Count(30), credit=4) as stream:
                async for _ in stream:
                    await asyncio.sleep(0.01)
        else:
            await ref.ask(SlowLater(1.0), 3)

    async def break_things(self) -> None:
        for _ in range(8):
            await asyncio.sleep(2 * self.entropy.random())
            dice, name = self.entropy.random(), self.entropy.choice(NAMES)
            if dice < 0.3:
                self.network.block(name, self.entropy.choice(NAMES))
            elif dice < 0.5:
                self.network.partition(["a", "b"], ["c", "d", "e"])
            elif dice < 0.7:
                self.network.heal()
            elif name in self.systems:
                del self.systems[name]
                self.network.kill(name)
                await self.managers[name].__aexit__(None, None, None)
                await asyncio.sleep(1)
                await self.boot(name)
        self.network.heal()

    async def check(self) -> None:
        for system in self.systems.values():
            for target in NAMES:
                await system.ref(f"counter@{target}").ask(Add(0), 5)
            assert system.exchanges() == 0
        assert self.answered > 100


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_nothing_hangs_or_leaks(seed: int, shuffle: bool) -> None:
    run_simulation(Chaos(seed).run, seed, shuffle)


def test_the_same_seed_gives_the_same_digest() -> None:
    digests = []
    for seed in (1, 1, 2):
        chaos = Chaos(seed)
        run_simulation(chaos.run, seed)
        digests.append(chaos.tracer.digest())
    assert digests[0] == digests[1] != digests[2]
