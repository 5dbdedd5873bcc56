"""Events reach the API, once per thing said, and never fail the speaker."""

import asyncio

from actors.client.api_client import ApiClient
from actors.client.event_recorder import EventRecorder
from actors.kit.tracing import resume_trace
from cluster.api.resources import EVENTS, PODS
from cluster.api.status import service_unavailable
from cluster.messages.apiserver import ApiRequest
from tests.unit.actors.client.fake_apiserver import pod
from tests.unit.actors.client.harness import Bench, simulated, until


@simulated
async def test_a_repeated_event_is_one_object_with_a_count(bench: Bench) -> None:
    obj = bench.state.put(PODS, pod("a"))
    recorder = EventRecorder(ApiClient(await bench.context(), bench.servers), "tester")
    for _ in range(3):
        recorder.event(obj, "Warning", "BackOff", "restarting")
    await until(lambda: bench.state.all(EVENTS) and bench.state.all(EVENTS)[0]["count"] == 3)
    (event,) = bench.state.all(EVENTS)
    assert event["involvedObject"]["uid"] == obj["metadata"]["uid"]
    assert (event["type"], event["reason"], event["message"]) == (
        "Warning",
        "BackOff",
        "restarting",
    )
    assert event["source"] == {"component": "tester"}
    assert event["metadata"]["namespace"] == "default"


@simulated
async def test_who_spoke_where_about_which_part_and_in_which_order(bench: Bench) -> None:
    obj = bench.state.put(PODS, pod("a"))
    recorder = EventRecorder(ApiClient(await bench.context(), bench.servers), "kubelet", "node-1")
    for name in ("x", "y", "x"):
        recorder.event(obj, "Normal", "Pulled", "present", f"spec.containers{{{name}}}")
        await asyncio.sleep(0.01)
    await until(lambda: [item["count"] for item in bench.state.all(EVENTS)] == [2, 1])
    first, second = bench.state.all(EVENTS)
    assert first["involvedObject"]["fieldPath"] == "spec.containers{x}"
    assert first["source"] == {"component": "kubelet", "host": "node-1"}
    assert first["reportingInstance"] == "node-1"
    assert first["metadata"]["name"] < second["metadata"]["name"]


@simulated
async def test_a_deleted_event_is_written_again(bench: Bench) -> None:
    obj = bench.state.put(PODS, pod("a"))
    recorder = EventRecorder(ApiClient(await bench.context(), bench.servers), "tester")
    recorder.event(obj, "Normal", "Started", "x")
    await until(lambda: bench.state.all(EVENTS))
    name = bench.state.all(EVENTS)[0]["metadata"]["name"]
    bench.state.remove(EVENTS, "default", name)
    recorder.event(obj, "Normal", "Started", "x")
    await until(lambda: bench.state.all(EVENTS))
    assert bench.state.all(EVENTS)[0]["count"] == 2


@simulated
async def test_the_speaker_does_not_suffer(bench: Bench) -> None:
    def fault(request: ApiRequest) -> None:
        raise service_unavailable("down")

    bench.state.fault = fault
    recorder = EventRecorder(ApiClient(await bench.context(), bench.servers), "tester")
    for number in range(2000):
        recorder.event(pod(f"p{number}"), "Normal", "Started", "x")
    assert recorder.dropped == 1000
    bench.state.fault = None
    await until(lambda: bench.state.all(EVENTS))


@simulated
async def test_the_trace_goes_along(bench: Bench) -> None:
    trace = "0123456789abcdef0123456789abcdef-0123456789abcdef"
    recorder = EventRecorder(ApiClient(await bench.context(), bench.servers), "tester")
    with resume_trace(trace):
        recorder.event(pod("a"), "Normal", "Started", "x")
    await until(lambda: bench.state.all(EVENTS))
    assert bench.state.history[-1][1].trace.startswith("0123456789abcdef")
