"""What an update of a claim may change."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import updated

SIZE = "spec.resources.requests.storage"
FIXED = "spec: Forbidden: spec is immutable after creation except resources.requests and"


def claim(phase: str = "Bound", size: str = "2Gi", **spec: Any) -> dict[str, Any]:
    found = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": size}},
        **spec,
    }
    return {"spec": found, "status": {"phase": phase, "capacity": {"storage": "1Gi"}}}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (claim(), claim(size="3Gi"), []),
        (claim(), claim(size="1500Mi"), []),
        (claim(), claim(size="1Gi"), [f"{SIZE}: Forbidden: field can not be less than status"]),
        (claim(), claim(size="512Mi"), [f"{SIZE}: Forbidden: field can not be less than status"]),
        (claim(), claim(volumeAttributesClassName="gold"), []),
        (claim("Pending"), claim("Pending", size="3Gi"), [FIXED]),
        (claim("Pending"), claim("Pending", volumeName="v"), []),
        (claim("Pending"), claim("Pending", storageClassName="fast"), []),
        (claim(storageClassName="slow"), claim(storageClassName="fast"), [FIXED]),
        (claim(volumeName="v"), claim(volumeName="w"), [FIXED]),
        (claim(), claim(accessModes=["ReadOnlyMany"]), [FIXED]),
    ],
)
def test_updates(old: dict[str, Any], new: dict[str, Any], expected: list[str]) -> None:
    found = updated("", "persistentvolumeclaims", old, new)
    assert len(found) == len(expected), found
    for text, beginning in zip(found, expected, strict=True):
        assert text.startswith(beginning)
