"""What a request has waited for others."""

import asyncio

from actors.apiserver import outside_time
from actors.apiserver.flow_control import FlowControl
from cluster.api.flow_schemas import Flow, Level
from tests.simulation.loop import simulated

NARROW = Level("narrow", seats=1, queues=1, hand=1, length=9)


async def test_each_request_gathers_for_itself_and_its_tasks() -> None:
    async def asked(seconds: float) -> float:
        found = outside_time.begin()

        async def part() -> None:
            await asyncio.sleep(0)
            outside_time.spent(seconds)

        await asyncio.gather(part(), part())
        return found.seconds

    one, two = await asyncio.gather(
        asyncio.create_task(asked(1.0)), asyncio.create_task(asked(2.0))
    )
    assert (one, two) == (2.0, 4.0)


def test_outside_of_a_request_nobody_gathers() -> None:
    outside_time.spent(1.0)


@simulated
async def test_waiting_for_a_seat_counts() -> None:
    control = FlowControl()

    async def asked() -> float:
        found = outside_time.begin()
        async with control.seat(Flow("a", "", NARROW, "a")):
            await asyncio.sleep(2.0)
        return found.seconds

    first, second = await asyncio.gather(asyncio.create_task(asked()), asyncio.create_task(asked()))
    assert (first, round(second, 3)) == (0.0, 2.0)
