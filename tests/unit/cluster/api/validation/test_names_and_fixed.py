"""Small rules of many kinds, as Kubernetes 1.37 tells of them."""

from typing import Any

import pytest

from cluster.api.status import Cause
from cluster.api.validation import limits
from tests.unit.cluster.api.validation.helpers import created, updated

RBAC = "rbac.authorization.k8s.io"
POLICY = {"preemptionPolicy": "Never"}


def binding(name: str = "a", group: str = RBAC) -> dict[str, Any]:
    return {
        "kind": "RoleBinding",
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "a"},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "a"}],
    }


def test_names_of_service_accounts() -> None:
    [found] = created(RBAC, "rolebindings", binding("Odd!"))
    assert found.startswith("subjects[0].name: Invalid value")
    assert created(RBAC, "rolebindings", binding()) == []


def test_a_role_of_no_group_is_of_the_group_of_roles() -> None:
    assert created(RBAC, "rolebindings", binding(group="")) == []


def test_a_selector_that_cannot_be_gathers_nothing() -> None:
    gathered = {"clusterRoleSelectors": [{"matchLabels": {"a": "Odd!"}}]}
    found = created(RBAC, "clusterroles", {"aggregationRule": gathered})
    place = "aggregationRule.clusterRoleSelectors[0]"
    assert [item.split(":")[0] for item in found] == [f"{place}.matchLabels", place]


@pytest.mark.parametrize(
    ("group", "plural", "obj"),
    [
        ("", "events", {"involvedObject": {"namespace": "default"}}),
        ("policy", "poddisruptionbudgets", {"spec": {"minAvailable": 1}}),
    ],
)
def test_any_name_that_a_path_can_have(group: str, plural: str, obj: dict[str, Any]) -> None:
    assert created(group, plural, {**obj, "metadata": {"name": "Odd!"}}) == []
    [found] = created(group, plural, {**obj, "metadata": {"name": "a/b"}})
    assert found.startswith("metadata.name: Invalid value")


def test_preemption_is_decided_once() -> None:
    group = "scheduling.k8s.io"
    [found] = updated(group, "priorityclasses", dict(POLICY), {"preemptionPolicy": "Any"})
    assert found == 'preemptionPolicy: Invalid value: "Any": field is immutable'
    [found] = created(group, "priorityclasses", {"preemptionPolicy": ""})
    assert found == "preemptionPolicy: Required value"


def test_no_handler_and_no_name() -> None:
    assert created("node.k8s.io", "runtimeclasses", {}) == ["handler: Required value"]
    spec = {"group": "a.example.com", "version": "v1", "groupPriorityMinimum": 1}
    nameless = {"metadata": {"name": ""}, "spec": {**spec, "versionPriority": 1}}
    [found] = created("apiregistration.k8s.io", "apiservices", nameless)
    assert found.startswith("metadata.name: Required value")


def test_a_finalizer_is_told_of_once() -> None:
    [found] = created("", "configmaps", {"metadata": {"name": "a", "finalizers": ["a/b/c"]}})
    assert found.startswith("metadata.finalizers: Invalid value")


@pytest.mark.parametrize(
    ("least", "most", "right"),
    [("1", "10", True), ("1", "9", False), ("0", "0", True), ("1", "0", False), ("-1", "9", False)],
)
def test_ratios(least: str, most: str, right: bool) -> None:
    item = {"type": "Container", "min": {"cpu": least}, "max": {"cpu": most}}
    found: list[Cause] = []
    limits.check_limit_range(
        {"spec": {"limits": [{**item, "maxLimitRequestRatio": {"cpu": "10"}}]}}, found
    )
    told = [cause for cause in found if "Ratio" in cause.field]
    assert not told if right else len(told) == 1


def test_history_is_an_object() -> None:
    for data in ("text", 1, ["a"], True):
        [found] = created("apps", "controllerrevisions", {"data": data})
        assert found == "data: Required value: data must be a valid JSON object"
    [found] = updated("apps", "controllerrevisions", {"data": {}}, {"data": 1})
    assert found == "data: Invalid value: 1: field is immutable"
