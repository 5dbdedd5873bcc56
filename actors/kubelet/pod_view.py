"""What a pod worker knows: the containers it sees, and what it remembers. Pure records.

``PodView`` is observed anew at every step; ``PodMemory`` is what the engine cannot tell (probe
results, backoffs, why something waits) and is lost with the kubelet, except for what the API
object's status brings back. Must not know: how either is obtained.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from actors.kit.world.containers import Container
from actors.kubelet import labels
from actors.kubelet.backoff import Backoff
from cluster.api.types import Object


@dataclass(frozen=True, slots=True)
class PodView:
    """``containers``: by container name, the newest attempt first."""

    sandbox: Container | None = None
    old_sandboxes: tuple[Container, ...] = ()
    containers: dict[str, tuple[Container, ...]] = field(default_factory=dict)

    def latest(self, name: str) -> Container | None:
        """The newest attempt of a container."""
        attempts = self.containers.get(name)
        return attempts[0] if attempts else None

    def current(self, name: str) -> Container | None:
        """The newest attempt, if it belongs to the present sandbox."""
        latest = self.latest(name)
        if latest is None or self.sandbox is None:
            return None
        return latest if latest.labels.get(labels.SANDBOX) == self.sandbox.id else None

    def running(self) -> list[Container]:
        """All running containers but the sandbox."""
        every = (item for attempts in self.containers.values() for item in attempts)
        return [item for item in every if item.state == "running"]


def make_view(found: Iterable[Container]) -> PodView:
    """Group one pod's containers."""
    sandboxes: list[Container] = []
    grouped: dict[str, list[Container]] = {}
    for item in sorted(found, key=lambda c: (labels.attempt_of(c), c.created_at), reverse=True):
        if item.labels.get(labels.TYPE) == labels.TYPE_SANDBOX:
            sandboxes.append(item)
        else:
            grouped.setdefault(item.labels.get(labels.CONTAINER, ""), []).append(item)
    return PodView(
        sandbox=sandboxes[0] if sandboxes else None,
        old_sandboxes=tuple(sandboxes[1:]),
        containers={name: tuple(items) for name, items in grouped.items()},
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a container does not run."""

    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A probe's sentence on a container: kill it. ``grace`` seconds, None: the pod's own."""

    message: str
    grace: float | None = None


@dataclass(frozen=True, slots=True)
class PendingResize:
    """``reason``: Infeasible or Deferred. ``generation``: of the API object that was judged."""

    reason: str
    message: str
    generation: int


@dataclass(slots=True)
class PodMemory:
    """Owned by one pod worker. Container-related facts are keyed by the engine's container id."""

    volumes_ready: bool = False
    network_ready: str = ""  # id of the sandbox whose network is attached
    address: str = ""
    backoffs: dict[str, Backoff] = field(default_factory=dict)  # by container name or step
    failed_at: dict[str, float] = field(default_factory=dict)  # of steps that have no container
    waiting: dict[str, Waiting] = field(default_factory=dict)  # by container name
    attempts: dict[str, int] = field(default_factory=dict)  # highest ever seen, by container name
    hooked: set[str] = field(default_factory=set)  # postStart is done
    started: set[str] = field(default_factory=set)  # the startup probe has passed
    ready: dict[str, bool] = field(default_factory=dict)  # by the readiness probe
    unhealthy: dict[str, Verdict] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)  # termination messages
    failure: Waiting | None = None  # the pod as a whole failed: DeadlineExceeded, Evicted
    rejected: bool = False  # the node had no room: no container was ever made
    outcome: str = ""  # Succeeded or Failed, once it is final
    start_time: float = 0.0
    kill_until: float = 0.0  # end of the grace period of a terminating pod
    allocated: dict[str, Object] = field(default_factory=dict)  # resources, by container name
    acknowledged: dict[str, Object] = field(default_factory=dict)  # resources the engine took
    restarting: set[str] = field(default_factory=set)  # stopped in order to be started again
    pod_limits: tuple[int, int] | None = None  # in force: memory bytes, CPU milli; 0: none
    pending: PendingResize | None = None
    resize_generation: int = 0  # of the resize in progress; 0: there is none
    resize_error: str = ""


def recall(pod: Object, memory: PodMemory) -> None:
    """Take over what the API object's status remembers from before the kubelet's restart."""
    status = pod.get("status") or {}
    if status.get("phase") in ("Succeeded", "Failed"):
        memory.outcome = status["phase"]
        if status.get("reason"):
            memory.failure = Waiting(status["reason"], status.get("message", ""))
            memory.rejected = "containerStatuses" not in status
    for key in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
        for item in status.get(key) or ():
            container_id = (item.get("containerID") or "").rpartition("//")[2]
            if not container_id:
                continue
            memory.attempts[item["name"]] = int(item.get("restartCount", 0))
            memory.hooked.add(container_id)
            if item.get("started"):
                memory.started.add(container_id)
            memory.ready[container_id] = bool(item.get("ready"))
