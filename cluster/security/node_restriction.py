"""What a node may do with its certificate, beyond what its role says: only its own things.

Two questions, both pure. ``may_ask`` before anything is read: by names alone. ``may_write`` with
the objects: what stands in them. Each answers '' for no objection, or the reason of a Forbidden.
Source: docs "Using Node Authorization" and the admission plugin NodeRestriction.
Must not know storage: ``uses`` says whether a pod bound to the node uses an object.
"""

from collections.abc import Callable, Sequence

from cluster.api.types import Object
from cluster.names import GROUP_NODES, NAMESPACE_NODE_LEASE, NAMESPACE_SYSTEM, USER_NODE_PREFIX
from cluster.security.rbac import Attributes

# uses(resource, namespace, name): does a pod bound to this node use it?
Uses = Callable[[str, str, str], bool]

READ = ("get", "list", "watch")
_RESTRICTED = "node-restriction.kubernetes.io/"
_OWN_DOMAINS = ("kubernetes.io", "k8s.io")
_OWN_PREFIXES = ("kubelet.kubernetes.io/", "node.kubernetes.io/")
_OWN_LABELS = frozenset(
    {
        "kubernetes.io/hostname",
        "kubernetes.io/arch",
        "kubernetes.io/os",
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/os",
        "beta.kubernetes.io/instance-type",
        "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
        "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region",
    }
)
_MIRROR = "kubernetes.io/config.mirror"
_USED = ("configmaps", "persistentvolumeclaims", "persistentvolumes", "secrets", "serviceaccounts")


def node_of(user: str, groups: Sequence[str]) -> str:
    """The node's name if this is a node; '' for everybody else."""
    if GROUP_NODES not in groups or not user.startswith(USER_NODE_PREFIX):
        return ""
    return user.removeprefix(USER_NODE_PREFIX)


def may_ask(node: str, attributes: Attributes, uses: Uses) -> str:
    """Objection to a request, by what it names."""
    match attributes.group, attributes.resource:
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
    return ""


def _lease(node: str, attributes: Attributes) -> str:
    if attributes.namespace != NAMESPACE_NODE_LEASE:
        return f"can only access leases in the namespace {NAMESPACE_NODE_LEASE}"
    if attributes.verb != "create" and attributes.name != node:
        return "can only access the node lease with the same name as the requesting node"
    return ""


def may_write(node: str, attributes: Attributes, new: Object | None, old: Object | None) -> str:
    """Objection to a write, by what stands in the object. ``new`` None: a deletion. ``old`` None: a
    creation (of a subresource as eviction: ``old`` is the pod)."""
    match attributes.group, attributes.resource:
        case "", "pods":
            return _pod(node, attributes, new, old)
        case "", "nodes":
            return _node(node, new, old)
        case "", "serviceaccounts" if attributes.subresource == "token":
            return _token(new or {})
        case "coordination.k8s.io", "leases" if new is not None:
            if new.get("metadata", {}).get("name") != node:
                return "can only access the node lease with the same name as the requesting node"
    return ""


def _pod(node: str, attributes: Attributes, new: Object | None, old: Object | None) -> str:
    if attributes.subresource == "" and attributes.verb == "create":
        return _mirror_pod(node, new or {})
    if _bound_to(old or {}) != node:
        return f"node {node!r} can only access pods with spec.nodeName set to itself"
    if new is not None and attributes.subresource == "status":
        if new.get("metadata", {}).get("labels") != (old or {}).get("metadata", {}).get("labels"):
            return f"node {node!r} cannot update labels through pod status"
    elif new is not None and attributes.subresource != "eviction":
        return f"node {node!r} can only update the status of pods"
    return ""


def _mirror_pod(node: str, pod: Object) -> str:
    if _MIRROR not in (pod.get("metadata", {}).get("annotations") or {}):
        return (
            f"pod does not have {_MIRROR!r} annotation, node {node!r} can only create mirror pods"
        )
    if _bound_to(pod) != node:
        return f"node {node!r} can only create pods with spec.nodeName set to itself"
    return ""


def _bound_to(pod: Object) -> str:
    name = (pod.get("spec") or {}).get("nodeName", "")
    return name if isinstance(name, str) else ""


def _node(node: str, new: Object | None, old: Object | None) -> str:
    if new is None:
        return f"node {node!r} cannot delete nodes"
    if new.get("metadata", {}).get("name") != node:
        return f"node {node!r} is not allowed to modify other nodes"
    before = (old or {}).get("metadata", {}).get("labels") or {}
    after = new.get("metadata", {}).get("labels") or {}
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    refused = sorted(key for key in changed if not own_label(key))
    if refused:
        return f"is not allowed to modify labels: {', '.join(refused)}"
    if old is None:
        return ""
    if (new.get("spec") or {}).get("taints") != (old.get("spec") or {}).get("taints"):
        return f"node {node!r} is not allowed to modify taints"
    if new["metadata"].get("ownerReferences") != old["metadata"].get("ownerReferences"):
        return f"node {node!r} is not allowed to modify owner references"
    return ""


def own_label(key: str) -> bool:
    """May a node set this label on itself? Isolation labels and most of Kubernetes' own it may
    not, or a captured node could draw other pods to itself."""
    prefix, sep, _ = key.rpartition("/")
    if not sep or key in _OWN_LABELS:
        return True
    if key.startswith(_RESTRICTED) or prefix.endswith("." + _RESTRICTED[:-1]):
        return False
    if key.startswith(_OWN_PREFIXES) or prefix.endswith(tuple(f".{p[:-1]}" for p in _OWN_PREFIXES)):
        return True
    return not any(prefix == domain or prefix.endswith("." + domain) for domain in _OWN_DOMAINS)


def _token(request: Object) -> str:
    bound = (request.get("spec") or {}).get("boundObjectRef") or {}
    if bound.get("kind") != "Pod" or not bound.get("name"):
        return "node requested token not bound to a pod"
    return "" if bound.get("uid") else "node requested token with a pod binding without a uid"
