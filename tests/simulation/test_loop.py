"""The virtual loop itself."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.simulation.loop import PROCESS, Deadlock, Livelock, VirtualLoop, run_simulation

ROOT = Path(__file__).parents[2]

PROGRAM = """
import asyncio
from actors.kit.testing import actor_system
from actors.kit.tracing import MemoryTracer
from actors.kit.transports.memory import MemoryNetwork
from actors.kit.world.memory import SeededEntropy
from tests.simulation.loop import run_simulation
from tests.unit.actors.kit.messages import REGISTRY, Add, Counter

tracer = MemoryTracer()

async def main():
    network = MemoryNetwork(SeededEntropy(7), loss=0.1, duplicate=0.1)
    async with (
        actor_system("a", transport=network.transport("a"), registry=REGISTRY, tracer=tracer) as a,
        actor_system("b", transport=network.transport("b"), registry=REGISTRY, tracer=tracer) as b,
    ):
        for system in (a, b):
            for name in ("x", "y", "z"):
                await system.spawn(name, Counter)
        for number in range(50):
            await a.ref("xyz"[number % 3] + "@b").ask(Add(number), 5)
            b.ref("xyz"[number % 2] + "@a").tell(Add(number))

run_simulation(main)
print(tracer.digest(), tracer.count)
"""


def test_a_livelock_is_told_instead_of_hanging() -> None:
    async def main() -> None:
        while True:
            await asyncio.sleep(0)

    with pytest.raises(Livelock, match="no time passes"):
        run_simulation(main)


def test_time_jumps() -> None:
    async def main() -> float:
        await asyncio.gather(*(asyncio.sleep(seconds) for seconds in (3600, 7200, 5)))
        return asyncio.get_running_loop().time()

    began = time.monotonic()
    assert run_simulation(main) == 7200
    assert time.monotonic() - began < 5


def test_a_deadlock_raises_and_names_who_waits() -> None:
    async def main() -> None:
        await asyncio.create_task(asyncio.Event().wait(), name="the one that waits")

    with pytest.raises(Deadlock, match="the one that waits"):
        run_simulation(main)


def test_threads_are_refused() -> None:
    async def main() -> None:
        await asyncio.to_thread(time.time)

    with pytest.raises(RuntimeError, match="no threads"):
        run_simulation(main)


def test_many_ticks_at_late_times_do_not_stall() -> None:
    async def main() -> None:
        await asyncio.sleep(1e6 + 1 / 3)
        for _ in range(1000):
            await asyncio.sleep(0.1)

    run_simulation(main)


def test_shuffling_is_seeded() -> None:
    def order(seed: int) -> list[int]:
        seen: list[int] = []

        async def one(number: int) -> None:
            seen.append(number)

        async def main() -> None:
            await asyncio.gather(*(one(number) for number in range(20)))

        run_simulation(main, seed, shuffle=True)
        return seen

    assert order(1) == order(1)
    assert order(1) != order(2)
    assert sorted(order(2)) == list(range(20))


def test_a_paused_process_does_nothing_and_then_all_that_was_due() -> None:
    seen: list[tuple[float, str]] = []

    async def beat(name: str) -> None:
        PROCESS.set(name)
        while True:
            await asyncio.sleep(1.0)
            seen.append((loop().time(), name))

    def loop() -> VirtualLoop:
        running = asyncio.get_running_loop()
        assert isinstance(running, VirtualLoop)
        return running

    async def main() -> None:
        beats = [asyncio.create_task(beat(name), name=name) for name in ("one", "two")]
        await asyncio.sleep(2.5)
        loop().pause("two")
        loop().call_soon(seen.append, (0.0, "not two"))
        await asyncio.sleep(3.0)
        assert loop().held("two") == 1
        assert loop().held("one") == 0
        assert loop().resume("two") == 1
        await asyncio.sleep(1.2)
        assert not any(task.done() for task in beats)

    run_simulation(main)
    times = {name: [time for time, whose in seen if whose == name] for name in ("one", "two")}
    assert times["one"] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert times["two"] == [1.0, 2.0, 5.5, 6.5]
    assert (0.0, "not two") in seen


def test_the_loop_closes_clean() -> None:
    loop = VirtualLoop()
    loop.run_until_complete(asyncio.sleep(1))
    loop.close()


def test_the_digest_does_not_depend_on_the_hash_seed() -> None:
    digests = set()
    for seed in ("0", "1", "4242"):
        result = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(result.stdout)
    assert len(digests) == 1
