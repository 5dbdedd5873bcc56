"""The tracer: who may ask, what it shows as it happens, what it finds in files."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from actors.kit.mailbox import Delivery, Principal
from actors.kit.system import ActorSystem
from actors.kit.testing import actor_system
from actors.kit.trace_file import FileTracer
from actors.kit.tracing import resume_trace, root_trace
from actors.tracing.actor import TracerActor
from cluster import names
from cluster.errors import PeerFault, StatusError
from cluster.messages.registry import all_messages
from cluster.messages.tracing import FindSubject, FindTrace, TraceBatch, WatchTrace
from tests.simulation.loop import simulated
from tests.unit.actors.kit.messages import REGISTRY, Add, Counter, Pulse

EVERY = {**all_messages(), **REGISTRY}


def lines(batch: object) -> list[dict[str, Any]]:
    assert isinstance(batch, TraceBatch)
    found = [json.loads(line) for line in batch.records.splitlines()]
    assert len(found) == batch.count
    return found


async def bench(system: ActorSystem, folder: Path = Path("/nonexistent")) -> None:
    await system.spawn("counter", Counter)
    await system.spawn("other", Counter)
    await system.spawn(names.TRACER, lambda: TracerActor(folder))


@simulated
async def test_a_reader_sees_what_it_asked_for_as_it_happens() -> None:
    async with actor_system(registry=EVERY) as system:
        await bench(system)
        counter, other = system.ref("counter@replica-1"), system.ref("other@replica-1")
        tracer = system.ref("tracer@replica-1")
        async with tracer.stream(WatchTrace(actors=("counter",))) as stream:
            await asyncio.sleep(0.01)
            other.tell(Add(1))
            counter.tell(Add(2))
            counter.tell(Pulse())
            records = lines(await anext(stream))
            assert {record["to"] for record in records} == {"counter@replica-1"}
            assert {record["msg"] for record in records} == {"Add"}
            assert [record["event"] for record in records] == ["sent", "received", "handled"]


@simulated
async def test_one_trace_alone_can_be_watched() -> None:
    async with actor_system(registry=EVERY) as system:
        await bench(system)
        counter, tracer = system.ref("counter@replica-1"), system.ref("tracer@replica-1")
        with root_trace(system.world.entropy) as context:
            pass
        async with tracer.stream(WatchTrace(traces=(context.partition("-")[0],))) as stream:
            await asyncio.sleep(0.01)
            counter.tell(Add(1))
            with resume_trace(context):
                await counter.ask(Add(2), 1.0)
            records = lines(await anext(stream))
            assert {record["trace"] for record in records} == {context.partition("-")[0]}
            assert sorted(record["msg"] for record in records) == ["Add"] * 3 + ["Total"] * 2


@simulated
async def test_a_reader_that_does_not_read_loses_records_and_delays_nobody() -> None:
    async with actor_system(registry=EVERY) as system:
        await bench(system)
        counter, tracer = system.ref("counter@replica-1"), system.ref("tracer@replica-1")
        async with tracer.stream(WatchTrace(actors=("counter",)), credit=1) as stream:
            await asyncio.sleep(0.01)
            for _ in range(2000):
                await counter.ask(Add(1), 1.0)
            seen = missed = 0
            while seen + missed < 10_000:
                batch = await anext(stream)
                assert isinstance(batch, TraceBatch)
                seen, missed = seen + batch.count, missed + batch.missed
            assert seen + missed == 10_000
            assert missed > 5000


@simulated
async def test_a_rate_is_kept() -> None:
    async with actor_system(registry=EVERY) as system:
        await bench(system)
        counter, tracer = system.ref("counter@replica-1"), system.ref("tracer@replica-1")
        async with tracer.stream(WatchTrace(actors=("counter",), rate=10)) as stream:
            await asyncio.sleep(1.5 - system.world.clock.now() % 1.0)
            for _ in range(20):
                counter.tell(Add(1))
            batch = await anext(stream)
            assert isinstance(batch, TraceBatch)
            assert (batch.count, batch.missed) == (10, 50)


@simulated
async def test_with_nobody_looking_on_nothing_is_kept() -> None:
    async with actor_system(registry=EVERY) as system:
        await bench(system)
        tracer = system.ref("tracer@replica-1")
        async with tracer.stream(WatchTrace()):
            await asyncio.sleep(0.01)
            assert len(system.recorder._taps) == 1
        await asyncio.sleep(0.01)
        assert system.recorder._taps == ()


async def test_files_are_searched_by_trace_and_by_object(tmp_path: Path) -> None:
    tracer = FileTracer(tmp_path / "p", bytes_max=100_000)
    async with actor_system("p", tracer=tracer, registry=EVERY) as system:
        await bench(system, tmp_path / "p")
        counter, asked = system.ref("counter@p"), system.ref("tracer@p")
        with root_trace(system.world.entropy) as context:
            counter.tell(Add(1))
            system.recorder.note("kubelet@p", "container.started", "default/web-1", {})
        for _ in range(200):
            await counter.ask(Add(1), 1.0)
        trace = context.partition("-")[0]
        found = lines(await asked.ask(FindTrace(trace), 5.0))
        assert [record["event"] for record in found] == ["sent", "note", "received", "handled"]
        [note] = lines(await asked.ask(FindSubject("pod/web-1"), 5.0))
        assert note["msg"] == "container.started"
        late = FindSubject("pod/web-1", since=note["ts"] + 60)
        assert lines(await asked.ask(late, 5.0)) == []
        with pytest.raises(StatusError, match="KIND/NAME"):
            await asked.ask(FindSubject("web-1"), 5.0)
    assert len(list((tmp_path / "p").glob("trace*.jsonl"))) > 1
    tracer.close()


async def test_a_node_may_not_ask() -> None:
    actor = TracerActor(Path("/nonexistent"))
    node = Principal("node-1", "system:node:node-1", (names.GROUP_NODES,), False)
    with pytest.raises(PeerFault, match="may not read traces"):
        await actor.handle(FindTrace("x"), Delivery("kubelet@node-1", node, "", None))
