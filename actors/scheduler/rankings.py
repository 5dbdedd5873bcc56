"""Nodes ranked for pods that look alike, kept up from one decision to the next.

Most pods judge each node by itself: what fits, and how well, depends on that node only, and all
pods of one template agree. So nodes are ranked once per such look, and a decision re-ranks only
the nodes that changed since. What does depend on other nodes, the default spreading of one
controller's pods over zones and hosts, is added at the end: a zone's best node stands for all of
its nodes without a pod of that controller; those with one are looked at one by one.

Must not know: queues. Gives the same answer as ``filters`` and ``scores`` without sampling.
"""

import hashlib
import heapq
import math
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from actors.scheduler.constraints import PodState, eligible, repelled, spread_matcher
from actors.scheduler.filters import FILTERS, Filter
from actors.scheduler.node_snapshot import NodeInfo, Snapshot
from actors.scheduler.pod_info import PodInfo
from actors.scheduler.scores import (
    SCORE_MAX,
    SPREAD_WEIGHT,
    balance_score,
    image_score,
    room_score,
    soft_constraints,
)
from cluster.names import LABEL_HOSTNAME, LABEL_ZONE

# Looks kept ranked; each holds an entry per node.
RANKINGS_MAX = 32
# The last two filters are about other nodes' pods.
LOCAL_FILTERS = tuple(
    item for item in FILTERS if item.name not in ("PodTopologySpread", "InterPodAffinity")
)


class Entry(NamedTuple):
    """A node's place in its zone's heap: best score first, then the emptier node."""

    minus_score: int
    pods: int
    draw: bytes
    serial: int
    name: str


class Candidate(NamedTuple):
    """A node that may win. ``spread``: its burden of like pods, less is better (None: no domain
    to count in)."""

    name: str
    score: int
    spread: float


class Rankings:
    """All rankings over one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._rankings: dict[tuple[object, ...], Ranking] = {}

    def choose(self, pod: PodInfo, entropy: float) -> str:
        """The best node; '' if none fits, or if the pod must be judged in full."""
        if not judges_nodes_alone(pod, self._snapshot):
            return ""
        ranking = self._ranking(pod)
        ranking.refresh()
        if not ranking.count:
            return ""
        return self._best(pod, ranking, entropy)

    def _ranking(self, pod: PodInfo) -> "Ranking":
        key = look(pod)
        found = self._rankings.pop(key, None) or Ranking(pod, self._snapshot)
        self._rankings[key] = found  # the most recent last
        if len(self._rankings) > RANKINGS_MAX:
            self._rankings.pop(next(iter(self._rankings)))
        return found

    def _best(self, pod: PodInfo, ranking: "Ranking", entropy: float) -> str:
        candidates = self._candidates(pod, ranking)
        worst = int(max(item.spread for item in candidates))
        least = int(min(item.spread for item in candidates))

        def merit(item: Candidate) -> int:
            if not worst:
                return item.score
            share = SCORE_MAX * (worst + least - int(item.spread)) // worst
            return item.score + SPREAD_WEIGHT * share

        top = max(map(merit, candidates))
        tied = [item.name for item in candidates if merit(item) == top]
        if len(tied) == 1:
            return tied[0]
        nodes, zones = self._snapshot.nodes, self._snapshot.zone_pods
        return min(
            tied,
            key=lambda name: (
                zones[nodes[name].zone],
                len(nodes[name].pods),
                draw(entropy, name),
            ),
        )

    def _candidates(self, pod: PodInfo, ranking: "Ranking") -> list[Candidate]:
        constraints = soft_constraints(pod)
        counts: Mapping[str, int] = {}
        if constraints:
            matcher = spread_matcher(pod, constraints[0])
            everywhere = self._snapshot.matching((matcher,), living=True)
            nodes = self._snapshot.nodes
            # Pods on nodes that this one may not go to do not weigh on their zones.
            counts = {
                name: count
                for name, count in everywhere.items()
                if eligible(pod, constraints[0], nodes[name])
            }
        burden = Burden(self._snapshot, ranking, counts, bool(constraints))
        found = []
        for zone in ranking.heaps:
            entry = ranking.best_of(zone, counts)
            if entry is not None:
                spread = burden.of(self._snapshot.nodes[entry.name])
                found.append(Candidate(entry.name, -entry.minus_score, spread))
        for name in counts:
            score = ranking.score_of(name)
            if score is not None:
                found.append(Candidate(name, score, burden.of(self._snapshot.nodes[name])))
        return found


class Burden:
    """Like pods in a node's zone and on its host, weighed as the default constraints do."""

    def __init__(
        self,
        snapshot: Snapshot,
        ranking: "Ranking",
        counts: Mapping[str, int],
        constrained: bool,
    ) -> None:
        self._counts = counts
        self._constrained = constrained
        self._zones: Counter[str] = Counter()
        for name, count in counts.items():
            self._zones[snapshot.nodes[name].zone] += count
        zones = sum(1 for zone in ranking.zones if zone)
        self._zone_weight = math.log(zones + 2)
        self._host_weight = math.log(ranking.count + 2)

    def of(self, node: NodeInfo) -> float:
        """The raw spreading score: maxSkew is 5 for zones and 3 for hosts."""
        if not self._constrained:
            return 0.0
        total = 0.0
        if LABEL_HOSTNAME in node.labels:
            total += self._counts.get(node.name, 0) * self._host_weight + 2
        if LABEL_ZONE in node.labels:
            total += self._zones[node.zone] * self._zone_weight + 4
        return total


class Ranking:
    """The nodes that fit one look, by zone and score."""

    def __init__(self, pod: PodInfo, snapshot: Snapshot) -> None:
        self.heaps: dict[str, list[Entry]] = {}
        # Zones with nodes that fit, and how many.
        self.zones: Counter[str] = Counter()
        self._pod = pod
        self._state = PodState(pod)
        self._filters: tuple[Filter, ...] = tuple(
            item for item in LOCAL_FILTERS if item.concerns(pod)
        )
        self._snapshot = snapshot
        # Node → (zone, its live entry).
        self._live: dict[str, tuple[str, Entry]] = {}
        self._serial = 0
        self._shares: tuple[int, ...] = ()
        self._place = -1

    @property
    def count(self) -> int:
        """Nodes that fit."""
        return len(self._live)

    def score_of(self, name: str) -> int | None:
        """The node's score by itself, None if it does not fit."""
        found = self._live.get(name)
        return None if found is None else -found[1].minus_score

    def refresh(self) -> None:
        """Judge again the nodes that changed since the last time."""
        changed = self._snapshot.changes.since(self._place)
        shares = image_shares(self._pod, self._snapshot)
        if changed is None or shares != self._shares:
            self._shares = shares
            self.heaps.clear()
            self.zones.clear()
            self._live.clear()
            changed = set(self._snapshot.nodes)
        for name in sorted(changed):
            self._judge(name)
        self._place = self._snapshot.changes.end

    def best_of(self, zone: str, without: Mapping[str, int]) -> Entry | None:
        """The zone's best node that is not in ``without``."""
        heap = self.heaps[zone]
        passed: list[Entry] = []
        found = None
        while heap:
            entry = heap[0]
            live = self._live.get(entry.name)
            if live is None or live[1] is not entry:
                heapq.heappop(heap)
            elif entry.name in without:
                passed.append(heapq.heappop(heap))
            else:
                found = entry
                break
        for entry in passed:
            heapq.heappush(heap, entry)
        return found

    def _judge(self, name: str) -> None:
        before = self._live.pop(name, None)
        if before is not None:
            self.zones[before[0]] -= 1
            if not self.zones[before[0]]:
                del self.zones[before[0]]
        node = self._snapshot.nodes.get(name)
        if node is None or not node.present:
            return
        if any(item.reasons(self._state, node) for item in self._filters):
            return
        score = room_score(self._pod, node) + balance_score(self._pod, node)
        score += image_score(self._pod, node, self._snapshot)
        self._serial += 1
        entry = Entry(-score, len(node.pods), draw(0.0, name), self._serial, name)
        self._live[name] = (node.zone, entry)
        self.zones[node.zone] += 1
        heapq.heappush(self.heaps.setdefault(node.zone, []), entry)


def judges_nodes_alone(pod: PodInfo, snapshot: Snapshot) -> bool:
    """True if nothing but the default spreading makes the pod look at more than one node."""
    if pod.spread or pod.affinity or pod.anti_affinity or pod.preferred_pods:
        return False
    if pod.preferred_nodes or snapshot.soft_taints or snapshot.attracting:
        return False
    return not snapshot.repelling or not repelled(pod, snapshot)


def image_shares(pod: PodInfo, snapshot: Snapshot) -> tuple[int, ...]:
    """What ``image_score`` makes of a node besides the node itself: how many nodes hold each of
    the pod's images, of how many."""
    holders = [snapshot.image_nodes[image] for image in pod.images]
    return (*holders, len(snapshot.present())) if any(holders) else ()


def look(pod: PodInfo) -> tuple[object, ...]:
    """What of a pod a node by itself is judged by."""
    return (
        pod.requests,
        pod.scored_cpu,
        pod.scored_memory,
        pod.host_ports,
        pod.images,
        pod.tolerations,
        pod.node_selector,
        pod.node_terms,
        pod.node_name,
    )


def draw(entropy: float, name: str) -> bytes:
    """A node's lot: orders what is otherwise equal."""
    return hashlib.blake2b(f"{entropy!r}/{name}".encode(), digest_size=8).digest()
