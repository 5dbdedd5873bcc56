"""Node lifecycle: a node that fell silent is marked, tainted, and its pods count as not ready.

Job: judge a node by its Lease (seen renewed here, so clocks of nodes do not matter) and by the
conditions its kubelet reports; keep the taints that follow. If no node at all is ready the fault is
more likely on this side, and nothing is driven out. Source: Kubernetes "Nodes: heartbeats", "Taint
nodes by condition". Must not know how pods are evicted, nor the API.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from actors.controllers import reasons
from actors.controllers.objects import (
    condition_of,
    created_at,
    is_finished,
    name_of,
    namespace_of,
    ready_since,
    uid_of,
)
from actors.controllers.plan import (
    Action,
    Announce,
    Announcement,
    Controller,
    Key,
    Patch,
    RequeueAfter,
    View,
    Watch,
)
from actors.controllers.taints import NO_SCHEDULE, taints_of
from cluster.api.placement import NO_EXECUTE
from cluster.api.resources import LEASES, NODES, PODS
from cluster.api.timestamps import parse_time, rfc3339
from cluster.api.types import Object
from cluster.names import (
    NAMESPACE_NODE_LEASE,
    TAINT_NOT_READY,
    TAINT_UNREACHABLE,
    TAINT_UNSCHEDULABLE,
)

STRATEGIC = "application/strategic-merge-patch+json"
# Conditions that only the kubelet can know.
KUBELET_CONDITIONS = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
# Seconds by which a node's clock may be ahead of ours.
CLOCK_AHEAD_MAX = 2.0
PRESSURE_TAINTS = {
    "MemoryPressure": "node.kubernetes.io/memory-pressure",
    "DiskPressure": "node.kubernetes.io/disk-pressure",
    "PIDPressure": "node.kubernetes.io/pid-pressure",
    "NetworkUnavailable": "node.kubernetes.io/network-unavailable",
}
OURS = frozenset(
    {TAINT_NOT_READY, TAINT_UNREACHABLE, TAINT_UNSCHEDULABLE, *PRESSURE_TAINTS.values()}
)


@dataclass(frozen=True)
class NodeLifecycle:
    """``grace``: seconds of silence after which a node's state is unknown."""

    grace: float

    def plan(self, key: Key, view: View, now: float) -> list[Action]:
        """``key``: ("", name) of a Node."""
        node = view.get(NODES, "", key[1])
        if node is None:
            return []
        silence = self.silence(node, view, now)
        silent = silence >= self.grace
        drives_out = not self._all_lost(view, now)
        why = self._why(node, silence, drives_out)
        actions: list[Action] = _taint(node, silent, drives_out, now, why)
        if silent:
            actions += _mark_unknown(node, now, why)
            actions += _mark_pods(node, view, now, why) if drives_out else []
            return actions
        return [*actions, RequeueAfter(self.grace - silence)]

    def silence(self, node: Object, view: View, now: float) -> float:
        """Seconds since the kubelet was last heard of, but never more than this controller runs.

        A Lease counts from when its renewal came in here; a heartbeat by the node's own clock,
        which is not believed if it is ahead.
        """
        heartbeat = parse_time((condition_of(node, "Ready") or {}).get("lastHeartbeatTime"))
        ages = [view.uptime]
        if heartbeat <= now + CLOCK_AHEAD_MAX:
            ages.append(max(0.0, now - max(heartbeat, created_at(node))))
        renewed = view.age(LEASES, NAMESPACE_NODE_LEASE, name_of(node))
        if renewed is not None:
            ages.append(renewed)
        return min(ages)

    def _why(self, node: Object, silence: float, drives_out: bool) -> str:
        if silence >= self.grace:
            words = f"its kubelet has been silent for {silence:.1f} s (it may for {self.grace:g} s)"
            return words if drives_out else f"{words}; so are all, and no pod is driven out"
        ready = _ready_status(node) or "not said yet"
        cordoned = ", and it is cordoned" if (node.get("spec") or {}).get("unschedulable") else ""
        return f"its kubelet says Ready: {ready}{cordoned}"

    def _all_lost(self, view: View, now: float) -> bool:
        """True if no node is heard of and ready."""
        return not any(
            _ready_status(node) == "True" and self.silence(node, view, now) < self.grace
            for node in view.list(NODES)
        )


def _ready_status(node: Object) -> str:
    return str((condition_of(node, "Ready") or {}).get("status", ""))


def _taint(node: Object, silent: bool, drives_out: bool, now: float, why: str) -> list[Action]:
    """The taints as they must be, others left alone; NoExecute ones get their time."""
    wanted = _wanted(node, silent, drives_out)
    present = taints_of(node)
    result: list[Object] = []
    for taint in present:
        pair = (str(taint.get("key")), str(taint.get("effect")))
        if taint.get("key") in OURS:
            if pair not in wanted:
                continue
            wanted.remove(pair)
        if taint.get("effect") == NO_EXECUTE and not taint.get("timeAdded"):
            taint = {**taint, "timeAdded": rfc3339(now)}
        result.append(taint)
    result += [
        {"key": taint_key, "effect": effect, "timeAdded": rfc3339(now)}
        for taint_key, effect in wanted
    ]
    if result == present:
        return []
    # The revision guards the list, which is replaced as a whole.
    meta = {"resourceVersion": node["metadata"].get("resourceVersion")}
    patch = {"metadata": meta, "spec": {"taints": result or None}}
    told = f"taints {reasons.taints(result) or 'none'}: {why}"
    return [Patch(NODES, "", name_of(node), patch, may_miss=True, why=told)]


def _wanted(node: Object, silent: bool, drives_out: bool) -> list[tuple[str, str]]:
    status = "Unknown" if silent else _ready_status(node)
    wanted: list[tuple[str, str]] = []
    if status in ("False", "Unknown"):
        lost = TAINT_UNREACHABLE if status == "Unknown" else TAINT_NOT_READY
        wanted.append((lost, NO_SCHEDULE))
        if drives_out:
            wanted.append((lost, NO_EXECUTE))
    elif not status:
        # Registered, but its kubelet has not yet said that it is ready.
        wanted.append((TAINT_NOT_READY, NO_SCHEDULE))
    if (node.get("spec") or {}).get("unschedulable"):
        wanted.append((TAINT_UNSCHEDULABLE, NO_SCHEDULE))
    for type, taint_key in PRESSURE_TAINTS.items():
        found = condition_of(node, type)
        if found is not None and found.get("status") == "True":
            wanted.append((taint_key, NO_SCHEDULE))
    return wanted


def _mark_unknown(node: Object, now: float, why: str) -> list[Action]:
    changed = [
        _unknown(type, condition_of(node, type), node, now)
        for type in KUBELET_CONDITIONS
        if (condition_of(node, type) or {}).get("status") != "Unknown"
    ]
    if not changed:
        return []
    patch = {"status": {"conditions": changed}}
    actions: list[Action] = [
        Patch(
            NODES,
            "",
            name_of(node),
            patch,
            STRATEGIC,
            "status",
            may_miss=True,
            why=f"its state is unknown: {why}",
        )
    ]
    if any(item["type"] == "Ready" for item in changed):
        text = f"Node {name_of(node)} status is now: NodeNotReady"
        actions.append(Announce(Announcement(node, "Normal", "NodeNotReady", text)))
    return actions


def _unknown(type: str, old: Object | None, node: Object, now: float) -> Object:
    if old is None:
        reason, message = "NodeStatusNeverUpdated", "Kubelet never posted node status."
        heartbeat = node["metadata"].get("creationTimestamp") or rfc3339(now)
    else:
        reason, message = "NodeStatusUnknown", "Kubelet stopped posting node status."
        heartbeat = old.get("lastHeartbeatTime") or rfc3339(now)
    return {
        "type": type,
        "status": "Unknown",
        "reason": reason,
        "message": message,
        "lastHeartbeatTime": heartbeat,
        "lastTransitionTime": rfc3339(now),
    }


def _mark_pods(node: Object, view: View, now: float, why: str) -> list[Action]:
    """Services must not send anyone to pods of a node that may be dead."""
    entry = {"type": "Ready", "status": "False", "lastTransitionTime": rfc3339(now)}
    return [
        Patch(
            PODS,
            namespace_of(pod),
            name_of(pod),
            {"metadata": {"uid": uid_of(pod)}, "status": {"conditions": [entry]}},
            STRATEGIC,
            "status",
            may_miss=True,
            why=f"it counts as not ready: of its node {name_of(node)}, {why}",
        )
        for pod in view.by_node(name_of(node))
        if ready_since(pod) is not None and not is_finished(pod)
    ]


def node_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The node if its health changed; all of them if one became ready or was lost."""
    changed = new or old or {}
    before = "" if old is None else _ready_status(old)
    after = "" if new is None else _ready_status(new)
    if before != after:
        return [("", name_of(node)) for node in view.list(NODES)]
    same = old is not None and new is not None and _health(old) == _health(new)
    return [] if same or new is None else [("", name_of(changed))]


def _health(node: Object) -> tuple[object, ...]:
    conditions = (node.get("status") or {}).get("conditions") or ()
    return (
        [(item.get("type"), item.get("status")) for item in conditions],
        taints_of(node),
        (node.get("spec") or {}).get("unschedulable"),
        uid_of(node),
    )


def lease_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """A renewal wakes nothing while the node is well: the timer of its plan looks at the Lease."""
    lease = new or old or {}
    if namespace_of(lease) != NAMESPACE_NODE_LEASE:
        return []
    name = name_of(lease)
    node = view.get(NODES, "", name)
    renewed = old is not None and new is not None
    if node is None or (renewed and _ready_status(node) == "True"):
        return []
    return [("", name)]


def pod_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """A pod that claims to be ready on a node that is lost."""
    if new is None or ready_since(new) is None:
        return []
    name = (new.get("spec") or {}).get("nodeName") or ""
    node = view.get(NODES, "", name) if name else None
    return [("", name)] if node is not None and _ready_status(node) == "Unknown" else []


def make_controller(grace: float) -> Controller:
    """The controller with that grace, in seconds."""
    return Controller(
        "node-controller",
        (Watch(NODES, node_keys), Watch(LEASES, lease_keys), Watch(PODS, pod_keys)),
        NodeLifecycle(grace).plan,
    )
