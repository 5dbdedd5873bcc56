"""Taints of nodes and tolerations of pods, as the node controllers need them.

Source: Kubernetes "Taints and Tolerations". Must not know nodes' health, nor the API.
"""

from cluster.api.placement import NO_EXECUTE, tolerates
from cluster.api.timestamps import parse_time
from cluster.api.types import Object

NO_SCHEDULE = "NoSchedule"


def taints_of(node: Object) -> list[Object]:
    """spec.taints, empty if none."""
    return (node.get("spec") or {}).get("taints") or []


def eviction_time(pod: Object, node: Object) -> float | None:
    """UNIX seconds at which the node's NoExecute taints drive the pod out; None for never.

    0.0: it has no time left, for it does not tolerate one of them. Of a taint that has no time yet
    (the node lifecycle controller will give it one) the tolerated seconds do not run.
    """
    due: float | None = None
    tolerations = (pod.get("spec") or {}).get("tolerations") or ()
    for taint in taints_of(node):
        if taint.get("effect") != NO_EXECUTE:
            continue
        matching = [item for item in tolerations if tolerates(item, taint)]
        if not matching:
            return 0.0
        limits = [
            float(item["tolerationSeconds"])
            for item in matching
            if item.get("tolerationSeconds") is not None
        ]
        if limits and taint.get("timeAdded"):
            end = parse_time(taint.get("timeAdded")) + max(0.0, min(limits))
            due = end if due is None else min(due, end)
    return due
