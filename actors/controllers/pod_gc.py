"""Pod garbage collector: pods that no kubelet will ever finish.

Job: force the deletion of pods of nodes that are gone, of terminating pods that never came to a
node, of terminating pods on nodes declared out of service; drop the oldest finished pods beyond a
bound. Source: Kubernetes "Pod Lifecycle: garbage collection of Pods".
Must not know how nodes die, nor the API.
"""

from collections.abc import Iterable

from actors.controllers.objects import (
    condition_of,
    created_at,
    is_finished,
    is_terminating,
    name_of,
    namespace_of,
    node_of,
    uid_of,
)
from actors.controllers.plan import (
    Action,
    Controller,
    Delete,
    Key,
    Patch,
    RequeueAfter,
    RequireAbsent,
    View,
    Watch,
)
from actors.controllers.taints import taints_of
from cluster.api.resources import NODES, PODS
from cluster.api.types import Object

# Kubernetes waits 40 s for a node to come back under its name; here a node's object is only ever
# removed on purpose.
QUARANTINE_SECONDS = 5.0
FINISHED_MAX = 12_500
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"


def plan(key: Key, view: View, now: float) -> list[Action]:
    """``key``: (namespace, name) of a Pod."""
    pod = view.get(PODS, *key)
    if pod is None:
        return []
    node_name = node_of(pod)
    if not node_name:
        why = "it was deleted before it came to a node"
        return [_force(pod, why)] if is_terminating(pod) else []
    node = view.get(NODES, "", node_name)
    if node is None:
        return _orphan(pod, node_name, view)
    if is_terminating(pod) and _is_out_of_service(node):
        return [_fail(pod), _force(pod, f"node {node_name} is declared out of service")]
    return _excess(pod, view)


def _orphan(pod: Object, node_name: str, view: View) -> list[Action]:
    waited = min(view.uptime, view.age(PODS, namespace_of(pod), name_of(pod)) or 0.0)
    if waited < QUARANTINE_SECONDS:
        return [RequeueAfter(QUARANTINE_SECONDS - waited)]
    proof = RequireAbsent(NODES, "", node_name, "")
    force = _force(pod, f"node {node_name} is no more")
    return [proof, _fail(pod), force] if not is_finished(pod) else [proof, force]


def _is_out_of_service(node: Object) -> bool:
    ready = condition_of(node, "Ready")
    tainted = any(taint.get("key") == OUT_OF_SERVICE for taint in taints_of(node))
    return tainted and (ready is None or ready.get("status") != "True")


def _fail(pod: Object) -> Patch:
    """Whoever waits for the pod's end must see one."""
    body = {
        "metadata": {"uid": uid_of(pod)},
        "status": {"phase": "Failed", "reason": "PodGC", "message": "PodGC: node no longer exists"},
    }
    return Patch(
        PODS,
        namespace_of(pod),
        name_of(pod),
        body,
        "application/merge-patch+json",
        "status",
        may_miss=True,
    )


def _force(pod: Object, why: str) -> Delete:
    return Delete(PODS, namespace_of(pod), name_of(pod), uid_of(pod), grace=0, why=why)


def _excess(pod: Object, view: View) -> list[Action]:
    """A finished pod goes if there are too many and it is among the oldest."""
    if not is_finished(pod) or len(view.caches[PODS]) <= FINISHED_MAX:
        return []
    finished = [item for item in view.list(PODS) if is_finished(item)]
    excess = len(finished) - FINISHED_MAX
    if excess <= 0:
        return []
    oldest = sorted(finished, key=lambda item: (created_at(item), uid_of(item)))[:excess]
    why = f"more than {FINISHED_MAX} pods have finished, and it is among the oldest"
    return [_force(item, why) for item in oldest if not is_terminating(item)]


def pod_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """A pod without node, of a node that is not there, or that has finished."""
    if new is None:
        return []
    node = view.entry(NODES, "", node_of(new)) if node_of(new) else None
    if node is None or is_finished(new) or is_terminating(new):
        return [(namespace_of(new), name_of(new))]
    return []


def node_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """All pods of a node that went, or whose taints changed."""
    if new is not None and old is not None and taints_of(old) == taints_of(new):
        return []
    node = new or old or {}
    return [(namespace_of(pod), name_of(pod)) for pod in view.by_node(name_of(node))]


CONTROLLER = Controller(
    "pod-garbage-collector",
    (Watch(PODS, pod_keys), Watch(NODES, node_keys)),
    plan,
)
