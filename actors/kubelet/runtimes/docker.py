"""A ContainerRuntime on the Docker Engine API (Docker 20.10 and newer, podman's socket).

Every call has a deadline and every failure becomes a RuntimeFault here. There is no wait() per
container: one raw event stream per runtime, and the reader lists again after each (re)connect.
Must not know: pods.

Source: Docker Engine API v1.41.
"""

import asyncio
import io
import json
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import aiodocker
import aiohttp
from aiodocker.execs import Exec

from actors.kit.world.containers import (
    Config,
    Container,
    ContainerEvent,
    ExecResult,
    Image,
    LogOptions,
    RuntimeFault,
    RuntimeInfo,
)
from actors.kubelet.runtimes import docker_records
from actors.kubelet.runtimes.docker_streams import DETACH_KEYS, DockerStreams, begin

# Seconds. A start takes 0.1-0.4 s on an idle machine and some seconds when forty start at once.
CALL_SECONDS = 30.0
START_SECONDS = 120.0
LOAD_SECONDS = 300.0
PULL_SECONDS = 1800.0
RECONNECT_FIRST_SECONDS = 0.2
RECONNECT_MAX_SECONDS = 5.0
# The engine answers an event request before it subscribes: look back over that gap.
EVENTS_LOOK_BACK_SECONDS = 2.0
NO_TIMEOUT = aiohttp.ClientTimeout()


@asynccontextmanager
async def within(seconds: float, what: str) -> AsyncIterator[None]:
    """Deadline and the one border where the client library's errors become RuntimeFault."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except aiodocker.DockerError as error:
        status = 0 if error.status == 900 else error.status
        raise RuntimeFault(status, str(error.message)) from error
    except TimeoutError as error:
        raise RuntimeFault(0, f"{what}: no answer in {seconds:g} s") from error
    except (aiohttp.ClientError, OSError) as error:
        raise RuntimeFault(0, f"{what}: {error or type(error).__name__}") from error


class DockerRuntime:
    """``socket``: path of the engine's UNIX socket."""

    def __init__(self, socket: str) -> None:
        self.socket = socket
        self._connector: aiohttp.UnixConnector | None = None
        self._docker: aiodocker.Docker | None = None

    async def open(self, now: Callable[[], float]) -> None:
        # The default of 100 connections would block the 101st open stream for ever.
        self._connector = aiohttp.UnixConnector(self.socket, limit=0)
        self._docker = aiodocker.Docker(url="unix://localhost", connector=self._connector)

    async def close(self) -> None:
        docker, self._docker = self._docker, None
        if docker is not None:
            await docker.close()
        if self._connector is not None:
            await self._connector.close()

    @property
    def docker(self) -> aiodocker.Docker:
        if self._docker is None:
            raise RuntimeFault(0, "the runtime is not open")
        return self._docker

    async def info(self) -> RuntimeInfo:
        async with within(CALL_SECONDS, "info"):
            version = await self.docker.version()
            info = await self.docker.system.info()
        return docker_records.runtime_info(version, info)

    # -- images

    async def image(self, reference: str) -> Image | None:
        if not reference:  # the engine would answer with the list of all images
            return None
        try:
            async with within(CALL_SECONDS, "image inspect"):
                return docker_records.image(await self.docker.images.inspect(reference))
        except RuntimeFault as fault:
            if fault.status in (400, 404):
                return None
            raise

    async def images(self) -> list[Image]:
        async with within(CALL_SECONDS, "image list"):
            return [docker_records.image(item) for item in await self.docker.images.list()]

    async def pull(self, reference: str, auth: Mapping[str, str] | None = None) -> Image:
        async with within(PULL_SECONDS, f"pull of {reference}"):
            await self.docker.images.pull(reference, auth=dict(auth) if auth else None)
        found = await self.image(reference)
        if found is None:
            raise RuntimeFault(404, f"{reference} is absent though its pull ended well")
        return found

    async def load_image(self, archive: bytes) -> None:
        async with within(LOAD_SECONDS, "image load"):
            await self.docker.images.import_image(io.BytesIO(archive))

    # -- containers

    async def run_sandbox(self, name: str, config: Config) -> Container:
        container = await self.create(name, config)
        await self.start(container)
        found = await self.inspect(container)
        if found is None or found.state != "running":
            error = found.error if found else "it is gone"
            raise RuntimeFault(500, f"sandbox {name} does not run: {error}")
        return found

    async def create(self, name: str, config: Config) -> str:
        async with within(CALL_SECONDS, f"create {name}"):
            created = await self.docker.containers.create(config, name=name)
        return created.id

    async def start(self, container: str) -> None:
        async with within(START_SECONDS, "start"):
            await self.docker.containers.container(container).start()

    async def update(self, container: str, limits: Config) -> None:
        async with within(CALL_SECONDS, "update"):
            path = f"containers/{container}/update"
            await self.docker._query_json(path, method="POST", data=limits)

    async def memory_usage(self, container: str) -> int:
        params = {"stream": "0", "one-shot": "1"}
        async with within(CALL_SECONDS, "stats"):
            path = f"containers/{container}/stats"
            raw = await self.docker._query_json(path, method="GET", params=params)
        if not (raw.get("memory_stats") or {}).get("usage"):
            raise RuntimeFault(409, f"container {container} is not running")
        return docker_records.memory_usage(raw)

    async def kill(self, container: str, signal: str = "SIGKILL") -> None:
        try:
            async with within(CALL_SECONDS, "kill"):
                await self.docker.containers.container(container).kill(signal=signal)
        except RuntimeFault as fault:
            if fault.status not in (404, 409):
                raise

    async def remove(self, container: str) -> None:
        try:
            async with within(CALL_SECONDS, "remove"):
                await self.docker.containers.container(container).delete(force=True, v=True)
        except RuntimeFault as fault:
            if fault.status not in (404, 409):  # 409: its removal is under way
                raise

    async def list(self, labels: Mapping[str, str]) -> list[Container]:
        wanted = [f"{name}={value}" for name, value in labels.items()]
        async with within(CALL_SECONDS, "container list"):
            found = await self.docker.containers.list(all=True, filters={"label": wanted})
        inspected = await asyncio.gather(*(self.inspect(item.id) for item in found))
        return [item for item in inspected if item is not None]

    async def inspect(self, container: str) -> Container | None:
        try:
            async with within(CALL_SECONDS, "inspect"):
                raw = await self.docker._query_json(f"containers/{container}/json")
        except RuntimeFault as fault:
            if fault.status == 404:
                return None
            raise
        return docker_records.container(raw)

    # -- streams

    async def events(self, labels: Mapping[str, str]) -> AsyncIterator[ContainerEvent]:
        pause = RECONNECT_FIRST_SECONDS
        while True:
            try:
                async with aclosing(self._event_stream(labels)) as stream:
                    async for event in stream:
                        pause = RECONNECT_FIRST_SECONDS
                        yield event
            except RuntimeFault:
                pass
            await asyncio.sleep(pause)
            pause = min(pause * 2, RECONNECT_MAX_SECONDS)

    async def _event_stream(
        self, labels: Mapping[str, str]
    ) -> AsyncGenerator[ContainerEvent, None]:
        """Events until the connection ends. Raises RuntimeFault if the engine is down."""
        async with within(CALL_SECONDS, "clock"):
            info = await self.docker.system.info()
        since = docker_records.seconds(info["SystemTime"]) - EVENTS_LOOK_BACK_SECONDS
        params: dict[str, Any] = {
            "since": f"{since:.3f}",
            "filters": {
                "type": ["container"],
                "event": list(docker_records.EVENT_KINDS),
                "label": [f"{name}={value}" for name, value in labels.items()],
            },
        }
        try:
            async with self.docker._query("events", params=params, timeout=NO_TIMEOUT) as response:
                try:
                    yield ContainerEvent("connected")
                    async for line in response.content:
                        event = docker_records.event(json.loads(line))
                        if event is not None:
                            yield event
                finally:
                    response.close()
        except (aiodocker.DockerError, aiohttp.ClientError, OSError) as error:
            raise RuntimeFault(0, f"events: {error}") from error

    async def exec(
        self, container: str, command: Sequence[str], timeout: float, output_max: int = 10_240
    ) -> ExecResult:
        output = bytearray()
        async with within(timeout, f"exec {command[0] if command else ''}"):
            run = await self.docker.containers.container(container).exec(list(command))
            stream = run.start()
            await begin(stream)
            async with stream:
                while (message := await stream.read_out()) is not None:
                    output += message.data[: output_max - len(output)]
            done = await run.inspect()
        if done.get("Running") or done.get("ExitCode") is None:
            raise RuntimeFault(0, "exec: the engine went away")
        return ExecResult(int(done["ExitCode"]), bytes(output))

    async def open_exec(
        self, container: str, command: Sequence[str], stdin: bool, tty: bool
    ) -> DockerStreams:
        async with within(CALL_SECONDS, "exec"):
            target = self.docker.containers.container(container)
            run = await target.exec(
                list(command), stdin=stdin, tty=tty, detach_keys=DETACH_KEYS if tty else None
            )
            stream = run.start()
            await begin(stream)
        return DockerStreams(self, container, stream, run)

    async def open_attach(self, container: str, stdin: bool) -> DockerStreams:
        found = await self.inspect(container)
        if found is None:
            raise RuntimeFault(404, f"No such container: {container}")
        if found.state != "running":
            raise RuntimeFault(409, f"container {container} is not running")
        async with within(CALL_SECONDS, "attach"):
            stream = self.docker.containers.container(container).attach(
                stdin=stdin, stdout=True, stderr=True, detach_keys=DETACH_KEYS
            )
            await begin(stream)
        return DockerStreams(self, container, stream, None)

    async def inspect_exec(self, run: Exec) -> dict[str, Any]:
        """State of a command, as the engine tells it."""
        async with within(CALL_SECONDS, "exec inspect"):
            found: dict[str, Any] = await run.inspect()
        return found

    async def resize(self, place: str, width: int, height: int) -> None:
        """``place``: ``exec/<id>`` or ``containers/<id>``."""
        params = {"w": str(width), "h": str(height)}
        async with (
            within(CALL_SECONDS, "resize"),
            self.docker._query(f"{place}/resize", method="POST", params=params),
        ):
            pass

    async def logs(self, container: str, options: LogOptions) -> AsyncIterator[bytes]:
        async with within(CALL_SECONDS, "logs"):
            raw = await self.docker._query_json(f"containers/{container}/json")
        params: dict[str, str | int] = {
            "stdout": 1,
            "stderr": 1,
            "follow": int(options.follow),
            "timestamps": int(options.timestamps),
            "tail": "all" if options.tail < 0 else str(options.tail),
        }
        if options.since:
            params["since"] = f"{options.since:.9f}"
        path = f"containers/{container}/logs"
        try:
            async with self.docker._query(path, params=params, timeout=NO_TIMEOUT) as response:
                try:
                    pieces = raw_pieces if raw["Config"].get("Tty") else framed_pieces
                    async for piece in pieces(response.content):
                        yield piece
                finally:
                    response.close()
        except aiodocker.DockerError as error:
            raise RuntimeFault(error.status, str(error.message)) from error
        except (aiohttp.ClientError, OSError) as error:
            raise RuntimeFault(0, f"logs: {error}") from error


async def framed_pieces(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Payloads of Docker's stream frames: 1 byte stream, 3 zero, 4 bytes big-endian length."""
    while True:
        try:
            header = await content.readexactly(8)
            (length,) = struct.unpack(">4xL", header)
            yield await content.readexactly(length)
        except asyncio.IncompleteReadError:
            return


async def raw_pieces(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """A terminal's output has no frames."""
    async for piece in content.iter_any():
        yield piece
