"""What faults of links do is the same on TCP and in memory: held back, late, lost, doubled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from actors.kit.system import ActorSystem
from actors.kit.transports.tcp import TcpTransport
from cluster.chaos.faults import RETRANSMISSION_SECONDS, LinkFault
from tests.backends.test_transport import Net
from tests.unit.actors.kit.messages import Add, Blob, Total, Watcher

Struck = dict[str, int]


class Pair:
    """``one`` sends to ``two``, where a watcher keeps what it is told and a counter answers."""

    def __init__(self, net: Net, one: ActorSystem) -> None:
        self.net = net
        self.one = one
        self.watcher = Watcher()
        self.struck: Struck = {}

    def suffer(self, **what: float) -> None:
        """What ``one`` sends to ``two`` suffers this (nothing: no more)."""
        fault = LinkFault("f", ("two",), **what)  # type: ignore[arg-type]
        faults = [(fault, self.struck)] if what else []
        transport = self.net.transports["one"]
        if isinstance(transport, TcpTransport):
            transport.ways.suffer(faults)
        else:
            self.net.memory.suffer("one", faults)

    def tell(self, count: int) -> list[Blob]:
        """So many told messages."""
        sent = [Blob(b"%d" % number) for number in range(count)]
        for blob in sent:
            self.one.ref("watcher@two").tell(blob)
        return sent

    async def ask(self, amount: int, seconds: float = 8.0) -> float:
        """One exchange; how long it took."""
        began = asyncio.get_running_loop().time()
        await self.one.ref("counter@two").ask(Add(amount), seconds)
        return asyncio.get_running_loop().time() - began

    async def told(self, count: int) -> list[object]:
        """What arrived, once that is so much."""
        async with asyncio.timeout(10):
            while len(self.watcher.seen) < count:
                await asyncio.sleep(0.005)
        return self.watcher.messages()


@pytest.fixture(params=["memory", "tcp"])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        net = Net(request.param, stack)
        one, two, counter = await net.pair()
        pair = Pair(net, one)
        await two.spawn("watcher", lambda: pair.watcher)
        await pair.ask(1)
        yield pair
        assert counter.deliveries


async def test_what_is_cut_waits_and_arrives_in_order(pair: Pair) -> None:
    pair.suffer(cut=True)
    sent = pair.tell(3)
    asking = asyncio.create_task(pair.ask(1))
    await asyncio.sleep(0.2)
    assert not asking.done()
    assert pair.watcher.messages() == []
    assert pair.struck["held"] > 0
    pair.suffer()
    assert await pair.told(3) == sent
    assert await asking >= 0.2


async def test_the_other_direction_of_a_cut_passes(pair: Pair) -> None:
    two = pair.net.systems["two"]
    watcher = Watcher()
    await pair.one.spawn("watcher", lambda: watcher)
    pair.suffer(cut=True)
    two.ref("watcher@one").tell(Add(1))
    async with asyncio.timeout(5):
        while not watcher.messages():
            await asyncio.sleep(0.005)


async def test_delay_and_narrowness_keep_order(pair: Pair) -> None:
    pair.suffer(delay=0.1, jitter=0.1)
    sent = pair.tell(10)
    assert await pair.ask(1) >= 0.1
    assert await pair.told(10) == sent
    assert pair.struck["delayed"] > 0
    pair.suffer(bandwidth=100_000)
    began = asyncio.get_running_loop().time()
    pair.one.ref("watcher@two").tell(Blob(b"x" * 30_000))
    await pair.told(11)
    assert asyncio.get_running_loop().time() - began >= 0.25
    assert pair.struck["slowed"] > 0


async def test_of_what_is_told_some_is_lost_and_what_is_asked_only_takes_longer(pair: Pair) -> None:
    pair.suffer(loss=0.4)
    sent = pair.tell(60)
    tries = 1
    while await pair.ask(1) < RETRANSMISSION_SECONDS:
        tries += 1
        assert tries < 40
    lost = pair.struck["dropped"]
    assert 0 < lost < 60
    arrived = await pair.told(60 - lost)
    assert arrived == [blob for blob in sent if blob in arrived]
    records = pair.net.tracer.find(event="dropped", msg="Blob")
    assert {record.get("reason", record.get("outcome")) for record in records} == {"fault:f"}
    assert len(records) == lost


async def test_what_is_told_may_come_twice_and_what_is_asked_does_not(pair: Pair) -> None:
    pair.suffer(duplicate=1.0)
    sent = pair.tell(5)
    arrived = await pair.told(10)
    assert [arrived.count(blob) for blob in sent] == [2] * 5
    assert pair.struck["duplicated"] == 5
    assert await pair.one.ref("counter@two").ask(Add(1), 5) == Total(2)


async def test_what_is_told_may_be_overtaken(pair: Pair) -> None:
    pair.suffer(reorder=0.5)
    sent = pair.tell(40)
    arrived = await pair.told(40)
    assert arrived != sent
    assert sorted(arrived, key=repr) == sorted(sent, key=repr)
    assert 0 < pair.struck["reordered"] < 40


async def test_what_a_narrow_way_held_up_arrives_once_it_is_wide(pair: Pair) -> None:
    pair.suffer(bandwidth=1000)
    for _ in range(3):
        pair.one.ref("watcher@two").tell(Blob(b"x" * 30_000))
    await asyncio.sleep(0.1)
    assert pair.watcher.messages() == []
    pair.suffer()
    assert len(await pair.told(3)) == 3
    assert await pair.ask(1) < 1.0
    pair.suffer(bandwidth=100_000)
    assert await pair.ask(1) < 1.0
