"""How far a pod has come: which init containers are through, whether it has reached its end. Pure.

Must not know: what to do about it.
"""

from collections.abc import Collection

from actors.kit.world.containers import Container
from actors.kubelet import pod_spec
from actors.kubelet.pod_view import PodMemory, PodView
from cluster.api.types import Object


def outcome(pod: Object, view: PodView, restarting: Collection[str] = ()) -> str:
    """Succeeded or Failed once no container will be started again, else ''.

    ``restarting``: ids of containers that have ended but will."""
    policy = pod_spec.restart_policy(pod)
    if policy == "Never" and init_failed(pod, view):
        return "Failed"
    if policy == "Always":
        return ""
    ended = [view.latest(spec["name"]) for spec in pod_spec.main_containers(pod)]
    dead = [
        item
        for item in ended
        if item is not None and pod_spec.is_dead(item) and item.id not in restarting
    ]
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


def has_begun(pod: Object, view: PodView) -> bool:
    """A main container has been made in this sandbox: initialization is over."""
    specs = pod_spec.main_containers(pod)
    return any(view.current(spec["name"]) is not None for spec in specs)


def initialized(pod: Object, view: PodView, memory: PodMemory) -> bool:
    """All init containers are through (for the pod's Initialized condition)."""
    if has_begun(pod, view):
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
