"""The end of a pod: containers, then sidecars, then the sandbox, then all its traces. Pure.

Must not know: why it ends. Source: Kubernetes docs, "Pod Lifecycle: termination of Pods"; KEP-753.
"""

from actors.kit.world.containers import Container
from actors.kubelet import labels, pod_spec
from actors.kubelet.pod_plan import (
    STEP_FINISH,
    STEP_SANDBOX,
    STEP_VOLUMES,
    Finish,
    Plan,
    Situation,
    StopSandbox,
    step_is_due,
    stop,
)


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
