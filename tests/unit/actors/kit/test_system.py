"""Asks, tells, streams, names and failure of one process's actors."""

import asyncio
import gc

import pytest

from actors.kit.actor import Actor
from actors.kit.supervisor import RestartPolicy
from actors.kit.testing import actor_system
from actors.kit.tracing import MemoryTracer
from cluster.errors import ActorDown, AskTimeout, Fenced, Overloaded, PeerFault, StatusError
from cluster.limits import MAILBOX_MESSAGES_MAX
from cluster.messages.base import Done, Down
from tests.simulation.loop import simulated
from tests.unit.actors.kit.messages import (
    Add,
    Blob,
    Count,
    Crash,
    Pulse,
    Refuse,
    Slow,
    SlowLater,
    Total,
    Watcher,
)
from tests.unit.actors.kit.messages import Counter as CounterActor

TEMPORARY = RestartPolicy(restart="temporary")


@simulated
async def test_ask_is_answered_and_tell_is_handled() -> None:
    async with actor_system() as system:
        counter = CounterActor()
        ref = await system.spawn("counter", lambda: counter)
        ref.tell(Add(1))
        assert await ref.ask(Add(2), 1) == Total(3)
        assert await ref.ask(Pulse(), 1) == Done()
        assert counter.deliveries[0].deadline is None
        assert counter.deliveries[1].deadline == 1.0


@simulated
async def test_within_a_process_messages_are_not_copied() -> None:
    async with actor_system() as system:
        ref = await system.spawn("counter", CounterActor)
        blob = Blob(b"x")
        assert await ref.ask(blob, 1) is blob


@simulated
async def test_a_steersman_error_goes_to_the_asker_and_the_actor_lives_on() -> None:
    async with actor_system() as system:
        ref = await system.spawn("counter", CounterActor)
        await ref.ask(Add(5), 1)
        with pytest.raises(StatusError) as caught:
            await ref.ask(Refuse(), 1)
        assert caught.value.code == 404
        ref.tell(Refuse())
        with pytest.raises(PeerFault, match="takes no Done"):
            await ref.ask(Done(), 1)
        assert await ref.ask(Add(0), 1) == Total(5)


@simulated
async def test_ask_times_out_at_its_deadline_and_expired_requests_are_not_handled() -> None:
    async with actor_system() as system:
        counter = CounterActor()
        ref = await system.spawn("counter", lambda: counter)
        ref.tell(Slow(10))
        loop = asyncio.get_running_loop()
        with pytest.raises(AskTimeout):
            await ref.ask(Add(1), 2)
        assert loop.time() == 2.0
        with pytest.raises(AskTimeout):
            await ref.ask(Add(1), 0)
        await asyncio.sleep(10)
        assert counter.total == 0


@simulated
async def test_asking_and_telling_an_actor_that_does_not_run() -> None:
    tracer = MemoryTracer()
    async with actor_system(tracer=tracer) as system:
        ref = system.ref("nobody@replica-1")
        with pytest.raises(ActorDown):
            await ref.ask(Done(), 1)
        ref.tell(Done())
        assert tracer.find(event="dropped", reason="down")
        far = system.ref("nobody@elsewhere")
        far.tell(Done())
        with pytest.raises(ActorDown):
            await far.ask(Done(), 1)
        with pytest.raises(ActorDown):
            async with far.stream(Done()):
                pass


@simulated
async def test_later_lets_the_next_message_pass() -> None:
    async with actor_system() as system:
        ref = await system.spawn("counter", CounterActor)
        later = asyncio.create_task(ref.ask(SlowLater(5), 10))
        await asyncio.sleep(0)
        assert await ref.ask(Add(7), 1) == Total(7)
        assert await later == Total(7)
        assert asyncio.get_running_loop().time() == 5.0


@simulated
async def test_later_that_crashes_takes_the_actor_with_it() -> None:
    async with actor_system() as system:
        ref = await system.spawn("counter", CounterActor, TEMPORARY)
        other = asyncio.create_task(ref.ask(SlowLater(9), 10))
        await asyncio.sleep(0)
        with pytest.raises(ActorDown):
            await ref.ask(SlowLater(1, crash=True), 10)
        with pytest.raises(ActorDown):
            await other
        assert asyncio.get_running_loop().time() == 1.0


@simulated
async def test_later_that_never_began_is_answered_at_the_end() -> None:
    async with actor_system() as system:
        ref = await system.spawn("counter", CounterActor, TEMPORARY)
        later = asyncio.create_task(ref.ask(SlowLater(9), 10))
        crash = asyncio.create_task(ref.ask(Crash(), 10))
        for task in (later, crash):
            with pytest.raises(ActorDown):
                await task


@simulated
async def test_a_full_mailbox_refuses() -> None:
    async with actor_system() as system:
        ref = await system.spawn("counter", CounterActor)
        ref.tell(Slow(1))
        await asyncio.sleep(0.1)
        for _ in range(MAILBOX_MESSAGES_MAX):
            ref.tell(Pulse())
        with pytest.raises(Overloaded):
            ref.tell(Pulse())
        with pytest.raises(Overloaded):
            await ref.ask(Pulse(), 1)
        await asyncio.sleep(2)
        assert await ref.ask(Add(1), 1) == Total(1)


@simulated
async def test_names_are_unique_and_well_formed() -> None:
    async with actor_system() as system:
        await system.spawn("counter", CounterActor)
        with pytest.raises(ValueError, match="runs already"):
            await system.spawn("counter", CounterActor)
        with pytest.raises(ValueError, match="not an actor name"):
            await system.spawn("a@b", CounterActor)
        with pytest.raises(ValueError, match="not an actor address"):
            system.ref("counter")
        assert system.actors() == ("counter@replica-1",)


@simulated
async def test_local_messages_come_from_a_local_principal() -> None:
    async with actor_system() as system:
        counter = CounterActor()
        ref = await system.spawn("counter", lambda: counter)
        await ref.ask(Pulse(), 1)
        await system.ref("counter@replica-1", sender="scheduler@replica-1").ask(Pulse(), 1)
        first, second = (delivery.principal for delivery in counter.deliveries)
        assert first.local
        assert first.process == "replica-1"
        assert second.user == "system:kube-scheduler"


# Streams.


@simulated
async def test_a_stream_brings_all_items_then_ends() -> None:
    async with actor_system() as system:
        ref = await system.spawn("counter", CounterActor)
        for credit in (1, 2, 3, 64):
            async with ref.stream(Count(200), credit) as stream:
                items = [item async for item in stream]
            assert items == [Total(n) for n in range(200)]


@simulated
async def test_a_slow_reader_holds_the_sender_back() -> None:
    async with actor_system() as system:
        counter = CounterActor()
        ref = await system.spawn("counter", lambda: counter)
        async with ref.stream(Count(-1), credit=8) as stream:
            await asyncio.sleep(1)
            assert counter.served == 8
            for _ in range(4):
                await anext(stream)
            await asyncio.sleep(1)
            assert counter.served == 12
        await asyncio.sleep(1)
        served = counter.served
        await asyncio.sleep(1)
        assert counter.served == served, "the serving task outlived its reader"


@simulated
async def test_a_stream_ends_with_the_servers_error() -> None:
    async with actor_system() as system:
        ref = await system.spawn("counter", CounterActor)
        async with ref.stream(Count(2, fail=True)) as stream:
            assert [await anext(stream), await anext(stream)] == [Total(0), Total(1)]
            with pytest.raises(Fenced):
                await anext(stream)


@simulated
async def test_a_crash_while_serving_ends_all_streams_with_actor_down() -> None:
    async with actor_system() as system:
        ref = await system.spawn("counter", CounterActor, TEMPORARY)
        async with ref.stream(Count(-1)) as other, ref.stream(Count(1, crash=True)) as stream:
            assert await anext(stream) == Total(0)
            with pytest.raises(ActorDown):
                await anext(stream)
            with pytest.raises(ActorDown):
                async for _ in other:
                    pass


@simulated
async def test_a_reader_that_is_cancelled_cancels_the_server() -> None:
    async with actor_system() as system:
        counter = CounterActor()
        ref = await system.spawn("counter", lambda: counter)

        async def read() -> None:
            async with ref.stream(Count(-1)) as stream:
                async for _ in stream:
                    await asyncio.sleep(1)

        task = asyncio.create_task(read())
        await asyncio.sleep(3)
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(1)
        served = counter.served
        await asyncio.sleep(5)
        assert counter.served == served


# Monitors.


@simulated
async def test_a_monitor_is_told_once_of_crash_stop_and_absence() -> None:
    async with actor_system() as system:
        ref = await system.spawn("counter", CounterActor)
        watcher = Watcher(ref.address, "nobody@replica-1", "far@elsewhere")
        await system.spawn("watcher", lambda: watcher)
        await asyncio.sleep(0.01)
        assert watcher.messages() == [
            Down("nobody@replica-1", "unreachable"),
            Down("far@elsewhere", "unreachable"),
        ]
        ref.tell(Crash())
        await asyncio.sleep(1)
        ref.tell(Crash())
        await asyncio.sleep(1)
        assert watcher.messages()[2:] == [Down(ref.address, "crash")]
        system.ref("watcher@replica-1").tell(Add(0))  # monitors again
        await asyncio.sleep(1)
        ref.tell(Crash())
        await asyncio.sleep(1)
        assert watcher.messages()[3:] == [Add(0), Down(ref.address, "crash")]


@simulated
async def test_a_stopped_child_is_down_normally() -> None:
    class Parent(Actor):
        async def started(self) -> None:
            self.child = await self.ctx.spawn("child", CounterActor)

        async def handle(self, message: object, delivery: object) -> None:
            await self.ctx.stop(self.child)

    async with actor_system() as system:
        parent = await system.spawn("parent", Parent)
        watcher = Watcher("parent/child@replica-1")
        await system.spawn("watcher", lambda: watcher)
        await parent.ask(Done(), 1)
        await asyncio.sleep(0.01)
        assert watcher.messages() == [Down("parent/child@replica-1", "normal")]
        assert system.actors() == ("parent@replica-1", "watcher@replica-1")


@simulated
async def test_an_answered_ask_leaves_nothing_for_the_collector() -> None:
    async with actor_system() as system:
        ref = await system.spawn("counter", CounterActor)
        await ref.ask(Add(1), 1)
        gc.collect()
        gc.disable()
        try:
            for _ in range(20):
                await ref.ask(Add(1), 1)
            assert gc.collect() == 0
        finally:
            gc.enable()
