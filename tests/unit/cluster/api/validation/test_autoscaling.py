"""Rules of autoscalers."""

from typing import Any

import pytest

from cluster.api.defaults import apply_defaults
from cluster.api.kinds import by_resource
from cluster.api.validation.table import validate_create


def created(version: str = "v2", **spec: Any) -> list[str]:
    kind = by_resource("autoscaling", version, "horizontalpodautoscalers")
    assert kind is not None
    target = {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"}
    obj: dict[str, Any] = {
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"scaleTargetRef": target, "maxReplicas": 3, **spec},
    }
    apply_defaults(kind, obj)
    return [cause.text() for cause in validate_create(kind, obj)]


def metric(kind: str, source: dict[str, Any]) -> dict[str, Any]:
    return {"metrics": [{"type": kind, f"{kind[0].lower()}{kind[1:]}": source}]}


UTILIZATION = {"type": "Utilization", "averageUtilization": 50}


def test_right_ones() -> None:
    assert created() == []
    assert created(**metric("Resource", {"name": "cpu", "target": UTILIZATION})) == []
    assert created(behavior={"scaleUp": {"stabilizationWindowSeconds": 10}}) == []
    assert created("v1", targetCPUUtilizationPercentage=50) == []


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"maxReplicas": 0}, "spec.maxReplicas: Required value: must be set and greater than 0"),
        ({"maxReplicas": -1}, "spec.maxReplicas: Invalid value: -1: must be greater than or equal"),
        ({"minReplicas": -1}, "spec.minReplicas: Invalid value: -1: must be greater than or equal"),
        ({"minReplicas": 0}, "spec.metrics: Forbidden: must specify at least one Object or"),
        ({"minReplicas": 4}, "must be greater than or equal to `minReplicas`"),
        ({"scaleTargetRef": {"kind": "A"}}, "spec.scaleTargetRef.name: Required value"),
        ({"metrics": [{"type": "Any"}]}, "Unsupported value"),
        ({"metrics": [{"type": "Pods"}]}, "must populate information for the given metric source"),
        ({"metrics": [{"type": "Pods", "pods": {}, "object": {}}]},
         "spec.metrics[0].object: Forbidden: must populate the given metric source only"),
        (metric("Resource", {"target": UTILIZATION}), "must specify a resource name"),
        (metric("Resource", {"name": "cpu", "target": {"type": "Utilization"}}),
         "must set either a target raw value or a target utilization"),
        (metric("Resource", {"name": "cpu", "target": {**UTILIZATION, "averageValue": "1"}}),
         "may not set both a target raw value and a target utilization"),
        (metric("Resource", {"name": "cpu", "target": {**UTILIZATION, "averageUtilization": 0}}),
         "must be greater than 0"),
        (metric("Pods", {"metric": {"name": "q"}, "target": {"type": "Value", "value": "1"}}),
         "must specify a positive target averageValue"),
        (metric("External", {"metric": {}, "target": {"type": "Value", "value": "0"}}),
         "must be positive"),
        (metric("External", {"metric": {}, "target": {"type": "Value", "value": "1"}}),
         "must specify a metric name"),
        ({"behavior": {"scaleDown": {"stabilizationWindowSeconds": 3601}}},
         "must be less than or equal to 3600"),
        ({"behavior": {"scaleDown": {"policies": []}}}, "must specify at least one Policy"),
        ({"behavior": {"scaleUp": {"policies": [{"type": "Any", "value": 0,
                                                 "periodSeconds": 1801}]}}},
         "must be less than or equal to 1800"),
        ({"behavior": {"scaleUp": {"selectPolicy": "Any"}}},
         'supported values: "Disabled", "Max", "Min"'),
    ],
)  # fmt: skip
def test_wrong_ones(spec: dict[str, Any], text: str) -> None:
    found = created(**spec)
    assert any(text in item for item in found), found


def test_the_older_form_is_judged_by_the_same_rules() -> None:
    found = created("v1", targetCPUUtilizationPercentage=0)
    path = "spec.metrics[0].resource.target.averageUtilization"
    assert found == [f"{path}: Invalid value: 0: must be greater than 0"]
