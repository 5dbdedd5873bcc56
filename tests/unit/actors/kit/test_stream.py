"""The two ends of a stream, wired together by hand."""

import asyncio

import pytest

from actors.kit.stream import Inlet, Sink, Stream
from cluster.errors import ActorDown, Fenced, SteersmanError
from cluster.messages.base import Message
from tests.simulation.loop import simulated
from tests.unit.actors.kit.messages import Total


class Gathered:
    """An outlet that keeps what it gets."""

    def __init__(self) -> None:
        self.items: list[Message] = []
        self.ends: list[SteersmanError | None] = []

    def item(self, message: Message) -> None:
        self.items.append(message)

    def end(self, error: SteersmanError | None) -> None:
        self.ends.append(error)


class Granted:
    """An opener and inlet that keeps what the reader grants."""

    def __init__(self) -> None:
        self.grants: list[int] = []
        self.cancelled = False
        self.is_closed = False
        self.unread_items: list[Message] = []

    def open(self, stream: Stream) -> Inlet:
        return self

    def grant(self, count: int) -> None:
        self.grants.append(count)

    def cancel(self) -> None:
        self.cancelled = True

    def taken(self, item: Message, trace: str, parent: str) -> None:
        pass

    def unread(self, item: Message, trace: str, parent: str) -> None:
        self.unread_items.append(item)

    def closed(self, stream: Stream) -> None:
        self.is_closed = True


@simulated
async def test_offer_takes_only_what_there_is_credit_for() -> None:
    outlet = Gathered()
    sink = Sink(2, outlet)
    assert [sink.offer(Total(n)) for n in range(3)] == [True, True, False]
    sink.grant(1)
    assert sink.offer(Total(3))
    assert outlet.items == [Total(0), Total(1), Total(3)]


@simulated
async def test_several_senders_share_the_credit_and_none_is_forgotten() -> None:
    outlet = Gathered()
    sink = Sink(1, outlet)
    senders = [asyncio.create_task(sink.send(Total(n))) for n in range(5)]
    await asyncio.sleep(1)
    assert len(outlet.items) == 1
    senders[1].cancel()
    await asyncio.sleep(1)
    for count in range(2, 5):
        sink.grant(1)
        await asyncio.sleep(1)
        assert len(outlet.items) == count
    await asyncio.wait(senders)
    assert outlet.items == [Total(n) for n in (0, 2, 3, 4)]


@simulated
async def test_credit_that_wakes_a_cancelled_sender_goes_to_the_next() -> None:
    outlet = Gathered()
    sink = Sink(1, outlet)
    sink.offer(Total(0))
    first, second = (asyncio.create_task(sink.send(Total(n))) for n in (1, 2))
    await asyncio.sleep(1)
    sink.grant(1)
    first.cancel()
    await second
    assert outlet.items == [Total(0), Total(2)]
    await asyncio.wait([first])


@simulated
async def test_a_closed_sink_takes_nothing_and_ends_once() -> None:
    outlet = Gathered()
    sink = Sink(5, outlet)
    sink.finish(None)
    sink.finish(Fenced("late"))
    assert outlet.ends == [None]
    assert not sink.offer(Total(1))
    with pytest.raises(ActorDown):
        await sink.send(Total(1))


@simulated
async def test_a_sender_that_waits_when_the_stream_ends_is_released() -> None:
    sink = Sink(1, Gathered())
    sink.offer(Total(0))
    sender = asyncio.create_task(sink.send(Total(1)))
    await asyncio.sleep(1)
    sink.finish(None)
    with pytest.raises(ActorDown):
        await sender


@simulated
async def test_the_reader_grants_in_batches_of_half_its_credit() -> None:
    opener = Granted()
    async with Stream(opener, 8) as stream:
        for number in range(8):
            stream.push(Total(number), "", "")
        assert not stream.overdrawn()
        stream.push(Total(8), "", "")
        assert stream.overdrawn()
        assert [await anext(stream) for _ in range(9)] == [Total(n) for n in range(9)]
    assert opener.grants == [4, 4]
    assert opener.cancelled
    assert opener.is_closed


@simulated
async def test_items_before_an_error_are_read_first_and_the_error_stays() -> None:
    opener = Granted()
    async with Stream(opener, 8) as stream:
        stream.push(Total(1), "", "")
        stream.finish(Fenced("over"))
        stream.push(Total(2), "", "")
        assert await anext(stream) == Total(1)
        for _ in range(2):
            with pytest.raises(Fenced):
                await anext(stream)
    assert not opener.cancelled


@simulated
async def test_items_that_nobody_takes_are_told_of() -> None:
    opener = Granted()
    async with Stream(opener, 8) as stream:
        stream.push(Total(1), "", "")
        stream.push(Total(2), "", "")
        assert await anext(stream) == Total(1)
        assert opener.unread_items == []
    stream.push(Total(3), "", "")
    assert opener.unread_items == [Total(2), Total(3)]
