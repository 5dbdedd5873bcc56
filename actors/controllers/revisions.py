"""A Deployment's ReplicaSets as its history: which is the new one, which revision each has.

Source: Kubernetes "Deployments: rolling back". A rollback is a new template that equals an old one,
so the old set becomes the new one again with the next revision.
Must not know scaling, status, the API.
"""

from collections.abc import Iterable, Sequence

from actors.controllers.objects import (
    annotations_of,
    canonical,
    controller_reference,
    created_at,
    is_terminating,
    name_of,
    namespace_of,
    with_metadata,
)
from actors.controllers.rolling import Bounds
from cluster.api.resources import DEPLOYMENTS
from cluster.api.types import Object
from cluster.names import LABEL_POD_TEMPLATE_HASH

REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS = "deployment.kubernetes.io/max-replicas"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# Not copied from the Deployment to its sets: they have their own, or must not be taken for it.
OWN_ANNOTATIONS = frozenset(
    {
        REVISION,
        REVISION_HISTORY,
        DESIRED,
        MAX_REPLICAS,
        LAST_APPLIED,
        "deprecated.deployment.rollback.to",
    }
)

_FNV_OFFSET = 0x811C9DC5
_FNV_PRIME = 0x01000193
# Letters without vowels, for decimal digits.
_ALPHABET = "bcdfghjklm"


def template_hash(template: Object, collisions: int = 0) -> str:
    """The pod-template-hash: FNV-1a (32 bits) of the canonical JSON and the collision count."""
    value = _FNV_OFFSET
    for byte in canonical(template) + (str(collisions).encode() if collisions else b""):
        value = ((value ^ byte) * _FNV_PRIME) & 0xFFFFFFFF
    return "".join(_ALPHABET[int(digit)] for digit in str(value))


def same_template(one: Object, other: Object) -> bool:
    """True if two templates differ at most in the pod-template-hash label."""
    return canonical(_bare(one)) == canonical(_bare(other))


def _bare(template: Object) -> Object:
    meta = dict(template.get("metadata") or {})
    labels = dict(meta.get("labels") or {})
    labels.pop(LABEL_POD_TEMPLATE_HASH, None)
    meta["labels"] = labels
    meta.pop("creationTimestamp", None)
    return {**template, "metadata": meta}


def find_new(deployment: Object, sets: Iterable[Object]) -> Object | None:
    """The set of the Deployment's present template; the oldest if there are several."""
    template = deployment["spec"]["template"]
    matching = [item for item in sets if same_template(item["spec"]["template"], template)]
    return min(matching, key=lambda item: (created_at(item), name_of(item)), default=None)


def revision_of(obj: Object) -> int:
    """The revision annotation; 0 if there is none or it is no number."""
    try:
        return int(annotations_of(obj).get(REVISION, "0"))
    except ValueError:
        return 0


def next_revision(old_sets: Iterable[Object]) -> int:
    """One more than the highest of the old sets."""
    return max((revision_of(item) for item in old_sets), default=0) + 1


def set_annotations(
    deployment: Object, present: dict[str, str], revision: int, limits: Bounds
) -> dict[str, str]:
    """The annotations of the new set: the Deployment's own, the revision, and the scale."""
    result = dict(present)
    for name, value in annotations_of(deployment).items():
        if name not in OWN_ANNOTATIONS:
            result[name] = value
    before = present.get(REVISION, "")
    if before.isdigit() and int(before) < revision:
        history = present.get(REVISION_HISTORY, "")
        result[REVISION_HISTORY] = f"{history},{before}" if history else before
    if not before.isdigit() or int(before) < revision:
        result[REVISION] = str(revision)
    result.update(scale_annotations(limits))
    return result


def scale_annotations(limits: Bounds) -> dict[str, str]:
    """What a set remembers of the Deployment's size, to tell scaling from rolling."""
    return {DESIRED: str(limits.desired), MAX_REPLICAS: str(limits.total_max)}


def make_set(deployment: Object, replicas: int, revision: int, limits: Bounds) -> Object:
    """The ReplicaSet of the Deployment's present template."""
    spec = deployment["spec"]
    template = spec["template"]
    collisions = int((deployment.get("status") or {}).get("collisionCount") or 0)
    pod_hash = template_hash(template, collisions)
    template_meta = template.get("metadata") or {}
    labels = {**(template_meta.get("labels") or {}), LABEL_POD_TEMPLATE_HASH: pod_hash}
    selector = dict(spec.get("selector") or {})
    selector["matchLabels"] = {
        **(selector.get("matchLabels") or {}),
        LABEL_POD_TEMPLATE_HASH: pod_hash,
    }
    body: Object = {
        "replicas": replicas,
        "selector": selector,
        "template": {**template, "metadata": {**template_meta, "labels": labels}},
    }
    if spec.get("minReadySeconds"):
        body["minReadySeconds"] = spec["minReadySeconds"]
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{name_of(deployment)}-{pod_hash}",
            "namespace": namespace_of(deployment),
            "labels": labels,
            "annotations": set_annotations(deployment, {}, revision, limits),
            "ownerReferences": [controller_reference(deployment, DEPLOYMENTS)],
        },
        "spec": body,
    }


def refreshed(deployment: Object, new_set: Object, revision: int, limits: Bounds) -> Object | None:
    """The new set with annotations and minReadySeconds as they must be; None if they are.

    The scale annotations stay: only scaling may change them, for they say what was scaled for.
    """
    present = annotations_of(new_set)
    wanted = set_annotations(deployment, present, revision, limits)
    for name in (DESIRED, MAX_REPLICAS):
        if name in present:
            wanted[name] = present[name]
    min_ready = deployment["spec"].get("minReadySeconds") or 0
    spec = new_set["spec"]
    if wanted == present and (spec.get("minReadySeconds") or 0) == min_ready:
        return None
    changed = with_metadata(new_set, annotations=wanted)
    return {**changed, "spec": {**spec, "minReadySeconds": min_ready}}


def resized(item: Object, replicas: int, limits: Bounds) -> Object | None:
    """The set with this size and the scale annotations of now; None if it is so already."""
    annotations = {**annotations_of(item), **scale_annotations(limits)}
    if item["spec"].get("replicas") == replicas and annotations == annotations_of(item):
        return None
    changed = with_metadata(item, annotations=annotations)
    return {**changed, "spec": {**item["spec"], "replicas": replicas}}


def to_forget(old_sets: Sequence[Object], limit: int) -> list[Object]:
    """Old sets beyond the history limit that are empty and settled; the lowest revisions first."""
    kept = [item for item in old_sets if not is_terminating(item)]
    excess = len(kept) - limit
    if excess <= 0:
        return []
    ordered = sorted(kept, key=lambda item: (revision_of(item), created_at(item)))
    return [item for item in ordered[:excess] if _is_empty(item)]


def _is_empty(item: Object) -> bool:
    status = item.get("status") or {}
    seen = int(status.get("observedGeneration") or 0)
    settled = seen >= int(item["metadata"].get("generation") or 0)
    return settled and not status.get("replicas") and not item["spec"].get("replicas")
