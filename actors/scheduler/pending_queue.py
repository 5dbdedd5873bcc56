"""Pods that wait for a node: ready ones by priority, those backing off, and those that nothing but
a change of the cluster can help. A pure machine; time is an argument.

Source: kube-scheduler's scheduling queue (activeQ, backoffQ, unschedulablePods) and its queueing
hints: a pod is woken only by changes that one of the filters against it cares about.
Must not know: nodes, how pods are placed.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from actors.kit.causes import Causes, merged
from actors.scheduler.pod_info import Key, PodInfo

BACKOFF_FIRST_SECONDS = 1.0
BACKOFF_MAX_SECONDS = 10.0
# A safety net: no pod is left alone longer than this whatever the hints say.
UNSCHEDULABLE_SECONDS_MAX = 300.0

Change = Literal[
    "node-added",
    "node-allocatable",
    "node-labels",
    "node-taints",
    "pod-deleted",
    "pod-placed",
    "pod-labels",
]

# Which changes may turn a filter's no into a yes.
HELPS: dict[str, frozenset[str]] = {
    "NodeUnschedulable": frozenset(("node-added", "node-taints")),
    "NodeName": frozenset(("node-added",)),
    "TaintToleration": frozenset(("node-added", "node-taints")),
    "NodeAffinity": frozenset(("node-added", "node-labels")),
    "NodePorts": frozenset(("node-added", "pod-deleted")),
    "NodeResourcesFit": frozenset(("node-added", "node-allocatable", "pod-deleted")),
    "PodTopologySpread": frozenset(
        ("node-added", "node-labels", "node-taints", "pod-deleted", "pod-placed", "pod-labels")
    ),
    "InterPodAffinity": frozenset(
        ("node-added", "node-labels", "pod-deleted", "pod-placed", "pod-labels")
    ),
}


@dataclass
class Waiting:
    """One pod in the queue. ``causes``: of the pod, then of what made a new attempt worth it;
    ``attempts``: failed ones; ``place``: which of the three parts."""

    pod: PodInfo
    causes: Causes
    since: float
    place: Literal["ready", "backoff", "unschedulable", "taken"] = "ready"
    attempts: int = 0
    # The number of its live heap entry: others are stale.
    entry: int = 0
    failed: frozenset[str] = frozenset()
    # Changes that came while a decision or a binding of the pod was under way.
    missed: set[str] = field(default_factory=set)


class PendingQueue:
    """Every pending pod is in exactly one part, or taken by the one who decides on it."""

    def __init__(self) -> None:
        self._waiting: dict[Key, Waiting] = {}
        self._ready: list[tuple[int, float, int, Key]] = []
        self._timed: list[tuple[float, int, Key]] = []
        self._pushed = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, key: Key) -> bool:
        return key in self._waiting

    def add(self, pod: PodInfo, now: float, trace: str = "") -> None:
        """A new pending pod, or a newer version of one: its change may be what it waited for."""
        present = self._waiting.get(pod.key)
        if present is None or present.pod.uid != pod.uid:
            present = self._waiting[pod.key] = Waiting(pod, merged((), trace), now)
            self._push_ready(present)
            return
        changed = _asks(present.pod) != _asks(pod)
        present.pod = pod
        present.causes = merged(present.causes, trace)
        if present.place == "taken":
            if changed:
                present.missed.add("pod-changed")
        elif present.place == "unschedulable" and changed:
            self._wake(present, now)

    def remove(self, key: Key) -> None:
        """The pod is placed, deleted or no longer ours."""
        self._waiting.pop(key, None)

    def pop(self, now: float) -> Waiting | None:
        """The next pod to decide on: highest priority, then longest waiting. It is then taken,
        until ``remove``, ``unschedulable`` or ``failed`` is said of it."""
        self._promote(now)
        while self._ready:
            _, _, pushed, key = heapq.heappop(self._ready)
            found = self._waiting.get(key)
            if found is not None and found.place == "ready" and found.entry == pushed:
                found.place = "taken"
                found.missed.clear()
                return found
        return None

    def unschedulable(self, key: Key, failed: Iterable[str], now: float) -> None:
        """No node fits; ``failed``: the filters against it. Changes that came meanwhile count."""
        found = self._waiting.get(key)
        if found is None or found.place != "taken":
            return
        found.attempts += 1
        found.failed = frozenset(failed)
        if "pod-changed" in found.missed or _helped(found.failed, found.missed):
            self._back_off(found, now)
        else:
            found.place = "unschedulable"
            found.since = now
            self._push_timed(found, now + UNSCHEDULABLE_SECONDS_MAX)

    def failed(self, key: Key, now: float) -> None:
        """Placing the pod failed for another reason (the binding did): try again after a while."""
        found = self._waiting.get(key)
        if found is not None and found.place == "taken":
            found.attempts += 1
            self._back_off(found, now)

    def changed(self, change: Change, now: float, trace: str = "") -> None:
        """Something happened in the cluster (``trace``: because of that): wake the pods that it
        may help."""
        for found in self._waiting.values():
            if found.place == "taken":
                found.missed.add(change)
            elif found.place == "unschedulable" and _helped(found.failed, (change,)):
                found.causes = merged(found.causes, trace)
                self._wake(found, now)

    def next_due(self) -> float | None:
        """When a pod becomes ready by itself, or None."""
        while self._timed:
            due, pushed, key = self._timed[0]
            found = self._waiting.get(key)
            if found is not None and found.entry == pushed and found.place != "ready":
                return due
            heapq.heappop(self._timed)
        return None

    def _promote(self, now: float) -> None:
        due = self.next_due()
        while due is not None and due <= now:
            _, _, key = heapq.heappop(self._timed)
            self._push_ready(self._waiting[key])
            due = self.next_due()

    def _wake(self, found: Waiting, now: float) -> None:
        """Ready at once if its backoff is over (it counts from the last attempt)."""
        due = found.since + backoff_seconds(found.attempts)
        if due <= now:
            self._push_ready(found)
        else:
            found.place = "backoff"
            self._push_timed(found, due)

    def _back_off(self, found: Waiting, now: float) -> None:
        found.place = "backoff"
        self._push_timed(found, now + backoff_seconds(found.attempts))

    def _push_ready(self, found: Waiting) -> None:
        self._pushed += 1
        found.place = "ready"
        found.entry = self._pushed
        order = (-found.pod.priority, found.since, self._pushed, found.pod.key)
        heapq.heappush(self._ready, order)

    def _push_timed(self, found: Waiting, due: float) -> None:
        self._pushed += 1
        found.entry = self._pushed
        heapq.heappush(self._timed, (due, self._pushed, found.pod.key))


def backoff_seconds(attempts: int) -> float:
    """1 s after the first failure, doubling up to 10 s; 0 before any."""
    if attempts <= 0:
        return 0.0
    return min(BACKOFF_MAX_SECONDS, BACKOFF_FIRST_SECONDS * 2.0 ** min(attempts - 1, 10))


def _helped(failed: frozenset[str], changes: Iterable[str]) -> bool:
    known = set(changes)
    return any(HELPS.get(name, known) & known for name in failed)


def _asks(pod: PodInfo) -> tuple[object, ...]:
    """What of a pod a decision depends on."""
    return (
        pod.requests,
        pod.node_selector,
        pod.node_terms,
        pod.tolerations,
        pod.labels,
        pod.spread,
        pod.affinity,
        pod.anti_affinity,
        pod.gated,
        pod.priority,
    )
