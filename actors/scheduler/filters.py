"""Which nodes a pod may go to: one function per rule, by kube-scheduler's plugin names.

A filter answers with the reasons against the node, in Kubernetes' words; none lets it pass.
Must not know: scores, queues, other nodes (what concerns several is in ``PodState``).
"""

from collections.abc import Callable
from typing import NamedTuple

from actors.scheduler.constraints import PodState, matches_node, untolerated
from actors.scheduler.node_snapshot import NodeInfo
from actors.scheduler.pod_info import PodInfo
from cluster.api.placement import conflicts
from cluster.names import TAINT_UNSCHEDULABLE

Reasons = tuple[str, ...]
PASSES: Reasons = ()

UNSCHEDULABLE = ("node(s) were unschedulable",)
WRONG_NAME = ("node(s) didn't match the requested node name",)
WRONG_AFFINITY = ("node(s) didn't match Pod's node affinity/selector",)
PORTS_TAKEN = ("node(s) didn't have free ports for the requested pod ports",)
TOO_MANY_PODS = "Too many pods"
SPREAD = ("node(s) didn't match pod topology spread constraints",)
SPREAD_LABEL = ("node(s) didn't match pod topology spread constraints (missing required label)",)
AFFINITY = ("node(s) didn't match pod affinity rules",)
ANTI_AFFINITY = ("node(s) didn't match pod anti-affinity rules",)
THEIR_ANTI_AFFINITY = ("node(s) didn't satisfy existing pods anti-affinity rules",)


def node_unschedulable(state: PodState, node: NodeInfo) -> Reasons:
    """Cordoned nodes take only pods that tolerate the taint of that name."""
    if not node.unschedulable:
        return PASSES
    for item in state.pod.tolerations:
        key_fits = item.key == TAINT_UNSCHEDULABLE or (not item.key and item.operator == "Exists")
        if key_fits and item.effect in ("", "NoSchedule"):
            return PASSES
    return UNSCHEDULABLE


def node_name(state: PodState, node: NodeInfo) -> Reasons:
    """A pod that names its node goes there only."""
    wanted = state.pod.node_name
    return PASSES if not wanted or wanted == node.name else WRONG_NAME


def taint_toleration(state: PodState, node: NodeInfo) -> Reasons:
    """NoSchedule and NoExecute taints keep out pods that do not tolerate them."""
    if not node.taints:
        return PASSES
    taint = untolerated(state.pod, node)
    if taint is None:
        return PASSES
    return (f"node(s) had untolerated taint {{{taint[0]}: {taint[1]}}}",)


def node_affinity(state: PodState, node: NodeInfo) -> Reasons:
    """nodeSelector and required node affinity."""
    return PASSES if matches_node(state.pod, node) else WRONG_AFFINITY


def node_ports(state: PodState, node: NodeInfo) -> Reasons:
    """hostPorts must be free; 0.0.0.0 conflicts with every address."""
    if not state.pod.host_ports or not node.ports:
        return PASSES
    taken = any(conflicts(port, other) for port in state.pod.host_ports for other in node.ports)
    return PORTS_TAKEN if taken else PASSES


def node_resources_fit(state: PodState, node: NodeInfo) -> Reasons:
    """Every request must fit into what is allocatable and not asked for by others."""
    reasons = []
    if len(node.pods) + 1 > node.allocatable.get("pods", 0):
        reasons.append(TOO_MANY_PODS)
    used, allocatable = node.used, node.allocatable
    for name, wanted in state.pod.requests:
        if used.get(name, 0) + wanted > allocatable.get(name, 0):
            reasons.append(f"Insufficient {name}")
    return tuple(reasons)


def pod_topology_spread(state: PodState, node: NodeInfo) -> Reasons:
    """Hard constraints: no domain may get ahead of the least by more than the skew."""
    for check in state.spread:
        value = node.labels.get(check.constraint.key)
        if value is None:
            return SPREAD_LABEL
        skew = check.counts.get(value, 0) + check.itself - check.least
        if skew > check.constraint.max_skew:
            return SPREAD
    return PASSES


def inter_pod_affinity(state: PodState, node: NodeInfo) -> Reasons:
    """Required affinity, own required anti-affinity, and that of the pods already there."""
    labels = node.labels
    if state.pod.affinity and not _has_company(state, node):
        return AFFINITY
    for key, value in state.own_anti:
        if labels.get(key) == value:
            return ANTI_AFFINITY
    for key, value in state.their_anti:
        if labels.get(key) == value:
            return THEIR_ANTI_AFFINITY
    return PASSES


def _has_company(state: PodState, node: NodeInfo) -> bool:
    alone = False
    for term in state.pod.affinity:
        value = node.labels.get(term.key)
        if value is None:
            return False
        if not state.affinity.get((term.key, value)):
            alone = True
    return not alone or state.first


def _always(pod: PodInfo) -> bool:
    return True


class Filter(NamedTuple):
    """``concerns``: whether the pod has anything for the filter to look at."""

    name: str
    reasons: Callable[[PodState, NodeInfo], Reasons]
    concerns: Callable[[PodInfo], bool] = _always


FILTERS: tuple[Filter, ...] = (
    Filter("NodeUnschedulable", node_unschedulable),
    Filter("NodeName", node_name, lambda pod: bool(pod.node_name)),
    Filter("TaintToleration", taint_toleration),
    Filter(
        "NodeAffinity",
        node_affinity,
        lambda pod: bool(pod.node_selector) or pod.node_terms is not None,
    ),
    Filter("NodePorts", node_ports, lambda pod: bool(pod.host_ports)),
    Filter("NodeResourcesFit", node_resources_fit),
    Filter("PodTopologySpread", pod_topology_spread, lambda pod: bool(pod.hard_spread)),
    Filter("InterPodAffinity", inter_pod_affinity),
)


def filters_for(state: PodState) -> tuple[Filter, ...]:
    """The filters that can say anything about this pod."""
    pod = state.pod
    found = [item for item in FILTERS if item.concerns(pod)]
    if not (pod.affinity or state.own_anti or state.their_anti):
        found.pop()
    return tuple(found)
