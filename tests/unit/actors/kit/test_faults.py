"""The set of faults of one process."""

import asyncio
import time

import pytest

from actors.kit.faults import Faults
from actors.kit.transports.ways import Ways
from actors.kit.world.faulty_clock import FaultyClock
from actors.kit.world.memory import SeededEntropy
from actors.kit.world.storage_faults import StorageFaults
from cluster.chaos.faults import ClockFault, EngineFault, LinkFault, StorageFault


class Process:
    """What faults are put into."""

    def __init__(self, engine: bool = True) -> None:
        self.ways = Ways(SeededEntropy(1))
        self.storage = StorageFaults()
        self.clock = FaultyClock()
        self.down: list[bool] = []
        self.faults = Faults(
            self.ways, self.storage, self.clock, self.down.append if engine else None
        )


async def test_each_kind_acts_where_it_belongs_and_heals() -> None:
    process = Process()
    process.faults.inject(
        [
            LinkFault("l", ("b",), cut=True),
            StorageFault("s", "full"),
            ClockFault("c", jump=-3600.0),
            EngineFault("e"),
        ]
    )
    assert process.ways.to("b").cut == "l"
    with pytest.raises(OSError, match="No space"):
        process.storage.before_room()
    assert process.clock.now() == pytest.approx(time.time() - 3600, abs=5)
    assert process.clock.actual() == pytest.approx(time.time(), abs=5)
    assert process.down[-1] is True
    struck = {standing.fault.name: standing.struck for standing in process.faults.standing()}
    assert struck == {"l": {}, "s": {"refused": 1}, "c": {"read": 1}, "e": {}}
    healed = process.faults.heal(["s", "unknown"])
    assert [standing.fault.name for standing in healed] == ["s"]
    process.storage.before_room()
    assert process.ways.to("b").cut == "l"
    assert {standing.fault.name for standing in process.faults.heal()} == {"l", "c", "e"}
    assert process.ways.to("b").clear
    assert process.clock.now() == pytest.approx(time.time(), abs=5)
    assert process.down[-1] is False
    assert process.faults.standing() == []


async def test_a_fault_ends_by_itself_when_its_time_is_over() -> None:
    process = Process()
    process.faults.inject([LinkFault("l", ("b",), cut=True, until=time.time() + 0.05)])
    healed = asyncio.Event()
    process.ways.to("b").watch(healed.set)
    async with asyncio.timeout(5):
        await healed.wait()
    assert process.ways.to("b").clear
    assert process.faults.standing() == []


async def test_one_whose_time_was_over_before_is_passed_over() -> None:
    process = Process()
    process.faults.inject([LinkFault("l", ("b",), cut=True, until=time.time() - 1)])
    assert process.faults.standing() == []


async def test_the_same_name_replaces() -> None:
    process = Process()
    process.faults.inject([LinkFault("l", ("b",), delay=0.1)])
    process.faults.inject([LinkFault("l", ("c",), delay=0.1)])
    assert process.ways.to("b").clear
    assert not process.ways.to("c").clear


async def test_a_process_without_an_engine_refuses_its_fault() -> None:
    with pytest.raises(ValueError, match="no simulated container engine"):
        Process(engine=False).faults.inject([EngineFault("e")])


async def test_a_clock_runs_fast_from_the_fault_on() -> None:
    process = Process()
    process.faults.inject([ClockFault("c", rate=100.0)])
    first, begin = process.clock.now(), time.monotonic()
    while time.monotonic() < begin + 0.02:
        await asyncio.sleep(0.005)
    assert process.clock.now() - first > 1.0
