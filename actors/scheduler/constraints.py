"""What a decision looks up per node, worked out once per pod: topology domains and their counts.

Source: kube-scheduler's PodTopologySpread and InterPodAffinity (KEP-895, KEP-3022, KEP-3094).
Must not know: scores, queues.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from actors.scheduler.node_snapshot import Matcher, NodeInfo, Snapshot
from actors.scheduler.pod_info import PodInfo, Spread
from cluster.api.placement import NodeTerm

# (topology key, value).
Domain = tuple[str, str]


@dataclass
class SpreadCheck:
    """One hard constraint: matching pods per domain value, the least of them, the pod itself."""

    constraint: Spread
    counts: Mapping[str, int]
    least: int
    itself: int


@dataclass
class PodState:
    """Everything about one pod's decision that is not about one node."""

    pod: PodInfo
    spread: list[SpreadCheck] = field(default_factory=list)
    # Required affinity: pods that match all terms, by domain. ``first``: no such pod anywhere, and
    # the pod would match its own terms.
    affinity: Mapping[Domain, int] = field(default_factory=dict)
    first: bool = False
    # Domains closed by the pod's own anti-affinity and by that of pods already there.
    own_anti: frozenset[Domain] = frozenset()
    their_anti: frozenset[Domain] = frozenset()


def prepare(pod: PodInfo, snapshot: Snapshot) -> PodState:
    """The state for one decision."""
    state = PodState(pod)
    nodes = snapshot.present()
    hard = pod.hard_spread
    if hard:
        keys = {item.key for item in hard}
        whole = [node for node in nodes if keys <= node.labels.keys()]
        state.spread = [_spread_check(pod, item, whole, snapshot) for item in hard]
    if pod.affinity:
        matchers = tuple(snapshot.matcher(term) for term in pod.affinity)
        counts = snapshot.matching(matchers, living=False)
        topology = dict.fromkeys(term.key for term in pod.affinity)
        state.affinity = _domains(counts, topology, snapshot)
        itself = all(matcher.matches(pod) for matcher in matchers)
        state.first = not counts and itself
    if pod.anti_affinity:
        closed: set[Domain] = set()
        for term in pod.anti_affinity:
            counts = snapshot.matching((snapshot.matcher(term),), living=False)
            closed.update(_domains(counts, (term.key,), snapshot))
        state.own_anti = frozenset(closed)
    state.their_anti = repelled(pod, snapshot)
    return state


def _spread_check(
    pod: PodInfo, constraint: Spread, whole: Iterable[NodeInfo], snapshot: Snapshot
) -> SpreadCheck:
    matcher = spread_matcher(pod, constraint)
    counts = snapshot.matching((matcher,), living=True)
    domains: Counter[str] = Counter()
    for node in whole:
        if eligible(pod, constraint, node):
            domains[node.labels[constraint.key]] += counts.get(node.name, 0)
    least = min(domains.values(), default=0)
    if len(domains) < constraint.min_domains:
        least = 0
    return SpreadCheck(constraint, domains, least, int(matcher.matches(pod)))


def spread_matcher(pod: PodInfo, constraint: Spread) -> Matcher:
    """Pods that count for the constraint: of the pod's namespace only."""
    return Matcher(frozenset((pod.namespace,)), constraint.selector, constraint.owner)


def eligible(pod: PodInfo, constraint: Spread, node: NodeInfo) -> bool:
    """Whether the node's domain takes part (nodeAffinityPolicy, nodeTaintsPolicy)."""
    if constraint.honor_affinity and not matches_node(pod, node):
        return False
    return not constraint.honor_taints or untolerated(pod, node) is None


def matches_node(pod: PodInfo, node: NodeInfo) -> bool:
    """nodeSelector and required node affinity."""
    for key, value in pod.node_selector:
        if node.labels.get(key) != value:
            return False
    if pod.node_terms is None:
        return True
    return any(matches_term(term, node) for term in pod.node_terms)


def matches_term(term: NodeTerm, node: NodeInfo) -> bool:
    """All requirements of the term; an empty term matches nothing."""
    return term.matches(node.labels, node.name)


def untolerated(pod: PodInfo, node: NodeInfo) -> tuple[str, str] | None:
    """(key, value) of the first NoSchedule or NoExecute taint that the pod does not tolerate."""
    for taint in node.taints:
        if taint.effect in ("NoSchedule", "NoExecute") and not tolerates(pod, *taint):
            return taint.key, taint.value
    return None


def tolerates(pod: PodInfo, key: str, value: str, effect: str) -> bool:
    """True if some toleration of the pod covers the taint."""
    for item in pod.tolerations:
        if item.effect and item.effect != effect:
            continue
        if item.key and item.key != key:
            continue
        if item.operator == "Exists" or (item.key and item.value == value):
            return True
    return False


def _domains(counts: Mapping[str, int], keys: Iterable[str], snapshot: Snapshot) -> Counter[Domain]:
    """Counts per node summed up per (key, value)."""
    found: Counter[Domain] = Counter()
    for name, count in counts.items():
        labels = snapshot.nodes[name].labels
        for key in keys:
            value = labels.get(key)
            if value is not None:
                found[(key, value)] += count
    return found


def repelled(pod: PodInfo, snapshot: Snapshot) -> frozenset[Domain]:
    """Domains of placed pods whose required anti-affinity matches this pod."""
    closed = set()
    for other in snapshot.repelling.values():
        labels = snapshot.nodes[snapshot.node_of(other.key)].labels
        for term in other.anti_affinity:
            value = labels.get(term.key)
            if value is None or (term.key, value) in closed:
                continue
            if snapshot.matcher(term).matches(pod):
                closed.add((term.key, value))
    return frozenset(closed)
