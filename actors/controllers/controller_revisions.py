"""ControllerRevisions: numbered copies of a pod template, the history that rollbacks choose from.

Job: what a revision holds, which one is of a template, its number, its name, which are to forget.
Source: API reference of apps/v1 ControllerRevision; Kubernetes "Perform a Rollback on a DaemonSet"
(a rollback is the old revision again, with the next number).
Must not know: what the owner does with its pods, the API.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from actors.controllers.objects import (
    annotations_of,
    canonical,
    controller_reference,
    created_at,
    name_of,
    namespace_of,
    with_metadata,
)
from actors.controllers.revisions import LAST_APPLIED, template_hash
from cluster.api.resources import Resource
from cluster.api.types import Object

# On revisions: of what they hold. On pods: the name of the revision they were made of.
LABEL_HASH = "controller.kubernetes.io/hash"
LABEL_REVISION = "controller-revision-hash"


class Found(NamedTuple):
    """The revision of a template. ``made``: it is still to be created. ``renumbered``: it is an
    old one that is to become the newest."""

    revision: Object
    made: bool = False
    renumbered: bool = False


def data_of(template: Object) -> Object:
    """What a revision holds: a strategic merge patch that brings the template back, as
    ``kubectl rollout undo`` sends it."""
    return {"spec": {"template": {**template, "$patch": "replace"}}}


def template_of(revision: Object) -> Object:
    """The template that a revision holds."""
    template = dict(revision["data"]["spec"]["template"])
    template.pop("$patch", None)
    return template


def number_of(revision: Object) -> int:
    """Its place in the history, from 1."""
    return int(revision.get("revision") or 0)


def in_order(revisions: Iterable[Object]) -> list[Object]:
    """The oldest first."""
    return sorted(revisions, key=lambda item: (number_of(item), created_at(item), name_of(item)))


def find(owner: Object, resource: Resource, revisions: Sequence[Object]) -> Found:
    """The revision of the owner's present template, out of its ``revisions`` or made anew."""
    ordered = in_order(revisions)
    following = (number_of(ordered[-1]) if ordered else 0) + 1
    data = canonical(data_of(owner["spec"]["template"]))
    equal = [item for item in ordered if canonical(item.get("data")) == data]
    if not equal:
        return Found(make(owner, resource, following), made=True)
    latest = equal[-1]
    highest = [item for item in ordered if number_of(item) == following - 1]
    # Two of one number come of a view that lacked one of them: the present one goes to the top.
    if highest == [latest]:
        return Found(latest)
    return Found({**latest, "revision": following}, renumbered=True)


def make(owner: Object, resource: Resource, number: int) -> Object:
    """The revision of the owner's present template."""
    template = owner["spec"]["template"]
    collisions = int((owner.get("status") or {}).get("collisionCount") or 0)
    hashed = template_hash(template, collisions)
    # Clients find the history by the owner's selector.
    labels = {**((template.get("metadata") or {}).get("labels") or {}), LABEL_HASH: hashed}
    made: Object = {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": f"{name_of(owner)}-{hashed}",
            "namespace": namespace_of(owner),
            "labels": labels,
            "ownerReferences": [controller_reference(owner, resource)],
        },
        "data": data_of(template),
        "revision": number,
    }
    # Among them kubernetes.io/change-cause, which "kubectl rollout history" shows.
    annotations = {
        name: value for name, value in annotations_of(owner).items() if name != LAST_APPLIED
    }
    return with_metadata(made, annotations=annotations or None)


def to_forget(revisions: Iterable[Object], in_use: Collection[str], limit: int) -> list[Object]:
    """The oldest beyond the limit; ``in_use``: names of those that do not count and stay."""
    spare = [item for item in in_order(revisions) if name_of(item) not in in_use]
    return spare[: max(0, len(spare) - limit)]
