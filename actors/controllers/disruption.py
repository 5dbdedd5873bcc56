"""Disruption budgets: how many of their pods may be evicted now.

Job: keep the status of PodDisruptionBudgets, which evictions spend. Source: docs "Specifying a
Disruption Budget for your Application". Must not know who evicts, nor the API.
"""

from collections.abc import Callable, Iterable

from actors.controllers.objects import (
    condition,
    condition_of,
    controller_of,
    is_active,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    ready_since,
)
from actors.controllers.plan import (
    Action,
    Controller,
    Key,
    KeysOf,
    RequeueAfter,
    Update,
    View,
    Watch,
    own_key,
)
from actors.controllers.rolling import resolve
from cluster.api.custom import scale
from cluster.api.resources import (
    CUSTOM_RESOURCE_DEFINITIONS,
    DEPLOYMENTS,
    POD_DISRUPTION_BUDGETS,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    STATEFUL_SETS,
    Resource,
)
from cluster.api.selectors import from_object
from cluster.api.timestamps import parse_time
from cluster.api.types import Object
from cluster.errors import StatusError

# An evicted pod that is still there so long after is one that was not evicted after all.
DISRUPTED_SECONDS = 120.0
_SCALED = (DEPLOYMENTS, REPLICA_SETS, REPLICATION_CONTROLLERS, STATEFUL_SETS)
_BY_KIND = {(resource.group, resource.kind): resource for resource in _SCALED}
ALLOWED = "DisruptionAllowed"


class Unscaled(Exception):
    """A pod's controller says nowhere how many pods it wants."""


def plan(key: Key, view: View, now: float) -> list[Action]:
    """``key``: (namespace, name) of a PodDisruptionBudget."""
    budget = view.get(POD_DISRUPTION_BUDGETS, *key)
    if budget is None or is_terminating(budget):
        return []
    selector = from_object((budget.get("spec") or {}).get("selector"))
    pods = [pod for pod in view.list(PODS, key[0]) if selector.matches(labels_of(pod))]
    live = [pod for pod in pods if is_active(pod)]
    status = budget.get("status") or {}
    disrupted, due = _disrupted(status.get("disruptedPods") or {}, pods, now)
    try:
        expected, desired = _wanted(budget, live, view)
    except Unscaled as error:
        return _written(budget, _failed(budget, str(error), now))
    healthy = sum(ready_since(pod) is not None and name_of(pod) not in disrupted for pod in live)
    allowed = max(0, healthy - desired) if expected > 0 else 0
    found: Object = {
        "observedGeneration": budget["metadata"].get("generation") or 0,
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": expected,
    }
    if disrupted:
        found["disruptedPods"] = disrupted
    reason = "SufficientPods" if allowed else "InsufficientPods"
    found["conditions"] = _conditions(budget, bool(allowed), reason, "", now)
    again: list[Action] = [] if due is None else [RequeueAfter(due)]
    return [*_written(budget, found), *again]


def _written(budget: Object, found: Object) -> list[Action]:
    if found == budget.get("status"):
        return []
    return [Update(POD_DISRUPTION_BUDGETS, {**budget, "status": found}, "status")]


def _wanted(budget: Object, pods: list[Object], view: View) -> tuple[int, int]:
    """(pods there should be, healthy ones there must be). Raises Unscaled."""
    spec = budget.get("spec") or {}
    if spec.get("maxUnavailable") is not None:
        expected = _scale(pods, view)
        gone = resolve(spec["maxUnavailable"], expected, round_up=True)
        return expected, max(0, expected - gone)
    least = spec.get("minAvailable")
    if least is None:
        # As Kubernetes: a budget that wants nothing wants one.
        least = 1
    if isinstance(least, int):
        return len(pods), least
    expected = _scale(pods, view)
    return expected, resolve(least, expected, round_up=True)


def _scale(pods: list[Object], view: View) -> int:
    """The sum of what the pods' controllers want; pods without one count for nothing."""
    scales: dict[str, int] = {}
    for pod in pods:
        owner = controller_of(pod)
        if owner is None or owner["uid"] in scales:
            continue
        uid, replicas = _replicas(owner, namespace_of(pod), view)
        if uid is not None:
            scales[uid] = replicas
    return sum(scales.values())


def _replicas(owner: Object, namespace: str, view: View) -> tuple[str | None, int]:
    """(uid, replicas) of a pod's controller, or of its Deployment; None if it is gone."""
    kind = (str(owner.get("apiVersion") or "").rpartition("/")[0], owner.get("kind") or "")
    resource = _BY_KIND.get(kind)
    if resource is None:
        return _custom_replicas(kind, owner, namespace, view)
    found = view.get(resource, namespace, owner["name"])
    if found is None or found["metadata"].get("uid") != owner["uid"]:
        return None, 0
    above = controller_of(found) if resource == REPLICA_SETS else None
    if above is not None and above.get("kind") == DEPLOYMENTS.kind:
        return _replicas(above, namespace, view)
    replicas = (found.get("spec") or {}).get("replicas")
    return found["metadata"]["uid"], 1 if replicas is None else int(replicas)


def _custom_replicas(
    kind: tuple[str, str], owner: Object, namespace: str, view: View
) -> tuple[str | None, int]:
    """Of a custom resource: what its scale subresource says that it wants."""
    resource = next((one for one in view.custom if (one.group, one.kind) == kind), None)
    paths = _scale_paths(resource, view) if resource is not None else None
    if resource is None or paths is None:
        raise Unscaled(f"{owner.get('kind')} {owner.get('name')} has no scale")
    found = view.get(resource, namespace, owner["name"])
    if found is None or found["metadata"].get("uid") != owner["uid"]:
        return None, 0
    try:
        return found["metadata"]["uid"], scale.read(paths, found)[0]
    except StatusError as error:
        raise Unscaled(f"{owner['kind']} {owner['name']}: {error}") from None


def _scale_paths(resource: Resource, view: View) -> Object | None:
    """Where objects of a custom resource say how many pods they want."""
    name = f"{resource.plural}.{resource.group}"
    definition = view.get(CUSTOM_RESOURCE_DEFINITIONS, "", name) or {}
    for version in (definition.get("spec") or {}).get("versions") or ():
        if version.get("name") == resource.version:
            found: Object | None = (version.get("subresources") or {}).get("scale")
            return found
    return None


def _disrupted(
    known: dict[str, str], pods: list[Object], now: float
) -> tuple[dict[str, str], float | None]:
    """Evictions whose pod is still there and not yet going, and in how many seconds the next of
    them counts as not done."""
    going = {name_of(pod) for pod in pods if not is_terminating(pod)}
    kept = {
        name: at
        for name, at in known.items()
        if name in going and parse_time(at) + DISRUPTED_SECONDS > now
    }
    if not kept:
        return {}, None
    return kept, max(0.0, min(map(parse_time, kept.values())) + DISRUPTED_SECONDS - now)


def _failed(budget: Object, why: str, now: float) -> Object:
    """The status of a budget that cannot be counted: it allows nothing."""
    status = budget.get("status") or {}
    zeros = dict.fromkeys(("currentHealthy", "desiredHealthy", "expectedPods"), 0)
    return {
        **zeros,
        **status,
        "disruptionsAllowed": 0,
        "observedGeneration": budget["metadata"].get("generation") or 0,
        "conditions": _conditions(budget, False, "SyncFailed", why, now),
    }


def _conditions(budget: Object, allowed: bool, reason: str, text: str, now: float) -> list[Object]:
    old = condition_of(budget, ALLOWED)
    others = (budget.get("status") or {}).get("conditions") or ()
    made = condition(ALLOWED, "True" if allowed else "False", reason, text, now, old)
    made["observedGeneration"] = budget["metadata"].get("generation") or 0
    return [*(one for one in others if one.get("type") != ALLOWED), made]


def _pod_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The budgets that the pod belongs to, or belonged to."""
    pods = [pod for pod in (old, new) if pod is not None]
    namespace = namespace_of(pods[0])
    return [
        (namespace, name_of(budget))
        for budget in view.list(POD_DISRUPTION_BUDGETS, namespace)
        if any(_selects(budget, pod) for pod in pods)
    ]


def _selects(budget: Object, pod: Object) -> bool:
    return from_object((budget.get("spec") or {}).get("selector")).matches(labels_of(pod))


def _owner_keys(number: Callable[[Object], object]) -> KeysOf:
    """All budgets of the namespace, if ``number``, or what goes with it, has changed."""

    def keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
        if old is not None and new is not None and number(old) == number(new):
            return ()
        namespace = namespace_of(new or old or {})
        return [(namespace, name_of(one)) for one in view.list(POD_DISRUPTION_BUDGETS, namespace)]

    return keys


def _custom_keys(resource: Resource) -> KeysOf:
    """Custom resources keep the number anywhere in what their generation counts."""
    return _owner_keys(_generation)


def _generation(obj: Object) -> object:
    return obj["metadata"].get("generation")


def _count(obj: Object) -> object:
    return (obj.get("spec") or {}).get("replicas")


def _watch(resource: Resource) -> Watch:
    return Watch(resource, _owner_keys(_count))


CONTROLLER = Controller(
    "disruption-controller",
    (
        Watch(POD_DISRUPTION_BUDGETS, own_key),
        Watch(PODS, _pod_keys),
        *map(_watch, _SCALED),
    ),
    plan,
    reads=(CUSTOM_RESOURCE_DEFINITIONS,),
    warm=False,
    custom=_custom_keys,
)
