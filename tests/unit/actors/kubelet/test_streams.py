"""The kubelet's sessions: who may open them, their credit, and that nothing is left behind."""

import asyncio
from typing import Any

import pytest

from actors.kit.actor import Delivery, Principal, Sink
from actors.kubelet.runtimes.memory_streams import Cat, Program
from actors.kubelet.streams import StreamsActor
from cluster.errors import PeerFault, StatusError
from cluster.messages.base import Message
from cluster.messages.streams import (
    CHUNK_BYTES_MAX,
    CREDIT,
    INPUT_WINDOW_BYTES,
    InputTaken,
    OpenDial,
    OpenExec,
    ProcessExited,
    StreamInput,
    StreamOpened,
    StreamOutput,
)
from tests.unit.actors.kubelet.bench import NodeBench, pod, simulated

OPEN = OpenExec("s", "default", "web", "main", ("cat",), stdin=True)


def streams_address(bench: NodeBench) -> str:
    return next(name for name in bench.system.actors() if "/streams@" in name)


@simulated
async def test_input_comes_back_as_output_with_credit(bench: NodeBench) -> None:
    bench.runtime.programs["cat"] = Cat
    bench.create(pod())
    await bench.running()
    kubelet = bench.system.ref(streams_address(bench))
    async with kubelet.stream(OPEN, CREDIT) as stream:
        assert await anext(stream) == StreamOpened()
        kubelet.tell(StreamInput("s", 0, b"x" * 1000))
        kubelet.tell(StreamInput("s", 1, b"", True))
        found = [item async for item in stream]
    assert StreamOutput(1, b"x" * 1000) in found and InputTaken(1000) in found
    assert found[-1] == ProcessExited(0)


@simulated
async def test_a_process_that_does_not_read_makes_its_client_wait(bench: NodeBench) -> None:
    bench.runtime.programs["cat"] = Cat
    bench.create(pod())
    await bench.running()
    kubelet = bench.system.ref(streams_address(bench))
    async with kubelet.stream(OPEN, CREDIT) as stream:
        assert await anext(stream) == StreamOpened()
        # Nobody reads the output: cat's pipe fills, and so does the way to it.
        for number in range(INPUT_WINDOW_BYTES // CHUNK_BYTES_MAX):
            kubelet.tell(StreamInput("s", number, b"x" * CHUNK_BYTES_MAX))
        await asyncio.sleep(10)
        kubelet.tell(StreamInput("s", number + 1, b"x" * INPUT_WINDOW_BYTES))
        with pytest.raises(PeerFault, match="more input than there was credit for"):
            async for _ in stream:
                pass


@simulated
async def test_input_that_is_lost_ends_the_session(bench: NodeBench) -> None:
    made: list[Program] = []

    def make() -> Program:
        made.append(Program())
        return made[-1]

    bench.runtime.programs["cat"] = make
    bench.create(pod())
    await bench.running()
    kubelet = bench.system.ref(streams_address(bench))
    async with kubelet.stream(OPEN, CREDIT) as stream:
        assert await anext(stream) == StreamOpened()
        kubelet.tell(StreamInput("s", 1, b"second"))
        with pytest.raises(PeerFault, match="was lost"):
            async for _ in stream:
                pass
    assert made[0].exit_code == 137


@simulated
async def test_a_reader_that_goes_away_ends_the_process(bench: NodeBench) -> None:
    made: list[Program] = []

    def make() -> Program:
        made.append(Program())
        return made[-1]

    bench.runtime.programs["cat"] = make
    bench.create(pod())
    await bench.running()
    kubelet = bench.system.ref(streams_address(bench))
    async with kubelet.stream(OPEN, CREDIT) as stream:
        assert await anext(stream) == StreamOpened()
    await bench.until(lambda: made[0].exit_code is not None)
    kubelet.tell(StreamInput("s", 0, b"late"))
    await asyncio.sleep(1)


@simulated
async def test_a_kubelet_that_ends_takes_its_sessions_along(bench: NodeBench) -> None:
    bench.runtime.programs["cat"] = Cat
    bench.create(pod())
    await bench.running()
    kubelet = bench.system.ref(streams_address(bench))
    main = next(iter(bench.runtime._containers.values()))
    async with kubelet.stream(OPEN, CREDIT) as stream:
        assert await anext(stream) == StreamOpened()
        await bench.stop_kubelet()
        with pytest.raises(Exception, match="down"):
            async for _ in stream:
                pass
    assert main.execs == []


@simulated
async def test_what_cannot_be_opened(bench: NodeBench) -> None:
    bench.create(pod())
    await bench.running()
    kubelet = bench.system.ref(streams_address(bench))
    cases: list[tuple[Message, int, str]] = [
        (OpenExec("a", "default", "none", "main", ("x",)), 404, 'pods "none" not found'),
        (OpenExec("b", "default", "web", "none", ("x",)), 500, 'container not found ("none")'),
        (OpenDial("c", "default", "web", 9, inside=True), 503, "dial tcp 127.0.0.1:9"),
    ]
    for message, code, text in cases:
        with pytest.raises(StatusError) as caught:
            async with kubelet.stream(message, CREDIT) as stream:
                await anext(stream)
        assert caught.value.code == code and text in str(caught.value)


class Nowhere:
    """An outlet that nothing should come to."""

    def item(self, message: Message) -> None:
        raise AssertionError(message)

    def end(self, error: Any) -> None:
        raise AssertionError(error)


async def test_only_an_api_server_reaches_into_pods() -> None:
    async def find(namespace: str, name: str) -> Any:
        raise AssertionError("not even looked for")

    actor = StreamsActor(find, None, None, "")  # type: ignore[arg-type]  # neither is reached
    node = Principal("node-2", "system:node:node-2", ("system:nodes",), False)
    delivery = Delivery("kubelet@node-2", node, "", None)
    with pytest.raises(PeerFault, match="past the API server"):
        await actor.serve(OPEN, Sink(1, Nowhere()), delivery)
    with pytest.raises(PeerFault, match="past the API server"):
        await actor.handle(StreamInput("s", 0, b"x"), delivery)
