"""One actor's life: start, crash, restart, escalation, owned tasks, timers, children."""

import asyncio

import pytest

from actors.kit.actor import Actor, Delivery
from actors.kit.supervisor import RestartPolicy, Unrecoverable
from actors.kit.system import ActorSystem
from actors.kit.testing import actor_system
from actors.kit.tracing import MemoryTracer
from cluster.errors import ActorDown
from cluster.messages.base import Done, Message
from tests.simulation.loop import simulated
from tests.unit.actors.kit.messages import Add, Counter, Crash, Pulse, Slow, Total

QUICK = RestartPolicy(backoff_first=1, intensity=2, period=60)
TEMPORARY = RestartPolicy(restart="temporary")


class Lifecycle(Actor):
    """Writes down what happens to it."""

    def __init__(self, story: list[str]) -> None:
        self.story = story

    async def started(self) -> None:
        self.story.append("started")

    async def handle(self, message: Message, delivery: Delivery) -> Message | None:
        self.story.append(type(message).__name__)
        match message:
            case Crash():
                raise RuntimeError("boom")
            case Slow(seconds=seconds):
                await asyncio.sleep(seconds)
            case Add(amount=amount):
                self.ctx.after(amount, Pulse())
            case Done():
                self.ctx.exit()
        return None

    async def stopped(self) -> None:
        self.story.append("stopped")


@simulated
async def test_crash_answers_the_asker_and_all_that_waited() -> None:
    async with actor_system() as system:
        ref = await system.spawn("counter", Counter)
        asks = [asyncio.create_task(ref.ask(message, 5)) for message in (Slow(1), Crash(), Add(1))]
        assert await asks[0] == Done()
        for ask in asks[1:]:
            with pytest.raises(ActorDown):
                await ask
        assert asyncio.get_running_loop().time() == 1.0


@simulated
async def test_restart_makes_a_new_actor_after_the_backoff() -> None:
    async with actor_system() as system:
        ref = await system.spawn("counter", Counter, QUICK)
        await ref.ask(Add(5), 1)
        with pytest.raises(ActorDown):
            await ref.ask(Crash(), 1)
        with pytest.raises(ActorDown, match="is down"):
            await ref.ask(Add(1), 10)
        await asyncio.sleep(1.1)
        assert await ref.ask(Add(1), 1) == Total(1)


@simulated
async def test_a_crash_in_started_is_retried_and_spawn_returns() -> None:
    starts: list[float] = []

    class Late(Actor):
        async def started(self) -> None:
            starts.append(asyncio.get_running_loop().time())
            if len(starts) < 3:
                raise OSError("not yet")

    async with actor_system() as system:
        await system.spawn("late", Late, QUICK)
        await asyncio.sleep(10)
    assert starts == [0.0, 1.0, 3.0]


@simulated
async def test_a_factory_that_raises_is_a_crash_too() -> None:
    def factory() -> Actor:
        raise LookupError("no such thing")

    async with actor_system() as system:
        await system.spawn("broken", factory, TEMPORARY)
        assert system.actors() == ()


@simulated
async def test_a_root_beyond_its_intensity_fails_the_system() -> None:
    system = await _system()
    ref = await system.spawn("counter", Counter, QUICK)
    for _ in range(3):
        ref.tell(Crash())
        await asyncio.sleep(5)
    assert isinstance(system.failed.exception(), RuntimeError)
    assert system.actors() == ()
    await system.stop()


class Full(Lifecycle):
    """Has no room until the time is 20."""

    async def started(self) -> None:
        await super().started()
        if 0 < asyncio.get_running_loop().time() < 20:
            raise BlockingIOError("no room")


@simulated
async def test_a_root_waits_as_long_as_it_takes_for_what_passes_once_it_has_been_well() -> None:
    policy = RestartPolicy(
        backoff_first=1, backoff_max=2, intensity=2, period=60, passing=(BlockingIOError,)
    )
    story: list[str] = []
    async with actor_system() as system:
        ref = await system.spawn("full", lambda: Full(story), policy)
        ref.tell(Crash())
        await asyncio.sleep(25)
        assert not system.failed.done()
        assert story.count("started") > 8
        assert await ref.ask(Slow(0), 5) == Done()


@simulated
async def test_what_never_was_well_is_not_waited_for() -> None:
    policy = RestartPolicy(backoff_first=1, intensity=2, period=60, passing=(BlockingIOError,))
    system = await _system()
    await asyncio.sleep(1)
    await system.spawn("full", lambda: Full([]), policy)
    await asyncio.sleep(10)
    assert isinstance(system.failed.exception(), BlockingIOError)
    await system.stop()


@simulated
async def test_what_a_restart_cannot_help_fails_the_system_at_once() -> None:
    starts: list[float] = []

    class Damaged(Actor):
        async def started(self) -> None:
            starts.append(asyncio.get_running_loop().time())
            raise Unrecoverable("mend it")

    system = await _system()
    await system.spawn("damaged", Damaged, QUICK)
    assert str(system.failed.exception()) == "mend it"
    assert not await system.proven()
    assert starts == [0.0]
    await system.stop()


@simulated
async def test_proven_waits_for_a_start_that_succeeds() -> None:
    starts: list[float] = []

    class Late(Actor):
        async def started(self) -> None:
            starts.append(asyncio.get_running_loop().time())
            if len(starts) < 3:
                raise OSError("not yet")

    async with actor_system() as system:
        await system.spawn("counter", Counter)
        await system.spawn("late", Late, QUICK)
        assert await system.proven()
        assert asyncio.get_running_loop().time() == 3.0


@simulated
async def test_who_waits_for_a_good_start_is_told_then_or_never() -> None:
    told: list[float] = []
    system = await _system()
    await system.spawn("counter", Counter)
    system.when_proven(lambda: told.append(asyncio.get_running_loop().time()))
    await asyncio.sleep(1)
    assert told == [0.0]
    system.when_proven(lambda: told.append(9.0))
    await system.stop()
    assert told == [0.0]


@simulated
async def test_a_failure_to_tell_fails_the_system() -> None:
    def tell() -> None:
        raise OSError("nobody listens")

    system = await _system()
    system.when_proven(tell)
    await asyncio.sleep(1)
    assert isinstance(system.failed.exception(), OSError)
    await system.stop()


@simulated
async def test_a_child_beyond_its_intensity_crashes_its_parent() -> None:
    parents: list[Actor] = []

    class Parent(Actor):
        async def started(self) -> None:
            parents.append(self)
            await self.ctx.spawn("child", Counter, RestartPolicy(intensity=1, backoff_first=1))

    async with actor_system() as system:
        await system.spawn("parent", Parent, QUICK)
        child = system.ref("parent/child@replica-1")
        child.tell(Crash())
        await asyncio.sleep(3)
        assert len(parents) == 1
        child.tell(Crash())
        await asyncio.sleep(3)
        assert len(parents) == 2
        assert await child.ask(Add(1), 1) == Total(1), "the new parent has a new child"
        assert not system.failed.done()


@simulated
async def test_stop_goes_child_first_and_cancels_what_is_under_way() -> None:
    story: list[str] = []

    class Parent(Lifecycle):
        async def started(self) -> None:
            await super().started()
            await self.ctx.spawn("child", lambda: Lifecycle(children))

    children: list[str] = []
    async with actor_system() as system:
        await system.spawn("parent", lambda: Parent(story))
        ask = asyncio.create_task(system.ref("parent/child@replica-1").ask(Slow(60), 99))
        await asyncio.sleep(1)
    with pytest.raises(ActorDown):
        await ask
    assert children == ["started", "Slow", "stopped"]
    assert story == ["started", "stopped"]


@simulated
async def test_stopped_runs_after_a_crash_too_and_may_fail() -> None:
    class Broken(Lifecycle):
        async def stopped(self) -> None:
            await super().stopped()
            raise OSError("cannot clean up")

    story: list[str] = []
    tracer = MemoryTracer()
    async with actor_system(tracer=tracer) as system:
        ref = await system.spawn("broken", lambda: Broken(story), TEMPORARY)
        ref.tell(Crash())
        await asyncio.sleep(1)
    assert story == ["started", "Crash", "stopped"]
    errors = [record["error"] for record in tracer.find(event="log", msg="crash")]
    assert errors == ["RuntimeError('boom')", "OSError('cannot clean up')"]


@simulated
async def test_exit_ends_normally_and_only_a_permanent_actor_returns() -> None:
    for restart, starts in (("permanent", 2), ("transient", 1), ("temporary", 1)):
        story: list[str] = []
        async with actor_system() as system:
            ref = await system.spawn(
                "actor",
                lambda story=story: Lifecycle(story),  # type: ignore[misc]
                RestartPolicy(restart=restart),  # type: ignore[arg-type]
            )
            assert await ref.ask(Done(), 1) == Done()
            await asyncio.sleep(1)
        assert story.count("started") == starts, restart


@simulated
async def test_timers_fire_may_be_cancelled_and_end_with_the_actor() -> None:
    story: list[str] = []
    async with actor_system() as system:
        ref = await system.spawn("actor", lambda: Lifecycle(story), TEMPORARY)
        await ref.ask(Add(2), 1)
        await asyncio.sleep(1.9)
        assert "Pulse" not in story
        await asyncio.sleep(0.2)
        assert story[-1] == "Pulse"
        await ref.ask(Add(2), 1)
        ref.tell(Crash())
        await asyncio.sleep(5)
    assert story.count("Pulse") == 1


@simulated
async def test_a_cancelled_timer_does_not_fire() -> None:
    class Fickle(Actor):
        pulses = 0

        async def started(self) -> None:
            timer = self.ctx.after(1, Pulse())
            self.ctx.after(1, Pulse())
            timer.cancel()
            timer.cancel()

        async def handle(self, message: Message, delivery: Delivery) -> None:
            self.pulses += 1

    fickle = Fickle()
    async with actor_system() as system:
        await system.spawn("fickle", lambda: fickle)
        await asyncio.sleep(3)
    assert fickle.pulses == 1


@simulated
async def test_an_owned_task_that_fails_crashes_the_actor_and_one_that_lives_is_cancelled() -> None:
    cancelled: list[str] = []

    class Owner(Actor):
        async def started(self) -> None:
            self.ctx.task(self.sleeps(), "sleeps")

        async def sleeps(self) -> None:
            try:
                await asyncio.sleep(99)
            except asyncio.CancelledError:
                cancelled.append("yes")
                raise

        async def fails(self) -> None:
            raise ValueError("no")

        async def handle(self, message: Message, delivery: Delivery) -> None:
            self.ctx.task(self.fails(), "fails")
            await asyncio.sleep(1)

    async with actor_system() as system:
        ref = await system.spawn("owner", Owner, TEMPORARY)
        with pytest.raises(ActorDown):
            await ref.ask(Done(), 5)
        assert asyncio.get_running_loop().time() < 1
        await asyncio.sleep(0.1)
        assert cancelled == ["yes"]
        assert system.actors() == ()


@simulated
async def test_a_handler_cancelled_from_within_is_a_crash() -> None:
    class Odd(Actor):
        async def handle(self, message: Message, delivery: Delivery) -> None:
            raise asyncio.CancelledError

    async with actor_system() as system:
        ref = await system.spawn("odd", Odd, TEMPORARY)
        with pytest.raises(ActorDown):
            await ref.ask(Done(), 1)


@simulated
async def test_a_busy_actor_lets_others_run() -> None:
    async with actor_system() as system:
        ref = await system.spawn("counter", Counter)
        for _ in range(5000):
            ref.tell(Add(1))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        total = await ref.ask(Add(0), 1)
        assert total == Total(5000)


@simulated
async def test_stopping_during_the_backoff_or_the_start_is_quick() -> None:
    class Stuck(Actor):
        async def started(self) -> None:
            await asyncio.sleep(1000)

    system = await _system()
    ref = await system.spawn("counter", Counter, RestartPolicy(backoff_first=500, backoff_max=500))
    ref.tell(Crash())
    stuck = asyncio.create_task(system.spawn("stuck", Stuck))
    await asyncio.sleep(1)
    await system.stop()
    await stuck
    assert asyncio.get_running_loop().time() < 2


async def _system() -> ActorSystem:
    async with actor_system() as closed:
        world, tracer = closed.world, closed.recorder.tracer
    system = ActorSystem("replica-1", "a", world, tracer, None, {}, {})
    await system.start()
    return system
