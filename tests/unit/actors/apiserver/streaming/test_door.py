"""The real kubectl through the door, over WebSocket and over SPDY, into simulated containers."""

import asyncio
from collections.abc import Sequence

import pytest

from actors.kit.world.containers import ExecResult
from actors.kubelet.runtimes.memory import Behaviour
from actors.kubelet.runtimes.memory_streams import Cat
from tests.support.cluster_in_memory import Echo, MemoryCluster
from tests.support.kubectl import Kubectl, extract

SPDY = {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false", "KUBECTL_PORT_FORWARD_WEBSOCKETS": "false"}


class Shell:
    """kubectl in a thread: the server it talks to lives on this loop."""

    def __init__(self, kubectl: Kubectl) -> None:
        self.kubectl = kubectl

    async def run(self, *words: str, stdin: str | None = None) -> tuple[int, str, str]:
        done = await asyncio.to_thread(self.kubectl.run, *words, stdin=stdin, timeout=30)
        return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> str:
    return extract(str(tmp_path_factory.mktemp("kubectl")))["kubectl"]


@pytest.fixture(params=["websocket", "spdy"])
def shell(request: pytest.FixtureRequest, binary: str, cluster: MemoryCluster) -> Shell:
    kubectl = Kubectl(binary, cluster.plane.kubeconfig, cluster.plane.settings.data_dir)
    if request.param == "spdy":
        kubectl.environment.update(SPDY)
    return Shell(kubectl)


def told(container: str, command: Sequence[str]) -> ExecResult:
    return ExecResult(int(command[-1]), " ".join(command[:-1]).encode())


async def test_exec(cluster: MemoryCluster, shell: Shell) -> None:
    await cluster.run_pod("web")
    cluster.runtime.on_exec = told
    assert await shell.run("exec", "web", "--", "say", "a b", "0") == (0, "say a b", "")
    code, output, error = await shell.run("exec", "web", "--", "say", "3")
    assert (code, output) == (3, "say") and "exit code 3" in error
    cluster.runtime.programs["cat"] = Cat
    sent = "line\n" * 100_000
    assert await shell.run("exec", "-i", "web", "--", "cat", stdin=sent) == (0, sent, "")
    code, _, error = await shell.run("exec", "none", "--", "cat")
    assert code == 1 and 'pods "none" not found' in error
    init = [{"name": "init", "image": "busybox:1", "restartPolicy": "Always"}]
    await cluster.run_pod("two", initContainers=init)
    cluster.runtime.behave("init", Behaviour(start_seconds=9))
    cluster.runtime.crash(await cluster.container("two", "init"))
    code, _, error = await shell.run("exec", "two", "-c", "init", "--", "cat")
    assert code == 1 and 'container not found ("init")' in error


async def test_attach(cluster: MemoryCluster, shell: Shell) -> None:
    cluster.runtime.mains["main"] = Cat
    spec = [{"name": "main", "image": "busybox:1", "stdin": True}]
    await cluster.run_pod("web", containers=spec)
    container = await cluster.container("web")
    running = asyncio.ensure_future(shell.run("attach", "web"))
    item = cluster.runtime._containers[container]
    async with asyncio.timeout(20):
        while not item.attached:
            await asyncio.sleep(0.02)
    cluster.runtime.write_log(container, b"hello\n")
    await asyncio.sleep(0.3)
    cluster.runtime.crash(container, 0)
    code, output, _ = await running
    assert (code, output) == (0, "hello\n")


async def test_the_protocol_is_the_one_meant(
    cluster: MemoryCluster, shell: Shell, request: pytest.FixtureRequest
) -> None:
    await cluster.run_pod("web")
    cluster.runtime.on_exec = told
    _, _, said = await shell.run("-v=9", "exec", "web", "--", "say", "0")
    assert ("SPDY/3.1" in said) == request.node.name.endswith("[spdy]")


async def test_port_forward(cluster: MemoryCluster, shell: Shell) -> None:
    await cluster.run_pod("web")
    made: list[Echo] = []

    def serve() -> Echo:
        made.append(Echo())
        return made[-1]

    cluster.network.servers[8080] = serve
    process = shell.kubectl.start(
        "port-forward", "--address=127.0.0.1", "pod/web", ":8080", ":8081"
    )
    assert process.stdout is not None
    try:
        ports = {}
        for _ in range(2):
            words = (await asyncio.to_thread(process.stdout.readline)).split()
            ports[words[-1]] = int(words[2].rpartition(":")[2])
        sent = bytes(range(256)) * 4000
        answers = await asyncio.gather(*(echoed(ports["8080"], sent) for _ in range(3)))
        assert answers == [sent] * 3
        assert await echoed(ports["8081"], b"x") == b""
        rest = await asyncio.to_thread(process.stdout.read)
        assert "error forwarding port 8081 to pod web: dial tcp 127.0.0.1:8081" in rest
        assert "connect: connection refused" in rest and "lost connection to pod" in rest
        assert [echo.closed for echo in made] == [True] * 3
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)
        process.stdout.close()


async def echoed(port: int, sent: bytes) -> bytes:
    """What comes back once all was sent."""
    async with asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def send() -> None:
            writer.write(sent)
            await writer.drain()
            writer.write_eof()

        _, answer = await asyncio.gather(send(), reader.read())
        writer.close()
    return answer
