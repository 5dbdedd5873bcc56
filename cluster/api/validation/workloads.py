"""Rules of workloads: Deployment, ReplicaSet, PodTemplate, and the Scale of one.

Must not know how they are carried out.
"""

import re
from typing import Any

from cluster.api.selectors import SelectorError, from_object
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.label_selectors import check_label_selector
from cluster.api.validation.metadata import check_annotations, check_labels
from cluster.api.validation.pod_spec import check_pod_spec

_PERCENT = re.compile(r"[0-9]{1,9}%")
_PERCENT_TEXT = (
    "a valid percent string must be a numeric string followed by an ending '%' "
    "(e.g. '1%', or '93%', regex used for validation is '[0-9]+%')"
)
_STRATEGIES = frozenset(("Recreate", "RollingUpdate"))


def check_deployment(obj: Object, found: list[Cause]) -> None:
    """A Deployment's spec."""
    spec = obj.get("spec") or {}
    _selected_template(spec, "deployment", found)
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
    _selected_template(spec, "deployment", found)
    causes.not_negative("spec.minReadySeconds", spec.get("minReadySeconds"), found)


def check_workload_update(old: Object, new: Object, found: list[Cause]) -> None:
    """The selector says which pods are the workload's: it never changes."""
    selector = (new.get("spec") or {}).get("selector")
    if selector != (old.get("spec") or {}).get("selector"):
        found.append(causes.invalid("spec.selector", selector, causes.IMMUTABLE))


def check_pod_template(obj: Object, found: list[Cause]) -> None:
    """A PodTemplate object."""
    check_template("template", obj.get("template") or {}, found)


def check_template(path: str, template: Object, found: list[Cause]) -> None:
    """A template's metadata and spec, whatever it is for."""
    metadata = template.get("metadata") or {}
    if metadata.get("labels"):
        check_labels(f"{path}.metadata.labels", metadata["labels"], found)
    if metadata.get("annotations"):
        check_annotations(f"{path}.metadata.annotations", metadata["annotations"], found)
    spec = template.get("spec") or {}
    check_pod_spec(f"{path}.spec", spec, found)
    if spec.get("ephemeralContainers"):
        detail = "ephemeral containers not allowed in pod template"
        found.append(causes.forbidden(f"{path}.spec.ephemeralContainers", detail))


def check_scale(obj: Object, found: list[Cause]) -> None:
    """The body of a scale subresource."""
    causes.not_negative("spec.replicas", (obj.get("spec") or {}).get("replicas"), found)


def _selected_template(spec: Object, what: str, found: list[Cause]) -> None:
    """What every workload has: a count, a selector, and a template that the selector selects."""
    causes.not_negative("spec.replicas", spec.get("replicas"), found)
    selector = spec.get("selector")
    if selector is None:
        found.append(causes.required("spec.selector"))
    elif not selector.get("matchLabels") and not selector.get("matchExpressions"):
        detail = f"empty selector is invalid for {what}"
        found.append(causes.invalid("spec.selector", selector, detail))
    else:
        check_label_selector("spec.selector", selector, found)
    template = spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    if selector and not _selects(selector, labels):
        detail = "`selector` does not match template `labels`"
        found.append(causes.invalid("spec.template.metadata.labels", labels, detail))
    check_template("spec.template", template, found)
    pod = template.get("spec") or {}
    policy = pod.get("restartPolicy")
    if policy != "Always":
        path = "spec.template.spec.restartPolicy"
        found.append(causes.unsupported(path, policy or "", ("Always",)))
    if pod.get("activeDeadlineSeconds") is not None:
        path = "spec.template.spec.activeDeadlineSeconds"
        detail = "activeDeadlineSeconds in ReplicaSet is not Supported"
        found.append(causes.forbidden(path, detail))


def _selects(selector: Object, labels: Object) -> bool:
    try:
        return from_object(selector).matches(labels)
    except SelectorError:
        return True  # the selector itself is wrong, and said to be


def _strategy(strategy: Object, found: list[Cause]) -> None:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind not in _STRATEGIES:
        found.append(causes.unsupported("spec.strategy.type", kind or "", _STRATEGIES))
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
    fine = check_amount_or_percent(f"{path}.maxUnavailable", unavailable, found)
    fine = check_amount_or_percent(f"{path}.maxSurge", surge, found) and fine
    if fine and not _number(unavailable) and not _number(surge):
        detail = "may not be 0 when `maxSurge` is 0"
        found.append(causes.invalid(f"{path}.maxUnavailable", unavailable, detail))
    if fine and isinstance(unavailable, str) and _number(unavailable) > 100:
        detail = "must not be greater than 100%"
        found.append(causes.invalid(f"{path}.maxUnavailable", unavailable, detail))


def check_amount_or_percent(path: str, value: Any, found: list[Cause]) -> bool:
    """A count, or a share as ``25%``. True if it is right."""
    before = len(found)
    if isinstance(value, int):
        causes.not_negative(path, value, found)
    elif not _PERCENT.fullmatch(value):
        found.append(causes.invalid(path, value, _PERCENT_TEXT))
    return len(found) == before


def _number(value: Any) -> int:
    return value if isinstance(value, int) else int(str(value).removesuffix("%"))
