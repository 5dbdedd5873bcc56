"""Rules of Deployments and ReplicaSets."""

import copy
from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import changed, created, updated


def test_right_ones(deployment: dict[str, Any]) -> None:
    assert created("apps", "deployments", copy.deepcopy(deployment)) == []
    assert created("apps", "replicasets", deployment) == []


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("spec.selector", None, "spec.selector: Required value"),
        ("spec.selector", {}, "empty selector is invalid for deployment"),
        ("spec.selector.matchLabels", {"app": "x"},
         'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match'),
        ("spec.replicas", -1, "spec.replicas: Invalid value: -1: must be greater than or equal"),
        ("spec.minReadySeconds", -1, "must be greater than or equal to 0"),
        ("spec.minReadySeconds", 600, "must be greater than minReadySeconds"),
        ("spec.revisionHistoryLimit", -1, "spec.revisionHistoryLimit"),
        ("spec.strategy", {"type": "Magic"}, 'supported values: "Recreate", "RollingUpdate"'),
        ("spec.strategy", {"type": "Recreate", "rollingUpdate": {}},
         "may not be specified when strategy `type` is 'Recreate'"),
        ("spec.strategy", {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}},
         "may not be 0 when `maxSurge` is 0"),
        ("spec.strategy", {"rollingUpdate": {"maxSurge": "x"}}, "a valid percent string"),
        ("spec.strategy", {"rollingUpdate": {"maxUnavailable": "101%"}}, "greater than 100%"),
        ("spec.template.spec.restartPolicy", "Never", 'supported values: "Always"'),
        ("spec.template.spec.activeDeadlineSeconds", 1, "is not Supported"),
        ("spec.template.spec.containers", [], "spec.template.spec.containers: Required value"),
        ("spec.template.metadata.labels", {"app": "web", "-": ""}, "spec.template.labels"),
    ],
)  # fmt: skip
def test_wrong_deployments(deployment: dict[str, Any], path: str, value: Any, text: str) -> None:
    found = created("apps", "deployments", changed(deployment, path, value))
    assert any(text in item for item in found), found


def test_the_selector_never_changes(deployment: dict[str, Any]) -> None:
    new = changed(deployment, "spec.selector.matchLabels", {"app": "x"})
    new = changed(new, "spec.template.metadata.labels", {"app": "x"})
    found = updated("apps", "deployments", deployment, new)
    assert found == [
        'spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable'
    ]
    assert updated("apps", "deployments", deployment, changed(deployment, "spec.replicas", 5)) == []
