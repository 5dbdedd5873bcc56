"""Garbage collector: dependents go when their owners have gone, or before them, or stay as orphans.

Source: Kubernetes "Garbage Collection" (cascading deletion in background and foreground, orphan).
Must not know any one kind, nor the API. A key is (group, plural, namespace, name, uid).
"""

from collections.abc import Iterable
from typing import NamedTuple

from actors.controllers import served
from actors.controllers.claims import STRATEGIC
from actors.controllers.objects import is_terminating, name_of, namespace_of, uid_of
from actors.controllers.plan import (
    Action,
    Controller,
    Delete,
    Key,
    KeysOf,
    Patch,
    RequireAbsent,
    View,
    Watch,
)
from cluster.api.resources import Resource
from cluster.api.types import Object

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


class Owners(NamedTuple):
    """References of one object. ``solid``: the owner lives. ``waiting``: it is being deleted in the
    foreground. ``dangling``: it seems absent, with the look that would prove it."""

    solid: list[Object]
    waiting: list[Object]
    dangling: list[tuple[Object, RequireAbsent]]


def plan(key: Key, view: View, now: float) -> list[Action]:
    """What is to be done with one object."""
    resource = served.by_identity(key[0], key[1], view.custom)
    if resource is None:
        return []
    obj = view.get(resource, key[2], key[3])
    if obj is None or uid_of(obj) != key[4]:
        return []
    if is_terminating(obj):
        finalizers = obj["metadata"].get("finalizers") or ()
        if ORPHAN in finalizers:
            return [*_release_dependents(obj, view), _drop_finalizer(resource, obj, ORPHAN)]
        if FOREGROUND in finalizers and not _blocking(obj, view):
            return [_drop_finalizer(resource, obj, FOREGROUND)]
        return []
    owners = _classify(obj, view)
    proofs = [proof for _, proof in owners.dangling]
    if owners.solid:
        gone = [*(reference for reference, _ in owners.dangling), *owners.waiting]
        return [*proofs, _drop_owners(resource, obj, gone, view)] if gone else []
    if owners.waiting and _has_dependents(obj, view):
        return [*proofs, *_delete_in_foreground(resource, obj, owners.waiting, view)]
    if owners.waiting or owners.dangling:
        return [*proofs, _delete(resource, obj, _own_policy(obj), _why(owners))]
    return []


def _classify(obj: Object, view: View) -> Owners:
    owners = Owners([], [], [])
    for reference in obj["metadata"].get("ownerReferences") or ():
        place = _place_of(obj, reference, view)
        if place is None:
            # Not for this collector to judge.
            owners.solid.append(reference)
            continue
        owner = view.get(place.resource, place.namespace, place.name)
        if owner is None or uid_of(owner) != place.uid:
            owners.dangling.append((reference, place))
        elif _is_waiting(owner):
            owners.waiting.append(reference)
        else:
            owners.solid.append(reference)
    return owners


def _place_of(obj: Object, reference: Object, view: View) -> RequireAbsent | None:
    """Where the owner is to be looked for; None if its kind is not served."""
    resource = served.by_reference(
        str(reference.get("apiVersion", "")), str(reference.get("kind", "")), view.custom
    )
    if resource is None or (resource.namespaced and not namespace_of(obj)):
        return None
    namespace = namespace_of(obj) if resource.namespaced else ""
    return RequireAbsent(resource, namespace, str(reference["name"]), str(reference["uid"]))


def _dependents(uid: str, view: View) -> Iterable[tuple[Resource, Object]]:
    for resource, cache in view.caches.items():
        for obj in cache.by_owner(uid):
            yield resource, obj


def _is_waiting(obj: Object) -> bool:
    """True if the object's deletion waits for its dependents'."""
    return is_terminating(obj) and FOREGROUND in (obj["metadata"].get("finalizers") or ())


def _has_dependents(obj: Object, view: View) -> bool:
    return any(True for _ in _dependents(uid_of(obj), view))


def _blocking(obj: Object, view: View) -> bool:
    """True if a dependent must go before its owner."""
    return any(
        reference.get("uid") == uid_of(obj) and reference.get("blockOwnerDeletion")
        for _, dependent in _dependents(uid_of(obj), view)
        for reference in dependent["metadata"].get("ownerReferences") or ()
    )


def _delete_in_foreground(
    resource: Resource, obj: Object, waiting: list[Object], view: View
) -> list[Action]:
    actions: list[Action] = []
    in_circle = any(_is_waiting(item) for _, item in _dependents(uid_of(obj), view))
    if in_circle:
        # Owners in a circle would wait for each other for ever: this one lets go.
        actions.append(_unblock(resource, obj, waiting, view))
    why = _why(Owners([], waiting, []))
    return [*actions, _delete(resource, obj, "Foreground", why)]


def _unblock(resource: Resource, obj: Object, waiting: list[Object], view: View) -> Patch:
    """The owners need not wait for this one."""
    if resource in view.custom:
        uids = {item["uid"] for item in waiting}
        owners = obj["metadata"].get("ownerReferences") or ()
        freed = [
            {**item, "blockOwnerDeletion": False} if item.get("uid") in uids else item
            for item in owners
        ]
        return _set_owners(resource, obj, freed)
    references = [{"uid": item["uid"], "blockOwnerDeletion": False} for item in waiting]
    return _patch(resource, obj, {"ownerReferences": references}, STRATEGIC)


def _own_policy(obj: Object) -> str:
    """What the object's own finalizers ask for."""
    finalizers = obj["metadata"].get("finalizers") or ()
    if ORPHAN in finalizers:
        return "Orphan"
    return "Foreground" if FOREGROUND in finalizers else "Background"


def _release_dependents(obj: Object, view: View) -> list[Action]:
    gone = [{"uid": uid_of(obj)}]
    return [
        _drop_owners(resource, dependent, gone, view)
        for resource, dependent in _dependents(uid_of(obj), view)
    ]


def _drop_owners(resource: Resource, obj: Object, references: list[Object], view: View) -> Patch:
    if resource in view.custom:
        gone = {reference["uid"] for reference in references}
        owners = obj["metadata"].get("ownerReferences") or ()
        return _set_owners(resource, obj, [item for item in owners if item.get("uid") not in gone])
    removed = [{"$patch": "delete", "uid": reference["uid"]} for reference in references]
    return _patch(resource, obj, {"ownerReferences": removed}, STRATEGIC)


def _set_owners(resource: Resource, obj: Object, owners: list[Object]) -> Patch:
    """Custom resources know no strategic merge: the whole list, guarded by the revision."""
    fields = {"resourceVersion": obj["metadata"].get("resourceVersion"), "ownerReferences": owners}
    return _patch(resource, obj, fields, "application/merge-patch+json")


def _drop_finalizer(resource: Resource, obj: Object, finalizer: str) -> Patch:
    meta = obj["metadata"]
    left = [item for item in meta.get("finalizers") or () if item != finalizer]
    # The revision guards the list, which is replaced as a whole.
    fields = {"resourceVersion": meta.get("resourceVersion"), "finalizers": left}
    return _patch(resource, obj, fields, "application/merge-patch+json")


def _patch(resource: Resource, obj: Object, fields: Object, content_type: str) -> Patch:
    body = {"metadata": {"uid": uid_of(obj), **fields}}
    return Patch(resource, namespace_of(obj), name_of(obj), body, content_type, may_miss=True)


def _delete(resource: Resource, obj: Object, policy: str, why: str) -> Delete:
    return Delete(
        resource, namespace_of(obj), name_of(obj), uid_of(obj), propagation=policy, why=why
    )


def _why(owners: Owners) -> str:
    gone = [f"{item.get('kind')} {item.get('name')}" for item, _ in owners.dangling]
    going = [f"{item.get('kind')} {item.get('name')}" for item in owners.waiting]
    words = [f"its owner {name} is gone" for name in gone]
    words += [f"its owner {name} is deleted when this is gone" for name in going]
    return "; ".join(words)


def key_of(resource: Resource, obj: Object) -> Key:
    """The collector's key of an object."""
    return (resource.group, resource.plural, namespace_of(obj), name_of(obj), uid_of(obj))


def keys_of(resource: Resource) -> KeysOf:
    """Which objects a change of one of ``resource`` concerns."""

    def keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
        if old is not None and new is not None and _relations(old) == _relations(new):
            return []
        found: dict[Key, None] = {}
        if new is not None:
            found[key_of(resource, new)] = None
        changed = new or old or {}
        if new is None or _is_waiting(new):
            for kind, dependent in _dependents(uid_of(changed), view):
                found[key_of(kind, dependent)] = None
        if old is not None:
            # An owner may have waited for this dependent.
            for reference in old["metadata"].get("ownerReferences") or ():
                place = _place_of(old, reference, view)
                if place is not None:
                    found[_place_key(place)] = None
        return found

    return keys


def _place_key(place: RequireAbsent) -> Key:
    resource = place.resource
    return (resource.group, resource.plural, place.namespace, place.name, place.uid)


def _relations(obj: Object) -> tuple[object, ...]:
    meta = obj["metadata"]
    return (
        meta.get("ownerReferences"),
        meta.get("finalizers"),
        bool(meta.get("deletionTimestamp")),
        meta.get("uid"),
    )


CONTROLLER = Controller(
    "generic-garbage-collector",
    tuple(Watch(resource, keys_of(resource)) for resource in served.RESOURCES),
    plan,
    workers=8,
    warm=False,
    custom=keys_of,
)
