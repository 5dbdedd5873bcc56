"""Defaults of sets, jobs, limits and autoscalers."""

import copy
from typing import Any

import pytest

from cluster.api.defaults import apply_defaults
from cluster.api.kinds import by_resource


def filled(group: str, plural: str, obj: dict[str, Any], version: str = "v1") -> dict[str, Any]:
    kind = by_resource(group, version, plural)
    assert kind is not None
    apply_defaults(kind, obj)
    again = copy.deepcopy(obj)
    apply_defaults(kind, again)
    assert again == obj
    return obj


def template(**labels: str) -> dict[str, Any]:
    return {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c"}]}}


def test_stateful_sets() -> None:
    claim = {"metadata": {"name": "data"}, "spec": {}}
    spec = {"template": template(), "volumeClaimTemplates": [claim]}
    made = filled("apps", "statefulsets", {"spec": spec})["spec"]
    assert (made["replicas"], made["revisionHistoryLimit"]) == (1, 10)
    assert made["podManagementPolicy"] == "OrderedReady"
    assert made["updateStrategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"partition": 0, "maxUnavailable": 1},
    }
    assert made["persistentVolumeClaimRetentionPolicy"]["whenScaled"] == "Retain"
    assert made["volumeClaimTemplates"][0]["status"] == {"phase": "Pending"}


def test_daemon_sets() -> None:
    made = filled("apps", "daemonsets", {"spec": {"template": template()}})["spec"]
    assert made["updateStrategy"]["rollingUpdate"] == {"maxUnavailable": 1, "maxSurge": 0}


def test_replication_controllers_take_their_labels_from_the_template() -> None:
    made = filled("", "replicationcontrollers", {"spec": {"template": template(app="web")}})
    assert made["spec"]["selector"] == made["metadata"]["labels"] == {"app": "web"}


@pytest.mark.parametrize(
    ("spec", "field", "value"),
    [
        ({}, "completions", 1),
        ({"parallelism": 3}, "completions", None),
        ({"completions": 3}, "parallelism", 1),
        ({}, "backoffLimit", 6),
        ({"backoffLimitPerIndex": 1}, "backoffLimit", 2**31 - 1),
        ({}, "podReplacementPolicy", "TerminatingOrFailed"),
        ({"podFailurePolicy": {"rules": []}}, "podReplacementPolicy", "Failed"),
        ({}, "completionMode", "NonIndexed"),
        ({}, "suspend", False),
    ],
)
def test_jobs(spec: dict[str, Any], field: str, value: Any) -> None:
    made = filled("batch", "jobs", {"spec": {"template": template(), **spec}})
    assert made["spec"].get(field) == value


def test_cron_jobs() -> None:
    job = {"spec": {"template": template()}}
    made = filled("batch", "cronjobs", {"spec": {"schedule": "@daily", "jobTemplate": job}})["spec"]
    assert (made["concurrencyPolicy"], made["suspend"]) == ("Allow", False)
    assert (made["successfulJobsHistoryLimit"], made["failedJobsHistoryLimit"]) == (3, 1)
    assert "completions" not in made["jobTemplate"]["spec"]


def test_limits_of_containers() -> None:
    item = {"type": "Container", "max": {"cpu": "2"}, "min": {"memory": "1"}}
    made = filled("", "limitranges", {"spec": {"limits": [item]}})["spec"]["limits"][0]
    assert made["default"] == {"cpu": "2"}
    assert made["defaultRequest"] == {"cpu": "2", "memory": "1"}


def test_autoscalers() -> None:
    name = "horizontalpodautoscalers"
    made = filled("autoscaling", name, {"spec": {"behavior": {}}}, "v2")["spec"]
    assert made["minReplicas"] == 1
    assert made["metrics"][0]["resource"]["target"]["averageUtilization"] == 80
    assert made["behavior"]["scaleUp"]["stabilizationWindowSeconds"] == 0
    assert len(made["behavior"]["scaleUp"]["policies"]) == 2
    assert "stabilizationWindowSeconds" not in made["behavior"]["scaleDown"]
    assert filled("autoscaling", name, {"spec": {}})["spec"]["targetCPUUtilizationPercentage"] == 80
