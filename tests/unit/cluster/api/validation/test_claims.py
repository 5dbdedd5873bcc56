"""PersistentVolumeClaims: what is asked for, and what their status says."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import changed, created, updated

CLAIM: dict[str, Any] = {
    "apiVersion": "v1",
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
FROM = {"apiGroup": "example.com", "kind": "A", "name": "a"}


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [("spec.storageClassName", "", ""),
     ("spec.storageClassName", "A", "spec.storageClassName: Invalid value"),
     ("spec.volumeMode", "Tape", "spec.volumeMode: Unsupported value"),
     ("spec.volumeAttributesClassName", "A", "spec.volumeAttributesClassName: Invalid value"),
     ("spec.accessModes", ["ReadWriteOncePod", "ReadOnlyMany"], "spec.accessModes: Forbidden"),
     ("spec.selector", {"matchExpressions": [{"key": "a", "operator": "X"}]},
      "spec.selector.matchExpressions[0].operator: Invalid value"),
     ("spec.resources.requests.storage", "0", "spec.resources[storage]: Invalid value"),
     ("spec.resources", {"limits": {"storage": "1Gi"}}, "spec.resources[storage]: Required value"),
     ("spec.dataSourceRef", FROM, ""),
     ("spec.dataSourceRef", {}, "spec.dataSourceRef.kind: Required value"),
     ("spec.dataSourceRef", {"kind": "A", "name": "a"},
      "must be 'PersistentVolumeClaim' when referencing the default apiGroup"),
     ("spec.dataSourceRef", {**FROM, "apiGroup": "a/b"}, "dataSourceRef.apiGroup: Invalid value"),
     ("spec.dataSourceRef", {**FROM, "namespace": "a.b"}, "dataSourceRef.namespace: Invalid")],
)  # fmt: skip
def test_rules(path: str, value: Any, text: str) -> None:
    found = created("", "persistentvolumeclaims", changed(CLAIM, path, value))
    assert (found == []) if not text else any(text in cause for cause in found), found


def test_two_sources_are_the_same() -> None:
    both = changed(changed(CLAIM, "spec.dataSource", FROM), "spec.dataSourceRef", FROM)
    assert created("", "persistentvolumeclaims", both) == []
    found = created("", "persistentvolumeclaims", changed(both, "spec.dataSourceRef.name", "b"))
    assert found == ['spec: Invalid value: "spec.dataSource": must match dataSourceRef']


@pytest.mark.parametrize(
    ("status", "text"),
    [({"capacity": {"storage": "1Gi"}}, ""),
     ({"capacity": {"storage": "-1"}}, "status.capacity[storage]: Invalid value"),
     ({"allocatedResourceStatuses": {"storage": "NodeResizePending"}}, ""),
     ({"allocatedResourceStatuses": {"storage": "Soon"}}, "ResourceStatuses: Unsupported value"),
     ({"allocatedResourceStatuses": {"cpu": "NodeResizePending"}}, "Unsupported value"),
     ({"allocatedResources": {"example.com/a": "1"}}, ""),
     ({"allocatedResources": {"storage": "-1"}}, "allocatedResources[storage]: Invalid value"),
     ({"allocatedResources": {"a b": "1"}}, "status.allocatedResources: Invalid value")],
)  # fmt: skip
def test_status(status: dict[str, Any], text: str) -> None:
    old, new = changed(CLAIM, "metadata", {"name": "web"}), {**CLAIM, "status": status}
    new["metadata"] = {"name": "web"}
    found = updated("", "persistentvolumeclaims", old, new, "status")
    assert (found == []) if not text else any(text in cause for cause in found), found
