"""What an update may leave as wrong as it was."""

import copy
from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import changed, updated

POD = {
    "containers": [{"name": "c", "image": "busybox", "imagePullPolicy": "Always"}],
    "restartPolicy": "Always",
    "volumes": [],
}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
BAD = [{"key": "a", "operator": "In", "values": ["a b"]}]
PAGES = {"limits": {"hugepages-2Mi": "3Mi", "cpu": "1"}, "requests": {"hugepages-2Mi": "3Mi"}}
SPREAD = {
    "maxSkew": 1,
    "topologyKey": "zone",
    "whenUnsatisfiable": "DoNotSchedule",
    "labelSelector": {"matchLabels": {"a": "a b"}},
}
TOKEN = {"name": "v", "projected": {"sources": [{"serviceAccountToken": {"path": "../a"}}]}}
WAYS: list[tuple[str, Any]] = [
    ("containers.0.resources", PAGES),
    (
        "affinity",
        {"podAffinity": {REQUIRED: [
            {"topologyKey": "a", "labelSelector": {"matchExpressions": BAD}}]}},
    ),
    (
        "affinity",
        {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": BAD}]}}},
    ),
    ("topologySpreadConstraints", [SPREAD]),
    (
        "topologySpreadConstraints",
        [{**SPREAD, "matchLabelKeys": ["a b"], "labelSelector": {"matchLabels": {"a": "b"}}}],
    ),
    ("volumes", [TOKEN]),
    (
        "securityContext",
        {"sysctls": [{"name": "kernel.sem", "value": "1"}]},
    ),
]  # fmt: skip


def deployment(spec: dict[str, Any]) -> dict[str, Any]:
    labels = {"app": "a"}
    template = {"metadata": {"labels": labels}, "spec": copy.deepcopy(spec)}
    return {"spec": {"selector": {"matchLabels": labels}, "template": template}}


@pytest.mark.parametrize(("path", "value"), WAYS)
def test_templates(path: str, value: Any) -> None:
    right = deployment({**POD, "hostIPC": True, "serviceAccountName": "default"})
    wrong = changed(right, f"spec.template.spec.{path}", value)
    found = updated("apps", "deployments", copy.deepcopy(right), copy.deepcopy(wrong))
    assert found != [], "it is wrong"
    scaled = changed(wrong, "spec.replicas", 7)
    assert updated("apps", "deployments", copy.deepcopy(wrong), scaled) == []
    other = changed(scaled, "spec.template.spec.containers.0.image", None)
    [told] = updated("apps", "deployments", copy.deepcopy(wrong), other)
    assert told.startswith("spec.template.spec.containers[0].image")


def test_devices_of_volumes_for_other_users() -> None:
    claim = {"name": "disk", "persistentVolumeClaim": {"claimName": "a"}}
    spec = changed(copy.deepcopy(POD), "volumes", [claim])
    devices = [{"name": "disk", "devicePath": "/dev/a"}]
    wrong = deployment({**changed(spec, "containers.0.volumeDevices", devices), "hostUsers": False})
    right = changed(wrong, "spec.template.spec.hostUsers", None)
    path = "spec.template.spec.containers[0].volumeDevices"
    found = updated("apps", "deployments", copy.deepcopy(right), copy.deepcopy(wrong))
    assert found == [f"{path}: Forbidden: when `hostUsers` is false"]
    assert updated("apps", "deployments", wrong, changed(wrong, "spec.replicas", 7)) == []


def test_pods() -> None:
    old = {"spec": {**copy.deepcopy(POD), "serviceAccountName": "default"}}
    old = changed(old, "spec.topologySpreadConstraints", [SPREAD])
    new = changed(old, "spec.containers.0.image", "busybox:2")
    assert updated("", "pods", old, new) == []


def test_costs_of_deletion() -> None:
    cost = {"controller.kubernetes.io/pod-deletion-cost": "x"}
    old = {"metadata": {"name": "p", "annotations": cost}, "spec": copy.deepcopy(POD)}
    new = changed(old, "spec.containers.0.image", "busybox:2")
    assert updated("", "pods", copy.deepcopy(old), copy.deepcopy(new)) == []
    right = changed(old, "metadata.annotations", {})
    assert len(updated("", "pods", right, new)) == 1


def test_selectors() -> None:
    budget = {"spec": {"maxUnavailable": 1, "selector": {"matchExpressions": BAD}}}
    more = changed(budget, "spec.maxUnavailable", 2)
    group = ("policy", "poddisruptionbudgets")
    assert updated(*group, copy.deepcopy(budget), more) == []
    right = changed(budget, "spec.selector", {"matchLabels": {"a": "b"}})
    [told] = updated(*group, right, copy.deepcopy(budget))
    assert told.startswith("spec.selector.matchExpressions[0].values[0]: Invalid value")
