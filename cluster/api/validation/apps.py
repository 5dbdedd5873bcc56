"""Rules of StatefulSet, DaemonSet, ReplicationController and ControllerRevision.

Source: the API reference of apps/v1 and core/v1, and what kube-apiserver answers. Must not know
how they are carried out.
"""

from typing import Any

from cluster.api.names import dns_label_errors
from cluster.api.selectors import SelectorError, from_labels, from_object
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.label_selectors import check_label_selector
from cluster.api.validation.workloads import check_amount_or_percent, check_template

_MANAGEMENT = ("OrderedReady", "Parallel")
_RETENTION = frozenset(("Delete", "Retain"))
_UPDATES = frozenset(("OnDelete", "RollingUpdate"))
# What may change of a StatefulSet's spec.
_MUTABLE = frozenset(
    (
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    )
)
_FIXED_TEXT = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
    "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
    "'minReadySeconds' are forbidden"
)


def check_stateful_set(obj: Object, found: list[Cause]) -> None:
    """A StatefulSet's spec."""
    spec = obj.get("spec") or {}
    policy = spec.get("podManagementPolicy") or ""
    if not policy:
        found.append(causes.required("spec.podManagementPolicy"))
    elif policy not in _MANAGEMENT:
        detail = "must be 'OrderedReady' or 'Parallel'"
        found.append(causes.invalid("spec.podManagementPolicy", policy, detail))
    _stateful_strategy(spec.get("updateStrategy") or {}, found)
    retention = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for name in ("whenDeleted", "whenScaled"):
        if name in retention and retention[name] not in _RETENTION:
            path = f"spec.persistentVolumeClaimRetentionPolicy.{name}"
            found.append(causes.unsupported(path, retention[name], _RETENTION))
    start = (spec.get("ordinals") or {}).get("start")
    causes.not_negative("spec.ordinals.start", start, found)
    for name in ("replicas", "minReadySeconds", "revisionHistoryLimit"):
        causes.not_negative(f"spec.{name}", spec.get(name), found)
    _selected(spec, "statefulset", found)
    _lasting(_with_claims(spec), "StatefulSet", found)


def _with_claims(spec: Object) -> Object:
    """The spec with the volumes that its containers may mount: claims beside the template's own,
    behind them so that theirs keep their places."""
    template = spec.get("template") or {}
    pod = template.get("spec") or {}
    volumes = list(pod.get("volumes") or ())
    taken = {volume.get("name") for volume in volumes}
    for claim in spec.get("volumeClaimTemplates") or ():
        name = (claim.get("metadata") or {}).get("name") or ""
        if name not in taken and not dns_label_errors(name):
            volumes.append({"name": name, "persistentVolumeClaim": {"claimName": name}})
    if not volumes:
        return spec
    return {**spec, "template": {**template, "spec": {**pod, "volumes": volumes}}}


def check_stateful_set_update(old: Object, new: Object, found: list[Cause]) -> None:
    """Most of a StatefulSet is fixed once its pods have names and volumes."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    if any(before.get(name) != after.get(name) for name in {*before, *after} - _MUTABLE):
        found.append(causes.forbidden("spec", _FIXED_TEXT))


def check_daemon_set(obj: Object, found: list[Cause]) -> None:
    """A DaemonSet's spec."""
    spec = obj.get("spec") or {}
    _selected(spec, "daemonset", found)
    _lasting(spec, "DaemonSet", found)
    for name in ("minReadySeconds", "revisionHistoryLimit"):
        causes.not_negative(f"spec.{name}", spec.get(name), found)
    strategy = spec.get("updateStrategy") or {}
    kind = strategy.get("type") or ""
    if kind not in _UPDATES:
        found.append(causes.unsupported("spec.updateStrategy.type", kind, _UPDATES))
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
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    if selector and not from_labels(selector).matches(labels):
        detail = "`selector` does not match template `labels`"
        found.append(causes.invalid("spec.template.metadata.labels", labels, detail))
    _lasting(spec, "ReplicationController", found)


def check_controller_revision(obj: Object, found: list[Cause]) -> None:
    """A number, and what was so numbered."""
    if obj.get("data") is None:
        found.append(causes.required("data", "data is mandatory"))
    causes.not_negative("revision", obj.get("revision"), found)


def check_controller_revision_update(old: Object, new: Object, found: list[Cause]) -> None:
    """History does not change."""
    if old.get("data") != new.get("data"):
        found.append(causes.invalid("data", new.get("data"), causes.IMMUTABLE))


def _selected(spec: Object, what: str, found: list[Cause]) -> None:
    selector = spec.get("selector")
    if selector is None:
        found.append(causes.required("spec.selector"))
        return
    check_label_selector("spec.selector", selector, found)
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        detail = f"empty selector is invalid for {what}"
        found.append(causes.invalid("spec.selector", selector, detail))
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    if not selects(selector, labels):
        detail = "`selector` does not match template `labels`"
        found.append(causes.invalid("spec.template.metadata.labels", labels, detail))


def selects(selector: Object, labels: Object) -> bool:
    """True if it does, or is itself wrong, which is told elsewhere."""
    try:
        return from_object(selector).matches(labels)
    except SelectorError:
        return True


def _lasting(spec: Object, kind: str, found: list[Cause]) -> None:
    """A template whose pods run until they are deleted."""
    template = spec.get("template") or {}
    check_template("spec.template", template, found)
    pod = template.get("spec") or {}
    if pod.get("restartPolicy") != "Always":
        path = "spec.template.spec.restartPolicy"
        found.append(causes.unsupported(path, pod.get("restartPolicy") or "", ("Always",)))
    if pod.get("activeDeadlineSeconds") is not None:
        detail = f"activeDeadlineSeconds in {kind} is not Supported"
        found.append(causes.forbidden("spec.template.spec.activeDeadlineSeconds", detail))


def _stateful_strategy(strategy: Object, found: list[Cause]) -> None:
    path, kind = "spec.updateStrategy", strategy.get("type") or ""
    rolling = strategy.get("rollingUpdate")
    if not kind:
        found.append(causes.required(path))
    elif kind not in _UPDATES:
        detail = "must be 'RollingUpdate' or 'OnDelete'"
        found.append(causes.invalid(path, strategy, detail))
    elif kind == "OnDelete":
        if rolling is not None:
            detail = "only allowed for updateStrategy 'RollingUpdate'"
            found.append(causes.invalid(f"{path}.rollingUpdate", rolling, detail))
    elif rolling is not None:
        path += ".rollingUpdate"
        causes.not_negative(f"{path}.partition", rolling.get("partition"), found)
        most: Any = rolling.get("maxUnavailable")
        if most is not None and check_amount_or_percent(f"{path}.maxUnavailable", most, found):
            if not amount(most):
                found.append(causes.invalid(f"{path}.maxUnavailable", most, "cannot be 0"))
            check_whole(f"{path}.maxUnavailable", most, found)


def _daemon_rolling(path: str, rolling: Object, found: list[Cause]) -> None:
    unavailable: Any = rolling.get("maxUnavailable", 0)
    surge: Any = rolling.get("maxSurge", 0)
    fine = check_amount_or_percent(f"{path}.maxUnavailable", unavailable, found)
    fine = check_amount_or_percent(f"{path}.maxSurge", surge, found) and fine
    if not fine:
        return
    if amount(unavailable) and amount(surge):
        detail = "may not be set when maxUnavailable is non-zero"
        found.append(causes.invalid(f"{path}.maxSurge", surge, detail))
    elif not amount(unavailable) and not amount(surge):
        detail = "cannot be 0 when maxSurge is 0"
        found.append(causes.required(f"{path}.maxUnavailable", detail))
    check_whole(f"{path}.maxUnavailable", unavailable, found)
    check_whole(f"{path}.maxSurge", surge, found)


def amount(value: Any) -> int:
    """The number of ``3`` and of ``25%``."""
    return value if isinstance(value, int) else int(str(value).removesuffix("%"))


def check_whole(path: str, value: Any, found: list[Cause]) -> None:
    """A share is at most all of it."""
    if isinstance(value, str) and amount(value) > 100:
        found.append(causes.invalid(path, value, "must not be greater than 100%"))
