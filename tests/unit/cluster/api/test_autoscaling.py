"""Autoscalers between their two forms."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cluster.api.autoscaling import METRICS, to_v1, to_v2

amounts = st.sampled_from(("1", "500m", "2Gi"))
shares = st.integers(1, 300)
labels = st.none() | st.just({"matchLabels": {"a": "b"}})
identifiers = st.builds(
    lambda selector: {"name": "q", **({"selector": selector} if selector else {})}, labels
)
references = st.just({"kind": "Service", "name": "s", "apiVersion": "v1"})
utilization = st.builds(lambda n: {"type": "Utilization", "averageUtilization": n}, shares)
average = st.builds(lambda n: {"type": "AverageValue", "averageValue": n}, amounts)
value = st.builds(lambda n: {"type": "Value", "value": n}, amounts)


def metric(kind: str, **parts: Any) -> Any:
    field = f"{kind[0].lower()}{kind[1:]}"
    return st.builds(lambda source: {"type": kind, field: source}, st.fixed_dictionaries(parts))


names = st.sampled_from(("cpu", "memory"))
metrics = st.one_of(
    metric("Resource", name=st.just("memory"), target=utilization | average),
    metric("Resource", name=st.just("cpu"), target=average),
    metric("ContainerResource", name=names, container=st.just("c"), target=utilization | average),
    metric("Pods", metric=identifiers, target=average),
    metric("Object", describedObject=references, metric=identifiers, target=value | average),
    metric("External", metric=identifiers, target=value | average),
)
cpu = metric("Resource", name=st.just("cpu"), target=utilization)


@st.composite
def autoscalers(draw: st.DrawFn) -> dict[str, Any]:
    found = draw(st.lists(metrics, max_size=4))
    if draw(st.booleans()):
        found.insert(0, draw(cpu))
    spec: dict[str, Any] = {"scaleTargetRef": {"kind": "A", "name": "b"}, "maxReplicas": 3}
    if found:
        spec["metrics"] = found
    if draw(st.booleans()):
        spec["behavior"] = {"scaleUp": {"selectPolicy": "Max", "tolerance": "50m"}}
    status: dict[str, Any] = {"desiredReplicas": 2, "currentMetrics": None}
    if draw(st.booleans()):
        status["conditions"] = [{"type": "AbleToScale", "status": "True"}]
    metadata: dict[str, Any] = {"name": "web"}
    if draw(st.booleans()):
        metadata["annotations"] = {"mine": "x"}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata,
        "spec": spec,
        "status": status,
    }


@given(autoscalers())
def test_a_client_of_v1_that_writes_back_what_it_read_loses_nothing(obj: dict[str, Any]) -> None:
    old = to_v1(obj)
    assert old["apiVersion"] == "autoscaling/v1" and "metrics" not in old["spec"]
    assert to_v2(old) == obj
    assert to_v1(to_v2(old)) == old


def test_the_share_of_cpu_has_its_field_in_v1() -> None:
    target = {"type": "Utilization", "averageUtilization": 70}
    new = {
        "apiVersion": "autoscaling/v2",
        "metadata": {},
        "spec": {"metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]},
        "status": {
            "currentMetrics": [
                {"type": "Resource",
                 "resource": {"name": "cpu", "current": {"averageUtilization": 9,
                                                         "averageValue": "3m"}}}
            ]
        },
    }  # fmt: skip
    old = to_v1(new)
    assert old["spec"] == {"targetCPUUtilizationPercentage": 70}
    assert old["status"]["currentCPUUtilizationPercentage"] == 9
    assert METRICS not in old["metadata"]["annotations"]
    assert to_v2(old)["status"] == new["status"]


def test_annotations_that_are_nonsense_say_nothing() -> None:
    for text in ("{", "[1]", '[{"type":"Magic"}]', "7"):
        old = {
            "apiVersion": "autoscaling/v1",
            "metadata": {"annotations": {METRICS: text}},
            "spec": {"maxReplicas": 1},
        }
        assert to_v2(old)["spec"] == {"maxReplicas": 1}


def test_v1_always_tells_how_many_run() -> None:
    new = {"apiVersion": "autoscaling/v2", "metadata": {}, "spec": {}, "status": {}}
    old = to_v1(new)
    assert old["status"] == {"currentReplicas": 0}
    assert to_v2(old)["status"] == {"currentMetrics": None}
