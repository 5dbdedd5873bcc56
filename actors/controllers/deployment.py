"""Deployment: roll from one ReplicaSet to the next without losing availability.

Job: decide the next step only: which set to make, resize or forget, and the status.
Source: Kubernetes "Deployments". Must not know pods beyond whether old ones still run, nor the API.
"""

from dataclasses import dataclass

from actors.controllers import reasons, revisions
from actors.controllers.claims import claim_in, owner_keys, settle
from actors.controllers.deployment_status import Rollout, deadline_in, is_complete, status_of
from actors.controllers.objects import (
    annotations_of,
    controller_of,
    created_at,
    is_controlled_by,
    is_finished,
    is_terminating,
    name_of,
    namespace_of,
    uid_of,
)
from actors.controllers.plan import (
    Action,
    Announce,
    Announcement,
    Controller,
    Create,
    Delete,
    Key,
    Patch,
    RequeueAfter,
    Update,
    View,
    Watch,
    own_key,
)
from actors.controllers.replicaset import wanted_replicas
from actors.controllers.rolling import (
    Bounds,
    SetCounts,
    bounds,
    new_replicas,
    proportional,
    scale_down_old,
)
from cluster.api.resources import DEPLOYMENTS, PODS, REPLICA_SETS
from cluster.api.selectors import from_object
from cluster.api.types import Object

HISTORY_DEFAULT = 10
# Causes of a set's new size, for the trace.
SCALED = "{name} was scaled"
RECREATES = "{name} makes new pods when the old ones are gone"
SATURATED = "the newest set of {name} does all that is wanted"
FORGOTTEN = "there are more old sets than revisionHistoryLimit keeps"


@dataclass(frozen=True)
class History:
    """A Deployment's sets. ``new``: of the present template, None if it is still to be made."""

    deployment: Object
    new: Object | None
    old: list[Object]
    limits: Bounds

    @property
    def sets(self) -> list[Object]:
        """All of them."""
        return self.old if self.new is None else [*self.old, self.new]

    @property
    def recreates(self) -> bool:
        """True if old pods must be gone before new ones are made."""
        return (self.deployment["spec"].get("strategy") or {}).get("type") == "Recreate"

    @property
    def total(self) -> int:
        """The sum of the wanted replicas of all sets."""
        return sum(map(wanted_replicas, self.sets))


def plan(key: Key, view: View, now: float) -> list[Action]:
    """``key``: (namespace, name) of a Deployment."""
    deployment = view.get(DEPLOYMENTS, *key)
    if deployment is None:
        return []
    if from_object(deployment["spec"].get("selector")).everything:
        text = "This deployment is selecting all pods. A non-empty selector is required."
        return [Announce(Announcement(deployment, "Warning", "SelectingAll", text))]
    claimed = claim_in(view, deployment, DEPLOYMENTS, REPLICA_SETS)
    unsettled = settle(deployment, DEPLOYMENTS, claimed)
    if unsettled:
        return unsettled
    history = _history(deployment, claimed.owned)
    if is_terminating(deployment):
        return _finish(history, [], now)
    paused = bool(deployment["spec"].get("paused"))
    if paused or (not history.recreates and _is_scaling(history)):
        actions = _resize_all(history) or _forget(history, paused)
        return _finish(history, actions, now, scaling=True)
    return _recreate(history, view, now) if history.recreates else _roll(history, view, now)


def _history(deployment: Object, owned: list[Object]) -> History:
    new = revisions.find_new(deployment, owned)
    old = [item for item in owned if item is not new]
    strategy = deployment["spec"].get("strategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    desired = wanted_replicas(deployment)
    if strategy.get("type") == "Recreate":
        # Between the old pods and the new there are none.
        limits = Bounds(desired, 0, 0)
    else:
        limits = bounds(desired, rolling.get("maxSurge"), rolling.get("maxUnavailable"))
    return History(deployment, new, old, limits)


def _roll(history: History, view: View, now: float) -> list[Action]:
    if history.new is None:
        size = new_replicas(history.limits, 0, history.total)
        return _make_new(history, size, view, now)
    prepared = _prepare_new(history)
    if prepared:
        return prepared
    present = wanted_replicas(history.new)
    size = new_replicas(history.limits, present, history.total)
    cause = reasons.rolling(history.limits.surge, history.limits.unavailable)
    if size != present:
        return _finish(history, _resize(history, history.new, size, cause), now)
    sizes = scale_down_old(
        history.limits, [_counts(item) for item in history.old], _counts(history.new)
    )
    down = [
        action
        for item in history.old
        if name_of(item) in sizes
        for action in _resize(history, item, sizes[name_of(item)], cause)
    ]
    return _finish(history, down, now)


def _recreate(history: History, view: View, now: float) -> list[Action]:
    down = [
        action
        for item in history.old
        if wanted_replicas(item)
        for action in _resize(history, item, 0, RECREATES)
    ]
    if down or _old_pods_run(history, view):
        return _finish(history, down, now)
    if history.new is None:
        return _make_new(history, history.limits.desired, view, now)
    prepared = _prepare_new(history)
    if prepared:
        return prepared
    size = history.limits.desired
    return _finish(history, _resize(history, history.new, size, RECREATES), now)


def _old_pods_run(history: History, view: View) -> bool:
    """True while a pod of an old set may still run, also a terminating one."""
    return any(
        is_controlled_by(pod, uid_of(item)) and not is_finished(pod)
        for item in history.old
        for pod in view.by_owner(PODS, uid_of(item))
    )


def _make_new(history: History, size: int, view: View, now: float) -> list[Action]:
    """Make the set of the present template; on a clash of names try another hash."""
    deployment = history.deployment
    revision = revisions.next_revision(history.old)
    made = revisions.make_set(deployment, size, revision, history.limits)
    taken = view.get(REPLICA_SETS, namespace_of(deployment), name_of(made))
    if taken is not None:
        status = dict(deployment.get("status") or {})
        status["collisionCount"] = int(status.get("collisionCount") or 0) + 1
        return [Update(DEPLOYMENTS, {**deployment, "status": status}, "status")]
    said = Announcement(
        deployment,
        "Normal",
        "ScalingReplicaSet",
        f"Scaled up replica set {name_of(made)} from 0 to {size}",
    )
    refused = Announcement(
        deployment,
        "Warning",
        "ReplicaSetCreateError",
        f'Failed to create new replica set "{name_of(made)}": {{error}}',
    )
    why = f"{name_of(deployment)} has a new template: rollout {revision} begins with {size}"
    create = Create(REPLICA_SETS, made, said if size else None, refused, why=why)
    # The plan that finds the new set writes the revision: after this plan's status.
    return _finish(history, [create], now, created=name_of(made))


def _prepare_new(history: History) -> list[Action]:
    """The new set's annotations, and the Deployment's revision, as they must be."""
    assert history.new is not None
    deployment = history.deployment
    revision = revisions.next_revision(history.old)
    changed = revisions.refreshed(deployment, history.new, revision, history.limits)
    if changed is not None:
        return [Update(REPLICA_SETS, changed)]
    shown = annotations_of(history.new).get(revisions.REVISION, "")
    if shown and annotations_of(deployment).get(revisions.REVISION) != shown:
        patch = {"metadata": {"annotations": {revisions.REVISION: shown}}}
        return [Patch(DEPLOYMENTS, namespace_of(deployment), name_of(deployment), patch)]
    return []


def _is_scaling(history: History) -> bool:
    """True if a set with pods was sized for another desired count than today's."""
    for item in history.sets:
        recorded = annotations_of(item).get(revisions.DESIRED, "")
        sized = wanted_replicas(item) and recorded.isdigit()
        if sized and int(recorded) != history.limits.desired:
            return True
    return False


def _resize_all(history: History) -> list[Action]:
    """The Deployment was scaled, or is paused: bring the sets to the new size in proportion."""
    active = [item for item in history.sets if wanted_replicas(item)]
    desired = history.limits.desired
    if len(active) <= 1:
        latest = max(history.old, key=lambda item: (created_at(item), name_of(item)), default=None)
        only = active[0] if active else (history.new or latest)
        return [] if only is None else _resize(history, only, desired, SCALED)
    if _is_saturated(history):
        return [
            action
            for item in active
            if item is not history.new
            for action in _resize(history, item, 0, SATURATED)
        ]
    recorded = int((history.deployment.get("status") or {}).get("replicas") or 0)
    if history.recreates:
        return []
    sizes = proportional(history.limits, [_counts(item) for item in active], recorded)
    return [
        action for item in active for action in _resize(history, item, sizes[name_of(item)], SCALED)
    ]


def _is_saturated(history: History) -> bool:
    """True if the new set alone does all that is wanted."""
    if history.new is None:
        return False
    counts = _counts(history.new)
    recorded = annotations_of(history.new).get(revisions.DESIRED, "")
    desired = history.limits.desired
    return counts.replicas == desired == counts.available and recorded == str(desired)


def _resize(history: History, item: Object, size: int, cause: str) -> list[Action]:
    """``cause``: for the trace; {name} is the Deployment."""
    changed = revisions.resized(item, size, history.limits)
    if changed is None:
        return []
    before = wanted_replicas(item)
    why = reasons.scaling(history.deployment, before, size, cause) if size != before else ""
    update: list[Action] = [Update(REPLICA_SETS, changed, why=why)]
    if size != before:
        way = "up" if size > before else "down"
        text = f"Scaled {way} replica set {name_of(item)} from {before} to {size}"
        said = Announcement(history.deployment, "Normal", "ScalingReplicaSet", text)
        update.append(Announce(said))
    return update


def _finish(
    history: History, actions: list[Action], now: float, created: str = "", scaling: bool = False
) -> list[Action]:
    """Close a plan: the status after the actions, old history once the rollout is complete."""
    deployment = history.deployment
    rollout = Rollout(deployment, history.sets, history.new, history.limits, created, scaling)
    status = status_of(rollout, now)
    result = list(actions)
    if not actions and not scaling and is_complete(rollout, status):
        result += _forget(history, True)
    if status != (deployment.get("status") or {}):
        result.append(Update(DEPLOYMENTS, {**deployment, "status": status}, "status"))
    due = deadline_in(rollout, status, now)
    return [*result, RequeueAfter(due)] if due is not None else result


def _forget(history: History, allowed: bool) -> list[Action]:
    limit = history.deployment["spec"].get("revisionHistoryLimit")
    if not allowed:
        return []
    excess = revisions.to_forget(history.old, HISTORY_DEFAULT if limit is None else int(limit))
    return [
        Delete(REPLICA_SETS, namespace_of(item), name_of(item), uid_of(item), why=FORGOTTEN)
        for item in excess
    ]


def _counts(item: Object) -> SetCounts:
    recorded = annotations_of(item).get(revisions.MAX_REPLICAS, "")
    return SetCounts(
        name=name_of(item),
        replicas=wanted_replicas(item),
        available=int((item.get("status") or {}).get("availableReplicas") or 0),
        created=created_at(item),
        annotated_max=int(recorded) if recorded.isdigit() else 0,
    )


def pod_keys(view: View, old: Object | None, new: Object | None) -> list[Key]:
    """A Deployment of type Recreate waits for the end of its old pods."""
    if old is None or (new is not None and not is_finished(new)):
        return []
    owner = controller_of(old)
    if owner is None or owner.get("kind") != "ReplicaSet":
        return []
    item = view.get(REPLICA_SETS, namespace_of(old), str(owner["name"]))
    parent = controller_of(item) if item is not None else None
    if parent is None or parent.get("kind") != "Deployment":
        return []
    deployment = view.get(DEPLOYMENTS, namespace_of(old), str(parent["name"]))
    strategy = ((deployment or {}).get("spec") or {}).get("strategy") or {}
    if strategy.get("type") != "Recreate":
        return []
    return [(namespace_of(old), str(parent["name"]))]


CONTROLLER = Controller(
    "deployment-controller",
    (
        Watch(DEPLOYMENTS, own_key),
        Watch(REPLICA_SETS, owner_keys(DEPLOYMENTS)),
        Watch(PODS, pod_keys),
    ),
    plan,
)
