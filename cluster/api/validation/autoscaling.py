"""Rules of a HorizontalPodAutoscaler, in the words of its autoscaling/v2 form.

Source: the API reference of autoscaling/v2, docs "Horizontal Pod Autoscaling", and what
kube-apiserver answers. Must not know how it scales.
"""

from typing import Any

from cluster.api import autoscaling, names, quantity
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

WINDOW_SECONDS_MAX = 3600
PERIOD_SECONDS_MAX = 1800
# Of several that are there, the first is looked at.
_SOURCES = {
    "Object": "object",
    "External": "external",
    "Pods": "pods",
    "Resource": "resource",
    "ContainerResource": "containerResource",
}
# What may say that there is work when there are no pods.
_OUTSIDE = frozenset(("External", "Object"))
_SELECT = frozenset(("Disabled", "Max", "Min"))
_POLICIES = frozenset(("Percent", "Pods"))
_TARGETS = ("Utilization", "Value", "AverageValue")
_NEITHER = "must set either a target raw value or a target utilization"


def check_autoscaler(obj: Object, found: list[Cause]) -> None:
    """A new one: bounds, what is scaled, by which metrics, how fast. Also of the v1 form."""
    _spec(_as_v2(obj).get("spec") or {}, found, versioned=True, described=True)


def check_autoscaler_update(old: Object, new: Object, found: list[Cause]) -> None:
    """API versions that were wrong before may stay so."""
    before, after = (_as_v2(obj).get("spec") or {} for obj in (old, new))
    targets = (spec.get("scaleTargetRef") or {} for spec in (before, after))
    names = [(target.get("apiVersion") or "", target.get("kind") or "") for target in targets]
    described = all(
        _version_error((metric["object"].get("describedObject") or {}).get("apiVersion"), True)
        == ""
        for metric in before.get("metrics") or ()
        if metric.get("type") == "Object" and metric.get("object") is not None
    )
    _spec(after, found, versioned=names[0] != names[1], described=described)


def _as_v2(obj: Object) -> Object:
    return autoscaling.to_v2(obj) if obj.get("apiVersion") == "autoscaling/v1" else obj


def _spec(spec: Object, found: list[Cause], *, versioned: bool, described: bool) -> None:
    """``versioned``, ``described``: the API version of what is scaled, and of what metrics
    describe, is looked at."""
    least, most = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    causes.not_negative("spec.minReplicas", least, found)
    if not most:
        found.append(causes.required("spec.maxReplicas", "must be set and greater than 0"))
    elif most < 0:
        detail = "must be greater than or equal to 1"
        found.append(causes.invalid("spec.maxReplicas", most, detail))
    if least is not None and most < least:
        detail = "must be greater than or equal to `minReplicas`"
        found.append(causes.invalid("spec.maxReplicas", most, detail))
    target = spec.get("scaleTargetRef") or {}
    _reference("spec.scaleTargetRef", target, found)
    if versioned:
        core = target.get("kind") == "ReplicationController"
        _version("spec.scaleTargetRef.apiVersion", target, core, found)
    metrics = spec.get("metrics") or ()
    for position, metric in enumerate(metrics):
        path = f"spec.metrics[{position}]"
        _metric(path, metric, found)
        if described and _present(metric)[:1] == ["object"]:
            about = metric["object"].get("describedObject") or {}
            _version(f"{path}.object.describedObject.apiVersion", about, True, found)
    if least == 0 and not any(metric.get("type") in _OUTSIDE for metric in metrics):
        detail = (
            "must specify at least one Object or External metric to support scaling to zero "
            "replicas"
        )
        found.append(causes.forbidden("spec.metrics", detail))
    behavior = spec.get("behavior") or {}
    for name in ("scaleUp", "scaleDown"):
        if behavior.get(name) is not None:
            _rules(f"spec.behavior.{name}", behavior[name], found)


def _reference(path: str, reference: Object, found: list[Cause]) -> None:
    for name in ("kind", "name"):
        value = reference.get(name) or ""
        if not value:
            found.append(causes.required(f"{path}.{name}"))
        else:
            causes.each(f"{path}.{name}", value, names.path_segment_errors(value), found)


def _version(path: str, reference: Object, core: bool, found: list[Cause]) -> None:
    version = reference.get("apiVersion") or ""
    error = _version_error(version, core)
    if error:
        found.append(causes.invalid(path, version, error))


def _version_error(version: str | None, core: bool) -> str:
    """``core``: it may be of no group."""
    if (version or "").count("/") > 1:
        return f"unexpected GroupVersion string: {version}"
    group, slash, _ = (version or "").partition("/")
    return "" if core or (slash and group) else "apiVersion must specify API group"


def _present(metric: Object) -> list[str]:
    return [name for name in _SOURCES.values() if metric.get(name) is not None]


def _metric(path: str, metric: Object, found: list[Cause]) -> None:
    kind = metric.get("type") or ""
    field = _SOURCES.get(kind)
    if not kind:
        found.append(causes.required(f"{path}.type", "must specify a metric source type"))
    if field is None:
        found.append(causes.unsupported(f"{path}.type", kind, _SOURCES))
    present = _present(metric)
    if present:
        _source(path, present[0], metric[present[0]], found)
    if field is not None and field not in present:
        detail = "must populate information for the given metric source"
        found.append(causes.required(f"{path}.{field}", detail))
    for name in present if len(present) > 1 else ():
        if name != field:
            detail = "must populate the given metric source only"
            found.append(causes.forbidden(f"{path}.{name}", detail))


def _source(path: str, field: str, source: Object, found: list[Cause]) -> None:
    place, target = f"{path}.{field}", source.get("target") or {}
    match field:
        case "resource" | "containerResource":
            _resource(place, source, target, found)
        case "object":
            _reference(f"{place}.describedObject", source.get("describedObject") or {}, found)
            _identifier(f"{place}.metric", source.get("metric") or {}, found)
            _target(f"{place}.target", target, found)
            if target.get("value") is None and target.get("averageValue") is None:
                detail = "must set either a target value or averageValue"
                found.append(causes.required(f"{place}.target.averageValue", detail))
        case "pods":
            _identifier(f"{place}.metric", source.get("metric") or {}, found)
            _target(f"{place}.target", target, found)
            if target.get("averageValue") is None:
                detail = "must specify a positive target averageValue"
                found.append(causes.required(f"{place}.target.averageValue", detail))
        case "external":
            _external(place, source, target, found)


def _resource(path: str, source: Object, target: Object, found: list[Cause]) -> None:
    if path.endswith("containerResource"):
        container = source.get("container") or ""
        if not container:
            found.append(causes.required(f"{path}.container", "must specify a container"))
        else:
            errors = names.dns_label_errors(container)
            causes.each(f"{path}.container", container, errors, found)
    if not source.get("name"):
        found.append(causes.required(f"{path}.name", "must specify a resource name"))
    place = f"{path}.target"
    _target(place, target, found)
    share, amount = target.get("averageUtilization"), target.get("averageValue")
    if share is None and amount is None:
        found.append(causes.required(f"{place}.averageUtilization", _NEITHER))
    elif share is not None and amount is not None:
        detail = "may not set both a target raw value and a target utilization"
        found.append(causes.forbidden(f"{place}.averageValue", detail))


def _external(path: str, source: Object, target: Object, found: list[Cause]) -> None:
    _identifier(f"{path}.metric", source.get("metric") or {}, found)
    place = f"{path}.target"
    _target(place, target, found)
    value, average = target.get("value"), target.get("averageValue")
    if value is None and average is None:
        detail = "must set either a target value for metric or a per-pod target"
        found.append(causes.required(f"{place}.averageValue", detail))
    elif value is not None and average is not None:
        detail = "may not set both a target value for metric and a per-pod target"
        found.append(causes.forbidden(f"{place}.value", detail))


def _identifier(path: str, metric: Object, found: list[Cause]) -> None:
    name = metric.get("name") or ""
    if not name:
        found.append(causes.required(f"{path}.name", "must specify a metric name"))
    else:
        causes.each(f"{path}.name", name, names.path_segment_errors(name), found)


def _target(path: str, target: Object, found: list[Cause]) -> None:
    kind = target.get("type") or ""
    if not kind:
        found.append(causes.required(f"{path}.type", "must specify a metric target type"))
    if kind not in _TARGETS:
        detail = "must be either Utilization, Value, or AverageValue"
        found.append(causes.invalid(f"{path}.type", kind, detail))
    share: Any = target.get("averageUtilization")
    if share is not None and share < 1:
        found.append(causes.invalid(f"{path}.averageUtilization", share, "must be greater than 0"))
    for name in ("value", "averageValue"):
        amount = target.get(name)
        if amount is not None and quantity.parse(str(amount)).nano <= 0:
            found.append(causes.invalid(f"{path}.{name}", amount, "must be positive"))


def _rules(path: str, rules: Object, found: list[Cause]) -> None:
    window: Any = rules.get("stabilizationWindowSeconds")
    if window is not None and window < 0:
        detail = "must be greater than or equal to zero"
        found.append(causes.invalid(f"{path}.stabilizationWindowSeconds", window, detail))
    elif window is not None and window > WINDOW_SECONDS_MAX:
        detail = f"must be less than or equal to {WINDOW_SECONDS_MAX}"
        found.append(causes.invalid(f"{path}.stabilizationWindowSeconds", window, detail))
    select = rules.get("selectPolicy")
    if select is not None and select not in _SELECT:
        found.append(causes.unsupported(f"{path}.selectPolicy", select, _SELECT))
    policies = rules.get("policies") or ()
    if not policies:
        found.append(causes.required(f"{path}.policies", "must specify at least one Policy"))
    for position, policy in enumerate(policies):
        _policy(f"{path}.policies[{position}]", policy, found)


def _policy(path: str, policy: Object, found: list[Cause]) -> None:
    kind = policy.get("type") or ""
    if kind not in _POLICIES:
        found.append(causes.unsupported(f"{path}.type", kind, _POLICIES))
    value, period = policy.get("value") or 0, policy.get("periodSeconds") or 0
    if value <= 0:
        found.append(causes.invalid(f"{path}.value", value, "must be greater than zero"))
    if period <= 0:
        found.append(causes.invalid(f"{path}.periodSeconds", period, "must be greater than zero"))
    elif period > PERIOD_SECONDS_MAX:
        detail = f"must be less than or equal to {PERIOD_SECONDS_MAX}"
        found.append(causes.invalid(f"{path}.periodSeconds", period, detail))
