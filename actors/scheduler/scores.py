"""Which of the nodes that fit is best: one function per rule, 0 to 100 each, by Kubernetes' names.

Source: kube-scheduler's plugins of the same names, with their default weights.
Must not know: filters, queues.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from actors.scheduler.constraints import eligible, matches_term, spread_matcher, tolerates
from actors.scheduler.node_snapshot import NodeInfo, Snapshot
from actors.scheduler.pod_info import PodInfo, PodTerm, Spread
from cluster.api.selectors import EVERYTHING
from cluster.names import LABEL_HOSTNAME, LABEL_ZONE

SCORE_MAX = 100
SPREAD_WEIGHT = 2
# Weight of a placed pod's required affinity when it scores for another pod.
HARD_AFFINITY_WEIGHT = 1
IMAGE_BYTES_MIN = 23 * 1024 * 1024
IMAGE_BYTES_MAX = 1000 * 1024 * 1024

Scores = list[int]


def least_allocated(pod: PodInfo, nodes: Sequence[NodeInfo], snapshot: Snapshot) -> Scores:
    """More room left is better."""
    return [room_score(pod, node) for node in nodes]


def room_score(pod: PodInfo, node: NodeInfo) -> int:
    """Share of cpu and of memory that would be left, in the mean."""
    cpu, memory = node.allocatable.get("cpu", 0), node.allocatable.get("memory", 0)
    free_cpu = cpu - node.scored_cpu - pod.scored_cpu
    free_memory = memory - node.scored_memory - pod.scored_memory
    total = free_cpu * SCORE_MAX // cpu if free_cpu > 0 else 0
    total += free_memory * SCORE_MAX // memory if free_memory > 0 else 0
    return total // 2


def balanced_allocation(pod: PodInfo, nodes: Sequence[NodeInfo], snapshot: Snapshot) -> Scores:
    """Cpu and memory used up in like shares are better than one exhausted and one idle."""
    return [balance_score(pod, node) for node in nodes]


def balance_score(pod: PodInfo, node: NodeInfo) -> int:
    """How near the shares of cpu and of memory in use would be."""
    cpu, memory = node.allocatable.get("cpu", 0), node.allocatable.get("memory", 0)
    if not cpu or not memory:
        return 0
    pod_cpu = pod_memory = 0
    for name, value in pod.requests:
        if name == "cpu":
            pod_cpu = value
        elif name == "memory":
            pod_memory = value
    share_cpu = min(1.0, (node.used.get("cpu", 0) + pod_cpu) / cpu)
    share_memory = min(1.0, (node.used.get("memory", 0) + pod_memory) / memory)
    return int((1 - abs(share_cpu - share_memory) / 2) * SCORE_MAX)


def taint_toleration(pod: PodInfo, nodes: Sequence[NodeInfo], snapshot: Snapshot) -> Scores:
    """Fewer PreferNoSchedule taints that the pod does not tolerate are better."""
    raw = [
        sum(
            1
            for taint in node.taints
            if taint.effect == "PreferNoSchedule" and not tolerates(pod, *taint)
        )
        for node in nodes
    ]
    worst = max(raw)
    return [SCORE_MAX - value * SCORE_MAX // worst if worst else SCORE_MAX for value in raw]


def node_affinity(pod: PodInfo, nodes: Sequence[NodeInfo], snapshot: Snapshot) -> Scores:
    """The weights of the preferred terms that the node matches."""
    raw = [
        sum(weight for weight, term in pod.preferred_nodes if matches_term(term, node))
        for node in nodes
    ]
    best = max(raw)
    return [value * SCORE_MAX // best if best else 0 for value in raw]


def image_locality(pod: PodInfo, nodes: Sequence[NodeInfo], snapshot: Snapshot) -> Scores:
    """Nodes that hold the pod's images, big ones that many nodes hold counting most."""
    return [image_score(pod, node, snapshot) for node in nodes]


def image_score(pod: PodInfo, node: NodeInfo, snapshot: Snapshot) -> int:
    """Bytes of the pod's images at hand, between two thresholds."""
    if not node.images:
        return 0
    most = IMAGE_BYTES_MAX * max(1, len(pod.images))
    count = len(snapshot.present())
    held = sum(
        node.images.get(image, 0) * snapshot.image_nodes[image] // count for image in pod.images
    )
    held = min(max(held, IMAGE_BYTES_MIN), most)
    return SCORE_MAX * (held - IMAGE_BYTES_MIN) // (most - IMAGE_BYTES_MIN)


def pod_topology_spread(pod: PodInfo, nodes: Sequence[NodeInfo], snapshot: Snapshot) -> Scores:
    """Soft constraints, or the default ones: domains with fewer matching pods are better."""
    constraints = soft_constraints(pod)
    if not constraints:
        return [0] * len(nodes)
    # Own constraints leave nodes without their labels out; the default ones make do without.
    strict = not constraints[0].owner
    raw: list[float | None] = [
        None if strict and any(item.key not in node.labels for item in constraints) else 0.0
        for node in nodes
    ]
    for constraint in constraints:
        _add_spread(pod, constraint, nodes, snapshot, raw)
    known = [value for value in raw if value is not None]
    if not known:
        return [0] * len(nodes)
    best, worst = int(min(known)), int(max(known))
    return [
        0
        if value is None
        else (SCORE_MAX * (worst + best - int(value)) // worst if worst else SCORE_MAX)
        for value in raw
    ]


def soft_constraints(pod: PodInfo) -> tuple[Spread, ...]:
    """The pod's own; if it has none of either sort, the cluster's: pods of one controller spread
    over zones and hosts (kube-scheduler's system defaults)."""
    if pod.spread:
        return tuple(item for item in pod.spread if not item.hard)
    if not pod.owner:
        return ()
    return (
        Spread(LABEL_HOSTNAME, 3, False, EVERYTHING, pod.owner),
        Spread(LABEL_ZONE, 5, False, EVERYTHING, pod.owner),
    )


def _add_spread(
    pod: PodInfo,
    constraint: Spread,
    nodes: Sequence[NodeInfo],
    snapshot: Snapshot,
    raw: list[float | None],
) -> None:
    counts = snapshot.matching((spread_matcher(pod, constraint),), living=True)
    offered = {
        node.labels[constraint.key]
        for node, value in zip(nodes, raw, strict=True)
        if value is not None and constraint.key in node.labels
    }
    weight = math.log(len(offered) + 2)
    domains: Counter[str] = Counter()
    for name, count in counts.items():
        node = snapshot.nodes[name]
        value = node.labels.get(constraint.key)
        if value in offered and eligible(pod, constraint, node):
            domains[value] += count
    shift = constraint.max_skew - 1
    for index, node in enumerate(nodes):
        present = raw[index]
        if present is not None and constraint.key in node.labels:
            raw[index] = present + domains[node.labels[constraint.key]] * weight + shift


def inter_pod_affinity(pod: PodInfo, nodes: Sequence[NodeInfo], snapshot: Snapshot) -> Scores:
    """Preferred terms of the pod, and terms of placed pods that match it, by domain."""
    domains: Counter[tuple[str, str]] = Counter()
    for weight, term in pod.preferred_pods:
        _add_company(weight, term, snapshot, domains)
    for other in snapshot.attracting.values():
        labels = snapshot.nodes[snapshot.node_of(other.key)].labels
        terms = (
            *((HARD_AFFINITY_WEIGHT, term) for term in other.affinity),
            *other.preferred_pods,
        )
        for weight, term in terms:
            if term.key in labels and snapshot.matcher(term).matches(pod):
                domains[(term.key, labels[term.key])] += weight
    if not domains:
        return [0] * len(nodes)
    raw = [
        sum(value for (key, name), value in domains.items() if node.labels.get(key) == name)
        for node in nodes
    ]
    low, high = min(raw), max(raw)
    return [SCORE_MAX * (value - low) // (high - low) if high > low else 0 for value in raw]


def _add_company(
    weight: int, term: PodTerm, snapshot: Snapshot, domains: Counter[tuple[str, str]]
) -> None:
    for name, count in snapshot.matching((snapshot.matcher(term),), living=False).items():
        value = snapshot.nodes[name].labels.get(term.key)
        if value is not None:
            domains[(term.key, value)] += weight * count


class Score(NamedTuple):
    """``concerns``: False if all nodes would score alike."""

    name: str
    weight: int
    scores: Callable[[PodInfo, Sequence[NodeInfo], Snapshot], Scores]
    concerns: Callable[[PodInfo, Sequence[NodeInfo], Snapshot], bool]


def _always(pod: PodInfo, nodes: Sequence[NodeInfo], snapshot: Snapshot) -> bool:
    return True


SCORES: tuple[Score, ...] = (
    Score("NodeResourcesFit", 1, least_allocated, _always),
    Score("NodeResourcesBalancedAllocation", 1, balanced_allocation, _always),
    Score(
        "TaintToleration",
        3,
        taint_toleration,
        lambda pod, nodes, snapshot: bool(snapshot.soft_taints),
    ),
    Score("NodeAffinity", 2, node_affinity, lambda pod, nodes, snapshot: bool(pod.preferred_nodes)),
    Score(
        "PodTopologySpread",
        SPREAD_WEIGHT,
        pod_topology_spread,
        lambda pod, nodes, snapshot: bool(soft_constraints(pod)),
    ),
    Score(
        "InterPodAffinity",
        2,
        inter_pod_affinity,
        lambda pod, nodes, snapshot: bool(pod.preferred_pods or snapshot.attracting),
    ),
    Score(
        "ImageLocality",
        1,
        image_locality,
        lambda pod, nodes, snapshot: bool(snapshot.image_nodes),
    ),
)


def total_scores(pod: PodInfo, nodes: Sequence[NodeInfo], snapshot: Snapshot) -> Scores:
    """Weighted sums, one per node, in their order. ``nodes`` is not empty."""
    totals = [0] * len(nodes)
    for score in SCORES:
        if score.concerns(pod, nodes, snapshot):
            found = score.scores(pod, nodes, snapshot)
            totals = [
                total + score.weight * value for total, value in zip(totals, found, strict=True)
            ]
    return totals
