"""Rules of autoscalers: API versions of what is scaled, of metrics, and of none at all."""

from typing import Any

from cluster.api.defaults import apply_defaults
from cluster.api.kinds import by_resource
from cluster.api.validation.table import validate_create, validate_update


def scaler(target: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "autoscaling/v2",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"scaleTargetRef": {"name": "web", **target}, "maxReplicas": 3, **spec},
    }


def told(new: dict[str, Any], old: dict[str, Any] | None = None) -> list[str]:
    kind = by_resource("autoscaling", "v2", "horizontalpodautoscalers")
    assert kind is not None
    apply_defaults(kind, new)
    found = validate_create(kind, new) if old is None else validate_update(kind, old, new)
    return [cause.text() for cause in found]


def outside(version: str) -> dict[str, Any]:
    target = {"type": "Value", "value": "1"}
    about = {"kind": "Service", "name": "a", "apiVersion": version}
    source = {"describedObject": about, "metric": {"name": "a"}, "target": target}
    return {"metrics": [{"type": "Object", "object": source}]}


RIGHT = {"kind": "Deployment", "apiVersion": "apps/v1"}


def test_what_is_scaled_is_of_a_group() -> None:
    for version in ("", "v1", "a/b/c"):
        [found] = told(scaler({"kind": "Deployment", "apiVersion": version}))
        assert found.startswith("spec.scaleTargetRef.apiVersion: Invalid value")
    assert told(scaler({"kind": "ReplicationController", "apiVersion": "v1"})) == []
    assert told(scaler(RIGHT)) == []


def test_what_was_scaled_before_may_be_so() -> None:
    wrong = {"kind": "Deployment", "apiVersion": "v1"}
    assert told(scaler(wrong, minReplicas=2), scaler(wrong)) == []
    assert len(told(scaler(wrong), scaler(RIGHT))) == 1
    assert told(scaler(RIGHT, **outside("a/b/c")), scaler(RIGHT, **outside("x/y/z"))) == []
    assert len(told(scaler(RIGHT, **outside("a/b/c")), scaler(RIGHT, **outside("v1")))) == 1


def test_what_a_metric_describes_may_be_of_no_group() -> None:
    assert told(scaler(RIGHT, **outside("v1"))) == []
    [found] = told(scaler(RIGHT, **outside("a/b/c")))
    assert found.startswith("spec.metrics[0].object.describedObject.apiVersion: Invalid value")


def test_only_what_is_outside_scales_from_nothing() -> None:
    assert told(scaler(RIGHT, minReplicas=0, **outside("v1"))) == []
    assert len(told(scaler(RIGHT, minReplicas=0))) == 1


def test_types_that_are_missing_are_unknown_too() -> None:
    found = told(scaler(RIGHT, metrics=[{}]))
    assert [item.split(":")[:2] for item in found] == [
        ["spec.metrics[0].type", " Required value"],
        ["spec.metrics[0].type", " Unsupported value"],
    ]
    source = {"name": "cpu", "target": {"averageUtilization": 1}}
    found = told(scaler(RIGHT, metrics=[{"type": "Resource", "resource": source}]))
    assert len(found) == 2


def test_labels_of_a_metric_are_for_who_serves_it() -> None:
    metrics = outside("v1")["metrics"]
    metrics[0]["object"]["metric"]["selector"] = {"matchLabels": {"a": "Odd!"}}
    assert told(scaler(RIGHT, metrics=metrics)) == []
