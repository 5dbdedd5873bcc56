"""Rules of Nodes."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import created, updated

RANGE = "10.1.0.0/24"


def fields(found: list[str]) -> set[str]:
    return {item.split(": ")[0] for item in found}


@pytest.mark.parametrize(
    ("status", "field"),
    [({"capacity": {"pods": "1.5"}, "allocatable": {"pods": "1"}}, "status.capacity.pods"),
     ({"capacity": {"example.com/a": "500m"}, "allocatable": {"cpu": "500m"}},
      "status.capacity.example.com/a"),
     ({"allocatable": {"cpu": "-1"}}, "status.allocatable.cpu")],
)  # fmt: skip
def test_amounts(status: dict[str, Any], field: str) -> None:
    assert fields(created("", "nodes", {"status": status})) == {field}
    assert fields(updated("", "nodes", {}, {"status": status}, "status")) == {field}


def test_an_address_is_there_once() -> None:
    one = {"type": "InternalIP", "address": "10.0.0.1"}
    new = {"status": {"addresses": [one, {**one, "type": "ExternalIP"}, one]}}
    assert fields(updated("", "nodes", {}, new, "status")) == {"status.addresses[2]"}


def test_the_range_stays_whichever_field_says_it() -> None:
    old = {"spec": {"podCIDR": RANGE}}
    for spec in ({"podCIDRs": [RANGE]}, {"podCIDR": RANGE}, {"podCIDR": RANGE, "podCIDRs": ["x"]}):
        assert updated("", "nodes", old, {"spec": spec}) == []
    found = updated("", "nodes", old, {"spec": {"podCIDR": "10.2.0.0/24", "podCIDRs": [RANGE]}})
    assert fields(found) == {"spec.podCIDRs"}
    assert fields(updated("", "nodes", old, {"spec": {"unschedulable": True}})) == {"spec.podCIDRs"}


def test_what_may_not_change() -> None:
    old = {"spec": {"providerID": "a", "externalID": "b"}}
    found = updated("", "nodes", old, {"spec": {"taints": [{"key": "k", "effect": "NoSchedule"}]}})
    assert fields(found) == {"spec.providerID", "spec.externalID"}


def test_a_range_with_bits_beyond_its_length_may_stay() -> None:
    odd = {"spec": {"podCIDR": "10.1.0.1/24"}}
    assert fields(created("", "nodes", odd)) == {"spec.podCIDRs[0]"}
    assert updated("", "nodes", odd, {"spec": {**odd["spec"], "unschedulable": True}}) == []


@pytest.mark.parametrize(
    ("features", "wrong"),
    [(["A", "MyFeature", "MyFeature/mySubFeature"], []),
     (["A", "A"], ["[1]: Duplicate value"]),
     (["B", "A"], ["[1]: Invalid value"]),
     (["a"], ["[0]: Invalid value"]),
     ([""], ["[0]: Invalid value"]),
     (["A/"], ["[0]: Invalid value"]),
     (["A-b"], ["[0]: Invalid value"]),
     (["A" * 254], ["[0]: Invalid value"])],
)  # fmt: skip
def test_declared_features(features: list[str], wrong: list[str]) -> None:
    new = {"status": {"declaredFeatures": features}}
    for found in (created("", "nodes", new), updated("", "nodes", {}, new, "status")):
        assert [": ".join(item.split(": ")[:2]) for item in found] == [
            f"status.declaredFeatures{text}" for text in wrong
        ]
