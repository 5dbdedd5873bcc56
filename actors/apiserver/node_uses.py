"""Which secrets, configmaps, accounts and claims the pods of a node use. Pure.

Must not know: what a node may do with them (``cluster.security.node_restriction``).
"""

from collections.abc import Iterable

from cluster.api.pod_references import references
from cluster.api.types import Object
from cluster.security.node_restriction import Uses


def used_by(pods: Iterable[Object], volume: Object | None = None) -> Uses:
    """uses(resource, namespace, name) for these pods, which are themselves in use. ``volume``: the
    persistent volume that is asked about; its claim must be a pod's."""
    pods = list(pods)
    used = {
        (resource, pod["metadata"].get("namespace", ""), name)
        for pod in pods
        for resource, name in (*references(pod), ("pods", pod["metadata"].get("name", "")))
    }

    def uses(resource: str, namespace: str, name: str) -> bool:
        if resource == "persistentvolumes":
            claim = (volume or {}).get("spec", {}).get("claimRef") or {}
            resource, namespace = "persistentvolumeclaims", claim.get("namespace", "")
            name = claim.get("name", "")
        return (resource, namespace, name) in used

    return uses
