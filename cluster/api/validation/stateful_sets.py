"""Rules of StatefulSets.

Source: the API reference of apps/v1, docs "StatefulSets", and what kube-apiserver answers. Must not
know how they are carried out.
"""

from typing import Any

from cluster.api.names import dns_label_errors
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.amounts import amount, check_amount_or_percent, check_whole
from cluster.api.validation.claims import check_claim_spec
from cluster.api.validation.selected import (
    check_lasting,
    check_selected,
    check_selector,
    check_template,
    compiled,
)

_MANAGEMENT = ("OrderedReady", "Parallel")
_RETENTION = frozenset(("Delete", "Retain"))
_UPDATES = frozenset(("OnDelete", "RollingUpdate"))
# What never changes of a spec, and what it is when it is not there.
_FIXED: tuple[tuple[str, Any], ...] = (
    ("selector", None),
    ("volumeClaimTemplates", []),
    ("serviceName", ""),
    ("podManagementPolicy", ""),
)


def check_stateful_set(obj: Object, found: list[Cause]) -> None:
    """A new StatefulSet's spec."""
    spec = obj.get("spec") or {}
    for position, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
        path = f"spec.volumeClaimTemplates[{position}].spec"
        check_claim_spec(path, claim.get("spec") or {}, found)
    service = spec.get("serviceName") or ""
    if service:
        causes.each("spec.serviceName", service, dns_label_errors(service), found)
    _spec(spec, found)


def check_stateful_set_update(old: Object, new: Object, found: list[Cause]) -> None:
    """Most of a StatefulSet is fixed once its pods have names and volumes. A template that was
    wrong before may stay so."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    wrong: list[Cause] = []
    _spec(before, wrong)
    _spec(after, found, template=not wrong)
    for name, absent in _FIXED:
        value = after.get(name) or absent
        if value != (before.get(name) or absent):
            found.append(causes.invalid(f"spec.{name}", value, causes.IMMUTABLE))


def _spec(spec: Object, found: list[Cause], *, template: bool = True) -> None:
    """All that a new one and an updated one must keep to. ``template``: also of that."""
    policy = spec.get("podManagementPolicy") or ""
    if not policy:
        found.append(causes.required("spec.podManagementPolicy"))
    elif policy not in _MANAGEMENT:
        detail = "must be 'OrderedReady' or 'Parallel'"
        found.append(causes.invalid("spec.podManagementPolicy", policy, detail))
    _strategy(spec.get("updateStrategy") or {}, found)
    retention = spec.get("persistentVolumeClaimRetentionPolicy")
    if retention is not None:
        for name in ("whenDeleted", "whenScaled"):
            if retention.get(name) not in _RETENTION:
                path = f"spec.persistentVolumeClaimRetentionPolicy.{name}"
                found.append(causes.unsupported(path, retention.get(name) or "", _RETENTION))
    for name in ("replicas", "minReadySeconds"):
        causes.not_negative(f"spec.{name}", spec.get(name), found)
    start = (spec.get("ordinals") or {}).get("start")
    causes.not_negative("spec.ordinals.start", start, found)
    _template(spec, found, template)


def _template(spec: Object, found: list[Cause], whole: bool) -> None:
    selector = spec.get("selector")
    check_selector("spec.selector", selector, "statefulset", found)
    made = _as_of_pods(spec)
    if compiled(selector) is None:
        found.append(causes.invalid("spec.selector", selector, ""))
    else:
        check_selected("spec.template", selector, made, found)
        if whole:
            check_template("spec.template", made, found)
    check_lasting("spec.template", made, "StatefulSet", found)


def _as_of_pods(spec: Object) -> Object:
    """The template as pods will be made of it: with the claims as volumes, before those of its own
    that no claim replaces; its host name and subdomain are the pod's and the service's names."""
    template = spec.get("template") or {}
    pod = dict(template.get("spec") or {})
    for name in ("hostname", "subdomain"):
        pod.pop(name, None)
    claims = spec.get("volumeClaimTemplates") or ()
    taken = dict.fromkeys((claim.get("metadata") or {}).get("name") or "" for claim in claims)
    if taken:
        made = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in taken]
        own = [item for item in pod.get("volumes") or () if item.get("name") not in taken]
        pod["volumes"] = [*made, *own]
    return {**template, "spec": pod}


def _strategy(strategy: Object, found: list[Cause]) -> None:
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
        if most is not None:
            check_amount_or_percent(f"{path}.maxUnavailable", most, found)
            if not amount(most):
                found.append(causes.invalid(f"{path}.maxUnavailable", most, "cannot be 0"))
            check_whole(f"{path}.maxUnavailable", most, found)
