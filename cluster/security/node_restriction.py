"""What a node may ask for with its certificate, within what its roles say: only its own things.

Answers '' for no objection, or the reason of a Forbidden, before anything is read: by names alone.
What may stand in objects that a node writes is in ``node_writes.py``.
Source: docs "Using Node Authorization"; KEP-4601 (field selectors).
Must not know storage: ``uses`` says whether a pod bound to the node uses an object.
"""

from collections.abc import Callable, Sequence

from cluster.names import GROUP_NODES, NAMESPACE_NODE_LEASE, NAMESPACE_SYSTEM, USER_NODE_PREFIX
from cluster.security.rbac import Attributes

# uses(resource, namespace, name): does a pod bound to this node use it, or is it such a pod?
Uses = Callable[[str, str, str], bool]

READ = ("get", "list", "watch")
_USED = ("configmaps", "persistentvolumeclaims", "persistentvolumes", "secrets", "serviceaccounts")


def node_of(user: str, groups: Sequence[str]) -> str:
    """The node's name if this is a node; '' for everybody else."""
    if GROUP_NODES not in groups or not user.startswith(USER_NODE_PREFIX):
        return ""
    return user.removeprefix(USER_NODE_PREFIX)


def may_ask(node: str, attributes: Attributes, uses: Uses) -> str:
    """Objection to a request, by what it names."""
    match attributes.group, attributes.resource:
        case "", "pods" if attributes.verb in READ and not attributes.subresource:
            return _pods(node, attributes, uses)
        case "", "secrets" | "configmaps" if not attributes.name:
            return f"can only read {attributes.resource} that its pods use, each by its name"
        case "", resource if resource in _USED:
            if not uses(resource, attributes.namespace, attributes.name):
                return f"no relationship found between node '{node}' and this object"
        case "", "nodes" if attributes.verb not in (*READ, "create"):
            if attributes.name != node:
                return f"node '{node}' cannot modify node '{attributes.name}'"
        case "coordination.k8s.io", "leases":
            return _lease(node, attributes)
        case "discovery.k8s.io", "endpointslices" if attributes.verb not in READ:
            if attributes.namespace != NAMESPACE_SYSTEM:
                return f"can only write endpointslices in the namespace {NAMESPACE_SYSTEM}"
            if attributes.verb != "create" and attributes.name != slice_of(node):
                return f"can only write the endpointslice {slice_of(node)}"
    return ""


def slice_of(node: str) -> str:
    """The EndpointSlice by which the DNS server of a node offers itself."""
    return f"kube-dns-{node}"


def _pods(node: str, attributes: Attributes, uses: Uses) -> str:
    if attributes.verb != "get" and ("spec.nodeName", node) in attributes.fields:
        return ""
    if attributes.name:
        if uses("pods", attributes.namespace, attributes.name):
            return ""
        return f"no relationship found between node '{node}' and this object"
    return "can only list/watch pods with spec.nodeName field selector"


def _lease(node: str, attributes: Attributes) -> str:
    if attributes.namespace != NAMESPACE_NODE_LEASE:
        return f"can only access leases in the namespace {NAMESPACE_NODE_LEASE}"
    if attributes.verb != "create" and attributes.name != node:
        return "can only access the node lease with the same name as the requesting node"
    return ""
