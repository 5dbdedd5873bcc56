"""What is counted of flows: let in, refused, waiting."""

import asyncio

import pytest

from actors.apiserver.flow_control import FlowControl
from cluster.api.flow_schemas import Flow, Level
from cluster.errors import StatusError

NARROW = Level("narrow", seats=1, queues=1, hand=1, length=1)
FREE = Level("exempt")


def told(control: FlowControl) -> dict[str, float]:
    found = {}
    for family in control.metrics.families([NARROW]):
        for sample in family.samples:
            name = sample.name.removeprefix("apiserver_flowcontrol_")
            reason = sample.labels.get("reason") or sample.labels.get("execute")
            if not name.endswith("_bucket"):
                found[name + (f" {reason}" if reason else "")] = sample.value
    return found


async def test_a_narrow_level() -> None:
    control = FlowControl()
    flow = Flow("schema", "uid", NARROW, "key")
    leave = asyncio.Event()

    async def visit() -> None:
        async with control.seat(flow):
            await leave.wait()

    first, second = (asyncio.create_task(visit()) for _ in range(2))
    await asyncio.sleep(0)
    with pytest.raises(StatusError):
        await visit()
    found = told(control)
    assert found["current_executing_requests"] == found["current_executing_seats"] == 1
    assert found["current_inqueue_requests"] == 1 and found["nominal_limit_seats"] == 1
    assert found["rejected_requests_total queue-full"] == 1
    assert found["request_wait_duration_seconds_count false"] == 1
    leave.set()
    await asyncio.gather(first, second)
    found = told(control)
    assert found["dispatched_requests_total"] == 2
    assert found["current_executing_requests"] == found["current_inqueue_requests"] == 0
    assert found["request_wait_duration_seconds_count true"] == 2


async def test_what_is_not_limited_is_counted_too() -> None:
    control = FlowControl()
    async with control.seat(Flow("exempt", "uid", FREE, "")):
        assert told(control)["current_executing_requests"] == 1
    assert told(control)["dispatched_requests_total"] == 1
    async with control.seat(None):
        assert told(control)["current_executing_requests"] == 0


async def test_no_queue_and_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    control = FlowControl()
    async with control.seat(Flow("a", "uid", Level("bare", seats=1), "key")):
        with pytest.raises(StatusError):
            async with control.seat(Flow("a", "uid", Level("bare", seats=1), "key")):
                raise AssertionError("there was no seat")
    assert told(control)["rejected_requests_total concurrency-limit"] == 1
    monkeypatch.setattr("actors.apiserver.flow_control.WAIT_SECONDS_MAX", 0.01)
    async with control.seat(Flow("b", "uid", NARROW, "key")):
        with pytest.raises(StatusError):
            async with control.seat(Flow("b", "uid", NARROW, "key")):
                raise AssertionError("there was no seat")
    assert told(control)["rejected_requests_total time-out"] == 1
