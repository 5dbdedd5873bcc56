"""ReplicaSet: as many pods as are wanted.

Source: Kubernetes "ReplicaSet". Must not know Deployments beyond that one may own the set, nor the
API client.
"""

from actors.controllers import reasons
from actors.controllers.claims import claim_in, owner_keys, settle
from actors.controllers.objects import (
    condition,
    condition_of,
    controller_of,
    controller_reference,
    is_active,
    is_controlled_by,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    uid_of,
)
from actors.controllers.plan import (
    Action,
    Announcement,
    Controller,
    Create,
    Delete,
    Key,
    RequeueAfter,
    Update,
    View,
    Watch,
    own_key,
)
from actors.controllers.pod_ranking import Ranking, available_in
from cluster.api.resources import PODS, REPLICA_SETS, Resource
from cluster.api.types import Object

# Pods made or deleted by one plan; the next one goes on (Kubernetes: BurstReplicas).
BURST_MAX = 500


def plan(key: Key, view: View, now: float) -> list[Action]:
    """``key``: (namespace, name) of a ReplicaSet."""
    replica_set = view.get(REPLICA_SETS, *key)
    if replica_set is None:
        return []
    claimed = claim_in(view, replica_set, REPLICA_SETS, PODS, among=is_active)
    unsettled = settle(replica_set, REPLICA_SETS, claimed)
    if unsettled:
        return unsettled
    pods = claimed.owned
    changes: list[Action] = []
    if not is_terminating(replica_set):
        changes = _scale(replica_set, pods, view, now)
    status = _status(replica_set, pods, view, now)
    update: list[Action] = []
    if status != (replica_set.get("status") or {}):
        update = [Update(REPLICA_SETS, {**replica_set, "status": status}, "status")]
    actions = update + changes if view.failure is not None else changes + update
    due = _next_available(replica_set, pods, now)
    return [*actions, RequeueAfter(due)] if due is not None else actions


def _scale(replica_set: Object, pods: list[Object], view: View, now: float) -> list[Action]:
    wanted = wanted_replicas(replica_set)
    missing = wanted - len(pods)
    if missing > 0:
        pod = make_pod(replica_set, REPLICA_SETS)
        created = Announcement(replica_set, "Normal", "SuccessfulCreate", "Created pod: {name}")
        refused = Announcement(replica_set, "Warning", "FailedCreate", "Error creating: {error}")
        why = reasons.missing(replica_set, wanted, len(pods))
        size = min(missing, BURST_MAX)
        return [Create(PODS, pod, created, refused, why=why) for _ in range(size)]
    if missing < 0:
        ranking = Ranking(pods, _related(replica_set, view), now)
        doomed = ranking.first(-missing)
        said = Announcement(replica_set, "Normal", "SuccessfulDelete", "Deleted pod: {name}")
        return [
            Delete(
                PODS,
                namespace_of(pod),
                name_of(pod),
                uid_of(pod),
                announce=said,
                why=reasons.surplus(replica_set, wanted, len(pods), ranking.told(pod, -missing)),
            )
            for pod in doomed[:BURST_MAX]
        ]
    return []


def _related(replica_set: Object, view: View) -> list[Object]:
    """Active pods of all ReplicaSets with the same controller."""
    owner = controller_of(replica_set)
    siblings = [replica_set]
    if owner is not None:
        siblings = [
            other
            for other in view.by_owner(REPLICA_SETS, str(owner.get("uid")))
            if is_controlled_by(other, str(owner.get("uid")))
        ]
    return [
        pod
        for sibling in siblings
        for pod in view.by_owner(PODS, uid_of(sibling))
        if is_active(pod) and is_controlled_by(pod, uid_of(sibling))
    ]


def make_pod(owner: Object, resource: Resource) -> Object:
    """A pod of the owner's template; the API client makes its name."""
    template = owner["spec"].get("template") or {}
    template_meta = template.get("metadata") or {}
    meta: Object = {
        "generateName": f"{name_of(owner)}-",
        "namespace": namespace_of(owner),
        "ownerReferences": [controller_reference(owner, resource)],
    }
    for field in ("labels", "annotations", "finalizers"):
        if template_meta.get(field):
            meta[field] = template_meta[field]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta,
        "spec": template.get("spec") or {},
    }


def _status(replica_set: Object, pods: list[Object], view: View, now: float) -> Object:
    spec = replica_set["spec"]
    old = replica_set.get("status") or {}
    min_ready = float(spec.get("minReadySeconds") or 0)
    waits = [available_in(pod, min_ready, now) for pod in pods]
    template_labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    status = {
        name: value
        for name, value in old.items()
        if name
        not in (
            "replicas",
            "fullyLabeledReplicas",
            "readyReplicas",
            "availableReplicas",
            "observedGeneration",
            "conditions",
        )
    }
    counts = {
        "fullyLabeledReplicas": sum(
            1 for pod in pods if template_labels.items() <= labels_of(pod).items()
        ),
        "readyReplicas": sum(1 for wait in waits if wait is not None),
        "availableReplicas": sum(1 for wait in waits if wait == 0.0),
    }
    status["replicas"] = len(pods)
    status.update({name: count for name, count in counts.items() if count})
    if replica_set["metadata"].get("generation"):
        status["observedGeneration"] = replica_set["metadata"]["generation"]
    conditions = _conditions(replica_set, len(pods), view, now)
    if conditions:
        status["conditions"] = conditions
    return status


def _conditions(replica_set: Object, count: int, view: View, now: float) -> list[Object]:
    """ReplicaFailure while the API refuses pods or their deletion; any others are kept."""
    old = condition_of(replica_set, "ReplicaFailure")
    kept = [
        item
        for item in (replica_set.get("status") or {}).get("conditions") or ()
        if item.get("type") != "ReplicaFailure"
    ]
    failure = view.failure
    if failure is None or not isinstance(failure.action, Create | Delete) or not failure.code:
        # One that was refused stays said until the count is right.
        settled = count == wanted_replicas(replica_set)
        return kept if old is None or settled else [*kept, old]
    reason = "FailedCreate" if isinstance(failure.action, Create) else "FailedDelete"
    if old is not None and old.get("reason") == reason:
        # The message names another pod each time: a new one would be a change without end.
        return [*kept, old]
    return [*kept, condition("ReplicaFailure", "True", reason, failure.message, now, old)]


def _next_available(replica_set: Object, pods: list[Object], now: float) -> float | None:
    min_ready = float(replica_set["spec"].get("minReadySeconds") or 0)
    waits = [available_in(pod, min_ready, now) for pod in pods]
    return min((wait for wait in waits if wait), default=None)


def wanted_replicas(owner: Object) -> int:
    """spec.replicas, 1 if not given."""
    value = owner["spec"].get("replicas")
    return 1 if value is None else int(value)


CONTROLLER = Controller(
    "replicaset-controller",
    (Watch(REPLICA_SETS, own_key), Watch(PODS, owner_keys(REPLICA_SETS))),
    plan,
)
