"""Rules of tolerations, affinity and spread, as a pod says them."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import changed, created

SPREAD = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def test_right_placement(pod: dict[str, Any]) -> None:
    term = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["x"]}]}
    near = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"a": "b"}}}
    pod["spec"] |= {
        "tolerations": [
            {"operator": "Exists"},
            {"key": "a", "value": "b", "effect": "NoExecute", "tolerationSeconds": 3},
        ],
        "affinity": {
            "nodeAffinity": {
                REQUIRED: {"nodeSelectorTerms": [term]},
                PREFERRED: [{"weight": 1, "preference": term}],
            },
            "podAntiAffinity": {
                REQUIRED: [near],
                PREFERRED: [{"weight": 100, "podAffinityTerm": near}],
            },
        },
        "topologySpreadConstraints": [{**SPREAD, "minDomains": 2}],
    }
    assert created("", "pods", pod) == []


@pytest.mark.parametrize(
    ("toleration", "text"),
    [({}, "operator must be Exists when `key` is empty"),
     ({"key": "a", "operator": "Exists", "value": "x"}, "value must be empty when `operator`"),
     ({"key": "a", "tolerationSeconds": 1}, "effect must be 'NoExecute'"),
     ({"key": "a", "effect": "Maybe"}, 'Unsupported value: "Maybe"'),
     ({"key": "a", "operator": "Like"}, 'Unsupported value: "Like"'),
     ({"key": "a", "operator": "Gt", "value": "x"}, "must be a valid integer")],
)  # fmt: skip
def test_wrong_tolerations(pod: dict[str, Any], toleration: dict[str, Any], text: str) -> None:
    found = created("", "pods", changed(pod, "spec.tolerations", [toleration]))
    assert any(text in item for item in found), found


@pytest.mark.parametrize(
    ("affinity", "text"),
    [({"nodeAffinity": {REQUIRED: {}}}, "must have at least one node selector term"),
     ({"nodeAffinity": {PREFERRED: [{"weight": 0}]}}, "must be in the range 1-100"),
     ({"nodeAffinity": {PREFERRED: [{"weight": 1, "preference": {"matchExpressions": [
         {"key": "a", "operator": "In"}]}}]}}, "must be specified when `operator` is 'In'"),
     ({"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchFields": [
         {"key": "metadata.name", "operator": "In", "values": ["a", "b"]}]}]}}},
      "matchFields[0].values: Required value: must be only one value"),
     ({"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchFields": [
         {"key": "metadata.name", "operator": "In", "values": ["A"]}]}]}}},
      "matchFields[0].values[0]: Invalid value"),
     ({"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [
         {"key": "a", "operator": "In", "values": ["a b"]}]}]}}},
      "matchExpressions[0].values[0]: Invalid value"),
     ({"podAffinity": {REQUIRED: [{}]}}, "topologyKey: Required value: can not be empty"),
     ({"podAffinity": {REQUIRED: [{}]}}, "topologyKey: Invalid value"),
     ({"podAffinity": {REQUIRED: [{"topologyKey": "z", "namespaces": ["A"]}]}},
      "[0].namespace: Invalid value"),
     ({"podAffinity": {REQUIRED: [{"topologyKey": "z", "matchLabelKeys": ["a"]}]}},
      "matchLabelKeys: Forbidden"),
     ({"podAffinity": {REQUIRED: [{"topologyKey": "z", "labelSelector": {},
         "matchLabelKeys": ["a"], "mismatchLabelKeys": ["a"]}]}},
      "exists in both matchLabelKeys and mismatchLabelKeys"),
     ({"podAffinity": {REQUIRED: [{"topologyKey": "z", "matchLabelKeys": ["a"],
         "labelSelector": {"matchLabels": {"a": "b"}, "matchExpressions": [
             {"key": "a", "operator": "In", "values": ["c"]}]}}]}},
      "exists in both matchLabelKeys and labelSelector"),
     ({"podAffinity": {REQUIRED: [{"topologyKey": "z", "labelSelector": {"matchExpressions": [
         {"key": "a", "operator": "Like"}]}}]}}, "not a valid selector operator")],
)  # fmt: skip
def test_wrong_affinity(pod: dict[str, Any], affinity: dict[str, Any], text: str) -> None:
    found = created("", "pods", changed(pod, "spec.affinity", affinity))
    assert any(text in item for item in found), found


@pytest.mark.parametrize(
    ("constraint", "text"),
    [({"maxSkew": 1, "topologyKey": "z"}, 'whenUnsatisfiable: Unsupported value: ""'),
     ({**SPREAD, "matchLabelKeys": ["a"]}, "matchLabelKeys: Forbidden"),
     ({**SPREAD, "matchLabelKeys": ["a", "a"], "labelSelector": {"matchExpressions": [
         {"key": "a", "operator": "In", "values": ["c"]}] * 2}},
      "exists in both matchLabelKeys and labelSelector"),
     ({"topologyKey": "z"}, "maxSkew: Invalid value: 0: must be greater than zero"),
     ({"maxSkew": 1}, "topologyKey: Required value"),
     ({"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "Cry"}, "Unsupported value"),
     ({"maxSkew": 1, "topologyKey": "z", "minDomains": 0}, "minDomains"),
     ({"maxSkew": 1, "topologyKey": "z", "nodeTaintsPolicy": "X"}, "nodeTaintsPolicy")],
)  # fmt: skip
def test_wrong_spread(pod: dict[str, Any], constraint: dict[str, Any], text: str) -> None:
    found = created("", "pods", changed(pod, "spec.topologySpreadConstraints", [constraint]))
    assert any(text in item for item in found), found


def test_of_two_spreads_alike_the_first_is_told_of(pod: dict[str, Any]) -> None:
    both = [SPREAD, {**SPREAD, "whenUnsatisfiable": "ScheduleAnyway"}]
    assert created("", "pods", changed(pod, "spec.topologySpreadConstraints", both)) == []
    [found] = created("", "pods", changed(pod, "spec.topologySpreadConstraints", [SPREAD] * 2))
    assert found.startswith("spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}")


def test_a_wish_for_no_value_does_no_harm(pod: dict[str, Any]) -> None:
    term = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["a b"]}]}
    wish = {"nodeAffinity": {PREFERRED: [{"weight": 1, "preference": term}]}}
    assert created("", "pods", changed(pod, "spec.affinity", wish)) == []
