"""One conformance suite for container runtimes: Docker and the simulated one behave the same."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from actors.kit.world.containers import (
    MEMORY_LIFTED,
    Config,
    Container,
    ContainerEvent,
    ContainerRuntime,
    ExecResult,
    Limits,
    LogOptions,
    ProcessStreams,
    RuntimeFault,
)
from actors.kubelet.pause_image import pause_archive, pause_reference
from actors.kubelet.runtimes.docker import DockerRuntime
from actors.kubelet.runtimes.memory import Behaviour, MemoryRuntime
from actors.kubelet.runtimes.memory_streams import Cat, Program
from tests.support.busybox import BUSYBOX, ensure_busybox

OWN = {"steersman.test": "runtime"}
UNTIL_TERM = "trap 'exit 0' TERM; while :; do sleep 0.1; done"


@dataclass
class Case:
    """A runtime, and how to describe a container to it. ``script`` is what a real one runs; the
    ``behaviour`` says the same to the simulated one."""

    runtime: ContainerRuntime
    memory: MemoryRuntime | None

    def config(self, name: str, script: str, behaviour: Behaviour | None = None) -> Config:
        if self.memory is not None:
            self.memory.behave(name, behaviour or Behaviour())
        return {
            "Image": BUSYBOX,
            "Entrypoint": ["sh", "-c", script],
            "Labels": {**OWN, "io.kubernetes.container.name": name},
            "HostConfig": {"NetworkMode": "none"},
        }

    async def run(self, name: str, script: str, behaviour: Behaviour | None = None) -> str:
        container = await self.runtime.create(f"rt-{name}", self.config(name, script, behaviour))
        await self.runtime.start(container)
        return container

    async def ended(self, container: str) -> Container:
        for _ in range(200):
            found = await self.runtime.inspect(container)
            assert found is not None
            if found.state == "exited":
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"{container} does not end")


@pytest.fixture(params=["memory", pytest.param("docker", marks=pytest.mark.docker)])
async def case(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    runtime: ContainerRuntime
    if request.param == "memory":
        runtime = memory = MemoryRuntime()
        memory.add_image(BUSYBOX)
    else:
        socket: str = request.getfixturevalue("docker_socket")
        ensure_busybox(socket)
        runtime, memory = DockerRuntime(socket), None
    await runtime.open(time.time)
    try:
        yield Case(runtime, memory)
    finally:
        if memory is None:
            for item in await runtime.list(OWN):
                await runtime.remove(item.id)
        await runtime.close()


async def test_a_container_runs_and_ends(case: Case) -> None:
    script, behaviour = "sleep 0.2; exit 7", Behaviour(runs_for=0.2, exit_code=7)
    container = await case.runtime.create("rt-one", case.config("one", script, behaviour))
    created = await case.runtime.inspect(container)
    assert created is not None and created.state == "created" and created.error == ""
    assert created.name == "rt-one" and created.labels["steersman.test"] == "runtime"
    before = time.time()
    await case.runtime.start(container)
    running = await case.runtime.inspect(container)
    assert running is not None and running.state == "running"
    assert running.pid > 0 and abs(running.started_at - before) < 5
    ended = await case.ended(container)
    assert ended.exit_code == 7 and ended.pid == 0 and not ended.oom_killed
    assert ended.finished_at >= ended.started_at


async def test_listing_is_by_all_labels(case: Case) -> None:
    one = await case.runtime.create("rt-one", case.config("one", "true"))
    await case.runtime.create("rt-two", case.config("two", "true"))
    found = await case.runtime.list({**OWN, "io.kubernetes.container.name": "one"})
    assert [item.id for item in found] == [one]
    assert len(await case.runtime.list(OWN)) == 2
    assert await case.runtime.list({**OWN, "no": "such"}) == []


async def test_signals(case: Case) -> None:
    polite = await case.run("polite", UNTIL_TERM)
    await asyncio.sleep(0.3)
    await case.runtime.kill(polite, "SIGTERM")
    assert (await case.ended(polite)).exit_code == 0
    rude = await case.run("rude", "trap '' TERM; sleep 60", Behaviour(stop_seconds=None))
    await asyncio.sleep(0.3)
    await case.runtime.kill(rude, "SIGTERM")
    await asyncio.sleep(0.3)
    found = await case.runtime.inspect(rude)
    assert found is not None and found.state == "running"
    await case.runtime.kill(rude)
    assert (await case.ended(rude)).exit_code == 137
    await case.runtime.kill(rude)


async def test_limits_change_while_it_runs(case: Case) -> None:
    config = case.config("one", UNTIL_TERM)
    config["HostConfig"].update(
        {"Memory": 64 << 20, "MemorySwap": 64 << 20, "CpuShares": 102, "CpuPeriod": 100_000,
         "CpuQuota": 10_000}
    )  # fmt: skip
    container = await case.runtime.create("rt-one", config)
    await case.runtime.start(container)

    async def limits() -> Limits | None:
        found = await case.runtime.inspect(container)
        assert found is not None and found.state == "running"
        return found.limits

    assert await limits() == Limits(64 << 20, 102, 10_000, 100_000)
    await case.runtime.update(container, {"Memory": 96 << 20, "MemorySwap": 96 << 20})
    assert await limits() == Limits(96 << 20, 102, 10_000, 100_000)
    cpu = {"CpuShares": 51, "CpuPeriod": 100_000, "CpuQuota": 5_000}
    await case.runtime.update(container, cpu)
    await case.runtime.update(container, cpu)
    await case.runtime.update(container, {"Memory": 32 << 20, "MemorySwap": 32 << 20})
    assert await limits() == Limits(32 << 20, 51, 5_000, 100_000)
    await case.runtime.update(container, {"CpuQuota": -1})
    await case.runtime.update(container, {"Memory": MEMORY_LIFTED, "MemorySwap": MEMORY_LIFTED})
    found = await limits()
    assert found is not None and (found.memory, found.cpu_quota) == (0, 0)


async def test_memory_that_a_container_holds(case: Case) -> None:
    container = await case.run("one", UNTIL_TERM)
    assert 0 < await case.runtime.memory_usage(container) < 64 << 20
    await case.runtime.kill(container)
    await case.ended(container)
    with pytest.raises(RuntimeFault) as caught:
        await case.runtime.memory_usage(container)
    assert caught.value.status == 409


async def test_absent_things(case: Case) -> None:
    absent = "0" * 64
    assert await case.runtime.inspect(absent) is None
    await case.runtime.kill(absent)
    await case.runtime.remove(absent)
    with pytest.raises(RuntimeFault) as caught:
        await case.runtime.start(absent)
    assert caught.value.status == 404 and not caught.value.unreachable
    for call in (case.runtime.update(absent, {"CpuShares": 2}), case.runtime.memory_usage(absent)):
        with pytest.raises(RuntimeFault) as caught:
            await call
        assert caught.value.status == 404
    assert await case.runtime.image("steersman/absent:1") is None


async def test_names_are_unique_and_free_again_after_removal(case: Case) -> None:
    await case.runtime.create("rt-one", case.config("one", "true"))
    with pytest.raises(RuntimeFault) as caught:
        await case.runtime.create("rt-one", case.config("one", "true"))
    assert caught.value.status == 409
    await case.runtime.remove("rt-one")
    await case.runtime.create("rt-one", case.config("one", "true"))


async def test_removing_ends_a_running_one(case: Case) -> None:
    container = await case.run("one", "sleep 60")
    await case.runtime.remove(container)
    assert await case.runtime.inspect(container) is None


async def test_a_command_that_cannot_run_leaves_its_reason(case: Case) -> None:
    error = 'exec: "/nosuch": no such file or directory'
    config = case.config("one", "", Behaviour(start_error=error))
    config["Entrypoint"] = ["/nosuch"]
    container = await case.runtime.create("rt-one", config)
    with pytest.raises(RuntimeFault) as caught:
        await case.runtime.start(container)
    assert caught.value.status == 400
    found = await case.runtime.inspect(container)
    assert found is not None and found.state == "created"
    assert "no such file" in found.error and found.exit_code == 127


async def test_a_started_one_may_be_started_again(case: Case) -> None:
    container = await case.run("one", "sleep 60")
    before = await case.runtime.inspect(container)
    await case.runtime.start(container)
    assert await case.runtime.inspect(container) == before


async def test_events_tell_of_own_containers(case: Case) -> None:
    seen: list[ContainerEvent] = []
    connected = asyncio.Event()

    async def follow() -> None:
        async for event in case.runtime.events(OWN):
            seen.append(event)
            if event.kind == "connected":
                connected.set()

    following = asyncio.create_task(follow())
    try:
        await asyncio.wait_for(connected.wait(), 5)
        container = await case.run("one", "exit 3", Behaviour(runs_for=0.05, exit_code=3))
        await case.ended(container)
        await case.runtime.remove(container)
        for _ in range(100):
            if ContainerEvent("destroyed", container) in [
                ContainerEvent(event.kind, event.container) for event in seen
            ]:
                break
            await asyncio.sleep(0.05)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    mine = [event for event in seen if event.container == container]
    assert [event.kind for event in mine] == ["started", "died", "destroyed"]
    assert mine[0].labels is not None and mine[0].labels["steersman.test"] == "runtime"


async def test_logs_are_whole_and_follow_until_the_end(case: Case) -> None:
    script = "echo one; echo two >&2; sleep 0.5; exit 0"
    container = await case.run("one", script, Behaviour(runs_for=0.5, log=b"one\n"))
    if case.memory is not None:
        case.memory.write_log(container, b"two\n")
    pieces = [piece async for piece in case.runtime.logs(container, LogOptions(follow=True))]
    assert sorted(b"".join(pieces).split(b"\n")) == [b"", b"one", b"two"]
    last = [piece async for piece in case.runtime.logs(container, LogOptions(tail=1))]
    assert len(b"".join(last).splitlines()) == 1


async def test_the_pause_image_runs_as_a_sandbox(case: Case) -> None:
    await case.runtime.load_image(pause_archive())
    config = case.config("POD", "")
    del config["Entrypoint"]
    config["Image"] = pause_reference()
    sandbox = await case.runtime.run_sandbox("rt-sandbox", config)
    assert sandbox.state == "running" and sandbox.pid > 0
    joined = case.config("one", "sleep 60")
    joined["HostConfig"] = {"NetworkMode": f"container:{sandbox.id}"}
    member = await case.runtime.create("rt-member", joined)
    await case.runtime.start(member)
    await case.runtime.kill(sandbox.id)
    await case.ended(sandbox.id)
    late = await case.runtime.create("rt-late", joined)
    with pytest.raises(RuntimeFault):
        await case.runtime.start(late)


async def output_of(streams: ProcessStreams) -> dict[int, bytes]:
    """All it says, by stream."""
    found: dict[int, bytes] = {}
    async with asyncio.timeout(20):
        while (piece := await streams.read()) is not None:
            found[piece[0]] = found.get(piece[0], b"") + piece[1]
    return found


async def test_a_commands_streams(case: Case) -> None:
    if case.memory is not None:
        case.memory.programs["cat"] = Cat
        case.memory.on_exec = lambda container, command: ExecResult(4, b"out\n")
    container = await case.run("one", UNTIL_TERM)
    streams = await case.runtime.open_exec(
        container, ["sh", "-c", "echo out; exit 4"], stdin=False, tty=False
    )
    assert await output_of(streams) == {1: b"out\n"}
    assert await streams.exit_code() == 4
    await streams.close()
    streams = await case.runtime.open_exec(container, ["cat"], stdin=True, tty=False)
    sent = bytes(range(256)) * 1000

    async def send() -> None:
        for start in range(0, len(sent), 30_000):
            await streams.write(sent[start : start + 30_000])
        await streams.write_eof()

    found, _ = await asyncio.gather(output_of(streams), send())
    assert found == {1: sent}
    assert await streams.exit_code() == 0
    await streams.write(b"too late")
    await streams.close()


async def test_a_command_that_is_let_go_is_ended(case: Case) -> None:
    made: list[Program] = []

    def make() -> Program:
        made.append(Program())
        return made[-1]

    if case.memory is not None:
        case.memory.programs["sleep"] = make
    container = await case.run("one", UNTIL_TERM)
    streams = await case.runtime.open_exec(container, ["sleep", "987"], stdin=True, tty=False)
    await asyncio.sleep(0.2)
    await streams.close()
    if case.memory is not None:
        assert made[0].exit_code is not None
        return
    left = await case.runtime.exec(container, ["ps"], 10)
    assert b"sleep 987" not in left.output


async def test_a_container_that_ends_takes_its_commands_along(case: Case) -> None:
    if case.memory is not None:
        case.memory.programs["cat"] = Cat
    container = await case.run("one", UNTIL_TERM)
    streams = await case.runtime.open_exec(container, ["cat"], stdin=True, tty=False)
    attached = await case.runtime.open_attach(container, stdin=False)
    # Once it has answered it runs: one that is only being started fails with words of its own.
    await streams.write(b"on\n")
    assert await streams.read() == (1, b"on\n")
    await case.runtime.kill(container)
    assert await output_of(streams) == {}
    assert await streams.exit_code() == 137
    assert await output_of(attached) == {}
    await streams.close()
    await attached.close()
    for opening in (
        case.runtime.open_attach(container, stdin=False),
        case.runtime.open_exec(container, ["cat"], stdin=False, tty=False),
    ):
        with pytest.raises(RuntimeFault) as caught:
            await opening
        assert caught.value.status == 409


async def test_attached_to_the_first_process(case: Case) -> None:
    if case.memory is not None:
        case.memory.mains["one"] = Cat
    config = case.config("one", "cat")
    config.update({"OpenStdin": True, "StdinOnce": True})
    container = await case.runtime.create("rt-one", config)
    await case.runtime.start(container)
    streams = await case.runtime.open_attach(container, stdin=True)
    await streams.write(b"hello\n")
    assert await streams.read() == (1, b"hello\n")
    await streams.write_eof()
    assert await output_of(streams) == {}
    await streams.close()


@pytest.mark.docker
async def test_a_terminal_has_its_size(docker_socket: str) -> None:
    ensure_busybox(docker_socket)
    runtime = DockerRuntime(docker_socket)
    await runtime.open(time.time)
    case = Case(runtime, None)
    try:
        container = await case.run("one", UNTIL_TERM)
        command = ["sh", "-c", "read line; stty size; tty"]
        streams = await runtime.open_exec(container, command, stdin=True, tty=True)
        await streams.resize(101, 31)
        # By default these would be the engine's signal to detach.
        await streams.write(b"\x10\x11\n")
        found = await output_of(streams)
        assert b"31 101" in found[1] and b"/dev/pts/" in found[1]
        assert await streams.exit_code() == 0
        await streams.close()
    finally:
        for item in await runtime.list(OWN):
            await runtime.remove(item.id)
        await runtime.close()


@pytest.mark.docker
async def test_exec_in_a_real_container(docker_socket: str) -> None:
    ensure_busybox(docker_socket)
    runtime = DockerRuntime(docker_socket)
    await runtime.open(time.time)
    case = Case(runtime, None)
    try:
        container = await case.run("one", UNTIL_TERM)
        done = await runtime.exec(container, ["sh", "-c", "echo out; echo err >&2; exit 4"], 10)
        assert done.exit_code == 4 and sorted(done.output.split()) == [b"err", b"out"]
        assert (await runtime.exec(container, ["/nosuch"], 10)).exit_code == 126
        with pytest.raises(RuntimeFault) as caught:
            await runtime.exec(container, ["sleep", "5"], 0.5)
        assert caught.value.unreachable
        cut = await runtime.exec(
            container, ["sh", "-c", "yes | head -c 100000"], 10, output_max=100
        )
        assert len(cut.output) == 100
    finally:
        for item in await runtime.list(OWN):
            await runtime.remove(item.id)
        await runtime.close()


async def test_an_engine_that_is_down_is_unreachable(tmp_path: object) -> None:
    runtime = DockerRuntime(f"{tmp_path}/no.sock")
    await runtime.open(time.time)
    try:
        with pytest.raises(RuntimeFault) as caught:
            await runtime.list(OWN)
        assert caught.value.unreachable
    finally:
        await runtime.close()
