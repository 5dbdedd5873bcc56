"""What to do next for one pod: (spec, what is seen, what is remembered, now) → actions. Pure.

Level triggered: it says only the steps that can be taken now, and is asked again when one of them
has ended or something changed. The order of a pod's life::

    volumes → sandbox → network → init containers (sidecars stay) → containers
    → (all ended, deadline, or deletion) stop containers → stop sidecars → stop sandbox → finish

Running containers are resized in place, or stopped to be started with other resources (KEP-1287).
A dead sandbox sends the pod back to its second step, with everything of the old one stopped.
Must not know: the engine, the API server, how long anything takes.

Source: Kubernetes docs, "Pod Lifecycle", "Init Containers", "Sidecar Containers" (KEP-753).
"""

from actors.kit.world.containers import Container
from actors.kubelet import labels, pod_spec
from actors.kubelet.pod_ending import end_plan
from actors.kubelet.pod_plan import (
    STEP_SANDBOX,
    STEP_VOLUMES,
    AttachNetwork,
    Plan,
    PrepareVolumes,
    RemoveContainer,
    RunSandbox,
    Situation,
    StopSandbox,
    step_is_due,
    stop,
)
from actors.kubelet.pod_view import Waiting
from actors.kubelet.progress import has_begun, is_started, outcome
from actors.kubelet.resizing import needs_restart, resize_plan
from actors.kubelet.restarts import start_if_due


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
    plan.outcome = outcome(at.pod, at.view, at.memory.restarting)
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
    resize_plan(at, plan)
    if starting(at) or ephemeral_plan(at, plan):
        return
    if not has_begun(at.pod, at.view) and not init_plan(at, plan):
        return
    if has_begun(at.pod, at.view):
        for spec in pod_spec.sidecars(at.pod):
            if start_if_due(at, plan, spec):
                return
    for spec in pod_spec.main_containers(at.pod):
        if start_if_due(at, plan, spec):
            return


def ephemeral_plan(at: Situation, plan: Plan) -> bool:
    """Start ephemeral containers, each once. True if a start was planned."""
    for spec in pod_spec.ephemeral_containers(at.pod):
        name = spec["name"]
        latest = at.view.latest(name)
        begun = name in at.memory.attempts
        if latest is not None:
            begun = latest.state != "created" or latest.error != ""
        if not begun and start_if_due(at, plan, spec):
            return True
    return False


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
        plan.actions.append(RunSandbox(next_sandbox_attempt(at.view.sandbox)))


def next_sandbox_attempt(old: Container | None) -> int:
    """One that was only created is made again under its name: the engine may still be starting it
    for a kubelet that died, and two must not run."""
    if old is None:
        return 0
    begun = old.state != "created" or old.error != ""
    return labels.attempt_of(old) + begun


def volumes_plan(at: Situation, plan: Plan) -> None:
    """Volumes come before the sandbox."""
    if STEP_VOLUMES not in at.busy and step_is_due(at, plan, STEP_VOLUMES):
        plan.actions.append(PrepareVolumes())


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
            stop(at, plan, item, grace, message, restart=True)
        elif needs_restart(at.pod, spec, item, at.memory):
            message = f"Container {name} resize requires restart"
            stop(at, plan, item, grace, message, restart=True)


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
