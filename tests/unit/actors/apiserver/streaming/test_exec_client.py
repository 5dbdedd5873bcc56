"""exec and attach over WebSockets, as clients speak it, against simulated containers."""

import asyncio

import aiohttp
import orjson
import pytest

from actors.kit.world.containers import ExecResult
from actors.kubelet.runtimes.memory_streams import Cat, Program
from tests.support.cluster_in_memory import NODE, MemoryCluster

EXEC = "/api/v1/namespaces/default/pods/web/exec?"
ATTACH = "/api/v1/namespaces/default/pods/web/attach?"
STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = b"\x00", b"\x01", b"\x02", b"\x03", b"\x04", b"\xff"


async def collected(socket: aiohttp.ClientWebSocketResponse) -> dict[bytes, bytes]:
    """All that comes, by channel, until the server closes."""
    found: dict[bytes, bytes] = {}
    async with asyncio.timeout(15):
        async for message in socket:
            found[message.data[:1]] = found.get(message.data[:1], b"") + message.data[1:]
    return found


async def test_output_and_exit_code(cluster: MemoryCluster) -> None:
    await cluster.run_pod("web")
    cluster.runtime.on_exec = lambda container, command: ExecResult(3, " ".join(command).encode())
    query = "command=say&command=a+b&stdout=1&stderr=1"
    async with (
        cluster.http() as http,
        http.ws_connect(
            cluster.url(EXEC + query), protocols=("v5.channel.k8s.io", "v4.channel.k8s.io")
        ) as socket,
    ):
        assert socket.protocol == "v5.channel.k8s.io"
        found = await collected(socket)
    assert found[STDOUT] == b"say a b"
    status = orjson.loads(found[ERROR])
    assert status["status"] == "Failure" and status["reason"] == "NonZeroExitCode"
    assert status["details"]["causes"] == [{"reason": "ExitCode", "message": "3"}]


async def test_input_is_echoed_and_its_end_ends_the_command(cluster: MemoryCluster) -> None:
    await cluster.run_pod("web")
    cluster.runtime.programs["cat"] = Cat
    query = "command=cat&stdin=true&stdout=true"
    async with (
        cluster.http() as http,
        http.ws_connect(cluster.url(EXEC + query), protocols=("v5.channel.k8s.io",)) as socket,
    ):
        for number in range(40):
            await socket.send_bytes(STDIN + bytes([number]) * 20_000)
        reading = asyncio.ensure_future(collected(socket))
        await socket.send_bytes(CLOSE + STDIN)
        found = await reading
    assert found[STDOUT] == b"".join(bytes([number]) * 20_000 for number in range(40))
    assert orjson.loads(found[ERROR]) == {"metadata": {}, "status": "Success"}


async def test_a_client_that_goes_away_leaves_no_process(cluster: MemoryCluster) -> None:
    await cluster.run_pod("web")
    made: list[Program] = []

    def make() -> Program:
        made.append(Program())
        return made[-1]

    cluster.runtime.programs["sleep"] = make
    async with (
        cluster.http() as http,
        http.ws_connect(
            cluster.url(EXEC + "command=sleep&stdin=1&tty=1"), protocols=("v4.channel.k8s.io",)
        ) as socket,
    ):
        await socket.send_bytes(RESIZE + b'{"Width":100,"Height":30}')
        while not made or made[0].size != (100, 30):
            await asyncio.sleep(0.01)
    async with asyncio.timeout(10):
        while made[0].exit_code is None:
            await asyncio.sleep(0.01)
    assert await nothing_under_way(cluster)


async def nothing_under_way(cluster: MemoryCluster) -> bool:
    """Whether the node soon holds no session and no process."""
    main = cluster.runtime._containers[await cluster.container("web")]
    async with asyncio.timeout(10):
        while main.execs or main.attached or sessions(cluster):
            await asyncio.sleep(0.01)
    return True


def sessions(cluster: MemoryCluster) -> int:
    cell = cluster.node._cells[f"kubelet/streams@{NODE}"]
    return sum(1 for task in cell._tasks if "serve" in task.get_name())


async def test_refusals_come_before_the_upgrade(cluster: MemoryCluster) -> None:
    await cluster.run_pod("web")
    cases = [
        ("command=x&stdout=1&container=none", 400, "container none is not valid for pod web"),
        ("command=x", 400, "you must specify at least 1 of stdin, stdout, stderr"),
        ("stdout=1", 400, "you must specify at least one command for the container"),
    ]
    async with cluster.http() as http:
        for query, code, message in cases:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await http.ws_connect(cluster.url(EXEC + query), protocols=("v5.channel.k8s.io",))
            assert caught.value.status == code
            async with http.get(cluster.url(EXEC + query)) as answer:
                assert (await answer.json())["message"] == message
        async with http.get(cluster.url(EXEC + "command=x&stdout=1")) as answer:
            assert (await answer.json())["message"] == "Upgrade request required"
