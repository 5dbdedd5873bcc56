"""Records of messages: one for each step, but of routine messages only how many there were."""

from typing import Any

from actors.kit.mailbox import Principal, Request
from actors.kit.recorder import COUNT_SECONDS, Recorder
from actors.kit.testing import actor_system
from actors.kit.tracing import TRACE_ID_LENGTH, MemoryTracer, root_trace
from actors.kit.world.memory import memory_world
from actors.kit.world.world import World
from cluster.messages.base import Message
from tests.simulation.loop import simulated
from tests.unit.actors.kit.messages import Add, Counter, Pulse

PRINCIPAL = Principal("p", "u", (), True)


class HandClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def actual(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


class Rig:
    """A recorder, its clock, and what it recorded."""

    def __init__(self) -> None:
        self.clock = HandClock()
        world = memory_world("p")
        self.tracer = MemoryTracer()
        world = World(self.clock, world.entropy, world.disk)
        self.recorder = Recorder("p", "a", world, self.tracer)

    def step(self, event: str, message: Message, to: str = "b@q", **more: Any) -> None:
        request = Request(message, 1, to, "a@p", PRINCIPAL, "", "")
        self.recorder.message(event, request, **more)


def test_routine_messages_are_counted_and_told_once_a_second() -> None:
    rig = Rig()
    for number in range(5):
        rig.step("sent", Pulse(number), size=100)
    rig.step("received", Pulse(), to="a@p")
    rig.step("handled", Pulse(), to="a@p", seconds=0.25, outcome="ok")
    assert rig.tracer.count == 0
    rig.clock.time += COUNT_SECONDS
    rig.step("sent", Pulse(), size=100)
    out, own = rig.tracer.records
    assert {"since": 1000.0, "ts": 1000.0 + COUNT_SECONDS, "msg": "Pulse"}.items() <= out.items()
    assert {"event": "counted", "from": "a@p", "to": "b@q", "process": "p"}.items() <= out.items()
    assert {"sent": 5, "received": 0, "handled": 0, "bytes": 500, "ms": 0.0}.items() <= out.items()
    assert {"sent": 0, "received": 1, "handled": 1, "to": "a@p", "ms": 250.0}.items() <= own.items()
    rig.recorder.write_counts()
    assert [record["sent"] for record in rig.tracer.find(to="b@q")] == [5, 1]


def test_what_went_wrong_with_a_routine_message_has_its_own_record() -> None:
    rig = Rig()
    rig.step("handled", Pulse(), outcome="unreachable")
    assert rig.tracer.records[0]["outcome"] == "unreachable"


def test_other_messages_are_not_counted() -> None:
    rig = Rig()
    rig.step("sent", Add(1), size=10)
    rig.step("sent", Add(2), size=10)
    assert [record["event"] for record in rig.tracer.records] == ["sent", "sent"]


@simulated
async def test_nothing_counted_is_lost_when_the_process_stops() -> None:
    tracer = MemoryTracer()
    async with actor_system(tracer=tracer) as system:
        ref = await system.spawn("counter", Counter)
        for number in range(7):
            ref.tell(Pulse(number))
    (counted,) = tracer.find(event="counted")
    assert (counted["sent"], counted["msg"]) == (7, "Pulse")
    dropped = len(tracer.find(event="dropped", reason="down"))
    assert counted["received"] == counted["handled"] == 7 - dropped


@simulated
async def test_a_routine_message_without_a_cause_begins_no_trace() -> None:
    async with actor_system() as system:
        recorder = system.recorder
        assert recorder.context_for(Pulse(), "") == ("", "")
        with root_trace(system.world.entropy) as root:
            trace, parent = recorder.context_for(Pulse(), root)
        assert (trace[:TRACE_ID_LENGTH], parent) == (
            root[:TRACE_ID_LENGTH],
            root[TRACE_ID_LENGTH + 1 :],
        )
        assert recorder.context_for(Add(1), "")[0]
