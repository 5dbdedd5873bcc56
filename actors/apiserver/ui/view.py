"""The state that a page shows, put together from what is known of the cluster. Pure.

Job: sections of keyed values (see ``changes``). Must not know: who told what, or who looks.
"""

from collections.abc import Callable, Iterable
from typing import Any

from actors.apiserver.ui import summaries
from actors.apiserver.ui.changes import State
from actors.apiserver.ui.flows import FlowCounter
from cluster.messages.store import KeyValue, StoreEvent, StoreStatus
from cluster.settings import ClusterSettings

Told = tuple[str, Any]
# Pods that a page is told of one by one: a bound on what a browser must draw.
PODS_MAX = 2_000


class Known:
    """The objects of one kind, each as ``tell`` says it. A ``following.Follower``."""

    def __init__(self, tell: Callable[[KeyValue], Told]) -> None:
        self._tell = tell
        self._names: dict[str, str] = {}
        self.told: dict[str, Any] = {}

    def reset(self, items: Iterable[KeyValue]) -> None:
        """All that there are."""
        self._names, self.told = {}, {}
        for item in items:
            self._put(item)

    def apply(self, events: Iterable[StoreEvent]) -> None:
        """Changes, in order."""
        for event in events:
            if event.kind == "delete":
                self.told.pop(self._names.pop(event.item.key, ""), None)
            else:
                self._put(event.item)

    def lost(self) -> None:
        """What was known last is shown until it can be read again."""

    def _put(self, item: KeyValue) -> None:
        name, told = self._tell(item)
        self._names[item.key] = name
        self.told[name] = told


class View:
    """``me``: the replica that serves the page. ``processes``: how the trace of each is reached."""

    def __init__(self, me: str) -> None:
        self.me = me
        self.nodes = Known(summaries.node)
        self.pods = Known(summaries.pod)
        self.flows = FlowCounter()
        self.statuses: dict[str, StoreStatus | str] = {}
        self.processes: dict[str, str] = {}
        self.missed: dict[str, int] = {}
        self.faults: dict[str, Any] = {}
        self.no_faults = ""

    def state(self, settings: ClusterSettings, now: float) -> State:
        """All sections. ``now``: seconds of a clock that is never set back."""
        replicas = {
            one.name: summaries.replica(one, self.statuses.get(one.name))
            for one in settings.replicas
        }
        nodes: dict[str, Any] = {
            name: {**told, "zone": settings.zone_of(name), "process": self.processes.get(name, "")}
            for name, told in self.nodes.told.items()
        }
        for one in settings.nodes:
            if one.name not in nodes:
                nodes[one.name] = {
                    "ready": False, "why": "not registered", "cordoned": False, "taints": [],
                    "zone": one.zone, "process": self.processes.get(one.name, ""),
                }  # fmt: skip
        pods = self.pods.told
        shown = dict(list(pods.items())[:PODS_MAX]) if len(pods) > PODS_MAX else dict(pods)
        return {
            "cluster": {"": self._cluster(settings)},
            "replicas": replicas,
            "nodes": nodes,
            "pods": shown,
            "flows": self.flows.flows(now),
            "messages": self.flows.messages(),
            "faults": dict(self.faults),
        }

    def _cluster(self, settings: ClusterSettings) -> dict[str, Any]:
        known = [one for one in self.statuses.values() if isinstance(one, StoreStatus)]
        mine = self.statuses.get(self.me)
        me = mine if isinstance(mine, StoreStatus) else None
        return {
            "name": settings.name,
            "replica": self.me,
            "leader": me.leader if me is not None else "",
            "quorum": summaries.has_quorum(known, me) if self.me in self.statuses else None,
            "pods": len(self.pods.told),
            "zones": list(dict.fromkeys(one.zone for one in settings.processes())),
            "untraced": {name: why for name, why in self.processes.items() if why},
            "missed": sum(self.missed.values()),
            "chaos": self.no_faults,
        }
