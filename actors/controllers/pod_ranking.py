"""Which pods a ReplicaSet deletes first when it has too many.

Source: Kubernetes "ReplicaSet: scaling down" and "Pod deletion cost". Must not know ReplicaSets'
other business, nor clocks; ``now`` is UNIX seconds.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from actors.controllers.objects import (
    annotations_of,
    condition_of,
    created_at,
    node_of,
    pod_phase,
    ready_since,
    uid_of,
)
from cluster.api.timestamps import parse_time
from cluster.api.types import Object

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


# What a rank looks at, in this order, and how it is told of the pod that goes.
CRITERIA = (
    "because it has no node", "because it does not run yet", "because it is not ready",
    "because its deletion costs less", "because more of its kind are on its node",
    "because it has been ready for a shorter time", "because it was restarted more often",
    "because it is younger", "by lot",
)  # fmt: skip


class Ranking:
    """Orders ``pods``, those least missed first.

    ``related``: active pods of the same Deployment: a pod on a node with more of them goes first.
    """

    def __init__(self, pods: Sequence[Object], related: Iterable[Object], now: float) -> None:
        crowd = Counter(node_of(pod) for pod in related)
        self._ranks = {uid_of(pod): _rank(pod, crowd[node_of(pod)], now) for pod in pods}
        self._given = list(pods)
        self._sorted = sorted(pods, key=lambda pod: self._ranks[uid_of(pod)])

    def first(self, count: int) -> list[Object]:
        """The ``count`` that go; all, as they were given, if there are no more."""
        return self._given if count >= len(self._given) else self._sorted[:count]

    def told(self, pod: Object, count: int) -> str:
        """What told a pod from the first that stays if ``count`` go; '' if none stays."""
        if count >= len(self._sorted):
            return ""
        goes, stays = self._ranks[uid_of(pod)], self._ranks[uid_of(self._sorted[count])]
        pairs = zip(CRITERIA, goes, stays, strict=True)
        return next((words for words, one, other in pairs if one != other), CRITERIA[-1])


def pods_to_delete(
    pods: Sequence[Object], related: Iterable[Object], count: int, now: float
) -> list[Object]:
    """``count`` of ``pods``, those least missed first (see ``Ranking``)."""
    return Ranking(pods, related, now).first(count)


def _rank(pod: Object, neighbours: int, now: float) -> tuple[object, ...]:
    """Sorts first what is to go first. Told by ``CRITERIA``."""
    since = ready_since(pod)
    ready = since is not None
    return (
        bool(node_of(pod)),
        _PHASES.get(pod_phase(pod), 2),
        ready,
        deletion_cost(pod),
        -neighbours,
        _age_step(now - since) if since is not None else 0,
        -_restarts(pod),
        _age_step(now - created_at(pod)),
        # Of one age step the choice is arbitrary but must be the same each time.
        uid_of(pod),
    )


def deletion_cost(pod: Object) -> int:
    """The pod-deletion-cost annotation; 0 if there is none or it is no number."""
    try:
        return int(annotations_of(pod).get(DELETION_COST, "0"))
    except ValueError:
        return 0


def _age_step(seconds: float) -> int:
    """Ages are compared by their order of magnitude in base 2, so that old pods count as equally
    old (Kubernetes: LogarithmicScaleDown)."""
    return math.ceil(math.log2(seconds)) if seconds > 1.0 else 0


def _restarts(pod: Object) -> int:
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return max((int(status.get("restartCount") or 0) for status in statuses), default=0)


def available_in(pod: Object, min_ready_seconds: float, now: float) -> float | None:
    """Seconds until the ready pod counts as available (0: it does now), None if it is not ready."""
    condition = condition_of(pod, "Ready")
    if condition is None or condition.get("status") != "True":
        return None
    if not min_ready_seconds:
        return 0.0
    since = parse_time(condition.get("lastTransitionTime"))
    return max(0.0, since + min_ready_seconds - now)
