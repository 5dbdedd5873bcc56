"""One conformance suite for transports: TCP on loopback and the network in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from actors.kit.system import ActorSystem
from actors.kit.testing import actor_system
from actors.kit.tracing import TRACE_ID_LENGTH, MemoryTracer, root_trace
from actors.kit.transports.memory import MemoryNetwork
from actors.kit.transports.tcp import TcpTransport
from actors.kit.transports.transport import Transport
from actors.kit.world.memory import SeededEntropy
from cluster.errors import ActorDown, AskTimeout, Fenced, Overloaded, StatusError
from cluster.limits import FRAME_BYTES_MAX, MAILBOX_MESSAGES_MAX
from cluster.messages.base import ConnectionLost, Done, Down
from tests.unit.actors.kit.messages import (
    REGISTRY,
    Add,
    Blob,
    Count,
    Counter,
    Crash,
    Pulse,
    Refuse,
    Slow,
    Total,
    Watcher,
)


class Net:
    """Makes processes that know each other, over one kind of transport."""

    def __init__(self, kind: str, stack: AsyncExitStack) -> None:
        self.kind = kind
        self.stack = stack
        self.memory = MemoryNetwork(SeededEntropy(1))
        self.systems: dict[str, ActorSystem] = {}
        self.transports: dict[str, Transport] = {}
        self.ports: dict[str, str] = {}
        self.tracer = MemoryTracer()

    async def process(self, name: str) -> ActorSystem:
        """Start a process (again)."""
        user, groups = f"system:replica:{name}", ("system:replicas",)
        transport: Transport
        if self.kind == "memory":
            transport = self.memory.transport(name, user, groups)
        else:
            listen = self.ports.get(name, "127.0.0.1:0")
            transport = TcpTransport("demo", listen, SeededEntropy(name), None, None, user, groups)
        self.transports[name] = transport
        system = await self.stack.enter_async_context(
            actor_system(name, transport=transport, registry=REGISTRY, tracer=self.tracer)
        )
        if isinstance(transport, TcpTransport):
            self.ports[name] = f"127.0.0.1:{transport.port}"
        for other, known in self.systems.items():
            if other != name:
                known.add_peer(name, self.ports.get(name, ""))
                system.add_peer(other, self.ports.get(other, ""))
        self.systems[name] = system
        return system

    async def pair(self) -> tuple[ActorSystem, ActorSystem, Counter]:
        """Processes one and two; two has a counter."""
        one, two = await self.process("one"), await self.process("two")
        counter = Counter()
        await two.spawn("counter", lambda: counter)
        return one, two, counter

    async def kill(self, name: str) -> None:
        """End a process; its actors get no word to say."""
        await self.systems.pop(name).stop()


@pytest.fixture(params=["memory", "tcp"])
async def net(request: pytest.FixtureRequest) -> AsyncIterator[Net]:
    async with AsyncExitStack() as stack:
        yield Net(request.param, stack)


@asynccontextmanager
async def _pair(net: Net) -> AsyncIterator[tuple[ActorSystem, ActorSystem, Counter]]:
    yield await net.pair()


async def test_asks_and_tells_reach_another_process(net: Net) -> None:
    async with _pair(net) as (one, _, counter):
        ref = one.ref("counter@two")
        ref.tell(Add(1))
        assert await ref.ask(Add(2), 5) == Total(3)
        assert await ref.ask(Pulse(), 5) == Done()
        principal = counter.deliveries[0].principal
        assert (principal.process, principal.user) == ("one", "system:replica:one")
        assert principal.groups == ("system:replicas",)
        assert not principal.local
        deadline = counter.deliveries[1].deadline
        assert deadline is not None
        assert deadline - asyncio.get_running_loop().time() < 5


async def test_both_ways_at_once_and_both_dial_at_once(net: Net) -> None:
    async with _pair(net) as (one, two, _):
        await one.spawn("counter", Counter)
        for _ in range(5):
            answers = await asyncio.gather(
                *(one.ref("counter@two").ask(Add(0), 5) for _ in range(20)),
                *(two.ref("counter@one").ask(Add(0), 5) for _ in range(20)),
            )
            assert answers == [Total(0)] * 40


async def test_errors_come_back_as_themselves(net: Net) -> None:
    async with _pair(net) as (one, _, _):
        ref = one.ref("counter@two")
        with pytest.raises(StatusError) as caught:
            await ref.ask(Refuse(), 5)
        assert caught.value.reason == "NotFound"
        with pytest.raises(ActorDown):
            await one.ref("nobody@two").ask(Done(), 5)
        with pytest.raises(AskTimeout):
            await ref.ask(Slow(0.1), 0.05)
        with pytest.raises(ActorDown):
            await ref.ask(Crash(), 5)


async def test_order_holds_among_short_and_long(net: Net) -> None:
    async with _pair(net) as (one, two, _):
        watcher = Watcher()
        await two.spawn("watcher", lambda: watcher)
        ref = one.ref("watcher@two")
        sent = [Blob(bytes([n]) * (300_000 if n % 3 == 0 else 10)) for n in range(20)]
        for blob in sent:
            ref.tell(blob)
        await _until(lambda: len(watcher.seen) == len(sent))
        assert watcher.messages() == sent


async def test_long_messages_travel_and_too_long_ones_are_refused(net: Net) -> None:
    async with _pair(net) as (one, _, _):
        ref = one.ref("counter@two")
        blob = Blob(b"x" * 3_000_000)
        assert await ref.ask(blob, 10) == blob
        with pytest.raises(Exception, match="too big"):
            await ref.ask(Blob(b"x" * FRAME_BYTES_MAX), 10)
        assert await ref.ask(Add(1), 5) == Total(1)


async def test_streams_hold_a_slow_reader_s_sender_back(net: Net) -> None:
    async with _pair(net) as (one, _, counter):
        ref = one.ref("counter@two")
        async with ref.stream(Count(100), credit=4) as stream:
            assert await anext(stream) == Total(0)
            await asyncio.sleep(0.1)
            assert counter.served <= 6
            rest = [item async for item in stream]
        assert rest == [Total(n) for n in range(1, 100)]
        async with ref.stream(Count(1, fail=True)) as stream:
            await anext(stream)
            with pytest.raises(Fenced):
                await anext(stream)
        async with ref.stream(Count(-1)) as stream:
            await anext(stream)
        await asyncio.sleep(0.1)
        served = counter.served
        await asyncio.sleep(0.1)
        assert counter.served == served


async def test_a_full_mailbox_beyond_is_overloaded(net: Net) -> None:
    async with _pair(net) as (one, two, _):
        one.ref("counter@two").tell(Slow(60))
        await asyncio.sleep(0.05)
        for _ in range(MAILBOX_MESSAGES_MAX):
            two.ref("counter@two").tell(Pulse())
        with pytest.raises(Overloaded):
            await one.ref("counter@two").ask(Add(1), 5)


async def test_a_lost_process_ends_asks_streams_and_monitors_at_once(net: Net) -> None:
    async with _pair(net) as (one, _, _):
        watcher = Watcher("counter@two", "nobody@two", processes=("two",))
        await one.spawn("watcher", lambda: watcher)
        ref = one.ref("counter@two")
        await _until(lambda: watcher.messages() == [Down("nobody@two", "unreachable")])
        async with ref.stream(Count(3)) as stream:
            await anext(stream)
            ask = asyncio.create_task(ref.ask(Slow(60), 60))
            await asyncio.sleep(0.05)
            began = asyncio.get_running_loop().time()
            net.memory.kill("two")
            await net.kill("two")
            with pytest.raises(ActorDown):
                await ask
        await _until(lambda: ConnectionLost("two") in watcher.messages())
        assert asyncio.get_running_loop().time() - began < 1
        downs = [m for m in watcher.messages() if m in _downs("counter@two")]
        assert len(downs) == 1
        with pytest.raises(ActorDown):
            await ref.ask(Add(1), 5)


async def test_a_server_is_told_that_its_reader_s_process_is_gone(net: Net) -> None:
    async with _pair(net) as (one, _, counter):

        async def read() -> None:
            async with one.ref("counter@two").stream(Count(-1)) as stream:
                async for _ in stream:
                    pass

        task = asyncio.create_task(read())
        await _until(lambda: counter.served > 100)
        await net.kill("one")
        with pytest.raises(ActorDown):
            await task
        await asyncio.sleep(0.05)
        served = counter.served
        await asyncio.sleep(0.05)
        assert counter.served == served


async def test_a_process_that_returns_is_reached_again(net: Net) -> None:
    async with _pair(net) as (one, _, _):
        watcher = Watcher(processes=("two",))
        await one.spawn("watcher", lambda: watcher)
        ref = one.ref("counter@two")
        assert await ref.ask(Add(1), 5) == Total(1)
        await net.kill("two")
        await _until(lambda: watcher.messages() == [ConnectionLost("two")])
        two = await net.process("two")
        await two.spawn("counter", Counter)
        assert await _eventually(lambda: ref.ask(Add(5), 1)) == Total(5)
        await asyncio.sleep(0.1)
        assert watcher.messages() == [ConnectionLost("two")]
        await net.kill("two")
        await _until(lambda: watcher.messages() == [ConnectionLost("two")] * 2)


async def test_a_monitored_actor_beyond_is_down_once(net: Net) -> None:
    async with _pair(net) as (one, two, _):
        watcher = Watcher("counter@two")
        await one.spawn("watcher", lambda: watcher)
        await asyncio.sleep(0.05)
        two.ref("counter@two").tell(Crash())
        await _until(lambda: watcher.messages() == [Down("counter@two", "crash")])
        await asyncio.sleep(0.3)
        two.ref("counter@two").tell(Crash())
        await asyncio.sleep(0.1)
        assert len(watcher.seen) == 1


async def test_the_trace_crosses_processes(net: Net) -> None:
    async with _pair(net) as (one, _, _):
        with root_trace(one.world.entropy) as root:
            await one.ref("counter@two").ask(Add(1), 5)
        records = net.tracer.find(msg="Add")
        places = [(record["event"], record["process"]) for record in records]
        assert places == [("sent", "one"), ("received", "two"), ("handled", "two")]
        assert {record["trace"] for record in records} == {root[:TRACE_ID_LENGTH]}
        assert len({record["span"] for record in records}) == 1
        assert records[0]["bytes"] > 0
        answers = net.tracer.find(msg="Total")
        assert [record["parent"] for record in answers] == [records[0]["span"]] * 2
        clocks = [record["hlc"] for record in records[:2] + answers]
        assert clocks == sorted(clocks)


async def test_an_unknown_process_is_down(net: Net) -> None:
    async with _pair(net) as (one, _, _):
        with pytest.raises(ActorDown):
            await one.ref("counter@nowhere").ask(Add(1), 5)
        one.ref("counter@nowhere").tell(Add(1))
        assert await one.ref("counter@two").ask(Add(1), 5) == Total(1)


def _downs(address: str) -> list[Down]:
    return [Down(address, reason) for reason in ("normal", "crash", "unreachable")]


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def _eventually(ask: Callable[[], Awaitable[object]]) -> object:
    async with asyncio.timeout(10):
        while True:
            try:
                return await ask()
            except ActorDown:
                await asyncio.sleep(0.02)
