"""What may stand in what a node writes: its own things, and nothing that would reach further.

Answers '' for no objection, or the reason of a Forbidden. What a node may ask for at all is in
``node_restriction.py``. Source: docs "Admission Controllers", NodeRestriction; "Using Node
Authorization". Must not know storage.
"""

from collections.abc import Iterator
from typing import Any

from cluster.api.types import Object
from cluster.names import LABEL_SERVICE_NAME
from cluster.security.node_restriction import slice_of
from cluster.security.rbac import Attributes

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
DNS_SERVICE = "kube-dns"


def may_write(
    node: str, attributes: Attributes, new: Object | None, old: Object | None, uid: str = ""
) -> str:
    """Objection to a write, by what stands in the object. ``new`` None: a deletion. ``old`` None: a
    creation (of a subresource as eviction: ``old`` is the pod). ``uid``: of the node's own object,
    where a pod is created."""
    match attributes.group, attributes.resource:
        case "", "pods":
            return _pod(node, attributes, new, old, uid)
        case "", "nodes":
            return _node(node, new, old)
        case "discovery.k8s.io", "endpointslices" if new is not None:
            return _slice(node, new)
        case "coordination.k8s.io", "leases" if new is not None:
            if new.get("metadata", {}).get("name") != node:
                return "can only access the node lease with the same name as the requesting node"
    return ""


def _pod(
    node: str, attributes: Attributes, new: Object | None, old: Object | None, uid: str
) -> str:
    if attributes.subresource == "" and attributes.verb == "create":
        return _mirror_pod(node, new or {}, uid)
    if _bound_to(old or {}) != node:
        return f'node "{node}" can only access pods with spec.nodeName set to itself'
    if new is not None and attributes.subresource == "status":
        before, after = old or {}, new
        if after.get("metadata", {}).get("labels") != before.get("metadata", {}).get("labels"):
            return f'node "{node}" cannot update labels through pod status'
        if _claims(after) != _claims(before):
            return f'node "{node}" cannot update resource claim statuses'
        if _extended_claim(after) != _extended_claim(before):
            return f'node "{node}" cannot update extended resource claim status'
    elif new is not None and attributes.subresource != "eviction":
        return f'node "{node}" can only update the status of pods'
    return ""


def _claims(pod: Object) -> Any:
    return (pod.get("status") or {}).get("resourceClaimStatuses") or []


def _extended_claim(pod: Object) -> Any:
    return (pod.get("status") or {}).get("extendedResourceClaimStatus")


def _mirror_pod(node: str, pod: Object, uid: str) -> str:
    metadata, spec = pod.get("metadata") or {}, pod.get("spec") or {}
    if _MIRROR not in (metadata.get("annotations") or {}):
        return (
            f'pod does not have "{_MIRROR}" annotation, node "{node}" can only create mirror pods'
        )
    if _bound_to(pod) != node:
        return f'node "{node}" can only create pods with spec.nodeName set to itself'
    objection = _owner(node, metadata.get("ownerReferences") or [], uid)
    if objection:
        return objection
    for what in _reached(spec):
        return f'node "{node}" can not create pods that reference {what}'
    return ""


def _owner(node: str, owners: list[Object], uid: str) -> str:
    if len(owners) > 1:
        return f'node "{node}" can only create pods with a single owner reference set to itself'
    owner = owners[0] if owners else {}
    if (owner.get("apiVersion"), owner.get("kind"), owner.get("name")) != ("v1", "Node", node):
        return f'node "{node}" can only create pods with an owner reference set to itself'
    if not owner.get("controller"):
        return f'node "{node}" can only create pods with a controller owner reference set to itself'
    if owner.get("blockOwnerDeletion"):
        return f'node "{node}" must not set blockOwnerDeletion on an owner reference'
    if owner.get("uid") != uid:
        return f"node {node} UID mismatch: expected {owner.get('uid')} got {uid}"
    return ""


def _reached(spec: Object) -> Iterator[str]:
    """What of the API a pod's spec names, by words for a refusal."""
    if spec.get("serviceAccountName") or spec.get("serviceAccount"):
        yield "a service account"
    if spec.get("imagePullSecrets"):
        yield "secrets"
    if spec.get("resourceClaims"):
        yield "resourceclaims"
    for section in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(section) or ():
            for item in container.get("env") or ():
                yield from _sources(item.get("valueFrom") or {})
            for item in container.get("envFrom") or ():
                yield from _sources(item)
    for volume in spec.get("volumes") or ():
        yield from _sources(volume)
        for source in (volume.get("projected") or {}).get("sources") or ():
            yield from _sources(source)


_REACHING = {
    "secret": "secrets",
    "secretRef": "secrets",
    "secretKeyRef": "secrets",
    "configMap": "configmaps",
    "configMapRef": "configmaps",
    "configMapKeyRef": "configmaps",
    "persistentVolumeClaim": "persistentvolumeclaims",
    "ephemeral": "persistentvolumeclaims",
    "serviceAccountToken": "a service account",
    "clusterTrustBundle": "clustertrustbundles",
    "podCertificate": "podcertificaterequests",
}


def _sources(source: Object) -> Iterator[str]:
    for name, what in _REACHING.items():
        if source.get(name):
            yield what
    # Drivers of old and new volumes take secrets by a reference of their own.
    for value in source.values():
        if isinstance(value, dict) and (
            value.get("secretRef") or value.get("nodePublishSecretRef")
        ):
            yield "secrets"
    if source.get("azureFile"):
        yield "secrets"


def _bound_to(pod: Object) -> str:
    name = (pod.get("spec") or {}).get("nodeName", "")
    return name if isinstance(name, str) else ""


def _node(node: str, new: Object | None, old: Object | None) -> str:
    if new is None:
        return f'node "{node}" cannot delete nodes'
    if new.get("metadata", {}).get("name") != node:
        return f'node "{node}" is not allowed to modify other nodes'
    before = (old or {}).get("metadata", {}).get("labels") or {}
    after = new.get("metadata", {}).get("labels") or {}
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    refused = sorted(key for key in changed if not own_label(key))
    if refused:
        return f"is not allowed to modify labels: {', '.join(refused)}"
    if old is None:
        return ""
    if (new.get("spec") or {}).get("taints") != (old.get("spec") or {}).get("taints"):
        return f'node "{node}" is not allowed to modify taints'
    if new["metadata"].get("ownerReferences") != old["metadata"].get("ownerReferences"):
        return f'node "{node}" is not allowed to modify owner references'
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


def may_take_token(node: str, spec: Object, pod: Object | None) -> str:
    """Objection to a TokenRequest's ``spec``. ``pod``: what it is bound to, None if there is none
    (which is told by others)."""
    bound = spec.get("boundObjectRef") or {}
    if bound.get("kind") != "Pod" or not bound.get("name"):
        return "node requested token not bound to a pod"
    if not bound.get("uid"):
        return "node requested token with a pod binding without a uid"
    if pod is not None and _bound_to(pod) != node:
        return "node requested token bound to a pod scheduled on a different node"
    return ""


def asks_for_audience(pod: Object, audience: str) -> bool:
    """Does a volume of the pod hold tokens for this audience? '' is the API server's own."""
    if not audience:
        return True
    return any(
        (source.get("serviceAccountToken") or {}).get("audience") == audience
        for volume in (pod.get("spec") or {}).get("volumes") or ()
        for source in (volume.get("projected") or {}).get("sources") or ()
    )


def _slice(node: str, new: Object) -> str:
    """A node offers its own DNS server, and nothing else, in kube-system."""
    metadata = new.get("metadata") or {}
    name, service = slice_of(node), (metadata.get("labels") or {}).get(LABEL_SERVICE_NAME)
    places = {endpoint.get("nodeName") for endpoint in new.get("endpoints") or ()}
    if metadata.get("name") != name or service != DNS_SERVICE or not places <= {node}:
        return f"can only write the endpointslice {name}, of the service {DNS_SERVICE} on this node"
    return ""
