"""Trace contexts: who inherits what, and what the records say."""

import asyncio

from actors.kit.actor import Actor, Delivery, Later
from actors.kit.testing import actor_system
from actors.kit.tracing import (
    TRACE_ID_LENGTH,
    MemoryTracer,
    current_trace,
    resume_trace,
    root_trace,
)
from actors.kit.world.memory import SeededEntropy
from cluster.messages.base import Done, Message
from tests.simulation.loop import run_simulation, simulated
from tests.unit.actors.kit.messages import Add, Count, Counter, SlowLater, Total


def test_contexts_nest_and_end() -> None:
    assert current_trace() == ""
    with root_trace(SeededEntropy(1)) as outer:
        assert current_trace() == outer
        assert len(outer) == 49
        with root_trace(SeededEntropy(2)) as inner:
            assert current_trace() == inner != outer
        with resume_trace(""):
            assert current_trace() == ""
        with resume_trace("nonsense"):
            assert current_trace() == ""
        assert current_trace() == outer
    assert current_trace() == ""


@simulated
async def test_a_message_leaves_sent_received_handled_in_one_span() -> None:
    tracer = MemoryTracer()
    async with actor_system(zone="b", tracer=tracer) as system:
        ref = await system.spawn("counter", Counter)
        with root_trace(system.world.entropy) as root:
            await ref.ask(Add(1), 1)
    records = tracer.find(msg="Add")
    assert [record["event"] for record in records] == ["sent", "received", "handled"]
    assert {record["trace"] for record in records} == {root[:TRACE_ID_LENGTH]}
    assert {record["parent"] for record in records} == {root[TRACE_ID_LENGTH + 1 :]}
    assert len({record["span"] for record in records}) == 1
    assert records[0]["subject"] == "add 1"
    assert records[0]["to"] == "counter@replica-1"
    assert records[0]["zone"] == "b"
    assert records[2]["outcome"] == "ok"
    assert records[2]["ms"] == 0
    reply = tracer.find(msg="Total")
    assert [record["event"] for record in reply] == ["sent", "received"]
    assert reply[0]["parent"] == records[0]["span"]
    clocks = [record["hlc"] for record in tracer.records]
    assert clocks == sorted(set(clocks))


@simulated
async def test_the_context_passes_through_handlers_tasks_timers_and_children() -> None:
    class Chain(Actor):
        async def handle(self, message: Message, delivery: Delivery) -> Message | Later | None:
            if isinstance(message, Add):
                assert current_trace() == delivery.trace
                await self.ctx.spawn("child", Counter)
                self.ctx.task(self.later(), "later")
                self.ctx.after(1, Done())
                self.ctx.note("noted", "default/web", container="web")
                return Later(self.later())
            return None

        async def later(self) -> Message:
            await asyncio.sleep(0.1)
            return await self.ctx.ref(f"chain/child@{self.ctx.process}").ask(SlowLater(0.1), 5)

    tracer = MemoryTracer()
    async with actor_system(tracer=tracer) as system:
        ref = await system.spawn("chain", Chain)
        with root_trace(system.world.entropy) as root:
            await ref.ask(Add(1), 5)
        await asyncio.sleep(2)
    asked = tracer.find(event="sent", msg="Add")[0]
    children = tracer.find(event="sent", msg="SlowLater")
    assert len(children) == 2
    assert {child["parent"] for child in children} == {asked["span"]}
    assert tracer.find(event="handled", msg="Done")[0]["trace"] == root[:TRACE_ID_LENGTH]
    note = tracer.find(event="note")[0]
    assert (note["msg"], note["subject"], note["container"]) == ("noted", "default/web", "web")
    assert note["span"] == asked["span"]


@simulated
async def test_stream_items_carry_the_context_they_were_sent_in() -> None:
    tracer = MemoryTracer()
    async with actor_system(tracer=tracer) as system:
        ref = await system.spawn("counter", Counter)
        with root_trace(system.world.entropy) as root:
            async with ref.stream(Count(1)) as stream:
                assert await anext(stream) == Total(0)
                assert stream.trace[:TRACE_ID_LENGTH] == root[:TRACE_ID_LENGTH]
    assert tracer.find(event="received", msg="Total")


@simulated
async def test_log_lines_are_records_in_the_current_span() -> None:
    class Talker(Actor):
        async def handle(self, message: Message, delivery: Delivery) -> None:
            self.ctx.log.warning("something odd", count=3)

    tracer = MemoryTracer()
    async with actor_system(tracer=tracer) as system:
        await (await system.spawn("talker", Talker)).ask(Done(), 1)
    line = tracer.find(event="log", msg="something odd")[0]
    assert (line["level"], line["count"], line["actor"]) == ("warning", 3, "talker@replica-1")
    assert line["span"] == tracer.find(event="sent", msg="Done")[0]["span"]


def test_the_same_seed_gives_the_same_digest() -> None:
    def run(seed: str) -> str:
        tracer = MemoryTracer()

        async def main() -> None:
            async with actor_system(seed, tracer=tracer) as system:
                ref = await system.spawn("counter", Counter)
                for amount in range(20):
                    await ref.ask(Add(amount), 1)

        run_simulation(main)
        return tracer.digest()

    assert run("one") == run("one")
    assert run("one") != run("two")
