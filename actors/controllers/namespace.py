"""Namespace: a deleted namespace takes everything in it along.

Job: delete the pods, then all else, then (once the API itself confirms that nothing is left) the
finalizer that holds the namespace. Source: Kubernetes "Namespaces", KEP-5080 (ordered deletion).
Must not know what the objects are, nor the API.
"""

from collections.abc import Iterable

from actors.controllers import served
from actors.controllers.namespace_status import Content, waiting
from actors.controllers.objects import is_terminating, name_of, namespace_of, uid_of
from actors.controllers.plan import (
    Action,
    Controller,
    Delete,
    DeleteCollection,
    Key,
    RequireEmpty,
    Update,
    View,
    Watch,
    own_key,
)
from cluster.api.resources import NAMESPACES, PODS, Resource
from cluster.api.types import Object

FINALIZER = "kubernetes"


def plan(key: Key, view: View, now: float) -> list[Action]:
    """``key``: ("", name) of a Namespace."""
    name = key[1]
    namespace = view.get(NAMESPACES, "", name)
    if namespace is None or not is_terminating(namespace):
        return []
    finalizers = (namespace.get("spec") or {}).get("finalizers") or []
    if FINALIZER not in finalizers:
        return []
    pods = view.list(PODS, name)
    if pods:
        return _delete_all(PODS, pods) or _wait(namespace, [(PODS, pods)], now)
    content = (*served.NAMESPACED, *(item for item in view.custom if item.namespaced))
    others = [(item, view.list(item, name)) for item in content if item != PODS]
    if any(objects for _, objects in others):
        doomed = [action for item, objects in others for action in _delete_all(item, objects)]
        return doomed or _wait(namespace, others, now)
    left = [one for one in finalizers if one != FINALIZER]
    finalized = {**namespace, "spec": {**namespace["spec"], "finalizers": left}}
    return [
        *(DeleteCollection(item, name) for item in served.UNWATCHED),
        *(RequireEmpty(item, name) for item in content),
        *(RequireEmpty(item, name) for item in served.UNWATCHED),
        Update(NAMESPACES, finalized, "finalize"),
    ]


def _wait(namespace: Object, content: Content, now: float) -> list[Action]:
    told = waiting(namespace, content, now)
    return [] if told is None else [Update(NAMESPACES, told, "status")]


def _delete_all(resource: Resource, objects: Iterable[Object]) -> list[Action]:
    return [
        Delete(
            resource,
            namespace_of(obj),
            name_of(obj),
            uid_of(obj),
            propagation="Background",
            why=f"its namespace {namespace_of(obj)} is being deleted",
        )
        for obj in objects
        if not is_terminating(obj)
    ]


def content_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The namespace of the object, if it is being deleted."""
    obj = new or old or {}
    name = namespace_of(obj)
    namespace = view.get(NAMESPACES, "", name)
    return [("", name)] if namespace is not None and is_terminating(namespace) else []


CONTROLLER = Controller(
    "namespace-controller",
    (
        Watch(NAMESPACES, own_key),
        *(Watch(resource, content_keys) for resource in served.NAMESPACED),
    ),
    plan,
    warm=False,
    custom=lambda resource: content_keys,
)
