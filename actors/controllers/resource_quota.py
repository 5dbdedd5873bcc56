"""Resource quota: what a namespace uses is counted anew when objects come, go or end.

Job: keep status.hard as spec.hard and status.used as the sum over the objects. Admission adds to
status.used in the transaction that creates an object; this only takes away what admission cannot
know. Source: docs "Resource Quotas". Must not know how a quota is enforced, nor the API.
"""

from collections.abc import Iterable

from actors.controllers import served
from actors.controllers.objects import is_terminating, name_of, namespace_of
from actors.controllers.plan import (
    Action,
    Controller,
    Key,
    RequeueAfter,
    Update,
    View,
    Watch,
    own_key,
)
from cluster.api import quotas
from cluster.api.quantity import parse
from cluster.api.resources import (
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    RESOURCE_QUOTAS,
    SERVICES,
    Resource,
)
from cluster.api.types import Object

# An informer hears of progress at least every half a minute: look again until it has.
BEHIND_SECONDS = 5.0
# What uses more or less by an update.
_CHANGING = (PERSISTENT_VOLUME_CLAIMS, PODS, SERVICES)
_UNCOUNTED = frozenset(("Event",))


def plan(key: Key, view: View, now: float) -> list[Action]:
    """``key``: (namespace, name) of a ResourceQuota."""
    quota = view.get(RESOURCE_QUOTAS, *key)
    if quota is None or is_terminating(quota):
        return []
    hard: dict[str, str] = (quota.get("spec") or {}).get("hard") or {}
    status = quota.get("status") or {}
    known: dict[str, str] = status.get("used") or {}
    used, behind = _used(quota, hard, known, view)
    again: list[Action] = [RequeueAfter(BEHIND_SECONDS)] if behind else []
    texts = {name: quotas.text_of(nano, hard[name]) for name, nano in used.items()}
    if status.get("hard") == hard and known == texts:
        return again
    return [
        Update(RESOURCE_QUOTAS, {**quota, "status": {"hard": hard, "used": texts}}, "status"),
        *again,
    ]


def _used(
    quota: Object, hard: dict[str, str], known: dict[str, str], view: View
) -> tuple[dict[str, int], bool]:
    """What is used, in billionths, and whether something is still to be looked at again.

    An object that admission counted into the quota as it stands here may not have come in yet, so
    nothing is lowered before the object's informer has reached the quota's own revision.
    """
    revision = int(quota["metadata"].get("resourceVersion") or 0)
    used, late = dict.fromkeys(hard, 0), set[str]()
    for resource in (*served.NAMESPACED, *(item for item in view.custom if item.namespaced)):
        identity = (resource.group, resource.plural)
        if resource.kind in _UNCOUNTED or not quotas.counts(identity, hard):
            continue
        is_behind = view.caches[resource].revision < revision
        for obj in view.list(resource, namespace_of(quota)):
            if not quotas.covers(quota, identity, obj):
                continue
            for name, nano in quotas.masked(quotas.usage(identity, obj), hard).items():
                used[name] += nano
        if is_behind:
            late.update(name for name in hard if quotas.counts(identity, {name: ""}))
    behind = False
    for name in sorted(late):
        before = parse(known[name]).nano if name in known else 0
        if before > used[name]:
            used[name], behind = before, True
    return used, behind


def keys_of(resource: Resource) -> "_KeysOf":
    """Which quotas a change of such an object concerns."""
    return _KeysOf(resource in _CHANGING)


class _KeysOf:
    """``changing``: an update may change what is used."""

    def __init__(self, changing: bool) -> None:
        self._changing = changing

    def __call__(self, view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
        if old is not None and new is not None and not self._changing:
            return ()
        obj = new or old or {}
        namespace = namespace_of(obj)
        found = view.list(RESOURCE_QUOTAS, namespace)
        return [(namespace, name_of(quota)) for quota in found]


CONTROLLER = Controller(
    "resourcequota-controller",
    (
        Watch(RESOURCE_QUOTAS, own_key),
        *(
            Watch(resource, keys_of(resource))
            for resource in served.NAMESPACED
            if resource != RESOURCE_QUOTAS
        ),
    ),
    plan,
    warm=False,
    custom=keys_of,
)
