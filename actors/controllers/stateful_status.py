"""A StatefulSet's status: what ``kubectl rollout status`` and the scale subresource read.

Source: API reference of apps/v1 StatefulSetStatus. Must not know: what is done next, the API.
"""

from collections.abc import Iterable

from actors.controllers.objects import is_terminating
from actors.controllers.stateful_pods import is_available, is_ready, ordinals, revision_of
from cluster.api.types import Object

_ALWAYS = ("replicas", "availableReplicas")
_IF_ANY = ("readyReplicas", "currentReplicas", "updatedReplicas")


def status_of(
    stateful: Object, pods: Iterable[Object], current: str, update: str, now: float
) -> Object:
    """``current``, ``update``: names of revisions. All pods count, also those on their way out;
    conditions, of which this controller knows none, are kept."""
    pods = list(pods)
    old = stateful.get("status") or {}
    staying = [pod for pod in pods if not is_terminating(pod)]
    counts = {
        "replicas": len(pods),
        "availableReplicas": sum(is_available(stateful, pod, now) for pod in pods),
        "readyReplicas": sum(is_ready(pod) for pod in pods),
        "currentReplicas": sum(revision_of(pod) == current for pod in staying),
        "updatedReplicas": sum(revision_of(pod) == update for pod in staying),
    }
    if _is_complete(stateful, counts):
        current = update
        counts["currentReplicas"] = counts["updatedReplicas"]
    status = {name: value for name, value in old.items() if name not in (*_ALWAYS, *_IF_ANY)}
    status.update({name: counts[name] for name in _ALWAYS})
    status.update({name: counts[name] for name in _IF_ANY if counts[name]})
    status.update(currentRevision=current, updateRevision=update)
    status.setdefault("collisionCount", 0)
    if stateful["metadata"].get("generation"):
        status["observedGeneration"] = stateful["metadata"]["generation"]
    return status


def _is_complete(stateful: Object, counts: dict[str, int]) -> bool:
    """True if every wanted pod is of the update and ready, and there is no other."""
    wanted = len(ordinals(stateful))
    names = ("replicas", "readyReplicas", "updatedReplicas")
    return all(counts[name] == wanted for name in names)


def renames(stateful: Object, status: Object) -> bool:
    """True if the status names other revisions than the one that is stored."""
    old = stateful.get("status") or {}
    return any(old.get(name) != status[name] for name in ("currentRevision", "updateRevision"))
