"""The PersistentVolumeClaims of a StatefulSet's pods: made before the pod, kept or let go after it.

Source: Kubernetes "StatefulSets: Stable Storage", "PersistentVolumeClaim retention" (owner
references to the set or to the pod leave the deletion to the garbage collector).
Must not know: in which order pods are made and deleted, the API.
"""

from collections.abc import Iterator
from typing import NamedTuple

from actors.controllers.objects import (
    controller_of,
    controller_reference,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    uid_of,
    with_metadata,
)
from actors.controllers.plan import Action, Announcement, Create, Patch, View
from actors.controllers.stateful_pods import claim_name, claim_templates, pod_name
from cluster.api.resources import PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS
from cluster.api.types import Object

_OWNERS = (STATEFUL_SETS.kind, PODS.kind)


class Lacking(NamedTuple):
    """What a pod needs before it can be made. ``waiting``: for the end of the claim of an earlier
    pod of the name, which is being deleted or soon will be."""

    creates: list[Action]
    waiting: bool


def lacking(stateful: Object, ordinal: int, view: View) -> Lacking:
    """For the pod of that ordinal, which is not there (or has not begun to run)."""
    creates: list[Action] = []
    waiting = False
    for template, claim in _claims(stateful, ordinal, view):
        if claim is None:
            creates.append(_create(stateful, template, ordinal))
        else:
            waiting = waiting or is_terminating(claim) or _goes_with_its_pod(claim)
    return Lacking(creates, waiting)


def retain(stateful: Object, ordinal: int, pod: Object, wanted: bool, view: View) -> list[Action]:
    """Let the claims of a pod be owned as the retention policy says. ``wanted``: the ordinal is
    to have a pod; else it is scaled away."""
    actions: list[Action] = []
    for _, claim in _claims(stateful, ordinal, view):
        if claim is None or is_terminating(claim) or _is_foreign(stateful, claim):
            continue
        present = claim["metadata"].get("ownerReferences") or []
        others = [item for item in present if not _is_ours(stateful, pod, item)]
        owners = [*others, *_owners(stateful, pod, wanted)]
        if _identities(owners) != _identities(present):
            actions.append(_own(claim, owners))
    return actions


def _claims(stateful: Object, ordinal: int, view: View) -> Iterator[tuple[Object, Object | None]]:
    """Each template with the claim that it has given the pod of that ordinal."""
    for template in claim_templates(stateful):
        name = claim_name(template, pod_name(stateful, ordinal))
        yield template, view.get(PERSISTENT_VOLUME_CLAIMS, namespace_of(stateful), name)


def _create(stateful: Object, template: Object, ordinal: int) -> Create:
    pod, of = pod_name(stateful, ordinal), name_of(stateful)
    name = claim_name(template, pod)
    about = f"create Claim {name} Pod {pod} in StatefulSet {of}"
    made = Announcement(stateful, "Normal", "SuccessfulCreate", f"{about} success")
    refused = Announcement(stateful, "Warning", "FailedCreate", f"{about} failed error: {{error}}")
    claim = make_claim(stateful, template, ordinal)
    return Create(PERSISTENT_VOLUME_CLAIMS, claim, made, refused, may_exist=True)


def make_claim(stateful: Object, template: Object, ordinal: int) -> Object:
    """The claim of that ordinal's pod."""
    chosen = (stateful["spec"].get("selector") or {}).get("matchLabels") or {}
    claim: Object = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": dict(template["metadata"]),
        "spec": template.get("spec") or {},
    }
    owners = _kept_for(stateful)
    return with_metadata(
        claim,
        name=claim_name(template, pod_name(stateful, ordinal)),
        namespace=namespace_of(stateful),
        labels={**labels_of(template), **chosen} or None,
        ownerReferences=owners or None,
    )


def _policy(stateful: Object, when: str) -> bool:
    """True if claims are to be deleted then."""
    policy = stateful["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    return bool(policy.get(when) == "Delete")


def _owners(stateful: Object, pod: Object, wanted: bool) -> list[Object]:
    if not wanted and _policy(stateful, "whenScaled"):
        return [controller_reference(pod, PODS)]
    return _kept_for(stateful)


def _kept_for(stateful: Object) -> list[Object]:
    """Who owns the claims of pods that are wanted."""
    if _policy(stateful, "whenDeleted"):
        return [controller_reference(stateful, STATEFUL_SETS)]
    return []


def _is_ours(stateful: Object, pod: Object, reference: Object) -> bool:
    """True for what this controller may have written: also of an earlier pod of the name."""
    kind, name = reference.get("kind"), reference.get("name")
    return (kind, name) in ((_OWNERS[0], name_of(stateful)), (_OWNERS[1], name_of(pod)))


def _is_foreign(stateful: Object, claim: Object) -> bool:
    """True if something else controls the claim: then it decides."""
    owner = controller_of(claim)
    return owner is not None and owner.get("kind") not in _OWNERS


def _goes_with_its_pod(claim: Object) -> bool:
    owner = controller_of(claim)
    return owner is not None and owner.get("kind") == PODS.kind


def _identities(owners: list[Object]) -> list[tuple[object, ...]]:
    return sorted((str(item.get("uid")), bool(item.get("controller"))) for item in owners)


def _own(claim: Object, owners: list[Object]) -> Patch:
    # The revision guards the list, which is replaced as a whole.
    meta = {
        "uid": uid_of(claim),
        "resourceVersion": claim["metadata"].get("resourceVersion"),
        "ownerReferences": owners or None,
    }
    namespace, name = namespace_of(claim), name_of(claim)
    return Patch(PERSISTENT_VOLUME_CLAIMS, namespace, name, {"metadata": meta}, may_miss=True)
