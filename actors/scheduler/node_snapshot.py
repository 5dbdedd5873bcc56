"""What the scheduler believes: nodes with their free room, and the pods placed on them.

Everything is kept up by each change, nothing is summed up per decision: requests per node, ports,
and for each label selector that a decision once asked about, the matching pods per node.
Pods just bound ("assumed") are in here before the watch tells of them, so that one node is not
given away twice.

Must not know: queues, informers. Source: kube-scheduler's cache and NodeInfo.
"""

from collections import Counter
from collections.abc import Mapping
from itertools import zip_longest
from typing import NamedTuple

from actors.scheduler.pod_info import Key, PodInfo, PodTerm
from actors.scheduler.requests import Amounts, amounts
from cluster.api.placement import HostPort
from cluster.api.selectors import LabelSelector
from cluster.api.types import Object
from cluster.names import LABEL_ZONE

# Selectors whose matches are kept counted; the oldest is forgotten.
COUNTED_SELECTORS_MAX = 512
CHANGES_KEPT_MAX = 20_000


class Taint(NamedTuple):
    """A node's taint."""

    key: str
    value: str
    effect: str


class Matcher(NamedTuple):
    """Which pods count. ``namespaces`` None: all. ``owner`` not '': pods of that controller."""

    namespaces: frozenset[str] | None
    selector: LabelSelector
    owner: str = ""

    def matches(self, pod: PodInfo) -> bool:
        if self.namespaces is not None and pod.namespace not in self.namespaces:
            return False
        if self.owner:
            return pod.owner == self.owner
        return self.selector.matches(pod.labels)


CountKey = tuple[tuple[Matcher, ...], bool]
EVERYWHERE = ("", "")


class NodeInfo:
    """One node. ``present`` False: only pods that name it are known, or it was deleted."""

    __slots__ = (
        "allocatable",
        "images",
        "labels",
        "name",
        "pods",
        "ports",
        "present",
        "scored_cpu",
        "scored_memory",
        "taints",
        "unschedulable",
        "used",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.present = False
        self.labels: dict[str, str] = {}
        self.taints: tuple[Taint, ...] = ()
        self.unschedulable = False
        self.allocatable: Amounts = {}
        self.images: dict[str, int] = {}
        self.used: Amounts = {}
        self.scored_cpu = 0
        self.scored_memory = 0
        self.ports: Counter[HostPort] = Counter()
        self.pods: dict[Key, PodInfo] = {}

    @property
    def zone(self) -> str:
        return self.labels.get(LABEL_ZONE, "")

    def describe(self, obj: Object) -> None:
        """Take in the Node object."""
        spec, status = obj.get("spec") or {}, obj.get("status") or {}
        self.present = True
        self.labels = obj["metadata"].get("labels") or {}
        self.taints = tuple(
            Taint(item.get("key") or "", item.get("value") or "", item.get("effect") or "")
            for item in spec.get("taints") or ()
        )
        self.unschedulable = bool(spec.get("unschedulable"))
        self.allocatable = amounts(status.get("allocatable") or status.get("capacity"))
        self.images = {
            name: int(image.get("sizeBytes") or 0)
            for image in status.get("images") or ()
            for name in image.get("names") or ()
        }

    def add(self, pod: PodInfo, sign: int) -> None:
        """Take (1) or give back (-1) what the pod uses."""
        for name, value in pod.requests:
            self.used[name] = self.used.get(name, 0) + sign * value
        self.scored_cpu += sign * pod.scored_cpu
        self.scored_memory += sign * pod.scored_memory
        for port in pod.host_ports:
            self.ports[port] += sign
            if not self.ports[port]:
                del self.ports[port]


class ChangeLog:
    """Who changed, for readers that each keep their own place in it."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._first = 0

    @property
    def end(self) -> int:
        """The place behind the last change."""
        return self._first + len(self._names)

    def add(self, name: str) -> None:
        """Note a change. The older half is forgotten when there are too many."""
        self._names.append(name)
        if len(self._names) > CHANGES_KEPT_MAX:
            half = len(self._names) // 2
            del self._names[:half]
            self._first += half

    def since(self, place: int) -> set[str] | None:
        """Names that changed from ``place`` on; None if that is forgotten."""
        if place < self._first:
            return None
        return set(self._names[place - self._first :])


class Snapshot:
    """The whole cluster as far as it concerns placement."""

    def __init__(self) -> None:
        self.nodes: dict[str, NodeInfo] = {}
        self.namespaces: dict[str, dict[str, str]] = {}
        # Pods with terms that bind others: required anti-affinity, and any that scores.
        self.repelling: dict[Key, PodInfo] = {}
        self.attracting: dict[Key, PodInfo] = {}
        self.zone_pods: Counter[str] = Counter()
        # Image name → nodes that hold it; PreferNoSchedule taints there are.
        self.image_nodes: Counter[str] = Counter()
        self.soft_taints = 0
        # Names of nodes in order of their changes (a pod came or went, the Node changed).
        self.changes = ChangeLog()
        self._where: dict[Key, str] = {}
        self._counts: dict[CountKey, Counter[str]] = {}
        # The same counts by what a pod must have to be in them: a placement touches only those.
        self._buckets: dict[tuple[str, str], dict[CountKey, Counter[str]]] = {}
        self._order: list[NodeInfo] | None = None

    def set_node(self, obj: Object) -> frozenset[str]:
        """Take in a Node; returns which of added, allocatable, labels, taints changed."""
        name = obj["metadata"]["name"]
        node = self.nodes.get(name)
        if node is None:
            node = self.nodes[name] = NodeInfo(name)
        before = (node.present, node.allocatable, node.labels, node.taints, node.unschedulable)
        zone = node.zone
        self._tally(node, -1)
        node.describe(obj)
        self._tally(node, 1)
        self._rezone(node, zone)
        self.changes.add(name)
        if not before[0]:
            self._order = None
            return frozenset(("added",))
        changed = set()
        if before[1] != node.allocatable:
            changed.add("allocatable")
        if before[2] != node.labels:
            changed.add("labels")
            self._order = None
        if before[3] != node.taints or before[4] != node.unschedulable:
            changed.add("taints")
        return frozenset(changed)

    def _rezone(self, node: NodeInfo, before: str) -> None:
        if node.zone != before:
            self.zone_pods[before] -= len(node.pods)
            self.zone_pods[node.zone] += len(node.pods)

    def _tally(self, node: NodeInfo, sign: int) -> None:
        if not node.present:
            return
        for image in node.images:
            self.image_nodes[image] += sign
            if not self.image_nodes[image]:
                del self.image_nodes[image]
        self.soft_taints += sign * sum(
            1 for taint in node.taints if taint.effect == "PreferNoSchedule"
        )

    def remove_node(self, name: str) -> None:
        """The Node is gone; its pods go one by one, as they are deleted."""
        node = self.nodes.get(name)
        if node is None:
            return
        self._tally(node, -1)
        node.present = False
        self.changes.add(name)
        self._order = None
        if not node.pods:
            del self.nodes[name]

    def place(self, pod: PodInfo, name: str) -> None:
        """The pod is on that node (again: a newer version of it replaces the older)."""
        self.remove_pod(pod.key)
        node = self.nodes.get(name)
        if node is None:
            node = self.nodes[name] = NodeInfo(name)
        node.pods[pod.key] = pod
        node.add(pod, 1)
        self.changes.add(name)
        self._where[pod.key] = name
        self.zone_pods[node.zone] += 1
        if pod.anti_affinity:
            self.repelling[pod.key] = pod
        if pod.preferred_pods or pod.affinity:
            self.attracting[pod.key] = pod
        self._count(pod, name, 1)

    def remove_pod(self, key: Key) -> bool:
        """Forget a placed pod; False if it was not placed."""
        name = self._where.pop(key, None)
        if name is None:
            return False
        self.changes.add(name)
        node = self.nodes[name]
        pod = node.pods.pop(key)
        node.add(pod, -1)
        self.zone_pods[node.zone] -= 1
        self.repelling.pop(key, None)
        self.attracting.pop(key, None)
        self._count(pod, name, -1)
        if not node.present and not node.pods:
            del self.nodes[name]
        return True

    def node_of(self, key: Key) -> str:
        """Where the pod is placed, '' if it is not."""
        return self._where.get(key, "")

    def present(self) -> list[NodeInfo]:
        """Nodes that exist, zones taking turns (so that a prefix of the list is spread too)."""
        if self._order is None:
            zones: dict[str, list[NodeInfo]] = {}
            for name in sorted(self.nodes):
                node = self.nodes[name]
                if node.present:
                    zones.setdefault(node.zone, []).append(node)
            rows = zip_longest(*(zones[zone] for zone in sorted(zones)))
            self._order = [node for row in rows for node in row if node is not None]
        return self._order

    def matching(self, matchers: tuple[Matcher, ...], living: bool) -> Mapping[str, int]:
        """Node name → placed pods that all ``matchers`` match. ``living``: without those being
        deleted. Kept up to date from the first question on."""
        key = (matchers, living)
        counts = self._counts.get(key)
        if counts is None:
            counts = Counter()
            for node in self.nodes.values():
                found = sum(1 for pod in node.pods.values() if _counts(pod, matchers, living))
                if found:
                    counts[node.name] = found
            self._counts[key] = counts
            for bucket in _buckets_of(matchers[0]):
                self._buckets.setdefault(bucket, {})[key] = counts
            while len(self._counts) > COUNTED_SELECTORS_MAX:
                self._forget(next(iter(self._counts)))
        return counts

    def _forget(self, key: CountKey) -> None:
        del self._counts[key]
        for bucket in _buckets_of(key[0][0]):
            self._buckets[bucket].pop(key)
            if not self._buckets[bucket]:
                del self._buckets[bucket]

    def matcher(self, term: PodTerm) -> Matcher:
        """The term's pods, its namespace selector resolved against the namespaces of now."""
        namespaces = term.namespaces
        if term.namespace_selector is not None:
            if term.namespace_selector.everything:
                return Matcher(None, term.selector)
            found = (
                name
                for name, labels in self.namespaces.items()
                if term.namespace_selector.matches(labels)
            )
            namespaces = namespaces.union(found)
        return Matcher(namespaces, term.selector)

    def _count(self, pod: PodInfo, name: str, sign: int) -> None:
        for bucket in (("owner", pod.owner), ("namespace", pod.namespace), EVERYWHERE):
            for (matchers, living), counts in self._buckets.get(bucket, {}).items():
                if _counts(pod, matchers, living):
                    counts[name] += sign
                    if not counts[name]:
                        del counts[name]


def _buckets_of(matcher: Matcher) -> list[tuple[str, str]]:
    if matcher.owner:
        return [("owner", matcher.owner)]
    if matcher.namespaces is None:
        return [EVERYWHERE]
    return [("namespace", name) for name in sorted(matcher.namespaces)]


def _counts(pod: PodInfo, matchers: tuple[Matcher, ...], living: bool) -> bool:
    if living and pod.terminating:
        return False
    return all(matcher.matches(pod) for matcher in matchers)
