"""The container engine as a component sees it: the ``ContainerRuntime`` protocol and its records.

A container is described in the Docker Engine API's own form (the JSON body of ContainerCreate,
API 1.41): the one description that Docker, podman and our simulated engine all read. Times are
UNIX seconds (0.0: never). Must not know: pods, nodes, the API server.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from cluster.errors import SteersmanError

Config = dict[str, Any]
# Docker 20.10 cannot take a limit of memory away: this many bytes are as good.
MEMORY_LIFTED = 1 << 60
# Of a HostConfig, in the order of the fields of ``Limits``.
LIMIT_KEYS = ("Memory", "CpuShares", "CpuQuota", "CpuPeriod")


class RuntimeFault(SteersmanError):
    """The engine refused or failed. ``status`` is the HTTP status it answered (404, 409, 500 ...).

    ``status`` 0: the engine could not be reached, or did not answer before the deadline; the
    request may or may not have been carried out.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status

    @property
    def unreachable(self) -> bool:
        """True if the engine gave no answer at all."""
        return self.status == 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What the engine was told to hold a container to, in ContainerCreate's units; 0: nothing.

    ``memory``: bytes. ``cpu_shares``: weight, 1024 a core. ``cpu_quota``: microseconds in each
    ``cpu_period`` microseconds.
    """

    memory: int = 0
    cpu_shares: int = 0
    cpu_quota: int = 0
    cpu_period: int = 0


def limits_of(host_config: Mapping[str, Any]) -> Limits:
    """Of a HostConfig. A quota below 0 is none, and so is all the memory there can be."""
    memory, *others = (max(0, int(host_config.get(key) or 0)) for key in LIMIT_KEYS)
    return Limits(memory if memory < MEMORY_LIFTED else 0, *others)


@dataclass(frozen=True, slots=True)
class Container:
    """One container as inspected. ``pid`` is 0 unless it runs; ``error`` says why it never did.

    ``limits`` None: the engine does not say."""

    id: str
    name: str
    labels: Mapping[str, str]
    state: Literal["created", "running", "exited"]
    image: str
    image_id: str
    pid: int = 0
    exit_code: int = 0
    error: str = ""
    oom_killed: bool = False
    created_at: float = 0.0
    started_at: float = 0.0
    finished_at: float = 0.0
    limits: Limits | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """A local image. ``user``, ``stop_signal``: of its config, '' if it names none."""

    id: str
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    size: int = 0
    user: str = ""
    stop_signal: str = ""


@dataclass(frozen=True, slots=True)
class ContainerEvent:
    """``connected``: the stream (re)started, list now; what happened before may be missing.

    ``started``, ``died``, ``destroyed``: of the container; ``labels`` are its labels.
    """

    kind: Literal["connected", "started", "died", "destroyed"]
    container: str = ""
    labels: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ExecResult:
    """``output``: what the command wrote on both streams, cut at the bound asked for."""

    exit_code: int
    output: bytes


@dataclass(frozen=True, slots=True)
class LogOptions:
    """``tail`` -1: all lines. ``since``: UNIX seconds, inclusive. ``timestamps``: in front."""

    follow: bool = False
    tail: int = -1
    since: float = 0.0
    timestamps: bool = False


@dataclass(frozen=True, slots=True)
class RuntimeInfo:
    """``name`` as in a container id's scheme ("docker"); ``cgroup_driver``: cgroupfs or systemd."""

    name: str
    version: str
    cgroup_driver: str = "cgroupfs"
    cgroup_version: int = 1


class ProcessStreams(Protocol):
    """The standard streams of a process in a container. Errors are ``RuntimeFault`` only."""

    async def read(self) -> tuple[int, bytes] | None:
        """The next piece of its output and the stream it is of (1 stdout, 2 stderr; with a
        terminal always 1); None once it has closed them. May be cancelled and called again."""

    async def write(self, data: bytes) -> None:
        """To its input; waits while it does not read. Without effect once it has gone."""

    async def write_eof(self) -> None:
        """Its input ends here."""

    async def resize(self, width: int, height: int) -> None:
        """Of its terminal, in characters."""

    async def exit_code(self) -> int:
        """Of a command of ``open_exec``, once ``read`` has returned None."""

    async def close(self) -> None:
        """Let go. A command of ``open_exec`` that still runs is ended: hung up, then killed."""


class ContainerRuntime(Protocol):
    """What a node needs of a container engine. Every call ends by its own deadline.

    Errors are ``RuntimeFault`` only. All calls may be cancelled.
    """

    async def open(self, now: Callable[[], float]) -> None:
        """Get ready for calls; ``now``: the process's wall clock, UNIX seconds. Does not fail if
        the engine is down."""

    async def close(self) -> None:
        """Release connections; open event and log streams end."""

    async def info(self) -> RuntimeInfo:
        """Name and version of the engine."""

    async def image(self, reference: str) -> Image | None:
        """The local image of that name, digest or id; None if it is absent."""

    async def images(self) -> list[Image]:
        """All local images."""

    async def pull(self, reference: str, auth: Mapping[str, str] | None = None) -> Image:
        """Fetch an image from its registry. RuntimeFault 400: not a valid reference."""

    async def load_image(self, archive: bytes) -> None:
        """Add images from a ``docker save`` archive."""

    async def run_sandbox(self, name: str, config: Config) -> Container:
        """Create and start the container that holds a pod's namespaces; returns it running."""

    async def create(self, name: str, config: Config) -> str:
        """Create a container; returns its id. 409: name taken. 404: no such image."""

    async def start(self, container: str) -> None:
        """Start it. RuntimeFault 400 or 500 if its command cannot run."""

    async def update(self, container: str, limits: Config) -> None:
        """Hold a container to other limits, while it runs: ContainerUpdate's keys Memory,
        MemorySwap, CpuShares, CpuQuota, CpuPeriod. A quota of -1 and MEMORY_LIFTED bytes lift a
        limit; what is not named stays. May be repeated. RuntimeFault 404: no such container; 500:
        the kernel does not allow it."""

    async def memory_usage(self, container: str) -> int:
        """Bytes that a running container holds, but those of files it no longer uses (which the
        kernel takes back at need). RuntimeFault 404, 409: it does not run."""

    async def kill(self, container: str, signal: str = "SIGKILL") -> None:
        """Send a signal to its first process. No error if it is absent or does not run."""

    async def remove(self, container: str) -> None:
        """Kill and remove it. No error if it is absent."""

    async def list(self, labels: Mapping[str, str]) -> list[Container]:
        """All containers, in any state, that carry all these labels."""

    async def inspect(self, container: str) -> Container | None:
        """None if it is absent."""

    def events(self, labels: Mapping[str, str]) -> AsyncIterator[ContainerEvent]:
        """Events of containers with these labels, for ever; reconnects by itself."""

    async def exec(
        self, container: str, command: Sequence[str], timeout: float, output_max: int = 10_240
    ) -> ExecResult:
        """Run a command in it. RuntimeFault 0 after ``timeout`` seconds."""

    async def open_exec(
        self, container: str, command: Sequence[str], stdin: bool, tty: bool
    ) -> ProcessStreams:
        """Start a command in it. RuntimeFault 404: no such container; 409: it does not run."""

    async def open_attach(self, container: str, stdin: bool) -> ProcessStreams:
        """The streams of its first process, from now on. RuntimeFault 404, 409 as above."""

    def logs(self, container: str, options: LogOptions) -> AsyncIterator[bytes]:
        """Whole lines (or pieces of very long ones) as written, both streams in order of time."""
