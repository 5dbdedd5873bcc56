"""Adoption and release: which objects a controller's object controls.

Job: the rule of Kubernetes' controller references: an object that matches the selector and has no
controller is adopted, one that is controlled and no longer matches is released. Both are patches
guarded by the uid; whoever comes second gets a conflict and looks again.
Must not know: what the controller does with what it controls.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from actors.controllers.objects import (
    controller_of,
    controller_reference,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    uid_of,
)
from actors.controllers.plan import Patch
from cluster.api.resources import Resource
from cluster.api.selectors import LabelSelector
from cluster.api.types import Object

STRATEGIC = "application/strategic-merge-patch+json"


class Claim(NamedTuple):
    """``owned``: controlled and matching. ``patches``: adoptions and releases to be made first."""

    owned: list[Object]
    patches: list[Patch]


def claim(
    owner: Object,
    owner_resource: Resource,
    candidates: Iterable[Object],
    resource: Resource,
    selector: LabelSelector,
    fits: Callable[[Object], bool] = lambda _: True,
) -> Claim:
    """Sort the candidates (of the owner's namespace, of ``resource``) out. ``fits``: what must
    hold of them beside the selector."""
    owned: list[Object] = []
    patches: list[Patch] = []
    for candidate in candidates:
        controller = controller_of(candidate)
        matches = selector.matches(labels_of(candidate)) and fits(candidate)
        if controller is not None:
            if controller.get("uid") != uid_of(owner):
                continue
            if matches:
                owned.append(candidate)
            elif not is_terminating(owner):
                patches.append(_release(owner, candidate, resource))
        elif matches and not is_terminating(owner) and not is_terminating(candidate):
            patches.append(_adopt(owner, owner_resource, candidate, resource))
    return Claim(owned, patches)


def _adopt(owner: Object, owner_resource: Resource, candidate: Object, resource: Resource) -> Patch:
    references = [controller_reference(owner, owner_resource)]
    return _patch(candidate, resource, references)


def _release(owner: Object, candidate: Object, resource: Resource) -> Patch:
    return _patch(candidate, resource, [{"$patch": "delete", "uid": uid_of(owner)}])


def _patch(candidate: Object, resource: Resource, references: list[Object]) -> Patch:
    body = {"metadata": {"uid": uid_of(candidate), "ownerReferences": references}}
    namespace, name = namespace_of(candidate), name_of(candidate)
    return Patch(resource, namespace, name, body, STRATEGIC, may_miss=True)
