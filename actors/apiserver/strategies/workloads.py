"""Rules of what runs pods beside Deployments: the first status of each, and what is counted. Pure.

Source: API reference of apps/v1, core/v1 and policy/v1: the fields of a status that are always
there. Must not know: the store.
"""

from collections.abc import Callable

from actors.apiserver.strategies.strategy import Strategy
from cluster.api.types import Object

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"


def starting(*counts: str) -> Callable[[Object, float], None]:
    """Begin with a status in which these are 0."""

    def create(obj: Object, now: float) -> None:
        obj["status"] = dict.fromkeys(counts, 0)

    return create


def _create_daemon_set(obj: Object, now: float) -> None:
    _DAEMON_STATUS(obj, now)
    _annotate(obj, 1)


def _update_daemon_set(obj: Object, old: Object) -> None:
    annotations = old["metadata"].get("annotations") or {}
    told = annotations.get(TEMPLATE_GENERATION, "")
    number = int(told) if told.isascii() and told.isdecimal() else 1
    before, after = old.get("spec") or {}, obj.get("spec") or {}
    changed = before.get("template") != after.get("template")
    _annotate(obj, number + 1 if changed else number)


def _annotate(obj: Object, number: int) -> None:
    annotations = obj["metadata"].get("annotations") or {}
    obj["metadata"]["annotations"] = {**annotations, TEMPLATE_GENERATION: str(number)}


_DAEMON_STATUS = starting(
    "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"
)
DAEMON_SETS = Strategy(generation=True, create=_create_daemon_set, update=_update_daemon_set)
REPLICA_SETS = Strategy(generation=True, create=starting("replicas"))
STATEFUL_SETS = Strategy(generation=True, create=starting("replicas", "availableReplicas"))
REPLICATION_CONTROLLERS = Strategy(generation=True, create=starting("replicas"), orphans=True)
DISRUPTION_BUDGETS = Strategy(
    generation=True,
    create=starting("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"),
)
AUTOSCALERS = Strategy(generation=True, create=starting("desiredReplicas"))
RESOURCE_QUOTAS = Strategy(returns_deleted=True, create=starting())
