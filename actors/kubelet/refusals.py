"""Why a kubelet refuses a pod that is bound to its node, in Kubernetes' words. Pure.

Source: docs "Assigning Pods to Nodes", nodeName (OutOfcpu, OutOfmemory), "Pods", Pod OS, and
"Well-Known Labels, Annotations and Taints", kubernetes.io/os; for NodeAffinity, NodePorts and
TaintToleration the words of Kubernetes' kubelet, which are those of its scheduler. Must not know:
what other pods hold.
"""

from dataclasses import dataclass

from cluster.api.types import Object
from cluster.names import LABEL_OS

SYSTEM = "linux"


@dataclass(frozen=True, slots=True)
class Refusal:
    """``reason``: of a resize Infeasible or Deferred; of a new pod OutOf and the resource, a
    predicate's name, or what is wrong with its operating system."""

    reason: str
    message: str


def of_system(pod: Object) -> Refusal | None:
    """None if the pod is for nodes of this operating system, or does not say."""
    labelled = (pod["metadata"].get("labels") or {}).get(LABEL_OS)
    if labelled not in (None, SYSTEM):
        why = f"Failed to admit pod as the `{LABEL_OS}` label doesn't match node label"
        return Refusal("PodOSSelectorNodeLabelDoesNotMatch", why)
    if (pod["spec"].get("os") or {}).get("name") not in (None, SYSTEM):
        return Refusal(
            "PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS"
        )
    return None


def wrong_affinity() -> Refusal:
    """The node is none that the pod's selector and affinity let it be on."""
    return _failed("NodeAffinity", "node(s) didn't match Pod's node affinity/selector")


def ports_taken() -> Refusal:
    """Another pod of the node has a port that this one asks for."""
    return _failed("NodePorts", "node(s) didn't have free ports for the requested pod ports")


def untolerated() -> Refusal:
    """The node has a NoExecute taint: whatever does not tolerate that would be evicted."""
    return _failed("TaintToleration", "node(s) had taints that the pod didn't tolerate")


def out_of(name: str, asked: int, used: int, capacity: int) -> Refusal:
    """Too little is left of a resource."""
    return Refusal(f"OutOf{name}", lacking(name, asked, used, capacity))


def lacking(name: str, asked: int, used: int, capacity: int) -> str:
    """Of a resource: cpu in thousandths, memory in bytes, pods by number."""
    text = f"{name}, requested: {asked}, used: {used}, capacity: {capacity}"
    return f"Node didn't have enough resource: {text}"


def _failed(predicate: str, why: str) -> Refusal:
    return Refusal(predicate, f"Predicate {predicate} failed: {why}")
