"""StatefulSet: pods with names and volumes of their own, one at most for each name.

Job: from a set, its pods and its history to the next actions: adopt, number the revision, tell the
status, then a step with the pods. Source: Kubernetes "StatefulSets".
Must not know: nodes (a pod that may still run somewhere is there until the API says that it is
gone), the API.
"""

from collections.abc import Iterable

from actors.controllers import controller_revisions
from actors.controllers.claims import claim_in, owner_keys, settle
from actors.controllers.controller_revisions import number_of
from actors.controllers.objects import (
    is_terminating,
    name_of,
    namespace_of,
    uid_of,
)
from actors.controllers.plan import (
    Action,
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
from actors.controllers.stateful_pods import (
    by_ordinal,
    claim_templates,
    next_available,
    ordinal_of,
    revision_of,
)
from actors.controllers.stateful_status import renames, status_of
from actors.controllers.stateful_steps import Pods, steps
from cluster.api.resources import (
    CONTROLLER_REVISIONS,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    STATEFUL_SETS,
)
from cluster.api.selectors import from_object
from cluster.api.types import Object

HISTORY_DEFAULT = 10


def plan(key: Key, view: View, now: float) -> list[Action]:
    """``key``: (namespace, name) of a StatefulSet."""
    stateful = view.get(STATEFUL_SETS, *key)
    if stateful is None or from_object(stateful["spec"].get("selector")).everything:
        return []

    def named(pod: Object) -> bool:
        return ordinal_of(name_of(stateful), name_of(pod)) is not None

    mine = claim_in(view, stateful, STATEFUL_SETS, PODS, fits=named)
    filed = claim_in(view, stateful, STATEFUL_SETS, CONTROLLER_REVISIONS)
    unsettled = settle(stateful, STATEFUL_SETS, mine, filed)
    if unsettled:
        return unsettled
    pods, revisions = mine.owned, filed.owned
    if is_terminating(stateful):
        old = stateful.get("status") or {}
        names = [str(old.get(name) or "") for name in ("currentRevision", "updateRevision")]
        status = status_of(stateful, pods, names[0], names[1], now)
        return _told(stateful, status)
    found = controller_revisions.find(stateful, STATEFUL_SETS, revisions)
    if found.made or found.renumbered:
        return _write_history(stateful, found, view)
    return _advance(stateful, pods, revisions, found.revision, view, now)


def _write_history(stateful: Object, found: controller_revisions.Found, view: View) -> list[Action]:
    """The present template as the newest revision; on a clash of names try another hash."""
    revision = found.revision
    namespace, name = namespace_of(stateful), name_of(revision)
    if found.renumbered:
        meta = {"uid": uid_of(revision)}
        patch = {"metadata": meta, "revision": number_of(revision)}
        return [Patch(CONTROLLER_REVISIONS, namespace, name, patch)]
    if view.get(CONTROLLER_REVISIONS, namespace, name) is None:
        return [Create(CONTROLLER_REVISIONS, revision)]
    status = dict(stateful.get("status") or {})
    status["collisionCount"] = int(status.get("collisionCount") or 0) + 1
    return _told(stateful, status)


def _advance(
    stateful: Object,
    pods: list[Object],
    revisions: list[Object],
    update: Object,
    view: View,
    now: float,
) -> list[Action]:
    recorded = (stateful.get("status") or {}).get("currentRevision")
    current = next((item for item in revisions if name_of(item) == recorded), update)
    status = status_of(stateful, pods, name_of(current), name_of(update), now)
    if renames(stateful, status):
        # Before any pod is made of them: which one comes back as it was depends on these names.
        return _told(stateful, status)
    present = by_ordinal(stateful, pods)
    actions = steps(Pods(stateful, present, current, update, view, now))
    if not actions:
        in_use = {name_of(current), name_of(update), *map(revision_of, pods)}
        actions = _forget(stateful, revisions, in_use)
    due = next_available(stateful, present, now)
    later = [RequeueAfter(due)] if due is not None else []
    return [*_told(stateful, status), *actions, *later]


def _told(stateful: Object, status: Object) -> list[Action]:
    if status == (stateful.get("status") or {}):
        return []
    return [Update(STATEFUL_SETS, {**stateful, "status": status}, "status")]


def _forget(stateful: Object, revisions: list[Object], in_use: set[str]) -> list[Action]:
    limit = stateful["spec"].get("revisionHistoryLimit")
    excess = controller_revisions.to_forget(
        revisions, in_use, HISTORY_DEFAULT if limit is None else int(limit)
    )
    return [
        Delete(CONTROLLER_REVISIONS, namespace_of(item), name_of(item), uid_of(item))
        for item in excess
        if not is_terminating(item)
    ]


def claim_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The sets whose pods may use the claim, going by its name."""
    item = new or old or {}
    namespace, name = namespace_of(item), name_of(item)
    for stateful in view.list(STATEFUL_SETS, namespace):
        of = name_of(stateful)
        for template in claim_templates(stateful):
            pod = name.removeprefix(f"{name_of(template)}-")
            if pod != name and ordinal_of(of, pod) is not None:
                yield namespace, of


CONTROLLER = Controller(
    "statefulset-controller",
    (
        Watch(STATEFUL_SETS, own_key),
        Watch(PODS, owner_keys(STATEFUL_SETS)),
        Watch(CONTROLLER_REVISIONS, owner_keys(STATEFUL_SETS)),
        Watch(PERSISTENT_VOLUME_CLAIMS, claim_keys),
    ),
    plan,
)
