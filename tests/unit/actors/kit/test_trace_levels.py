"""Levels and shares: of an actor, its children, the whole process."""

import random

import pytest

from actors.kit.testing import actor_system
from actors.kit.trace_levels import DEFAULT, LEVELS, Dial, Levels
from actors.kit.tracing import MemoryTracer, root_trace
from tests.simulation.loop import simulated
from tests.unit.actors.kit.messages import Add, Counter, Pulse


def test_an_actor_has_its_own_level_else_its_parents_else_the_processes() -> None:
    levels = Levels()
    assert levels.plain and levels.of("store@r1") == DEFAULT
    levels.set("kubelet", "notes", 1.0)
    levels.set("kubelet/streams", "off", 1.0)
    assert levels.of("kubelet@n1").level == "notes"
    assert levels.of("kubelet/other@n1").level == "notes"
    assert levels.of("kubelet/streams@n1").level == "off"
    assert levels.of("kubelets@n1") == DEFAULT
    levels.set("", "routine", 0.5)
    assert levels.of("kubelet/streams@n1") == Dial("routine", 0.5)
    assert list(levels.table()) == [""] and not levels.plain
    levels.set("", "messages", 1.0)
    assert levels.plain


def test_what_makes_no_sense_is_refused() -> None:
    for actor, level, share in [("", "loud", 1.0), ("", "off", 1.5), ("store@r1", "off", 1.0)]:
        with pytest.raises(ValueError, match=r"level|share|name"):
            Levels().set(actor, level, share)


def test_a_share_of_the_traces_is_kept_the_same_everywhere() -> None:
    chance = random.Random(1)
    traces = [f"{chance.getrandbits(128):032x}" for _ in range(4000)]
    kept = {trace for trace in traces if Dial("messages", 0.25).samples(trace)}
    assert 900 < len(kept) < 1100
    assert kept < {trace for trace in traces if Dial("messages", 0.5).samples(trace)}
    assert not any(Dial("messages", 0.0).samples(trace) for trace in traces)
    assert Dial("messages", 0.0).samples(""), "what has no trace is no part of one"


@simulated
async def test_each_level_keeps_what_it_says() -> None:
    expected = {
        "off": set(),
        "notes": {"note"},
        "messages": {"note", "sent", "received", "handled", "counted"},
        "routine": {"note", "sent", "received", "handled", "sent Pulse"},
    }
    for level in LEVELS:
        tracer = MemoryTracer()
        async with actor_system(tracer=tracer) as system:
            ref = await system.spawn("counter", Counter)
            system.recorder.levels.set("", level, 1.0)
            await ref.ask(Add(1), 1)
            ref.tell(Pulse(1))
            system.recorder.note("counter@replica-1", "noted", "x", {})
        found = {record["event"] for record in tracer.records}
        if tracer.find(event="sent", msg="Pulse"):
            found.add("sent Pulse")
        assert found - {"dropped"} == expected[level], level


@simulated
async def test_whole_chains_are_sampled() -> None:
    tracer = MemoryTracer()
    async with actor_system(tracer=tracer) as system:
        ref = await system.spawn("counter", Counter)
        system.recorder.levels.set("", "messages", 0.5)
        for _ in range(100):
            with root_trace(system.world.entropy):
                await ref.ask(Add(1), 1)
    traces: dict[str, int] = {}
    for record in tracer.records:
        traces[record["trace"]] = traces.get(record["trace"], 0) + 1
    assert 30 < len(traces) < 70
    assert set(traces.values()) == {5}
