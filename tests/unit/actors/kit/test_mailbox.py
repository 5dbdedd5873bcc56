"""The queue in front of an actor."""

import asyncio

import pytest

from actors.kit.mailbox import Mailbox, Principal, Request
from cluster.errors import Overloaded
from cluster.messages.base import Done
from tests.simulation.loop import simulated


def _request(number: int) -> Request:
    return Request(Done(), number, "a@p", "b@p", Principal("p", "u", (), True), "", "")


def test_only_this_process_and_replicas_are_trusted() -> None:
    assert Principal("p", "", (), True).is_trusted
    assert Principal("replica-2", "", ("system:replicas",), False).is_trusted
    assert not Principal("node-1", "", ("system:nodes", "system:masters"), False).is_trusted


@simulated
async def test_requests_wait_in_order_and_in_bounds() -> None:
    mailbox = Mailbox(2)
    mailbox.put(_request(1))
    mailbox.put(_request(2))
    with pytest.raises(Overloaded):
        mailbox.put(_request(3))
    mailbox.put_anyway(_request(4))
    await mailbox.wait()
    first = mailbox.take()
    assert first is not None
    assert first.id == 1
    assert [request.id for request in mailbox.drain()] == [2, 4]
    assert mailbox.take() is None
    assert len(mailbox) == 0


@simulated
async def test_a_waiting_reader_is_woken_once_per_arrival() -> None:
    mailbox = Mailbox(10)
    reader = asyncio.create_task(mailbox.wait())
    await asyncio.sleep(1)
    assert not reader.done()
    mailbox.put(_request(1))
    mailbox.put(_request(2))
    await reader
    reader = asyncio.create_task(mailbox.wait())
    await asyncio.sleep(0)
    assert reader.done()
