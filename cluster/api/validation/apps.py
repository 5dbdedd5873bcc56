"""Rules of DaemonSet, ReplicationController and ControllerRevision.

Source: the API reference of apps/v1 and core/v1, and what kube-apiserver answers. Must not know
how they are carried out.
"""

from typing import Any

from cluster.api.selectors import from_labels
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.amounts import amount, check_amount_or_percent, check_whole
from cluster.api.validation.label_selectors import check_label_selector
from cluster.api.validation.selected import check_lasting, check_selected, check_template

_UPDATES = frozenset(("OnDelete", "RollingUpdate"))


def check_daemon_set(obj: Object, found: list[Cause]) -> None:
    """A DaemonSet's spec."""
    spec = obj.get("spec") or {}
    selector, template = spec.get("selector"), spec.get("template") or {}
    check_label_selector("spec.selector", selector, found)
    check_selected("spec.template", selector, template, found)
    if selector is not None and not any(map(selector.get, ("matchLabels", "matchExpressions"))):
        detail = "empty selector is invalid for daemonset"
        found.append(causes.invalid("spec.selector", selector, detail))
    check_template("spec.template", template, found)
    check_lasting("spec.template", template, "DaemonSet", found)
    for name in ("minReadySeconds", "revisionHistoryLimit"):
        causes.not_negative(f"spec.{name}", spec.get(name), found)
    strategy = spec.get("updateStrategy") or {}
    kind = strategy.get("type") or ""
    if kind not in _UPDATES:
        found.append(causes.unsupported("spec.updateStrategy", strategy, _UPDATES))
    elif kind == "RollingUpdate":
        rolling = strategy.get("rollingUpdate")
        if rolling is None:
            found.append(causes.required("spec.updateStrategy.rollingUpdate"))
        else:
            _daemon_rolling("spec.updateStrategy.rollingUpdate", rolling, found)


def check_replication_controller(obj: Object, found: list[Cause]) -> None:
    """A ReplicationController's spec, whose selector is a plain map."""
    spec = obj.get("spec") or {}
    for name in ("minReadySeconds", "replicas"):
        causes.not_negative(f"spec.{name}", spec.get(name), found)
    selector = spec.get("selector")
    if not selector:
        found.append(causes.required("spec.selector"))
    template = spec.get("template")
    if template is None:
        found.append(causes.required("spec.template"))
        return
    labels = (template.get("metadata") or {}).get("labels") or {}
    if selector and not from_labels(selector).matches(labels):
        detail = "`selector` does not match template `labels`"
        found.append(causes.invalid("spec.template.metadata.labels", labels, detail))
    check_template("spec.template", template, found)
    check_lasting("spec.template", template, "ReplicationController", found)


def check_controller_revision(obj: Object, found: list[Cause]) -> None:
    """A number, and what was so numbered."""
    if obj.get("data") is None:
        found.append(causes.required("data", "data is mandatory"))
    elif not isinstance(obj["data"], dict):
        found.append(causes.required("data", "data must be a valid JSON object"))
    causes.not_negative("revision", obj.get("revision"), found)


def check_controller_revision_update(old: Object, new: Object, found: list[Cause]) -> None:
    """History does not change."""
    causes.not_negative("revision", new.get("revision"), found)
    if old.get("data") != new.get("data"):
        found.append(causes.invalid("data", new.get("data"), causes.IMMUTABLE))


def _daemon_rolling(path: str, rolling: Object, found: list[Cause]) -> None:
    unavailable: Any = rolling.get("maxUnavailable", 0)
    surge: Any = rolling.get("maxSurge", 0)
    for name, value in (("maxUnavailable", unavailable), ("maxSurge", surge)):
        check_amount_or_percent(f"{path}.{name}", value, found)
        check_whole(f"{path}.{name}", value, found)
    if amount(unavailable) and amount(surge):
        detail = "may not be set when maxUnavailable is non-zero"
        found.append(causes.invalid(f"{path}.maxSurge", surge, detail))
    elif not amount(unavailable) and not amount(surge):
        detail = "cannot be 0 when maxSurge is 0"
        found.append(causes.required(f"{path}.maxUnavailable", detail))
