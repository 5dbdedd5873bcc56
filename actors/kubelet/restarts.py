"""Whether a container is to be started (again), and when. Pure.

Must not know: sandboxes, volumes, the order among containers. Source: Kubernetes docs, "Pod
Lifecycle: container restart policy".
"""

from actors.kubelet import backoff, labels, pod_spec
from actors.kubelet.pod_plan import Plan, Situation, StartContainer
from actors.kubelet.pod_view import Waiting
from cluster.api.types import Object

# A failed pull is shown as such this long, then as the wait that follows.
PULL_ERROR_SECONDS = 2.0


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


def should_start(at: Situation, spec: Object) -> bool:
    """The container does not run, and the restart policy wants it to."""
    latest = at.view.latest(spec["name"])
    if latest is None:
        return True
    if latest.state == "running":
        return False
    if not pod_spec.is_dead(latest) or pod_spec.is_sidecar(spec):
        return True
    if latest.id in at.memory.restarting:
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
