"""Rules of cluster IPs and their families."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import created, updated

PORTS = [{"port": 80}]
FOUR, SIX = "10.96.0.1", "fd00::1"


def fields(found: list[str]) -> set[str]:
    return {item.split(": ")[0] for item in found}


def asked(**spec: Any) -> dict[str, Any]:
    if spec.get("clusterIPs"):
        spec.setdefault("clusterIP", spec["clusterIPs"][0])
    return {"spec": {"ports": PORTS, **spec}}


@pytest.mark.parametrize(
    ("spec", "field"),
    [({"clusterIP": FOUR}, "spec.clusterIPs"),
     ({"clusterIP": FOUR, "clusterIPs": [SIX]}, "spec.clusterIPs"),
     ({"clusterIP": "", "clusterIPs": [FOUR]}, "spec.clusterIPs"),
     ({"clusterIPs": ["x"]}, "spec.clusterIPs[0]"),
     ({"clusterIPs": ["None", FOUR]}, "spec.clusterIPs"),
     ({"clusterIPs": [FOUR, "None"]}, "spec.clusterIPs[1]"),
     ({"clusterIPs": [FOUR, "10.96.0.2"]}, "spec.clusterIPs"),
     ({"clusterIPs": [FOUR], "ipFamilies": ["IPv6"]}, "spec.clusterIPs[0]"),
     ({"clusterIPs": [SIX]}, "spec.clusterIPs[0]"),
     ({"clusterIPs": [FOUR, SIX], "ipFamilies": ["IPv4", "IPv6"]}, "spec.ipFamilyPolicy"),
     ({"ipFamilies": ["IPv5"]}, "spec.ipFamilies[0]"),
     ({"ipFamilies": ["IPv4", "IPv4"], "ipFamilyPolicy": "PreferDualStack"}, "spec.ipFamilies[1]"),
     ({"ipFamilies": ["IPv6"]}, "spec.ipFamilies[0]"),
     ({"ipFamilies": ["IPv4", "IPv6"]}, "spec.ipFamilyPolicy"),
     ({"ipFamilyPolicy": "X"}, "spec.ipFamilyPolicy"),
     ({"ipFamilyPolicy": "RequireDualStack"}, "spec.ipFamilyPolicy")],
)  # fmt: skip
def test_what_the_cluster_does_not_give(spec: dict[str, Any], field: str) -> None:
    assert fields(created("", "services", asked(**spec))) == {field}


@pytest.mark.parametrize(
    "spec",
    [{}, {"clusterIPs": [FOUR]}, {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "PreferDualStack"},
     {"clusterIPs": ["None"], "ipFamilies": ["IPv6", "IPv4"],
      "ipFamilyPolicy": "RequireDualStack"}],
)  # fmt: skip
def test_what_it_gives(spec: dict[str, Any]) -> None:
    assert created("", "services", asked(**spec)) == []


def test_a_headless_service_with_a_selector_is_of_the_clusters_family() -> None:
    spec = {"clusterIPs": ["None"], "ipFamilies": ["IPv6"], "selector": {"a": "b"}}
    assert fields(created("", "services", asked(**spec))) == {"spec.ipFamilies[0]"}


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
def test_who_is_reached_by_nodes_has_an_address(kind: str) -> None:
    found = created("", "services", asked(type=kind, clusterIPs=["None"]))
    assert fields(found) == {"spec.clusterIPs[0]"}


def test_an_external_name_has_none() -> None:
    spec = {
        "type": "ExternalName",
        "externalName": "a.example.com.",
        "clusterIPs": ["None"],
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
    }
    assert fields(created("", "services", {"spec": spec})) == {
        "spec.clusterIPs",
        "spec.ipFamilies",
        "spec.ipFamilyPolicy",
    }


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [({"clusterIPs": [FOUR]}, {"clusterIPs": ["10.96.0.2"]}, "spec.clusterIPs[0]"),
     ({"clusterIPs": [FOUR]}, {}, "spec.clusterIPs[0]"),
     ({"clusterIPs": ["None"]}, {"clusterIPs": [FOUR]}, "spec.clusterIPs[0]"),
     ({"clusterIPs": ["None"], "ipFamilies": ["IPv4", "IPv6"],
       "ipFamilyPolicy": "RequireDualStack"},
      {"clusterIPs": ["None"], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "RequireDualStack"},
      "spec.ipFamilyPolicy")],
)  # fmt: skip
def test_what_stays(old: dict[str, Any], new: dict[str, Any], field: str) -> None:
    assert fields(updated("", "services", asked(**old), asked(**new))) == {field}


def test_what_may_change() -> None:
    headless = asked(clusterIPs=["None"], ipFamilies=["IPv4"])
    other = asked(clusterIPs=["None"], ipFamilies=["IPv6"], ipFamilyPolicy="SingleStack")
    assert updated("", "services", headless, other) == []
    name = {"spec": {"type": "ExternalName", "externalName": "a.b"}}
    assert updated("", "services", asked(clusterIPs=[FOUR]), name) == []
    assert updated("", "services", name, asked(clusterIPs=[FOUR])) == []
