"""The leader gate follows its store, and takes silence for loss."""

import asyncio

from actors.client.leadership import LeaderGate
from actors.kit.actor import Actor, Delivery, Sink
from cluster.messages.base import Message
from cluster.messages.store import Leadership
from tests.unit.actors.client.harness import Bench, simulated, until


class FakeStore(Actor):
    """Streams what ``present`` says, and each change of it."""

    def __init__(self, shared: "Shared") -> None:
        self.shared = shared

    async def serve(self, message: Message, sink: Sink, delivery: Delivery) -> None:
        while True:
            changed = self.shared.changed
            await sink.send(self.shared.present)
            await changed.wait()
            if self.shared.broken:
                return


class Shared:
    def __init__(self) -> None:
        self.present = Leadership("replica-1", 1, False)
        self.changed = asyncio.Event()
        self.broken = False

    def become(self, term: int, leading: bool) -> None:
        self.present = Leadership("replica-1", term, leading)
        self.changed.set()
        self.changed = asyncio.Event()


@simulated
async def test_starts_and_stops_in_turns(bench: Bench) -> None:
    shared = Shared()
    await bench.system.spawn("store", lambda: FakeStore(shared))
    story: list[str] = []

    async def start(term: int) -> None:
        story.append(f"start {term}")

    async def stop() -> None:
        story.append("stop")

    context = await bench.context()
    gate = LeaderGate(context, "replica-1", start, stop)
    context.task(gate.run(), "gate")
    shared.become(1, False)
    await asyncio.sleep(0.5)
    assert story == [] and gate.term == 0
    shared.become(2, True)
    await until(lambda: gate.term == 2)
    shared.become(3, True)
    await until(lambda: gate.term == 3)
    shared.become(4, False)
    await until(lambda: gate.term == 0)
    assert story == ["start 2", "stop", "start 3", "stop"]
    shared.become(5, True)
    await until(lambda: gate.term == 5)
    shared.broken = True
    shared.become(5, True)
    await until(lambda: story[-1] == "stop")
    shared.broken = False
    await until(lambda: gate.term == 5)
