"""Defaults of limits and of autoscaling. Idempotent, in place.

Source: the API reference's "Defaults to" of core/v1 LimitRange and autoscaling/v2; docs
"Horizontal Pod Autoscaling", Default behavior. Must not know the table they stand in.
"""

from cluster.api.autoscaling import METRICS
from cluster.api.types import Object

PERCENT_DEFAULT = 80
CPU_METRIC: Object = {
    "type": "Resource",
    "resource": {
        "name": "cpu",
        "target": {"type": "Utilization", "averageUtilization": PERCENT_DEFAULT},
    },
}
_POLICY_SECONDS = 15


def limit_range(obj: Object) -> None:
    """A container's limit is the maximum; its request the limit, else the minimum."""
    spec = obj.get("spec")
    for item in (spec.get("limits") or ()) if isinstance(spec, dict) else ():
        if not isinstance(item, dict) or item.get("type") != "Container":
            continue
        default = {**(item.get("max") or {}), **(item.get("default") or {})}
        request = {**(item.get("min") or {}), **default, **(item.get("defaultRequest") or {})}
        if default:
            item["default"] = default
        if request:
            item["defaultRequest"] = request


def autoscaler(obj: Object) -> None:
    """Either version of HorizontalPodAutoscaler."""
    spec = obj.setdefault("spec", {})
    if not isinstance(spec, dict):
        return
    if spec.get("minReplicas") is None:
        spec["minReplicas"] = 1
    if obj.get("apiVersion") != "autoscaling/v2":
        annotations = (obj.get("metadata") or {}).get("annotations") or {}
        if METRICS not in annotations:
            spec.setdefault("targetCPUUtilizationPercentage", PERCENT_DEFAULT)
        return
    if not spec.get("metrics"):
        spec["metrics"] = [autoscaler_metric()]
    behavior = spec.get("behavior")
    if isinstance(behavior, dict):
        _up(behavior.setdefault("scaleUp", {}))
        _down(behavior.setdefault("scaleDown", {}))


def autoscaler_metric() -> Object:
    """80 % of the requested CPU, when no metric is asked for."""
    resource = CPU_METRIC["resource"]
    return {
        "type": "Resource",
        "resource": {"name": resource["name"], "target": dict(resource["target"])},
    }


def _up(rules: Object) -> None:
    if rules.get("stabilizationWindowSeconds") is None:
        rules["stabilizationWindowSeconds"] = 0
    rules.setdefault("selectPolicy", "Max")
    if rules.get("policies") is None:
        rules["policies"] = [
            {"type": "Pods", "value": 4, "periodSeconds": _POLICY_SECONDS},
            {"type": "Percent", "value": 100, "periodSeconds": _POLICY_SECONDS},
        ]


def _down(rules: Object) -> None:
    rules.setdefault("selectPolicy", "Max")
    if rules.get("policies") is None:
        rules["policies"] = [{"type": "Percent", "value": 100, "periodSeconds": _POLICY_SECONDS}]
