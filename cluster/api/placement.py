"""Which nodes and ports of nodes a pod asks for, and whether they are there for it. Pure.

Source: docs "Assigning Pods to Nodes" (nodeSelector, required node affinity), "Taints and
Tolerations"; Pod API reference, hostPort. Must not know who asks: the scheduler chooses by it, the
kubelet refuses by it.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cluster.api.selectors import Operator, Requirement
from cluster.api.types import Object

# (address, protocol, port); address "" is every address.
HostPort = tuple[str, str, int]

NO_EXECUTE = "NoExecute"
NODE_OPERATORS: dict[str, Operator] = {
    "In": "in",
    "NotIn": "notin",
    "Exists": "exists",
    "DoesNotExist": "!",
    "Gt": ">",
    "Lt": "<",
}


class NodeTerm(NamedTuple):
    """All must hold. ``fields`` are about metadata.name. Both empty match no node."""

    labels: tuple[Requirement, ...]
    fields: tuple[Requirement, ...]

    def matches(self, labels: Mapping[str, str], name: str) -> bool:
        """True of a node with these labels and this name."""
        if not self.labels and not self.fields:
            return False
        if not all(item.matches(labels) for item in self.labels):
            return False
        return all(item.matches({"metadata.name": name}) for item in self.fields)


def node_term(term: Object) -> NodeTerm:
    """A nodeSelectorTerm, or the preference of a preferred one."""
    return NodeTerm(
        tuple(_requirement(item) for item in term.get("matchExpressions") or ()),
        tuple(_requirement(item) for item in term.get("matchFields") or ()),
    )


def required_terms(spec: Object) -> tuple[NodeTerm, ...] | None:
    """Of which one must match; None if the pod requires none."""
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return None
    return tuple(node_term(item) for item in required.get("nodeSelectorTerms") or ())


def is_choosy(spec: Object) -> bool:
    """True if the pod cannot go to just any node."""
    return bool(spec.get("nodeSelector")) or required_terms(spec) is not None


def matches_node(spec: Object, labels: Mapping[str, str], name: str) -> bool:
    """True if nodeSelector and required node affinity let the pod be on the node."""
    selector = spec.get("nodeSelector") or {}
    if any(labels.get(key) != value for key, value in selector.items()):
        return False
    terms = required_terms(spec)
    return terms is None or any(term.matches(labels, name) for term in terms)


def tolerates(toleration: Object, taint: Object) -> bool:
    """True if the toleration is for the taint."""
    effect = toleration.get("effect") or ""
    if effect and effect != taint.get("effect"):
        return False
    key = toleration.get("key") or ""
    exists = toleration.get("operator") == "Exists"
    if key and key != taint.get("key"):
        return False
    if exists:
        return True
    # No key and no operator Exists matches nothing.
    return bool(key) and (toleration.get("value") or "") == (taint.get("value") or "")


def tolerates_all(spec: Object, taints: Iterable[Object], effect: str) -> bool:
    """True if the pod tolerates all taints of the effect, for however short a time."""
    tolerations = spec.get("tolerations") or ()
    return all(
        any(tolerates(item, taint) for item in tolerations)
        for taint in taints
        if taint.get("effect") == effect
    )


def host_ports(spec: Object) -> tuple[HostPort, ...]:
    """The ports of its node that a pod takes."""
    found = []
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        for port in container.get("ports") or ():
            number = port.get("hostPort")
            if spec.get("hostNetwork"):
                number = number or port.get("containerPort")
            if number:
                address = port.get("hostIP") or ""
                address = "" if address == "0.0.0.0" else address
                found.append((address, port.get("protocol") or "TCP", int(number)))
    return tuple(found)


def conflicts(one: HostPort, other: HostPort) -> bool:
    """True if two pods cannot both have them: every address conflicts with each."""
    if one[1:] != other[1:]:
        return False
    return not one[0] or not other[0] or one[0] == other[0]


def _requirement(item: Object) -> Requirement:
    operator = NODE_OPERATORS.get(item.get("operator") or "", "in")
    return Requirement(item.get("key") or "", operator, frozenset(item.get("values") or ()))
