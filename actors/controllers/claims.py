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
from actors.controllers.plan import Action, Key, KeysOf, Patch, RequireLiving, View
from cluster.api.resources import Resource
from cluster.api.selectors import LabelSelector, from_object
from cluster.api.types import Object

STRATEGIC = "application/strategic-merge-patch+json"


class Claim(NamedTuple):
    """``owned``: controlled and matching. ``patches``: adoptions and releases to be made first."""

    owned: list[Object]
    patches: list[Patch]


def _always(_: Object) -> bool:
    return True


def claim_in(
    view: View,
    owner: Object,
    owner_resource: Resource,
    resource: Resource,
    *,
    among: Callable[[Object], bool] = _always,
    fits: Callable[[Object], bool] = _always,
) -> Claim:
    """Sort out all that ``owner`` controls of ``resource`` and the orphans of its namespace.
    ``among``: which are looked at at all; ``fits``: what must hold of them beside the selector."""
    namespace = namespace_of(owner)
    orphans = (item for item in view.by_owner(resource, "") if namespace_of(item) == namespace)
    candidates = filter(among, (*view.by_owner(resource, uid_of(owner)), *orphans))
    selector = from_object(owner["spec"].get("selector"))
    return claim(owner, owner_resource, candidates, resource, selector, fits)


def settle(owner: Object, owner_resource: Resource, *claims: Claim) -> list[Action]:
    """The adoptions and releases to be made before anything else; none if all is settled. What is
    orphaned on purpose must not be taken back for an owner that is on its way out, so the API is
    asked first whether it lives (Kubernetes: CanAdopt)."""
    patches = [patch for claimed in claims for patch in claimed.patches]
    if not patches:
        return []
    living = RequireLiving(owner_resource, namespace_of(owner), name_of(owner), uid_of(owner))
    return [living, *patches]


def owner_keys(owner_resource: Resource) -> KeysOf:
    """Of a change: the objects of ``owner_resource`` that control what changed, and for an orphan
    those that might adopt it."""

    def keys(view: View, old: Object | None, new: Object | None) -> list[Key]:
        found: dict[Key, None] = {}
        for item in (old, new):
            if item is None:
                continue
            owner = controller_of(item)
            namespace = namespace_of(item)
            if owner is not None:
                if owner.get("kind") == owner_resource.kind:
                    found[(namespace, str(owner["name"]))] = None
            elif item is new and not is_terminating(item):
                for candidate in view.list(owner_resource, namespace):
                    if from_object(candidate["spec"].get("selector")).matches(labels_of(item)):
                        found[(namespace, name_of(candidate))] = None
        return list(found)

    return keys


def claim(
    owner: Object,
    owner_resource: Resource,
    candidates: Iterable[Object],
    resource: Resource,
    selector: LabelSelector,
    fits: Callable[[Object], bool] = _always,
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
