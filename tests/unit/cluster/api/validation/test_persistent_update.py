"""What an update of a PersistentVolume may change."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import changed, updated

ZONE, OLD_ZONE = "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"
CSI: dict[str, Any] = {
    "spec": {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "csi": {"driver": "a", "volumeHandle": "b"},
    }
}
SECRET = {"name": "a", "namespace": "b"}
FIXED = "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable"


def near(key: str, value: str = "b") -> dict[str, Any]:
    """The volume, on the nodes with the label."""
    term = {"matchExpressions": [{"key": key, "operator": "In", "values": [value]}]}
    return changed(CSI, "spec.nodeAffinity", {"required": {"nodeSelectorTerms": [term]}})


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [(CSI, changed(CSI, "spec.capacity.storage", "2Gi"), ""),
     (CSI, changed(CSI, "spec.csi.readOnly", False), ""),
     (CSI, changed(CSI, "spec.csi.volumeAttributes", {}), ""),
     (CSI, changed(CSI, "spec.csi.readOnly", True), FIXED),
     (CSI, changed(CSI, "spec.csi.volumeHandle", "c"), FIXED),
     (CSI, changed(CSI, "spec.csi.controllerExpandSecretRef", SECRET), ""),
     (changed(CSI, "spec.csi.controllerExpandSecretRef", SECRET), CSI, FIXED),
     (CSI, changed(changed(CSI, "spec.csi", None), "spec.nfs", {"server": "a", "path": "/"}),
      FIXED),
     (CSI, changed(CSI, "spec.volumeMode", "Block"), "volumeMode: Invalid value"),
     (CSI, near("a"), ""),
     (near("a"), near("a", "c"), "nodeAffinity: Invalid value"),
     (near("a"), CSI, "nodeAffinity: Invalid value"),
     (near(OLD_ZONE), near(ZONE), ""),
     (near(ZONE), near(OLD_ZONE), "nodeAffinity: Invalid value"),
     (near("a", "b/c"), changed(near("a", "b/c"), "spec.capacity.storage", "2Gi"), ""),
     (changed(CSI, "spec.volumeAttributesClassName", "a"), CSI,
      "spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil"),
     (changed(CSI, "spec.volumeAttributesClassName", "a"),
      changed(CSI, "spec.volumeAttributesClassName", "b"), "")],
)  # fmt: skip
def test_changes(old: dict[str, Any], new: dict[str, Any], text: str) -> None:
    found = updated("", "persistentvolumes", changed(old, "apiVersion", "v1"),
                    changed(new, "apiVersion", "v1"))  # fmt: skip
    assert (found == []) if not text else any(text in cause for cause in found), found


def test_only_its_annotations_changed() -> None:
    old = changed(CSI, "apiVersion", "v1")
    annotations = {"volume.beta.kubernetes.io/mount-options": "ro"}
    new = {
        **changed(CSI, "apiVersion", "v1"),
        "metadata": {"name": "web", "annotations": annotations},
    }
    assert any("may not specify mount options" in text
               for text in updated("", "persistentvolumes", old, new))  # fmt: skip
