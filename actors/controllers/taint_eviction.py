"""Taint eviction: pods leave a node whose NoExecute taints they tolerate no longer.

Source: Kubernetes "Taint based Evictions". The deletion is graceful: a kubelet that still lives
ends the pod in order, and a controller replaces it at once since a terminating pod counts no more.
Must not know why a node is tainted, nor the API.
"""

from collections.abc import Iterable

from actors.controllers import reasons
from actors.controllers.objects import (
    condition_of,
    is_terminating,
    name_of,
    namespace_of,
    node_of,
    uid_of,
)
from actors.controllers.plan import (
    Action,
    Announce,
    Announcement,
    Controller,
    Delete,
    Key,
    Patch,
    RequeueAfter,
    View,
    Watch,
)
from actors.controllers.taints import eviction_time, taints_of
from cluster.api.placement import NO_EXECUTE
from cluster.api.resources import NODES, PODS
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object

REASON = "DeletionByTaintManager"
MESSAGE = "Taint manager: deleting due to NoExecute taint"


def plan(key: Key, view: View, now: float) -> list[Action]:
    """``key``: (namespace, name) of a Pod."""
    pod = view.get(PODS, *key)
    if pod is None or is_terminating(pod) or not node_of(pod):
        return []
    node = view.get(NODES, "", node_of(pod))
    if node is None:
        return []
    due = eviction_time(pod, node)
    if due is None:
        return []
    if due > now:
        return [RequeueAfter(due - now, caused=True)]
    said = Announcement(
        pod, "Normal", "TaintManagerEviction", f"Marking for deletion Pod {'/'.join(key)}"
    )
    return [
        *_mark(pod, now),
        Announce(said),
        Delete(PODS, namespace_of(pod), name_of(pod), uid_of(pod), why=_why(node)),
    ]


def _why(node: Object) -> str:
    driving = [taint for taint in taints_of(node) if taint.get("effect") == NO_EXECUTE]
    return (
        f"node {name_of(node)} has the taint {reasons.taints(driving)}, which the pod does not "
        "tolerate (any longer)"
    )


def _mark(pod: Object, now: float) -> list[Action]:
    """Say in the pod's status that it is disrupted, as policies of Jobs want to know."""
    old = condition_of(pod, "DisruptionTarget")
    if old is not None and old.get("status") == "True":
        return []
    entry = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": REASON,
        "message": MESSAGE,
        "lastTransitionTime": rfc3339(now),
    }
    patch = {"metadata": {"uid": uid_of(pod)}, "status": {"conditions": [entry]}}
    return [
        Patch(
            PODS,
            namespace_of(pod),
            name_of(pod),
            patch,
            "application/strategic-merge-patch+json",
            "status",
            may_miss=True,
        )
    ]


def pod_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """A pod that came to a node, or whose tolerations changed."""
    if new is None or not node_of(new):
        return []
    if old is not None and node_of(old) == node_of(new):
        same = old["spec"].get("tolerations") == new["spec"].get("tolerations")
        if same and uid_of(old) == uid_of(new):
            return []
    return [(namespace_of(new), name_of(new))]


def node_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """All pods of a node whose NoExecute taints changed."""

    def evicting(node: Object | None) -> list[Object]:
        return [item for item in taints_of(node or {}) if item.get("effect") == NO_EXECUTE]

    if new is None or evicting(old) == evicting(new):
        return []
    return [(namespace_of(pod), name_of(pod)) for pod in view.by_node(name_of(new))]


CONTROLLER = Controller(
    "taint-eviction-controller",
    (Watch(PODS, pod_keys), Watch(NODES, node_keys)),
    plan,
)
