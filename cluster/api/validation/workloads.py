"""Rules of workloads: Deployment, ReplicaSet, PodTemplate, and the Scale of one.

Must not know how they are carried out.
"""

from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.amounts import amount, check_amount_or_percent, check_whole
from cluster.api.validation.selected import (
    check_lasting,
    check_selected,
    check_selector,
    check_template,
    compiled,
)

_STRATEGIES = frozenset(("Recreate", "RollingUpdate"))


def check_deployment(obj: Object, found: list[Cause]) -> None:
    """A Deployment's spec."""
    spec = obj.get("spec") or {}
    _selected_template(spec, found)
    _strategy(spec.get("strategy") or {}, found)
    for name in ("minReadySeconds", "revisionHistoryLimit"):
        causes.not_negative(f"spec.{name}", spec.get(name), found)
    deadline, ready = spec.get("progressDeadlineSeconds"), spec.get("minReadySeconds") or 0
    causes.not_negative("spec.progressDeadlineSeconds", deadline, found)
    if deadline is not None and deadline <= ready:
        detail = "must be greater than minReadySeconds"
        found.append(causes.invalid("spec.progressDeadlineSeconds", deadline, detail))


def check_replica_set(obj: Object, found: list[Cause]) -> None:
    """A ReplicaSet's spec."""
    spec = obj.get("spec") or {}
    _selected_template(spec, found)
    causes.not_negative("spec.minReadySeconds", spec.get("minReadySeconds"), found)


def check_workload_update(old: Object, new: Object, found: list[Cause]) -> None:
    """The selector says which pods are the workload's: it never changes."""
    selector = (new.get("spec") or {}).get("selector")
    if selector != (old.get("spec") or {}).get("selector"):
        found.append(causes.invalid("spec.selector", selector, causes.IMMUTABLE))


def check_pod_template(obj: Object, found: list[Cause]) -> None:
    """A PodTemplate object."""
    check_template("template", obj.get("template") or {}, found)


def check_scale(obj: Object, found: list[Cause]) -> None:
    """The body of a scale subresource."""
    causes.not_negative("spec.replicas", (obj.get("spec") or {}).get("replicas"), found)


def _selected_template(spec: Object, found: list[Cause]) -> None:
    """A count, a selector, and a template that the selector selects."""
    causes.not_negative("spec.replicas", spec.get("replicas"), found)
    selector = spec.get("selector")
    check_selector("spec.selector", selector, "deployment", found)
    if compiled(selector) is None:
        found.append(causes.invalid("spec.selector", selector, "invalid label selector"))
        return
    template = spec.get("template") or {}
    check_selected("spec.template", selector, template, found)
    check_template("spec.template", template, found)
    check_lasting("spec.template", template, "ReplicaSet", found)


def _strategy(strategy: Object, found: list[Cause]) -> None:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind not in _STRATEGIES:
        found.append(causes.unsupported("spec.strategy", strategy, _STRATEGIES))
    elif kind == "Recreate":
        if rolling is not None:
            detail = "may not be specified when strategy `type` is 'Recreate'"
            found.append(causes.forbidden("spec.strategy.rollingUpdate", detail))
    elif rolling is None:
        detail = "this should be defaulted and never be nil"
        found.append(causes.required("spec.strategy.rollingUpdate", detail))
    else:
        _rolling_update("spec.strategy.rollingUpdate", rolling, found)


def _rolling_update(path: str, rolling: Object, found: list[Cause]) -> None:
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    check_amount_or_percent(f"{path}.maxUnavailable", unavailable, found)
    check_amount_or_percent(f"{path}.maxSurge", surge, found)
    if not amount(unavailable) and not amount(surge):
        detail = "may not be 0 when `maxSurge` is 0"
        found.append(causes.invalid(f"{path}.maxUnavailable", unavailable, detail))
    check_whole(f"{path}.maxUnavailable", unavailable, found)
