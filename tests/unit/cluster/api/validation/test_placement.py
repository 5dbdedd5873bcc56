"""Rules of tolerations, affinity and spread, as a pod says them."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import changed, created

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
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "minDomains": 2}],
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
     ({"podAffinity": {REQUIRED: [{}]}}, "topologyKey: Required value: can not be empty"),
     ({"podAffinity": {REQUIRED: [{"topologyKey": "z", "labelSelector": {"matchExpressions": [
         {"key": "a", "operator": "Like"}]}}]}}, "not a valid selector operator")],
)  # fmt: skip
def test_wrong_affinity(pod: dict[str, Any], affinity: dict[str, Any], text: str) -> None:
    found = created("", "pods", changed(pod, "spec.affinity", affinity))
    assert any(text in item for item in found), found


@pytest.mark.parametrize(
    ("constraint", "text"),
    [({"topologyKey": "z"}, "maxSkew: Invalid value: 0: must be greater than zero"),
     ({"maxSkew": 1}, "topologyKey: Required value"),
     ({"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "Cry"}, "Unsupported value"),
     ({"maxSkew": 1, "topologyKey": "z", "minDomains": 0}, "minDomains"),
     ({"maxSkew": 1, "topologyKey": "z", "nodeTaintsPolicy": "X"}, "nodeTaintsPolicy")],
)  # fmt: skip
def test_wrong_spread(pod: dict[str, Any], constraint: dict[str, Any], text: str) -> None:
    found = created("", "pods", changed(pod, "spec.topologySpreadConstraints", [constraint]))
    assert any(text in item for item in found), found
