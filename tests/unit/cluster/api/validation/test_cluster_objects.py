"""Rules of Namespaces, Nodes, Leases, priorities, volumes."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import created, updated


@pytest.mark.parametrize(
    ("group", "plural", "obj", "text"),
    [
        ("", "namespaces", {"spec": {"finalizers": ["x"]}}, "spec.finalizers: Invalid value"),
        ("", "nodes", {"spec": {"taints": [{"key": "a"}]}}, "effect: Required value"),
        ("", "nodes", {"spec": {"taints": [{"key": "a", "effect": "X"}]}}, "Unsupported value"),
        ("", "nodes", {"spec": {"podCIDRs": ["x"]}}, "must be a valid CIDR value"),
        ("", "nodes", {"spec": {"podCIDR": "10.0.0.1"}}, "spec.podCIDRs[0]: Invalid value"),
        ("", "nodes", {"spec": {"podCIDRs": ["10.0.0.0/24", "10.0.1.0/24"]}}, "each IP family"),
        ("", "nodes", {"spec": {"podCIDRs": ["10.0.0.0/24"] * 2}}, "podCIDRs[1]: Duplicate value"),
        ("", "nodes", {"spec": {"taints": [{"key": ""}]}}, "metadata.taints[0].key: Invalid"),
        ("", "nodes", {"status": {"capacity": {"cpu": "-1"}}}, "greater than or equal to 0"),
        ("coordination.k8s.io", "leases", {"spec": {"leaseDurationSeconds": 0}}, "greater than 0"),
        ("scheduling.k8s.io", "priorityclasses", {"value": 10**9 + 1}, "maximum allowed value"),
        ("scheduling.k8s.io", "priorityclasses", {"metadata": {"name": "system-x"}}, "reserved"),
        ("storage.k8s.io", "storageclasses", {}, "provisioner: Required value"),
        ("", "persistentvolumeclaims", {"spec": {}}, "at least 1 access mode is required"),
        ("", "persistentvolumes", {"spec": {"accessModes": ["X"]}}, "Unsupported value"),
    ],
)  # fmt: skip
def test_wrong_ones(group: str, plural: str, obj: dict[str, Any], text: str) -> None:
    found = created(group, plural, dict(obj))
    assert any(text in item for item in found), found


@pytest.mark.parametrize(
    ("group", "plural", "obj"),
    [
        ("", "namespaces", {}),
        ("", "nodes", {"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}}),
        ("", "nodes", {"spec": {"podCIDR": "10.0.0.0/24", "podCIDRs": ["x"]}}),
        ("", "nodes", {"spec": {"podCIDRs": ["10.0.0.0/24", "fd00::/64"]}}),
        ("coordination.k8s.io", "leases", {"spec": {"holderIdentity": "n"}}),
        ("scheduling.k8s.io", "priorityclasses", {"value": -5}),
        ("scheduling.k8s.io", "priorityclasses",
         {"metadata": {"name": "system-node-critical"}, "value": 2000001000}),
        ("storage.k8s.io", "storageclasses", {"provisioner": "x"}),
    ],
)  # fmt: skip
def test_right_ones(group: str, plural: str, obj: dict[str, Any]) -> None:
    assert created(group, plural, dict(obj)) == []


def test_what_stays() -> None:
    old, new = {"spec": {"providerID": "a", "podCIDR": "10.0.0.0/24"}}, {"spec": {}}
    assert len(updated("", "nodes", old, new)) == 2
    assert updated("", "nodes", new, old) == []
    scheduling = "scheduling.k8s.io"
    assert updated(scheduling, "priorityclasses", {"value": 1}, {"value": 2}) == [
        "value: Forbidden: may not be changed in an update."
    ]


def test_the_phase_of_a_namespace_says_whether_it_ends() -> None:
    def told(phase: str, **metadata: str) -> list[str]:
        old = {"metadata": {"name": "a", **metadata}, "status": {"phase": "Active"}}
        return updated("", "namespaces", old, {**old, "status": {"phase": phase}}, "status")

    gone = "2026-01-02T03:04:05Z"
    assert told("Active") == told("Terminating", deletionTimestamp=gone) == []
    assert told("Odd") == [
        "status.Phase: Invalid value: \"Odd\": may only be 'Active' if `deletionTimestamp` is empty"
    ]
    [text] = told("Active", deletionTimestamp=gone)
    assert "may only be 'Terminating' if `deletionTimestamp` is not empty" in text
