"""The scheduler's whole knowledge: the snapshot, the queue, and what is assumed in between.

Fed with watch events and results of bindings, asked for the next thing to do. Pure: the shell in
``actor.py`` does what comes out.
Must not know: informers, the API, tasks.
"""

from typing import Any, NamedTuple

from actors.kit.causes import Causes
from actors.scheduler.decision import Decision, decide
from actors.scheduler.explanation import explain
from actors.scheduler.node_snapshot import Snapshot
from actors.scheduler.pending_queue import PendingQueue
from actors.scheduler.pod_info import SCHEDULER_NAME, Key, PodInfo, parse_pod, waits_for_another
from actors.scheduler.rankings import Rankings
from cluster.api.types import Object


class Step(NamedTuple):
    """A decision on one pod, with the causes of what asked for it. ``told``: why, for the trace."""

    pod: PodInfo
    causes: Causes
    decision: Decision
    told: dict[str, Any]


class SchedulerState:
    """One leadership's worth of knowledge; a new leader starts with a new one and a fresh list."""

    def __init__(self) -> None:
        self.snapshot = Snapshot()
        self.queue = PendingQueue()
        # Pods placed by us that the watch has not shown as bound yet, by uid.
        self._assumed: dict[Key, str] = {}
        self._start = 0
        self._rankings = Rankings(self.snapshot)

    def node_changed(
        self, new: Object | None, old: Object | None, now: float, trace: str = ""
    ) -> None:
        """A Node was added or changed (``new``), or deleted (only ``old``)."""
        if new is None:
            if old is not None:
                self.snapshot.remove_node(old["metadata"]["name"])
            return
        for change in sorted(self.snapshot.set_node(new)):
            match change:
                case "added":
                    self.queue.changed("node-added", now, trace)
                case "allocatable":
                    self.queue.changed("node-allocatable", now, trace)
                case "labels":
                    self.queue.changed("node-labels", now, trace)
                case _:
                    self.queue.changed("node-taints", now, trace)

    def namespace_changed(self, new: Object | None, old: Object | None) -> None:
        """A Namespace's labels, for namespace selectors of affinity terms."""
        obj = new or old or {}
        name = obj["metadata"]["name"]
        if new is None:
            self.snapshot.namespaces.pop(name, None)
        else:
            self.snapshot.namespaces[name] = new["metadata"].get("labels") or {}

    def pod_changed(self, new: Object | None, old: Object | None, trace: str, now: float) -> None:
        """A Pod was added or changed (``new``), or deleted (only ``old``)."""
        if new is None:
            if old is not None:
                meta = old["metadata"]
                self._gone((meta.get("namespace") or "", meta["name"]), now, trace)
            return
        if waits_for_another(new):
            meta = new["metadata"]
            self._gone((meta.get("namespace") or "", meta["name"]), now, trace)
            return
        pod = parse_pod(new)
        if pod.finished:
            self._gone(pod.key, now, trace)
        elif pod.node_name:
            self._placed(pod, now, trace)
        elif self._assumed.get(pod.key) == pod.uid:
            # Our binding is under way, or done and not seen yet: it keeps its room.
            self.queue_known(pod, now, trace)
        else:
            if pod.key in self._assumed:
                self._gone(pod.key, now, trace)
            self._pending(pod, now, trace)

    def queue_known(self, pod: PodInfo, now: float, trace: str) -> None:
        """A newer version of a pod that waits for its binding."""
        if pod.key in self.queue:
            self.queue.add(pod, now, trace)

    def _gone(self, key: Key, now: float, trace: str) -> None:
        self._assumed.pop(key, None)
        self.queue.remove(key)
        if self.snapshot.remove_pod(key):
            self.queue.changed("pod-deleted", now, trace)

    def _placed(self, pod: PodInfo, now: float, trace: str) -> None:
        self._assumed.pop(pod.key, None)
        self.queue.remove(pod.key)
        node = self.snapshot.nodes.get(self.snapshot.node_of(pod.key))
        before = node.pods.get(pod.key) if node is not None else None
        self.snapshot.place(pod, pod.node_name)
        if before is None:
            self.queue.changed("pod-placed", now, trace)
        elif before.labels != pod.labels or before.terminating != pod.terminating:
            self.queue.changed("pod-labels", now, trace)
        elif before.requests != pod.requests:
            # Resized in place (KEP-1287): room may have come free.
            self.queue.changed("pod-deleted", now, trace)

    def _pending(self, pod: PodInfo, now: float, trace: str) -> None:
        if pod.scheduler != SCHEDULER_NAME or pod.gated or pod.terminating:
            self.queue.remove(pod.key)
        else:
            self.queue.add(pod, now, trace)

    def step(self, now: float, entropy: float) -> Step | None:
        """Decide on the next ready pod; None if none is ready. A pod with a node is assumed there
        at once; the caller then says ``bound`` or ``not_bound`` of it."""
        waiting = self.queue.pop(now)
        if waiting is None:
            return None
        pod = waiting.pod
        decision = decide(pod, self.snapshot, entropy, self._start, self._rankings)
        self._start += decision.examined
        told: dict[str, Any] = {}
        if decision.node:
            told = explain(pod, self.snapshot, decision.node)
            self.snapshot.place(pod, decision.node)
            self._assumed[pod.key] = pod.uid
        else:
            self.queue.unschedulable(pod.key, decision.failed, now)
        causes, waiting.causes = waiting.causes, waiting.causes[:1]
        return Step(pod, causes, decision, told)

    def bound(self, pod: PodInfo) -> None:
        """The binding was accepted. The room stays taken; the watch will show the pod there."""
        if self._assumed.get(pod.key) == pod.uid:
            self.queue.remove(pod.key)

    def not_bound(self, pod: PodInfo, again: bool, now: float) -> None:
        """The binding was refused. ``again``: try later; else the pod is gone or is elsewhere, as
        the watch will tell."""
        if self._assumed.get(pod.key) != pod.uid:
            return
        del self._assumed[pod.key]
        self.snapshot.remove_pod(pod.key)
        if again:
            self.queue.failed(pod.key, now)
        else:
            self.queue.remove(pod.key)
        self.queue.changed("pod-deleted", now)
