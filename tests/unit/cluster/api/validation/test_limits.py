"""Rules of LimitRanges, ResourceQuotas and PodDisruptionBudgets."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import changed, created, updated


def limits(**item: Any) -> dict[str, Any]:
    return {"spec": {"limits": [{"type": "Container", **item}]}}


def quota(hard: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"spec": {"hard": hard, **more}}


def expression(scope: str, operator: str, *values: str) -> dict[str, Any]:
    item = {"scopeName": scope, "operator": operator, "values": list(values)}
    return {"scopeSelector": {"matchExpressions": [item]}}


def test_right_ones() -> None:
    item = {"min": {"cpu": "1"}, "max": {"cpu": "3"}, "maxLimitRequestRatio": {"cpu": "2"}}
    assert created("", "limitranges", limits(**item)) == []
    claim = {"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}}
    assert created("", "limitranges", {"spec": {"limits": [claim]}}) == []
    hard = {"cpu": "1", "pods": "2", "count/jobs.batch": "3", "requests.hugepages-2Mi": "4Mi",
            "gold.storageclass.storage.k8s.io/requests.storage": "1Gi"}  # fmt: skip
    assert created("", "resourcequotas", quota(hard)) == []
    terms = expression("PriorityClass", "In", "high")
    assert created("", "resourcequotas", quota({"pods": "1"}, **terms)) == []
    assert created("policy", "poddisruptionbudgets", {"spec": {"minAvailable": "50%"}}) == []


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ({"min": {"cpu": "2"}, "max": {"cpu": "1"}},
         'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1'),
        ({"default": {"cpu": "2"}, "max": {"cpu": "1"}}, "default value 2 is greater than max"),
        ({"defaultRequest": {"cpu": "2"}, "default": {"cpu": "1"}},
         "default request value 2 is greater than default limit value 1"),
        ({"min": {"cpu": "2"}, "defaultRequest": {"cpu": "1"}},
         "min value 2 is greater than default request value 1"),
        ({"maxLimitRequestRatio": {"cpu": "500m"}}, "ratio 500m is less than 1"),
        ({"min": {"cpu": "1"}, "max": {"cpu": "2"}, "maxLimitRequestRatio": {"cpu": "3"}},
         "ratio 3 is greater than max/min = 2.000000"),
        ({"type": "Any"}, "must be a standard limit type or fully qualified"),
        ({"type": "Pod", "default": {"cpu": "1"}}, "may not be specified when `type` is 'Pod'"),
        ({"type": "PersistentVolumeClaim"}, "either minimum or maximum storage value is required"),
        ({"max": {"gold": "1"}}, "must be a standard resource type or fully qualified"),
    ],
)  # fmt: skip
def test_wrong_limits(item: dict[str, Any], text: str) -> None:
    found = created("", "limitranges", limits(**item))
    assert any(text in one for one in found), found


def test_each_type_once() -> None:
    twice = {"spec": {"limits": [{"type": "Pod"}, {"type": "Pod"}]}}
    assert created("", "limitranges", twice) == ['spec.limits[1].type: Duplicate value: "Pod"']


@pytest.mark.parametrize(
    ("obj", "text"),
    [
        (quota({"limit.cpu": "1"}), "must be a standard resource for quota"),
        (quota({"pods": "-1"}), "must be greater than or equal to 0"),
        (quota({"pods": "1500m"}), "must be an integer"),
        (quota({"pods": "1"}, scopes=["Any"]), "unsupported scope"),
        (quota({"cpu": "1"}, scopes=["BestEffort"]), "unsupported scope applied to resource"),
        (quota({"pods": "1"}, scopes=["BestEffort", "NotBestEffort"]), "conflicting scopes"),
        (quota({"pods": "1"}, **expression("Terminating", "In", "x")), "must be 'Exist' when"),
        (quota({"pods": "1"}, **expression("PriorityClass", "In")), "must be at least one value"),
        (quota({"pods": "1"}, **expression("PriorityClass", "Exists", "x")), "must be no value"),
        (quota({"pods": "1"}, **expression("PriorityClass", "Is")), "not a valid selector"),
    ],
)
def test_wrong_quotas(obj: dict[str, Any], text: str) -> None:
    found = created("", "resourcequotas", obj)
    assert any(text in one for one in found), found


def test_scopes_stay() -> None:
    old = quota({"pods": "1"}, scopes=["BestEffort"])
    assert updated("", "resourcequotas", old, changed(old, "spec.hard", {"pods": "2"})) == []
    [found] = updated("", "resourcequotas", old, changed(old, "spec.scopes", ["Terminating"]))
    assert found == 'spec.scopes: Invalid value: ["Terminating"]: field is immutable'


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"minAvailable": 1, "maxUnavailable": 1},
         "minAvailable and maxUnavailable cannot be both set"),
        ({"minAvailable": -1}, "spec.minAvailable: Invalid value: -1: must be greater"),
        ({"maxUnavailable": "x"}, "a valid percent string"),
        ({"maxUnavailable": "101%"}, "must not be greater than 100%"),
        ({"unhealthyPodEvictionPolicy": "Any"},
         'supported values: "AlwaysAllow", "IfHealthyBudget"'),
        ({"selector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}},
         "not a valid selector operator"),
    ],
)  # fmt: skip
def test_wrong_budgets(spec: dict[str, Any], text: str) -> None:
    found = created("policy", "poddisruptionbudgets", {"spec": spec})
    assert any(text in one for one in found), found


def test_what_is_counted_is_told_of_too() -> None:
    old: dict[str, Any] = {"metadata": {"name": "q"}, "spec": {"hard": {"pods": "5"}}}
    group = ("", "resourcequotas")
    right = {**old, "status": {"hard": {"pods": "5"}, "used": {"pods": "1"}}}
    assert updated(*group, old, right, "status") == []
    wrong = {**old, "status": {"hard": {"pods": "-1"}, "used": {"pods": "1500m"}}}
    found = updated(*group, old, wrong, "status")
    assert [text.split(": ")[0] for text in found] == ["status.hard[pods]", "status.used[pods]"]
