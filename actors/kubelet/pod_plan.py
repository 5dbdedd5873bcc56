"""What a pod worker can be told to do next, and what that is decided from. Pure records.

Must not know: the order of a pod's life (``pod_machine``).
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from actors.kit.world.containers import Container
from actors.kubelet import backoff, labels
from actors.kubelet.pod_view import PodMemory, PodView, Waiting
from cluster.api.types import Object

STEP_VOLUMES = "/volumes"
STEP_SANDBOX = "/sandbox"
STEP_FINISH = "/finish"
STEP_RESIZE = "/resize"


@dataclass(frozen=True, slots=True)
class PrepareVolumes:
    """Make the pod's directories and volumes."""


@dataclass(frozen=True, slots=True)
class RunSandbox:
    """Create the sandbox; ``attempt`` counts a pod's sandboxes from 0."""

    attempt: int


@dataclass(frozen=True, slots=True)
class AttachNetwork:
    """Give a running sandbox its address (again, after a kubelet restart)."""

    sandbox: Container


@dataclass(frozen=True, slots=True)
class StartContainer:
    """Pull if needed, create, start, postStart."""

    name: str
    attempt: int


@dataclass(frozen=True, slots=True)
class StopContainer:
    """preStop, signal, at most ``grace`` seconds, kill.

    ``restart``: it is to be started again, whatever the pod's restart policy says."""

    container: Container
    name: str
    grace: float
    message: str = ""
    restart: bool = False


@dataclass(frozen=True, slots=True)
class LimitPod:
    """Hold the pod as a whole to so many bytes or thousandths of a core; 0: to none.
    ``containers``: ids of those that must not use more together, empty if nobody needs to look."""

    resource: str
    limit: int
    phase: int
    containers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdateContainer:
    """Give a running container what is allocated of cpu or memory. ``container``: its id."""

    container: str
    name: str
    resource: str
    phase: int


ResizeStep: TypeAlias = LimitPod | UpdateContainer


@dataclass(frozen=True, slots=True)
class ResizePod:
    """Change running containers' resources, in this order. A step is left out if one of its
    resource and of an earlier phase has failed."""

    steps: tuple[ResizeStep, ...]


@dataclass(frozen=True, slots=True)
class StopSandbox:
    """Kill it and take its network down."""

    sandbox: Container


@dataclass(frozen=True, slots=True)
class RemoveContainer:
    """Remove a dead container or sandbox."""

    container: Container


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing runs any more and the pod is to go: remove all traces, then the API object."""


Action: TypeAlias = (
    PrepareVolumes
    | RunSandbox
    | AttachNetwork
    | StartContainer
    | StopContainer
    | StopSandbox
    | RemoveContainer
    | ResizePod
    | Finish
)


@dataclass(slots=True)
class Plan:
    """``actions`` may all be begun now. ``wake_at``: UNIX seconds to ask again, 0.0: no need.

    ``waiting``: containers that wait by this plan's own decision (CrashLoopBackOff).
    ``failure``: the pod as a whole has just failed. ``outcome``: it has just come to its end.
    """

    actions: list[Action] = field(default_factory=list)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    wake_at: float = 0.0
    failure: Waiting | None = None
    outcome: str = ""

    def wake(self, at: float) -> None:
        """Ask again at ``at`` or earlier."""
        self.wake_at = at if not self.wake_at else min(self.wake_at, at)


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a plan depends on. ``gone``: the API object is no more. ``busy``: names of
    containers and steps that are being worked on."""

    pod: Object
    view: PodView
    memory: PodMemory
    now: float
    gone: bool = False
    busy: frozenset[str] = frozenset()


def step_is_due(at: Situation, plan: Plan, step: str) -> bool:
    """False while the step's backoff lasts (and then the plan asks to be woken)."""
    failed_at = at.memory.failed_at.get(step)
    if failed_at is None:
        return True
    seconds = backoff.remaining(at.memory.backoffs.get(step), failed_at, at.now)
    if seconds > 0:
        plan.wake(at.now + seconds)
    return seconds <= 0


def stop(
    at: Situation,
    plan: Plan,
    item: Container,
    grace: float,
    message: str = "",
    restart: bool = False,
) -> None:
    """Plan a stop, unless it is under way."""
    if item.id not in at.busy:
        name = item.labels.get(labels.CONTAINER, "")
        plan.actions.append(StopContainer(item, name, grace, message, restart))
