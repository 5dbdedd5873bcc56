"""One decision: the node for a pod, or why there is none. A pure function of the snapshot.

Equal input and entropy give an equal answer.
Must not know: queues, binding, clocks.
"""

from collections import Counter
from dataclasses import dataclass, field

from actors.scheduler.constraints import prepare
from actors.scheduler.filters import FILTERS, filters_for
from actors.scheduler.node_snapshot import NodeInfo, Snapshot
from actors.scheduler.pod_info import PodInfo
from actors.scheduler.rankings import Rankings, draw
from actors.scheduler.scores import total_scores

# In a large cluster enough good nodes will do (kube-scheduler's percentageOfNodesToScore).
NODES_ALL_BELOW = 100
NODES_SHARE_MIN = 5
NODES_SHARE_FIRST = 50
NODES_PER_SHARE_POINT = 125

NO_NODES = "no nodes available to schedule pods"


@dataclass
class Decision:
    """``node`` '' : none fits; then ``failed`` names the filters that said no and ``message`` is
    the text of the FailedScheduling event. ``examined``: nodes looked at."""

    node: str
    message: str = ""
    failed: frozenset[str] = frozenset()
    examined: int = 0


@dataclass
class Filtered:
    """Nodes that fit, and why the others do not."""

    nodes: list[NodeInfo] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    failed: set[str] = field(default_factory=set)
    examined: int = 0


def decide(
    pod: PodInfo,
    snapshot: Snapshot,
    entropy: float,
    start: int = 0,
    rankings: Rankings | None = None,
) -> Decision:
    """``entropy`` in [0, 1) breaks the last ties. ``start``: where in the node order to begin
    (large clusters are not searched to the end; the caller moves it on by ``examined``).
    ``rankings``: kept over decisions on one snapshot, they answer for pods that look at each node
    by itself without a search."""
    nodes = snapshot.present()
    if not nodes:
        failed = frozenset(item.name for item in FILTERS)
        return Decision("", f"0/0 nodes are available: {NO_NODES}.", failed)
    if rankings is not None:
        ranked = rankings.choose(pod, entropy)
        if ranked:
            return Decision(ranked)
    found = filter_nodes(pod, snapshot, start)
    if not found.nodes:
        message = explain(found.reasons, len(nodes))
        return Decision("", message, frozenset(found.failed), found.examined)
    chosen = found.nodes[0]
    if len(found.nodes) > 1:
        chosen = best_node(pod, found.nodes, snapshot, entropy)
    return Decision(chosen.name, examined=found.examined)


def filter_nodes(pod: PodInfo, snapshot: Snapshot, start: int = 0) -> Filtered:
    """Run the filters until enough nodes fit. A node's reasons are those of the first filter
    against it."""
    state = prepare(pod, snapshot)
    filters = filters_for(state)
    nodes = snapshot.present()
    enough = nodes_wanted(len(nodes))
    found = Filtered()
    for offset in range(len(nodes)):
        node = nodes[(start + offset) % len(nodes)]
        found.examined += 1
        for item in filters:
            reasons = item.reasons(state, node)
            if reasons:
                found.reasons.update(reasons)
                found.failed.add(item.name)
                break
        else:
            found.nodes.append(node)
            if len(found.nodes) >= enough:
                break
    return found


def nodes_wanted(count: int) -> int:
    """How many fitting nodes are enough in a cluster of ``count``."""
    if count <= NODES_ALL_BELOW:
        return count
    share = max(NODES_SHARE_MIN, NODES_SHARE_FIRST - count // NODES_PER_SHARE_POINT)
    return max(NODES_ALL_BELOW, count * share // 100)


def best_node(pod: PodInfo, nodes: list[NodeInfo], snapshot: Snapshot, entropy: float) -> NodeInfo:
    """The highest score; of equals the emptier zone, then the emptier node, then the draw."""
    scores = total_scores(pod, nodes, snapshot)
    top = max(scores)
    tied = [node for node, score in zip(nodes, scores, strict=True) if score == top]
    if len(tied) == 1:
        return tied[0]
    zones = snapshot.zone_pods
    fewest = min((zones[node.zone], len(node.pods)) for node in tied)
    tied = [node for node in tied if (zones[node.zone], len(node.pods)) == fewest]
    return min(tied, key=lambda node: (draw(entropy, node.name), node.name))


def explain(reasons: Counter[str], total: int) -> str:
    """``0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.``"""
    parts = sorted(f"{count} {reason}" for reason, count in reasons.items())
    return f"0/{total} nodes are available: {', '.join(parts)}."
