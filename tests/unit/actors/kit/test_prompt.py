"""Prompt actors: handled as it comes in, one at a time and in order all the same."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from actors.kit.actor import Actor, Delivery, Later
from actors.kit.system import ActorSystem
from actors.kit.testing import actor_system
from actors.kit.tracing import MemoryTracer
from actors.kit.transports.memory import MemoryNetwork
from actors.kit.world.memory import SeededEntropy
from cluster.errors import ActorDown, StatusError
from cluster.messages.base import Message
from tests.simulation.loop import simulated
from tests.unit.actors.kit.messages import REGISTRY, Add, Counter, Crash, Refuse, Slow, Total

LATENCY = 0.01


class Prompt(Counter):
    """Never waits, but for ``Slow``: that breaks its promise."""

    prompt = True


class Relay(Actor):
    """Tells itself and its neighbour, and notes when each message began and ended."""

    prompt = True

    def __init__(self) -> None:
        self.story: list[str] = []

    async def handle(self, message: Message, delivery: Delivery) -> Message | Later | None:
        assert isinstance(message, Add)
        self.story.append(f"begin {message.amount}")
        if message.amount < 10:
            self.ctx.ref(self.ctx.address).tell(Add(message.amount + 10))
        self.story.append(f"end {message.amount}")
        return None


@asynccontextmanager
async def _pair(
    make: Callable[[], Actor], tracer: MemoryTracer | None = None
) -> AsyncIterator[tuple[ActorSystem, ActorSystem]]:
    """Two processes, and an actor in the second."""
    network = MemoryNetwork(SeededEntropy(1), latency=(LATENCY, LATENCY))
    options = {"registry": REGISTRY, "tracer": tracer}
    one = actor_system("one", transport=network.transport("one"), **options)  # type: ignore[arg-type]  # as declared
    two = actor_system("two", transport=network.transport("two"), **options)  # type: ignore[arg-type]  # as declared
    async with one as first, two as second:
        await second.spawn("it", make)
        yield first, second


@simulated
async def test_it_is_handled_in_the_callback_that_brings_it() -> None:
    actor = Prompt()
    async with _pair(lambda: actor) as (one, two):
        loop, handled = asyncio.get_running_loop(), []
        one.ref("it@two").tell(Add(1))
        # Rings in the same round of the loop as the message arrives, and after it.
        loop.call_later(LATENCY, lambda: handled.append(actor.total))
        await asyncio.sleep(1)
        assert handled == [1]
        two.ref("it@two").tell(Add(1))
        # Not within the process: the sender goes on first.
        assert actor.total == 1
        await asyncio.sleep(0.01)
        assert actor.total == 2


@simulated
async def test_asks_errors_and_records_are_as_of_any_actor() -> None:
    tracer = MemoryTracer()
    async with _pair(Prompt, tracer) as (one, _):
        ref = one.ref("it@two")
        assert await ref.ask(Add(2), 1) == Total(2)
        with pytest.raises(StatusError):
            await ref.ask(Refuse(), 1)
        assert await ref.ask(Add(2), 1) == Total(4)
    steps = [(record["event"], record["process"]) for record in tracer.find(msg="Add")]
    assert steps == [("sent", "one"), ("received", "two"), ("handled", "two")] * 2


@simulated
async def test_one_message_at_a_time_and_in_order() -> None:
    actor = Relay()
    async with _pair(lambda: actor) as (one, two):
        for number in range(3):
            two.ref("it@two").tell(Add(number + 20))
        for number in range(3):
            one.ref("it@two").tell(Add(number))
        await asyncio.sleep(1)
    assert actor.story[0::2] == [line.replace("end", "begin") for line in actor.story[1::2]]
    order = [line.split()[1] for line in actor.story[0::2]]
    assert order[:3] == ["20", "21", "22"]
    assert [item for item in order if len(item) == 1] == ["0", "1", "2"]
    assert sorted(order[3:]) == ["0", "1", "10", "11", "12", "2"]


@simulated
@pytest.mark.parametrize("message", [Crash(), Slow(1)], ids=["raises", "waits"])
async def test_a_crash_is_a_crash_and_the_next_incarnation_is_prompt_again(
    message: Message,
) -> None:
    made: list[Prompt] = []

    def make() -> Prompt:
        made.append(Prompt())
        return made[-1]

    async with _pair(make) as (one, _):
        ref = one.ref("it@two")
        ref.tell(Add(1))
        asked = asyncio.create_task(ref.ask(message, 5))
        after = asyncio.create_task(ref.ask(Add(1), 5))
        for job in (asked, after):
            with pytest.raises(ActorDown):
                await job
        await asyncio.sleep(5)
        assert await ref.ask(Add(1), 1) == Total(1)
        assert len(made) == 2
        assert made[0].total == 1
