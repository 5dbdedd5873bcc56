"""The streams of a process in a Docker container: exec and attach, hijacked connections.

Must not know: pods, who reads. Source: Docker Engine API v1.41 (ExecStart, ContainerAttach).
"""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from aiodocker.execs import Exec
from aiodocker.stream import Stream

from actors.kit.world.containers import RuntimeFault

if TYPE_CHECKING:
    from actors.kubelet.runtimes.docker import DockerRuntime

CALL_SECONDS = 30.0
# The engine ends the stream a moment before it knows the exit code.
EXIT_CODE_SECONDS = 10.0
EXIT_CODE_PAUSE_SECONDS = 0.02
# How long a command may take to end once it was hung up.
HANG_UP_SECONDS = 1.0
# Docker's escape from a terminal (by default Ctrl-P Ctrl-Q) would swallow the user's keys.
DETACH_KEYS = "ctrl-@,ctrl-],ctrl-@,ctrl-],ctrl-@,ctrl-],ctrl-@,ctrl-]"


async def begin(stream: Stream) -> None:
    """Connect it. What it holds is let go if that fails or is cancelled half way."""
    begun = False
    try:
        await stream._init()
        begun = True
    finally:
        if not begun and stream._resp is not None:
            stream._resp.close()
            stream._closed = True


class DockerStreams:
    """``run`` None: attached to the container's first process."""

    def __init__(
        self, runtime: "DockerRuntime", container: str, stream: Stream, run: Exec | None
    ) -> None:
        self._runtime = runtime
        self._container = container
        self._stream = stream
        self._run = run
        self._ended = False

    async def read(self) -> tuple[int, bytes] | None:
        try:
            message = await self._stream.read_out()
        except (aiohttp.ClientError, OSError) as error:
            raise RuntimeFault(0, f"the engine went away: {error}") from error
        if message is None:
            self._ended = True
            return None
        return message.stream, message.data

    async def write(self, data: bytes) -> None:
        # A process that has gone, or closed its input, reads no more: that is no failure.
        with suppress(aiohttp.ClientError, OSError, RuntimeError, AssertionError):
            await self._stream.write_in(data)

    async def write_eof(self) -> None:
        response = self._stream._resp
        connection = response.connection if response is not None else None
        transport = connection.transport if connection is not None else None
        if transport is not None and not transport.is_closing() and transport.can_write_eof():
            transport.write_eof()

    async def resize(self, width: int, height: int) -> None:
        place = f"exec/{self._run.id}" if self._run else f"containers/{self._container}"
        with suppress(RuntimeFault):  # it may just have ended
            await self._runtime.resize(place, width, height)

    async def exit_code(self) -> int:
        assert self._run is not None, "an attached process's end is the container's"
        with suppress(TimeoutError):
            async with asyncio.timeout(EXIT_CODE_SECONDS):
                while True:
                    state = await self._runtime.inspect_exec(self._run)
                    if not state.get("Running") and state.get("ExitCode") is not None:
                        return int(state["ExitCode"])
                    await asyncio.sleep(EXIT_CODE_PAUSE_SECONDS)
        raise RuntimeFault(0, "exec: the engine does not tell how the command ended")

    async def close(self) -> None:
        await self._stream.close()
        if self._run is None or self._ended:
            return
        with suppress(RuntimeFault):
            state = await self._runtime.inspect_exec(self._run)
            if state.get("Running"):
                await end_process(int(state.get("Pid") or 0), str(state.get("ContainerID") or ""))


async def end_process(pid: int, container: str) -> None:
    """Hang up the process, and kill it if that does not end it. Nothing happens if it is not the
    container's (any more): its number may have gone to another."""
    if pid <= 1 or not container or not _belongs(pid, container):
        return
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return
    try:
        if not _belongs(pid, container):
            return
        with suppress(OSError):
            signal.pidfd_send_signal(descriptor, signal.SIGHUP)
            await asyncio.sleep(HANG_UP_SECONDS)
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    finally:
        os.close(descriptor)


def _belongs(pid: int, container: str) -> bool:
    """By its cgroup (cgroups(7)): the engine names it after the container."""
    try:
        return container in Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii")
    except OSError:
        return False
