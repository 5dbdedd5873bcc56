"""Storage objects in use: a claim, volume or class that is deleted stays while somebody uses it.

Job: three controllers that take the finalizer away which admission gives (and give it to what came
in without): of a claim once no pod uses it, of a volume once it is not bound, of a class of volume
attributes once no claim or volume names it. Source: docs "Persistent Volumes", Storage Object in
Use Protection; "Volume Attributes Classes". Must not know who binds volumes, nor the API.
"""

from collections.abc import Callable, Iterable
from functools import partial

from actors.controllers.objects import (
    is_controlled_by,
    is_terminating,
    name_of,
    namespace_of,
    node_of,
    uid_of,
    with_metadata,
)
from actors.controllers.plan import (
    Action,
    Controller,
    Key,
    RequireNone,
    Update,
    View,
    Watch,
    own_key,
)
from cluster.api.resources import (
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    VOLUME_ATTRIBUTES_CLASSES,
    Resource,
)
from cluster.api.storage_finalizers import (
    CLAIM_FINALIZER,
    CLASS_FINALIZER,
    VOLUME_FINALIZER,
)
from cluster.api.types import Object


def plan_claim(key: Key, view: View, now: float) -> list[Action]:
    """``key``: (namespace, name) of a PersistentVolumeClaim."""
    claim = view.get(PERSISTENT_VOLUME_CLAIMS, *key)

    def is_used(claim: Object) -> bool:
        return any(uses(pod, claim) for pod in view.list(PODS, key[0]))

    actions = _plan(PERSISTENT_VOLUME_CLAIMS, CLAIM_FINALIZER, claim, is_used)
    if claim is None or not actions or not is_terminating(claim):
        return actions
    # A pod that uses it may not have come in here yet.
    return [RequireNone(PODS, key[0], partial(uses, claim=claim)), *actions]


def plan_volume(key: Key, view: View, now: float) -> list[Action]:
    """``key``: ("", name) of a PersistentVolume."""
    volume = view.get(PERSISTENT_VOLUMES, *key)
    return _plan(PERSISTENT_VOLUMES, VOLUME_FINALIZER, volume, _is_bound)


def plan_class(key: Key, view: View, now: float) -> list[Action]:
    """``key``: ("", name) of a VolumeAttributesClass."""

    def is_used(found: Object) -> bool:
        users = (
            user
            for resource in (PERSISTENT_VOLUMES, PERSISTENT_VOLUME_CLAIMS)
            for user in view.list(resource)
        )
        return any(name_of(found) in _classes(user) for user in users)

    found = view.get(VOLUME_ATTRIBUTES_CLASSES, *key)
    return _plan(VOLUME_ATTRIBUTES_CLASSES, CLASS_FINALIZER, found, is_used)


def _plan(
    resource: Resource, finalizer: str, obj: Object | None, is_used: Callable[[Object], bool]
) -> list[Action]:
    if obj is None:
        return []
    held = obj["metadata"].get("finalizers") or []
    if not is_terminating(obj):
        if finalizer in held:
            return []
        return [Update(resource, with_metadata(obj, finalizers=[*held, finalizer]))]
    if finalizer not in held or is_used(obj):
        return []
    left = [name for name in held if name != finalizer]
    why = "it was deleted, and nobody uses it"
    return [Update(resource, with_metadata(obj, finalizers=left or None), why=why)]


def uses(pod: Object, claim: Object) -> bool:
    """True if the pod keeps the claim: it has a node, whether it still runs or not, and names the
    claim or made it for a volume of its own."""
    if not node_of(pod):
        return False
    for volume in (pod.get("spec") or {}).get("volumes") or ():
        name = _claim_name(pod, volume)
        if name != name_of(claim):
            continue
        if volume.get("persistentVolumeClaim") is not None:
            return True
        if not _is_shut_down(pod) and is_controlled_by(claim, uid_of(pod)):
            return True
    return False


def _claim_name(pod: Object, volume: Object) -> str:
    """The claim that the volume stands for, '' if it is no such volume."""
    named = volume.get("persistentVolumeClaim")
    if named is not None:
        return str(named.get("claimName", ""))
    return f"{name_of(pod)}-{volume['name']}" if volume.get("ephemeral") is not None else ""


def _is_shut_down(pod: Object) -> bool:
    """True if only finalizers hold the pod: the kubelet is done with it, or was not asked. Its own
    claims must not wait for it, as it may wait for them."""
    return is_terminating(pod) and pod["metadata"].get("deletionGracePeriodSeconds") == 0


def _is_bound(volume: Object) -> bool:
    return (volume.get("status") or {}).get("phase") == "Bound"


def _classes(user: Object) -> set[str]:
    """The classes that a claim or volume names: wants, has, is about to have."""
    spec, status = user.get("spec") or {}, user.get("status") or {}
    modified = status.get("modifyVolumeStatus") or {}
    names = (
        spec.get("volumeAttributesClassName"),
        status.get("currentVolumeAttributesClassName"),
        modified.get("targetVolumeAttributesClassName"),
    )
    return {str(name) for name in names if name}


def pod_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The claims that a pod kept and keeps no longer."""
    if old is None:
        return []
    kept = _kept(new) if new is not None and uid_of(new) == uid_of(old) else {}
    return [(namespace_of(old), name) for name in _kept(old) if name not in kept]


def _kept(pod: Object) -> dict[str, None]:
    """The names of the claims that the pod may keep, in their order."""
    if not node_of(pod):
        return {}
    shut = _is_shut_down(pod)
    volumes = (pod.get("spec") or {}).get("volumes") or ()
    names = (
        _claim_name(pod, volume) for volume in volumes if not (shut and volume.get("ephemeral"))
    )
    return dict.fromkeys(name for name in names if name)


def class_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The classes that a claim or volume named and names no longer."""
    if old is None:
        return []
    left = _classes(new) if new is not None else set()
    return [("", name) for name in sorted(_classes(old) - left)]


CLAIMS = Controller(
    "persistentvolumeclaim-protection-controller",
    (Watch(PERSISTENT_VOLUME_CLAIMS, own_key), Watch(PODS, pod_keys)),
    plan_claim,
)
VOLUMES = Controller(
    "persistentvolume-protection-controller",
    (Watch(PERSISTENT_VOLUMES, own_key),),
    plan_volume,
)
CLASSES = Controller(
    "volumeattributesclass-protection-controller",
    (
        Watch(VOLUME_ATTRIBUTES_CLASSES, own_key),
        Watch(PERSISTENT_VOLUME_CLAIMS, class_keys),
        Watch(PERSISTENT_VOLUMES, class_keys),
    ),
    plan_class,
)
