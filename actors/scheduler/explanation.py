"""Why a node was chosen for a pod, for the trace: what fits, why others do not, scores by plugin.

Pure, and bounded: in a small cluster all nodes are looked at, in a large one the chosen and a few
others, so that telling of a decision costs less than making it.
Must not know: queues, binding; how the decision was made.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from actors.scheduler.constraints import PodState, prepare
from actors.scheduler.filters import Filter, filters_for
from actors.scheduler.node_snapshot import NodeInfo, Snapshot
from actors.scheduler.pod_info import PodInfo
from actors.scheduler.scores import SCORES

# Nodes that are all looked at; of more, so many.
NODES_ALL_MAX = 12
NODES_LOOKED_AT = 3
# Nodes whose scores are told, and reasons.
SCORED_MAX = 3
REASONS_MAX = 4


def explain(pod: PodInfo, snapshot: Snapshot, chosen: str) -> dict[str, Any]:
    """Fields for a note. ``feasible`` of ``examined`` nodes (of ``nodes``) fit; ``filtered``:
    reasons against the others, with how many each is against; ``scores``: of the chosen node and
    the next best, weighted points by plugin (plugins for which all nodes are alike are left out).

    Call it before the pod is placed: the scores are those of that moment.
    """
    nodes = looked_at(snapshot, chosen)
    state = prepare(pod, snapshot)
    filters = filters_for(state)
    fitting: list[NodeInfo] = []
    against: Counter[str] = Counter()
    for node in nodes:
        found = reasons(state, filters, node)
        against.update(found)
        if not found:
            fitting.append(node)
    told: dict[str, Any] = {
        "feasible": len(fitting),
        "examined": len(nodes),
        "nodes": len(snapshot.present()),
    }
    if against:
        told["filtered"] = dict(against.most_common(REASONS_MAX))
    if len(fitting) > 1:
        told["scores"] = best(points(pod, fitting, snapshot), chosen)
    return told


def looked_at(snapshot: Snapshot, chosen: str) -> Sequence[NodeInfo]:
    """All nodes, or the chosen and some others."""
    nodes = snapshot.present()
    if len(nodes) <= NODES_ALL_MAX:
        return nodes
    others = (node for node in nodes[: NODES_LOOKED_AT + 1] if node.name != chosen)
    return [snapshot.nodes[chosen], *others][:NODES_LOOKED_AT]


def reasons(state: PodState, filters: Sequence[Filter], node: NodeInfo) -> Sequence[str]:
    """Against a node, by the first filter that has any."""
    for item in filters:
        if found := item.reasons(state, node):
            return found
    return ()


def points(
    pod: PodInfo, nodes: Sequence[NodeInfo], snapshot: Snapshot
) -> dict[str, dict[str, int]]:
    """Node → plugin → weighted points."""
    found: dict[str, dict[str, int]] = {node.name: {} for node in nodes}
    for score in SCORES:
        if score.concerns(pod, nodes, snapshot):
            values = score.scores(pod, nodes, snapshot)
            for node, value in zip(nodes, values, strict=True):
                found[node.name][score.name] = score.weight * value
    return found


def best(scores: dict[str, dict[str, int]], chosen: str) -> dict[str, dict[str, int]]:
    """The chosen node first, then those with the most points."""
    ranked = sorted(scores, key=lambda name: (name != chosen, -sum(scores[name].values()), name))
    return {name: scores[name] for name in ranked[:SCORED_MAX]}
