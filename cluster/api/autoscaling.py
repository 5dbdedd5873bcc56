"""HorizontalPodAutoscaler has two forms, autoscaling/v1 and v2, and one place in the store.

They are stored in the v2 form. What v1 has no fields for stands in its annotations, so a client of
v1 that writes back what it read loses nothing. Source: API reference of both versions, docs
"Horizontal Pod Autoscaling", API object. Must not know the store.
"""

from typing import Any

import orjson

from cluster.api.kind import Kind
from cluster.api.types import Object

GROUP, KIND = "autoscaling", "HorizontalPodAutoscaler"
_PREFIX = "autoscaling.alpha.kubernetes.io/"
METRICS = _PREFIX + "metrics"
CURRENT = _PREFIX + "current-metrics"
CONDITIONS = _PREFIX + "conditions"
BEHAVIOR = _PREFIX + "behavior"
_COMMON_SPEC = ("scaleTargetRef", "minReplicas", "maxReplicas")
_COMMON_STATUS = ("observedGeneration", "lastScaleTime", "currentReplicas", "desiredReplicas")
_FIELDS = {
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}


def is_old_form(kind: Kind) -> bool:
    """True for the kind whose objects must be turned over on their way in and out."""
    return (kind.group, kind.kind, kind.version) == (GROUP, KIND, "v1")


def to_v2(obj: Object) -> Object:
    """An autoscaling/v1 object as v2, one of v2 as it is. Annotations that cannot be read say
    nothing."""
    if obj.get("apiVersion") == f"{GROUP}/v2":
        return obj
    metadata = dict(obj.get("metadata") or {})
    annotations = dict(metadata.get("annotations") or {})
    told = {name: _read(annotations.pop(name, None)) for name in (METRICS, CURRENT, CONDITIONS)}
    behavior = _read(annotations.pop(BEHAVIOR, None))
    if annotations or metadata.get("annotations") == {}:
        metadata["annotations"] = annotations
    else:
        metadata.pop("annotations", None)
    given, known = obj.get("spec") or {}, obj.get("status") or {}
    spec: Object = {name: given[name] for name in _COMMON_SPEC if name in given}
    metrics = [_metric_to_v2(item) for item in _items(told[METRICS])]
    share = given.get("targetCPUUtilizationPercentage")
    if share is not None:
        metrics.insert(0, _cpu("target", {"type": "Utilization", "averageUtilization": share}))
    if metrics:
        spec["metrics"] = metrics
    if isinstance(behavior, dict):
        spec["behavior"] = behavior
    result = {**obj, "apiVersion": f"{GROUP}/v2", "metadata": metadata, "spec": spec}
    if "status" in obj:
        status: Object = {name: known[name] for name in _COMMON_STATUS if name in known}
        current = [_status_to_v2(item) for item in _items(told[CURRENT])]
        if not status.get("currentReplicas"):
            status.pop("currentReplicas", None)
        used = known.get("currentCPUUtilizationPercentage")
        if used is not None and not any(_is_cpu(item, "current") for item in current):
            current.insert(0, _cpu("current", {"averageUtilization": used}))
        status["currentMetrics"] = current or None
        if isinstance(told[CONDITIONS], list):
            status["conditions"] = told[CONDITIONS]
        result["status"] = status
    return result


def to_v1(obj: Object) -> Object:
    """The stored v2 object as autoscaling/v1; one of v1 as it is."""
    if obj.get("apiVersion") == f"{GROUP}/v1":
        return obj
    metadata = dict(obj.get("metadata") or {})
    annotations = dict(metadata.get("annotations") or {})
    given, known = obj.get("spec") or {}, obj.get("status") or {}
    spec: Object = {name: given[name] for name in _COMMON_SPEC if name in given}
    others = []
    for metric in given.get("metrics") or ():
        if "targetCPUUtilizationPercentage" not in spec and _is_cpu(metric, "target"):
            share = metric["resource"]["target"]["averageUtilization"]
            spec["targetCPUUtilizationPercentage"] = share
        else:
            others.append(_metric_to_v1(metric))
    if others:
        annotations[METRICS] = _text(others)
    if given.get("behavior") is not None:
        annotations[BEHAVIOR] = _text(given["behavior"])
    result = {**obj, "apiVersion": f"{GROUP}/v1", "spec": spec}
    if "status" in obj:
        # Version 1 always tells it, version 2 leaves it out where it is 0.
        status: Object = {"currentReplicas": 0}
        status |= {name: known[name] for name in _COMMON_STATUS if name in known}
        current = known.get("currentMetrics") or ()
        for metric in current:
            if _is_cpu(metric, "current"):
                used = metric["resource"]["current"]["averageUtilization"]
                status["currentCPUUtilizationPercentage"] = used
        if current:
            annotations[CURRENT] = _text([_status_to_v1(item) for item in current])
        if known.get("conditions"):
            annotations[CONDITIONS] = _text(known["conditions"])
        result["status"] = status
    if annotations:
        metadata["annotations"] = annotations
    result["metadata"] = metadata
    return result


def without_told(obj: Object) -> Object:
    """A v2 object without what v1 tells in annotations: it has fields for all of that."""
    metadata = dict(obj.get("metadata") or {})
    told = (METRICS, CURRENT, CONDITIONS, BEHAVIOR)
    annotations = metadata.pop("annotations", None) or {}
    kept = {name: text for name, text in annotations.items() if name not in told}
    if kept:
        metadata["annotations"] = kept
    return {**obj, "metadata": metadata}


def _is_cpu(metric: Object, part: str) -> bool:
    source = metric.get("resource") or {}
    value = source.get(part) or {}
    plain = part == "current" or value.get("type") == "Utilization"
    return bool(
        metric.get("type") == "Resource"
        and source.get("name") == "cpu"
        and plain
        and value.get("averageUtilization") is not None
    )


def _cpu(part: str, value: Object) -> Object:
    return {"type": "Resource", "resource": {"name": "cpu", part: value}}


def _split(metric: Object) -> tuple[str, Object]:
    """(field name, source) of a metric."""
    field = _FIELDS.get(metric.get("type") or "", "")
    source = metric.get(field)
    return field, source if isinstance(source, dict) else {}


def _metric_to_v1(metric: Object) -> Object:
    field, source = _split(metric)
    target = source.get("target") or {}
    return _old(metric, field, source, _old_values(field, target, "target"))


def _status_to_v1(metric: Object) -> Object:
    field, source = _split(metric)
    return _old(metric, field, source, _old_values(field, source.get("current") or {}, "current"))


def _old(metric: Object, field: str, source: Object, values: Object) -> Object:
    result: Object = {name: source[name] for name in ("name", "container") if name in source}
    named = source.get("metric") or {}
    if "name" in named:
        result["metricName"] = named["name"]
    if named.get("selector") is not None:
        result["metricSelector" if field == "external" else "selector"] = named["selector"]
    if "describedObject" in source:
        result["target"] = source["describedObject"]
    return {"type": metric.get("type"), field: {**result, **values}}


def _old_values(field: str, values: Object, word: str) -> Object:
    """``value`` as ``targetValue``, and so on; an object's average keeps its name."""
    result: Object = {}
    if "averageUtilization" in values:
        result[f"{word}AverageUtilization"] = values["averageUtilization"]
    if "averageValue" in values:
        plain = field == "object"
        result["averageValue" if plain else f"{word}AverageValue"] = values["averageValue"]
    if "value" in values:
        result[f"{word}Value"] = values["value"]
    elif field == "object":
        result[f"{word}Value"] = "0"
    return result


def _metric_to_v2(metric: Object) -> Object:
    field, source = _split(metric)
    values = _new_values(source, "target")
    kind = "Value"
    if "averageUtilization" in values:
        kind = "Utilization"
    elif "averageValue" in values:
        kind = "AverageValue"
        values.pop("value", None)
    return _new(metric, field, source, "target", {"type": kind, **values})


def _status_to_v2(metric: Object) -> Object:
    field, source = _split(metric)
    values = _new_values(source, "current")
    if "averageValue" in values and values.get("value") == "0":
        del values["value"]
    return _new(metric, field, source, "current", values)


def _new(metric: Object, field: str, source: Object, part: str, values: Object) -> Object:
    result: Object = {name: source[name] for name in ("name", "container") if name in source}
    if "metricName" in source:
        result["metric"] = {"name": source["metricName"]}
        selector = source.get("metricSelector", source.get("selector"))
        if selector is not None:
            result["metric"]["selector"] = selector
    if field == "object" and "target" in source:
        result["describedObject"] = source["target"]
    return {"type": metric.get("type"), field: {**result, part: values}}


def _new_values(source: Object, word: str) -> Object:
    result: Object = {}
    for old, new in (
        (f"{word}AverageUtilization", "averageUtilization"),
        (f"{word}AverageValue", "averageValue"),
        ("averageValue", "averageValue"),
        (f"{word}Value", "value"),
    ):
        if source.get(old) is not None:
            result[new] = source[old]
    return result


def _items(value: Any) -> list[Object]:
    """The metrics of an annotation that can be metrics."""
    found = value if isinstance(value, list) else []
    return [item for item in found if isinstance(item, dict) and _split(item)[0]]


def _read(text: Any) -> Any:
    try:
        return orjson.loads(text) if isinstance(text, str) else None
    except orjson.JSONDecodeError:
        return None


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()
