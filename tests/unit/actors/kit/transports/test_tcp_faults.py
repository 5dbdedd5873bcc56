"""Real connections on ways that are cut, long or unreliable."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from actors.kit.transports import link
from actors.kit.transports.tcp import TcpTransport
from actors.kit.transports.ways import Ways
from actors.kit.world.memory import SeededEntropy
from cluster.chaos.faults import LinkFault
from cluster.wire.envelope import Envelope
from tests.unit.actors.kit.transports.test_tcp import Process, _until


def numbers(process: Process) -> list[int]:
    return [envelope.id for _, envelope in process.inbox.got]


def suffer(process: Process, **fault: object) -> dict[str, int]:
    struck: dict[str, int] = {}
    made = LinkFault("f", ("one", "two"), **fault)  # type: ignore[arg-type]
    process.transport.ways.suffer([(made, struck)])
    return struck


def ask(process: Process, to: str, number: int) -> None:
    process.transport.send(to, Envelope("ask", f"a@{to}", f"a@{process.name}", number), False)


@pytest.fixture
async def pair() -> AsyncIterator[tuple[Process, Process]]:
    made = []
    for name in ("one", "two"):
        entropy = SeededEntropy(name)
        transport = TcpTransport(
            "demo", "127.0.0.1:0", entropy, None, None, f"user-{name}", ways=Ways(entropy)
        )
        made.append(Process(name, transport))
        await transport.start(name, made[-1].inbox)
    one, two = made
    one.knows(two)
    two.knows(one)
    yield one, two
    for process in made:
        process.transport.ways.suffer([])
        await process.transport.stop()


async def test_a_cut_holds_what_is_sent_and_healed_in_time_it_arrives(
    pair: tuple[Process, Process],
) -> None:
    one, two = pair
    one.send("two", 1)
    await _until(lambda: numbers(two) == [1])
    struck = suffer(one, cut=True)
    one.send("two", 2)
    one.send("two", 3)
    # The other direction is well.
    two.send("one", 4)
    await _until(lambda: numbers(one) == [4])
    assert numbers(two) == [1]
    assert struck["held"] >= 1
    one.transport.ways.suffer([])
    await _until(lambda: numbers(two) == [1, 2, 3])
    assert one.inbox.lost == []


async def test_a_cut_that_lasts_ends_the_connection_on_both_sides(
    pair: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "PING_SECONDS", 0.05)
    monkeypatch.setattr(link, "SILENCE_SECONDS", 0.15)
    one, two = pair
    one.send("two", 1)
    await _until(lambda: numbers(two) == [1])
    for process in pair:
        suffer(process, cut=True)
    one.send("two", 2)
    await _until(lambda: one.inbox.lost and two.inbox.lost)
    for process in pair:
        process.transport.ways.suffer([])

    def again() -> bool:
        one.transport.keep("two", True)
        return one.inbox.connections() > 1

    await _until(again)
    one.send("two", 3)
    await _until(lambda: numbers(two) == [1, 3])


async def test_nobody_can_dial_over_a_cut(
    pair: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "HANDSHAKE_SECONDS", 0.1)
    one, two = pair
    suffer(two, cut=True)
    one.send("two", 1)
    await _until(lambda: one.inbox.lost == ["two"])
    assert numbers(two) == []


async def test_a_long_way_delays_all_in_order(pair: tuple[Process, Process]) -> None:
    one, two = pair
    one.send("two", 0)
    await _until(lambda: numbers(two) == [0])
    suffer(one, delay=0.08, jitter=0.05)
    began = time.monotonic()
    for number in range(1, 40):
        ask(one, "two", number)
        await asyncio.sleep(0)
    await _until(lambda: len(numbers(two)) == 40)
    assert time.monotonic() - began >= 0.08
    assert numbers(two) == list(range(40))


async def test_a_narrow_way_takes_its_time(pair: tuple[Process, Process]) -> None:
    one, two = pair
    struck = suffer(one, bandwidth=200_000)
    began = time.monotonic()
    for number in range(10):
        one.send("two", number, b"x" * 4000)
    await _until(lambda: len(numbers(two)) == 10)
    assert time.monotonic() - began >= 0.15
    assert numbers(two) == list(range(10))
    assert struck["slowed"] >= 1


async def test_told_messages_are_lost_and_doubled_and_asks_are_not(
    pair: tuple[Process, Process],
) -> None:
    one, two = pair
    struck = suffer(one, loss=0.3, duplicate=0.3, reorder=0.3)
    for number in range(200):
        one.send("two", number)
    dropped = [blow for blow in one.inbox.blows if blow[1] == "dropped"]
    doubled = [blow for blow in one.inbox.blows if blow[1] == "sent"]
    assert {blow[2] for blow in one.inbox.blows} == {"fault:f"}
    assert struck["dropped"] == len(dropped) > 30
    assert struck["duplicated"] == len(doubled) > 20
    assert struck["reordered"] > 20
    one.transport.ways.suffer([])
    await _until(lambda: len(numbers(two)) == 200 - len(dropped) + len(doubled))
    told = numbers(two)
    assert told != sorted(told)
    suffer(one, duplicate=0.9, reorder=0.9)
    for number in range(1000, 1020):
        ask(one, "two", number)
    await _until(lambda: numbers(two)[-1] == 1019)
    assert numbers(two)[-20:] == list(range(1000, 1020))


async def test_what_was_queued_before_the_stop_is_not_late_for_it(
    pair: tuple[Process, Process],
) -> None:
    one, two = pair
    one.send("two", 1)
    await _until(lambda: numbers(two) == [1])
    suffer(one, delay=60.0)
    one.send("two", 2)
    await asyncio.sleep(0)
    await one.transport.stop()
    await _until(lambda: numbers(two) == [1, 2])
