"""What to do next for one pod: (spec, what is seen, what is remembered, now) → actions. Pure.

Level triggered: it says only the steps that can be taken now, and is asked again when one of them
has ended or something changed. The order of a pod's life::

    volumes → sandbox → network → init containers (sidecars stay) → containers
    → (all ended, deadline, or deletion) stop containers → stop sidecars → stop sandbox → finish

A dead sandbox sends the pod back to its second step, with everything of the old one stopped.
Must not know: the engine, the API server, how long anything takes.

Source: Kubernetes docs, "Pod Lifecycle", "Init Containers", "Sidecar Containers" (KEP-753).
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from actors.kit.world.containers import Container
from actors.kubelet import backoff, labels, pod_spec
from actors.kubelet.pod_view import PodMemory, PodView, Waiting
from cluster.api.types import Object

STEP_VOLUMES = "/volumes"
STEP_SANDBOX = "/sandbox"
STEP_FINISH = "/finish"
PULL_ERROR_SECONDS = 2.0


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
    """preStop, signal, at most ``grace`` seconds, kill."""

    container: Container
    name: str
    grace: float
    message: str = ""


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


def make_plan(at: Situation) -> Plan:
    """The steps that can be taken now."""
    if at.gone or pod_spec.is_deleting(at.pod):
        return end_plan(at, delete=True)
    if at.memory.outcome or at.memory.failure is not None:
        return end_plan(at, delete=False)
    plan = Plan()
    if deadline_passed(at, plan):
        plan.failure = Waiting(
            "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"
        )
        return plan
    plan.outcome = outcome(at.pod, at.view)
    if not plan.outcome:
        run_plan(at, plan)
    return plan


def deadline_passed(at: Situation, plan: Plan) -> bool:
    """activeDeadlineSeconds, counted from the pod's start on this node."""
    seconds = at.pod["spec"].get("activeDeadlineSeconds")
    if seconds is None or not at.memory.start_time:
        return False
    deadline = at.memory.start_time + float(seconds)
    if at.now >= deadline:
        return True
    plan.wake(deadline)
    return False


def outcome(pod: Object, view: PodView) -> str:
    """Succeeded or Failed once no container will be started again, else ''."""
    policy = pod_spec.restart_policy(pod)
    if policy == "Never" and init_failed(pod, view):
        return "Failed"
    if policy == "Always":
        return ""
    ended = [view.latest(spec["name"]) for spec in pod_spec.main_containers(pod)]
    dead = [item for item in ended if item is not None and pod_spec.is_dead(item)]
    if not dead or len(dead) < len(ended):
        return ""
    if all(pod_spec.succeeded(item) for item in dead):
        return "Succeeded"
    return "Failed" if policy == "Never" else ""


def init_failed(pod: Object, view: PodView) -> bool:
    """A plain init container ended badly (and its pod never restarts)."""
    for spec in pod_spec.init_containers(pod):
        latest = view.latest(spec["name"])
        if latest is None or pod_spec.is_sidecar(spec):
            continue
        if pod_spec.is_dead(latest) and not pod_spec.succeeded(latest):
            return True
    return False


# -- a pod that is to run


def run_plan(at: Situation, plan: Plan) -> None:
    """Bring the pod towards all containers running."""
    sandbox = at.view.sandbox
    if sandbox is None or sandbox.state != "running":
        sandbox_plan(at, plan)
        return
    for old in at.view.old_sandboxes:
        remove_or_stop(at, plan, old)
    if at.memory.network_ready != sandbox.id:
        if STEP_SANDBOX not in at.busy and step_is_due(at, plan, STEP_SANDBOX):
            plan.actions.append(AttachNetwork(sandbox))
        return
    if not at.memory.volumes_ready:
        volumes_plan(at, plan)
        return
    stop_unfit(at, plan)
    remove_superseded(at, plan)
    if starting(at):
        return
    if not has_begun(at) and not init_plan(at, plan):
        return
    if has_begun(at):
        for spec in pod_spec.sidecars(at.pod):
            if start_if_due(at, plan, spec):
                return
    for spec in pod_spec.main_containers(at.pod):
        if start_if_due(at, plan, spec):
            return


def starting(at: Situation) -> bool:
    """A container start is under way: they go one after the other, as Kubernetes does it."""
    return any(spec["name"] in at.busy for spec in pod_spec.all_containers(at.pod))


def sandbox_plan(at: Situation, plan: Plan) -> None:
    """There is no running sandbox: clear what the old one left, then make one."""
    running = at.view.running()
    for item in running:
        stop(at, plan, item, 0.0, "Pod sandbox changed, it will be killed and re-created.")
    if running or STEP_SANDBOX in at.busy:
        return
    if not at.memory.volumes_ready:
        volumes_plan(at, plan)
        return
    if step_is_due(at, plan, STEP_SANDBOX):
        old = at.view.sandbox
        plan.actions.append(RunSandbox(labels.attempt_of(old) + 1 if old else 0))


def volumes_plan(at: Situation, plan: Plan) -> None:
    """Volumes come before the sandbox."""
    if STEP_VOLUMES not in at.busy and step_is_due(at, plan, STEP_VOLUMES):
        plan.actions.append(PrepareVolumes())


def step_is_due(at: Situation, plan: Plan, step: str) -> bool:
    """False while the step's backoff lasts (and then the plan asks to be woken)."""
    failed_at = at.memory.failed_at.get(step)
    if failed_at is None:
        return True
    seconds = backoff.remaining(at.memory.backoffs.get(step), failed_at, at.now)
    if seconds > 0:
        plan.wake(at.now + seconds)
    return seconds <= 0


def has_begun(at: Situation) -> bool:
    """A main container has been made in this sandbox: initialization is over."""
    specs = pod_spec.main_containers(at.pod)
    return any(at.view.current(spec["name"]) is not None for spec in specs)


def init_plan(at: Situation, plan: Plan) -> bool:
    """Run init containers in order; True once all are through."""
    for spec in pod_spec.init_containers(at.pod):
        current = at.view.current(spec["name"])
        if pod_spec.is_sidecar(spec):
            if start_if_due(at, plan, spec):
                return False
            if not is_started(at.memory, current):
                return False
        elif current is None or not pod_spec.succeeded(current):
            start_if_due(at, plan, spec)
            return False
    return True


def initialized(pod: Object, view: PodView, memory: PodMemory) -> bool:
    """All init containers are through (for the pod's Initialized condition)."""
    if any(view.current(spec["name"]) for spec in pod_spec.main_containers(pod)):
        return True
    specs = pod_spec.init_containers(pod)
    return all(is_through(spec, view.current(spec["name"]), memory) for spec in specs)


def is_through(spec: Object, item: Container | None, memory: PodMemory) -> bool:
    """An init container has done its work, or a sidecar is up: the next one may start."""
    if pod_spec.is_sidecar(spec):
        return is_started(memory, item)
    return item is not None and pod_spec.succeeded(item)


def is_started(memory: PodMemory, item: Container | None) -> bool:
    """It runs, its postStart hook is done and its startup probe (if any) has passed."""
    return (
        item is not None
        and item.state == "running"
        and item.id in memory.started
        and item.id in memory.hooked
    )


def start_if_due(at: Situation, plan: Plan, spec: Object) -> bool:
    """Start a container that should run and does not. True if a start was planned."""
    name = spec["name"]
    if name in at.busy or not should_start(at, spec):
        return False
    latest = at.view.latest(name)
    seconds = 0.0
    if latest is not None and pod_spec.is_dead(latest):
        failed = pod_spec.died_at(latest)
        seconds = backoff.remaining(at.memory.backoffs.get(name), failed, at.now)
        if seconds > 0:
            plan.waiting[name] = crash_loop(at, name)
    if seconds <= 0 and (failed_at := at.memory.failed_at.get(name)) is not None:
        seconds = backoff.remaining(at.memory.backoffs.get(f"{name}/create"), failed_at, at.now)
        if seconds > 0:
            pull_backoff(at, plan, spec, failed_at)
    if seconds > 0:
        plan.wake(at.now + seconds)
        return False
    plan.actions.append(StartContainer(name, next_attempt(at, name)))
    return True


def pull_backoff(at: Situation, plan: Plan, spec: Object, failed_at: float) -> None:
    """A failed pull shows as what it is for a moment, then as the wait that follows."""
    why = at.memory.waiting.get(spec["name"])
    if why is None or why.reason != "ErrImagePull":
        return
    if at.now - failed_at < PULL_ERROR_SECONDS:
        plan.wake(failed_at + PULL_ERROR_SECONDS)
        return
    text = f'Back-off pulling image "{spec.get("image", "")}": ErrImagePull: {why.message}'
    plan.waiting[spec["name"]] = Waiting("ImagePullBackOff", text)


def should_start(at: Situation, spec: Object) -> bool:
    """The container does not run, and the restart policy wants it to."""
    latest = at.view.latest(spec["name"])
    if latest is None:
        return True
    if latest.state == "running":
        return False
    if not pod_spec.is_dead(latest) or pod_spec.is_sidecar(spec):
        return True
    policy = pod_spec.restart_policy(at.pod)
    if spec in pod_spec.init_containers(at.pod):
        if at.view.current(spec["name"]) is None:
            return True
        return policy != "Never"
    if policy == "OnFailure":
        return not pod_spec.succeeded(latest)
    return policy == "Always"


def next_attempt(at: Situation, name: str) -> int:
    """One more than any attempt known, from the engine or from the API object."""
    latest = at.view.latest(name)
    if latest is not None and latest.state == "created" and not latest.error:
        return labels.attempt_of(latest)  # made by a kubelet that then died: made again
    known = [-1]
    if latest is not None:
        known.append(labels.attempt_of(latest))
    if name in at.memory.attempts:
        known.append(at.memory.attempts[name])
    return max(known) + 1


def crash_loop(at: Situation, name: str) -> Waiting:
    """The waiting state of a container in its restart backoff."""
    delay = backoff.words(at.memory.backoffs[name].delay)
    who = f"restarting failed container={name} pod={pod_spec.display_name(at.pod)}"
    return Waiting("CrashLoopBackOff", f"back-off {delay} {who}")


def stop_unfit(at: Situation, plan: Plan) -> None:
    """Stop containers that a probe condemned, whose spec changed, or of another sandbox."""
    sandbox = at.view.sandbox
    for item in at.view.running():
        name = item.labels.get(labels.CONTAINER, "")
        spec = pod_spec.find_container(at.pod, name)
        verdict = at.memory.unhealthy.get(item.id)
        grace = pod_spec.grace_seconds(at.pod)
        if sandbox is not None and item.labels.get(labels.SANDBOX) != sandbox.id:
            stop(at, plan, item, 0.0, "Pod sandbox changed, it will be killed and re-created.")
        elif spec is None or item is not at.view.latest(name):
            stop(at, plan, item, grace)
        elif verdict is not None:
            chosen = grace if verdict.grace is None else verdict.grace
            stop(at, plan, item, chosen, verdict.message)
        elif item.labels.get(labels.HASH) != labels.container_hash(spec):
            message = f"Container {name} definition changed, will be restarted"
            stop(at, plan, item, grace, message)


def stop(at: Situation, plan: Plan, item: Container, grace: float, message: str = "") -> None:
    """Plan a stop, unless it is under way."""
    if item.id not in at.busy:
        name = item.labels.get(labels.CONTAINER, "")
        plan.actions.append(StopContainer(item, name, grace, message))


def remove_superseded(at: Situation, plan: Plan) -> None:
    """Of each container keep the newest attempt and one dead one before it (for its last state)."""
    for attempts in at.view.containers.values():
        for item in attempts[2:]:
            if item.state != "running" and item.id not in at.busy:
                plan.actions.append(RemoveContainer(item))


def remove_or_stop(at: Situation, plan: Plan, sandbox: Container) -> None:
    """A sandbox that is not the pod's present one has to go."""
    if sandbox.id in at.busy:
        return
    if sandbox.state == "running":
        plan.actions.append(StopSandbox(sandbox))
    else:
        plan.actions.append(RemoveContainer(sandbox))


# -- a pod that is to end


def end_plan(at: Situation, delete: bool) -> Plan:
    """Stop containers, then sidecars in reverse order, then the sandbox; then finish."""
    plan = Plan()
    running = at.view.running()
    if running:
        stop_in_order(at, plan, running)
        return plan
    if any(spec["name"] in at.busy for spec in pod_spec.all_containers(at.pod)):
        return plan
    if at.busy & {STEP_SANDBOX, STEP_VOLUMES}:
        return plan
    sandboxes = [item for item in (at.view.sandbox, *at.view.old_sandboxes) if item is not None]
    alive = [item for item in sandboxes if item.state == "running"]
    for item in alive:
        if item.id not in at.busy:
            plan.actions.append(StopSandbox(item))
    if delete and not alive and STEP_FINISH not in at.busy and step_is_due(at, plan, STEP_FINISH):
        plan.actions.append(Finish())
    return plan


def stop_in_order(at: Situation, plan: Plan, running: list[Container]) -> None:
    """Sidecars outlive the containers they serve and end last-started first."""
    order = [spec["name"] for spec in pod_spec.sidecars(at.pod)]
    helpers = [item for item in running if item.labels.get(labels.CONTAINER) in order]
    others = [item for item in running if item not in helpers]
    if not others:
        rank = max(order.index(item.labels[labels.CONTAINER]) for item in helpers)
        others = [item for item in helpers if item.labels[labels.CONTAINER] == order[rank]]
    grace = pod_spec.grace_seconds(at.pod)
    if at.memory.kill_until:
        left = at.memory.kill_until - at.now
        grace = min(grace, max(left, pod_spec.GRACE_MIN_SECONDS))
    for item in others:
        stop(at, plan, item, grace)
