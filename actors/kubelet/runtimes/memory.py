"""A ContainerRuntime without containers: what an engine would say, on the loop's own time.

For simulation and for nodes that only pretend. What a container does (how long it runs, how it
ends) is told beforehand by image or by container name, or commanded later. Lives outside the
kubelet, as a real engine does: a restarted kubelet finds its containers running.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from actors.kit.world.containers import (
    Config,
    Container,
    ContainerEvent,
    ExecResult,
    Image,
    LogOptions,
    RuntimeFault,
    RuntimeInfo,
    limits_of,
)
from actors.kit.world.memory import MemoryClock
from actors.kubelet.runtimes.memory_streams import MemoryStreams, Program, Told

Exec = Callable[[str, Sequence[str]], ExecResult]
EXIT_KILLED = 137
RECONNECT_SECONDS = 0.2
MEMORY_USED = 1 << 20
NAME_LABEL = "io.kubernetes.container.name"
# Signals that do not end a container.
HARMLESS = frozenset({"SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH"})


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Of a simulated container. Seconds.

    ``runs_for`` None: until it is told to end. ``stop_seconds`` None: it ignores all signals but
    SIGKILL. ``start_error``: why it cannot start, '' if it can. ``log``: written at its start.
    """

    start_seconds: float = 0.1
    runs_for: float | None = None
    exit_code: int = 0
    start_error: str = ""
    stop_seconds: float | None = 0.05
    stop_exit_code: int = 0
    log: bytes = b""


@dataclass(slots=True)
class Simulated:
    """One container and what is still to happen to it."""

    record: Container
    config: Config
    behaviour: Behaviour
    log: list[tuple[float, bytes]] = field(default_factory=list)
    timers: list[asyncio.TimerHandle] = field(default_factory=list)
    execs: list[MemoryStreams] = field(default_factory=list)
    attached: list[MemoryStreams] = field(default_factory=list)


class MemoryRuntime:
    """``pull_seconds``: how long an absent image takes to come.

    Every image can be pulled, but those named in ``missing`` (change it at will).
    """

    def __init__(self, pull_seconds: float = 0.2) -> None:
        self._now: Callable[[], float] = MemoryClock().now
        self._pull_seconds = pull_seconds
        self._containers: dict[str, Simulated] = {}
        self._images: dict[str, Image] = {}
        self._behaviours: dict[str, Behaviour] = {}
        self._streams: dict[asyncio.Queue[ContainerEvent | None], Mapping[str, str]] = {}
        self._count = 0
        self._changed = asyncio.Event()
        self.missing: set[str] = set()
        # Containers whose limits the kernel does not change; what containers hold, by name.
        self.unyielding: set[str] = set()
        self.memory_used: dict[str, int] = {}
        self.down = False
        self.on_exec: Exec = lambda container, command: ExecResult(0, b"")
        # Commands by their first word, for ``open_exec``; others are ``on_exec``'s. What a
        # container's first process does with what it reads: by container name.
        self.programs: dict[str, Callable[[], Program]] = {}
        self.mains: dict[str, Callable[[], Program]] = {}

    # -- what a test or a scenario commands

    def behave(self, name: str, behaviour: Behaviour) -> None:
        """For containers made from now on whose image or container name is ``name``."""
        self._behaviours[name] = behaviour

    def add_image(self, reference: str, user: str = "", stop_signal: str = "") -> None:
        """As if it had been loaded."""
        digest = hashlib.sha256(reference.encode()).hexdigest()
        self._images[reference] = Image(
            f"sha256:{digest}", tags=(reference,), user=user, stop_signal=stop_signal
        )

    def crash(self, container: str, exit_code: int = 1, oom_killed: bool = False) -> None:
        """End a running container, as its own process would."""
        self._exit(self._get(container), exit_code, oom_killed)

    def records(self) -> list[Container]:
        """All containers, sandboxes too, oldest first, even while the engine is down."""
        return [item.record for item in self._containers.values()]

    def write_log(self, container: str, line: bytes) -> None:
        """As the container's process would."""
        item = self._get(container)
        item.log.append((self._now(), line))
        for streams in item.attached:
            streams.say(1, line)
        self._wake_readers()

    def go_down(self) -> None:
        """The engine does not answer, containers go on; ``come_up`` ends it."""
        self.down = True
        for queue in self._streams:
            queue.put_nowait(None)

    def come_up(self) -> None:
        """The engine answers again."""
        self.down = False

    # -- the protocol

    async def open(self, now: Callable[[], float]) -> None:
        self._now = now

    async def close(self) -> None:
        return

    async def info(self) -> RuntimeInfo:
        self._answer()
        return RuntimeInfo("memory", "1.0")

    async def image(self, reference: str) -> Image | None:
        self._answer()
        found = self._images.get(reference)
        return found or next((i for i in self._images.values() if i.id == reference), None)

    async def images(self) -> list[Image]:
        self._answer()
        return list(self._images.values())

    async def pull(self, reference: str, auth: Mapping[str, str] | None = None) -> Image:
        self._answer()
        await asyncio.sleep(self._pull_seconds)
        self._answer()
        if reference in self.missing:
            raise RuntimeFault(404, f"manifest for {reference} not found: manifest unknown")
        self.add_image(reference)
        return self._images[reference]

    async def load_image(self, archive: bytes) -> None:
        self._answer()
        digest = hashlib.sha256(archive).hexdigest()
        self._images[f"loaded:{digest}"] = Image(f"sha256:{digest}", size=len(archive))

    async def run_sandbox(self, name: str, config: Config) -> Container:
        container = await self.create(name, config)
        await self.start(container)
        return self._get(container).record

    async def create(self, name: str, config: Config) -> str:
        self._answer()
        if any(item.record.name == name for item in self._containers.values()):
            raise RuntimeFault(409, f'Conflict. The container name "/{name}" is already in use')
        image = str(config["Image"])
        self._count += 1
        identity = hashlib.sha256(f"{self._count}/{name}".encode()).hexdigest()
        found = await self.image(image)
        labels = dict(config.get("Labels") or {})
        behaviour = self._behaviour(labels.get(NAME_LABEL, ""), image, found)
        record = Container(
            id=identity,
            name=name,
            labels=labels,
            state="created",
            image=image,
            image_id=found.id if found else image,
            created_at=self._now(),
            limits=limits_of(config.get("HostConfig") or {}),
        )
        self._containers[identity] = Simulated(record, config, behaviour)
        return identity

    def _behaviour(self, name: str, image: str, found: Image | None) -> Behaviour:
        for key in (name, image, *(found.tags if found else ())):
            if key in self._behaviours:
                return self._behaviours[key]
        return Behaviour()

    async def start(self, container: str) -> None:
        self._answer()
        item = self._get(container)
        if item.record.state == "running":
            return
        self._check_sandbox(item)
        await asyncio.sleep(item.behaviour.start_seconds)
        if container not in self._containers:
            raise RuntimeFault(404, f"No such container: {container}")
        if error := item.behaviour.start_error:
            item.record = replace(item.record, error=error, exit_code=127)
            raise RuntimeFault(400, error)
        now = self._now()
        pid = 1000 + self._count
        item.record = replace(item.record, state="running", pid=pid, started_at=now)
        if item.behaviour.log:
            item.log.append((now, item.behaviour.log))
        self._tell("started", item)
        if item.behaviour.runs_for is not None:
            self._later(item, item.behaviour.runs_for, item.behaviour.exit_code)

    def _check_sandbox(self, item: Simulated) -> None:
        mode = str((item.config.get("HostConfig") or {}).get("NetworkMode", ""))
        if not mode.startswith("container:"):
            return
        sandbox = self._containers.get(mode.removeprefix("container:"))
        if sandbox is None or sandbox.record.state != "running":
            item.record = replace(item.record, error="no sandbox", exit_code=128)
            raise RuntimeFault(409, "cannot join network of a non running container")

    async def update(self, container: str, limits: Config) -> None:
        self._answer()
        item = self._get(container)
        if container in self.unyielding:
            raise RuntimeFault(500, "Cannot update container: device or resource busy")
        host = {**(item.config.get("HostConfig") or {}), **limits}
        item.config = {**item.config, "HostConfig": host}
        item.record = replace(item.record, limits=limits_of(host))

    async def memory_usage(self, container: str) -> int:
        item = self._running(container)
        return self.memory_used.get(item.record.labels.get(NAME_LABEL, ""), MEMORY_USED)

    async def kill(self, container: str, signal: str = "SIGKILL") -> None:
        self._answer()
        item = self._containers.get(container)
        if item is None or item.record.state != "running" or signal in HARMLESS:
            return
        if signal == "SIGKILL":
            self._exit(item, EXIT_KILLED)
        elif item.behaviour.stop_seconds is not None:
            self._later(item, item.behaviour.stop_seconds, item.behaviour.stop_exit_code)

    async def remove(self, container: str) -> None:
        self._answer()
        named = (item.record.id for item in self._containers.values())
        key = container if container in self._containers else ""
        for identity in named:
            if self._containers[identity].record.name == container:
                key = identity
        item = self._containers.get(key)
        if item is None:
            return
        if item.record.state == "running":
            self._exit(item, EXIT_KILLED)
        del self._containers[key]
        self._tell("destroyed", item)

    async def list(self, labels: Mapping[str, str]) -> list[Container]:
        self._answer()
        wanted = labels.items()
        return [
            item.record
            for item in self._containers.values()
            if wanted <= dict(item.record.labels).items()
        ]

    async def inspect(self, container: str) -> Container | None:
        self._answer()
        item = self._containers.get(container)
        return item.record if item else None

    async def events(self, labels: Mapping[str, str]) -> AsyncIterator[ContainerEvent]:
        while True:
            if self.down:
                await asyncio.sleep(RECONNECT_SECONDS)
                continue
            queue: asyncio.Queue[ContainerEvent | None] = asyncio.Queue()
            self._streams[queue] = dict(labels)
            try:
                yield ContainerEvent("connected")
                while (event := await queue.get()) is not None:
                    yield event
            finally:
                del self._streams[queue]

    async def exec(
        self, container: str, command: Sequence[str], timeout: float, output_max: int = 10_240
    ) -> ExecResult:
        item = self._running(container)
        done = self.on_exec(item.record.labels.get(NAME_LABEL, ""), command)
        return ExecResult(done.exit_code, done.output[:output_max])

    async def open_exec(
        self, container: str, command: Sequence[str], stdin: bool, tty: bool
    ) -> MemoryStreams:
        item = self._running(container)
        name = item.record.labels.get(NAME_LABEL, "")
        make = self.programs.get(command[0])
        program = make() if make else Told(self.on_exec(name, command))
        streams = MemoryStreams(program, item.execs.remove)
        item.execs.append(streams)
        streams.start(command)
        if not stdin:
            await streams.write_eof()
        return streams

    async def open_attach(self, container: str, stdin: bool) -> MemoryStreams:
        item = self._running(container)
        main = self.mains.get(item.record.labels.get(NAME_LABEL, ""), Program)
        streams = MemoryStreams(main(), item.attached.remove)
        item.attached.append(streams)
        return streams

    async def logs(self, container: str, options: LogOptions) -> AsyncIterator[bytes]:
        self._answer()
        item = self._get(container)
        chosen = [entry for entry in item.log if entry[0] >= options.since]
        if options.tail >= 0:
            chosen = chosen[max(0, len(chosen) - options.tail) :]
        for _, line in chosen:
            yield line
        position = len(item.log)
        while options.follow and item.record.state == "running":
            await self._changed.wait()
            for _, line in item.log[position:]:
                yield line
            position = len(item.log)

    # -- inside

    def _answer(self) -> None:
        if self.down:
            raise RuntimeFault(0, "the engine does not answer")

    def _get(self, container: str) -> Simulated:
        item = self._containers.get(container)
        if item is None:
            raise RuntimeFault(404, f"No such container: {container}")
        return item

    def _running(self, container: str) -> Simulated:
        self._answer()
        item = self._get(container)
        if item.record.state != "running":
            raise RuntimeFault(409, f"container {container} is not running")
        return item

    def _later(self, item: Simulated, seconds: float, exit_code: int) -> None:
        loop = asyncio.get_running_loop()
        item.timers.append(loop.call_later(seconds, self._exit, item, exit_code))

    def _exit(self, item: Simulated, exit_code: int, oom_killed: bool = False) -> None:
        if item.record.state != "running":
            return
        for timer in item.timers:
            timer.cancel()
        item.timers.clear()
        item.record = replace(
            item.record,
            state="exited",
            pid=0,
            exit_code=exit_code,
            oom_killed=oom_killed,
            finished_at=self._now(),
        )
        for streams in (*item.execs, *item.attached):
            streams.end()
        self._tell("died", item)
        self._wake_readers()

    def _tell(self, kind: Literal["started", "died", "destroyed"], item: Simulated) -> None:
        event = ContainerEvent(kind, item.record.id, item.record.labels)
        for queue, labels in self._streams.items():
            if dict(labels).items() <= dict(item.record.labels).items():
                queue.put_nowait(event)

    def _wake_readers(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
