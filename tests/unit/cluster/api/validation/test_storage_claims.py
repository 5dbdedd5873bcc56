"""What an update of a claim may change."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import updated

SIZE = "spec.resources.requests.storage"
OLD_CLASS = "volume.beta.kubernetes.io/storage-class"
FROM = {"kind": "PersistentVolumeClaim", "name": "a"}
FIXED = "spec: Forbidden: spec is immutable after creation except resources.requests and"


def claim(phase: str = "Bound", size: str = "2Gi", **spec: Any) -> dict[str, Any]:
    found = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": size}},
        **spec,
    }
    return {"spec": found, "status": {"phase": phase, "capacity": {"storage": "1Gi"}}}


def marked(obj: dict[str, Any], name: str) -> dict[str, Any]:
    """With the annotation that named its class once."""
    return {**obj, "metadata": {"name": "web", "annotations": {OLD_CLASS: name}}}


def applied(obj: dict[str, Any]) -> dict[str, Any]:
    """Its volume has the class of attributes."""
    return {**obj, "status": {**obj["status"], "currentVolumeAttributesClassName": "gold"}}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (claim(), claim(size="3Gi"), []),
        (claim(), claim(size="1500Mi"), []),
        (claim(), claim(size="1Gi"), [f"{SIZE}: Forbidden: field can not be less than status"]),
        (claim(), claim(size="512Mi"), [f"{SIZE}: Forbidden: field can not be less than status"]),
        (claim(), claim(volumeAttributesClassName="gold"), []),
        (claim(), claim(size="2048Mi"), []),
        (claim("Pending"), claim("Pending", size="3Gi"), [FIXED]),
        (claim("Pending"), claim("Pending", size="1Gi"),
         [FIXED, f"{SIZE}: Forbidden: field can not be less than status"]),
        (claim(), claim(volumeMode="Block"), [FIXED, "volumeMode: Invalid value"]),
        (claim(dataSource=FROM), claim(dataSource=FROM, dataSourceRef=FROM), []),
        (marked(claim("Pending"), "slow"), claim("Pending", storageClassName="slow"), []),
        (marked(claim("Pending"), "slow"), claim("Pending", storageClassName="fast"),
         [f"metadata.annotations.{OLD_CLASS}: Invalid value", FIXED]),
        (claim("Pending"), marked(claim("Pending"), "slow"),
         [f"metadata.annotations.{OLD_CLASS}: Invalid value"]),
        (applied(claim(volumeAttributesClassName="gold")), claim(),
         ["spec.volumeAttributesClassName: Forbidden: update to nil"]),
        (applied(claim(volumeAttributesClassName="gold")), claim(volumeAttributesClassName=""),
         ["spec.volumeAttributesClassName: Forbidden: update to empty string"]),
        (claim("Pending"), claim("Pending", volumeName="v"), []),
        (claim("Pending"), claim("Pending", storageClassName="fast"), []),
        (claim(storageClassName="slow"), claim(storageClassName="fast"), [FIXED]),
        (claim(volumeName="v"), claim(volumeName="w"), [FIXED]),
        (claim(), claim(accessModes=["ReadOnlyMany"]), [FIXED]),
    ],
)  # fmt: skip
def test_updates(old: dict[str, Any], new: dict[str, Any], expected: list[str]) -> None:
    found = updated("", "persistentvolumeclaims", old, new)
    assert len(found) == len(expected), found
    for text, beginning in zip(found, expected, strict=True):
        assert text.startswith(beginning)
