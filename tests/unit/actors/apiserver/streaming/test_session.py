"""Whoever dies in the middle of a stream: the other side ends, and nothing is left behind."""

import asyncio
from collections.abc import Callable

import aiohttp
import orjson
import pytest

from actors.apiserver.streaming.idle import Idle
from actors.kubelet.runtimes.memory_streams import Cat, Program
from cluster.messages.streams import INPUT_WINDOW_BYTES
from tests.simulation.loop import simulated
from tests.support.cluster_in_memory import NODE, MemoryCluster
from tests.support.control_plane import REPLICA

EXEC = "/api/v1/namespaces/default/pods/web/exec?stdin=1&stdout=1&command="
PROTOCOLS = ("v5.channel.k8s.io",)
STDIN, ERROR = b"\x00", b"\x03"


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.01)


def recorded(cluster: MemoryCluster, name: str, make: type[Program]) -> list[Program]:
    """The programs of that name that are started."""
    made: list[Program] = []

    def start() -> Program:
        made.append(make())
        return made[-1]

    cluster.runtime.programs[name] = start
    return made


async def rest_of(socket: aiohttp.ClientWebSocketResponse) -> bytes:
    """The last that comes on the error channel before the server closes."""
    last = b""
    async with asyncio.timeout(15):
        async for message in socket:
            if message.data[:1] == ERROR:
                last = message.data[1:]
    return last


async def test_the_container_ends(cluster: MemoryCluster) -> None:
    await cluster.run_pod("web")
    recorded(cluster, "cat", Cat)
    async with (
        cluster.http() as http,
        http.ws_connect(cluster.url(EXEC + "cat"), protocols=PROTOCOLS) as socket,
    ):
        cluster.runtime.crash(await cluster.container("web"))
        status = orjson.loads(await rest_of(socket))
    assert status["details"]["causes"] == [{"reason": "ExitCode", "message": "137"}]


async def test_the_node_is_lost(cluster: MemoryCluster) -> None:
    await cluster.run_pod("web")
    made = recorded(cluster, "cat", Cat)
    async with (
        cluster.http() as http,
        http.ws_connect(cluster.url(EXEC + "cat"), protocols=PROTOCOLS) as socket,
    ):
        cluster.wires.sever(REPLICA, NODE)
        status = orjson.loads(await rest_of(socket))
    assert status["code"] == 503
    assert status["message"] == f"the kubelet of node {NODE} cannot be reached"
    await until(lambda: made[0].exit_code is not None)


async def test_the_api_server_stops(cluster: MemoryCluster) -> None:
    await cluster.run_pod("web")
    made = recorded(cluster, "cat", Cat)
    async with (
        cluster.http() as http,
        http.ws_connect(cluster.url(EXEC + "cat"), protocols=PROTOCOLS) as socket,
    ):
        await until(lambda: made)
        server = cluster.plane.system._cells[f"apiserver@{REPLICA}"]
        await server.stop()
        await rest_of(socket)
    await until(lambda: made[0].exit_code is not None)


async def test_input_that_is_not_taken_stays_with_the_client(cluster: MemoryCluster) -> None:
    """A client that sends all it can and reads nothing back: what is held is bounded."""

    await cluster.run_pod("web")
    made = recorded(cluster, "cat", Cat)
    async with (
        cluster.http() as http,
        http.ws_connect(cluster.url(EXEC + "cat"), protocols=PROTOCOLS, max_msg_size=0) as socket,
    ):
        sent = 0
        # The client reads nothing: at some point it cannot write any more either.
        with pytest.raises(TimeoutError):
            while sent < 100_000_000:
                async with asyncio.timeout(2):
                    await socket.send_bytes(STDIN + b"x" * 60_000)
                sent += 60_000
        assert INPUT_WINDOW_BYTES < sent < 50_000_000
    await until(lambda: made[0].exit_code is not None)


@simulated
async def test_a_stream_is_over_once_nothing_has_happened_for_long() -> None:
    loop = asyncio.get_running_loop()
    idle = Idle(100)
    began = loop.time()

    async def stir() -> None:
        for _ in range(5):
            await asyncio.sleep(60)
            idle.stir()

    _, _ = await asyncio.gather(stir(), idle.over())
    assert loop.time() - began == pytest.approx(400)


async def test_handshakes_that_are_none(cluster: MemoryCluster) -> None:
    await cluster.run_pod("web")
    websocket = {"Connection": "Upgrade", "Upgrade": "websocket"}
    whole = {
        **websocket, "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    cases: list[tuple[str, dict[str, str], int]] = [
        ("GET", websocket, 400),
        ("GET", {**whole, "Sec-WebSocket-Key": "short"}, 400),
        ("GET", {**whole, "Sec-WebSocket-Protocol": "soap"}, 400),
        ("POST", {"Connection": "Upgrade", "Upgrade": "h2c"}, 400),
        (
            "POST",
            {
                "Connection": "Upgrade",
                "Upgrade": "SPDY/3.1",
                "X-Stream-Protocol-Version": "v9.channel.k8s.io",
            },
            403,
        ),
        ("PUT", {}, 405),
        ("DELETE", {}, 405),
    ]
    recorded(cluster, "cat", Cat)
    async with cluster.http() as http:
        for method, headers, code in cases:
            url = cluster.url(EXEC + "cat")
            async with http.request(method, url, headers=headers) as answer:
                document = orjson.loads(await answer.read())
                assert (answer.status, document["kind"]) == (code, "Status"), (headers, document)
    main = cluster.runtime._containers[await cluster.container("web")]
    await until(lambda: not main.execs)
