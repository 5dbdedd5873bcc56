"""PersistentVolumes: what one says of itself."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import changed, created

NFS: dict[str, Any] = {
    "spec": {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "nfs": {"server": "a", "path": "/a"},
    }
}
TERM = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}
OPTIONS = "volume.beta.kubernetes.io/mount-options"


def volume(**spec: Any) -> dict[str, Any]:
    """One without a source, and what is said beside."""
    kept = {key: value for key, value in NFS["spec"].items() if key != "nfs"}
    return {"spec": {**kept, **spec}}


@pytest.mark.parametrize(
    ("obj", "text"),
    [(changed(NFS, "spec.persistentVolumeReclaimPolicy", "Recycle"), ""),
     (changed(NFS, "spec.persistentVolumeReclaimPolicy", ""), ""),
     (changed(NFS, "spec.persistentVolumeReclaimPolicy", "Keep"),
      "spec.persistentVolumeReclaimPolicy: Unsupported value"),
     (changed(NFS, "spec.accessModes", []), "spec.accessModes: Required value"),
     (changed(NFS, "spec.accessModes", ["X"]), "spec.accessModes: Unsupported value"),
     (changed(NFS, "spec.accessModes", ["ReadWriteOncePod", "ReadWriteOnce"]),
      "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"),
     (changed(NFS, "spec.capacity", {}), "spec.capacity: Required value"),
     (changed(NFS, "spec.capacity", {"storage": "1", "cpu": "1"}),
      "spec.capacity: Unsupported value"),
     (changed(NFS, "spec.capacity.storage", "0"), "spec.capacity[storage]: Invalid value"),
     (changed(NFS, "spec.capacity.storage", "-1"), "spec.capacity[storage]: Invalid value"),
     (changed(NFS, "spec.storageClassName", "A"), "spec.storageClassName: Invalid value"),
     (changed(NFS, "spec.volumeMode", ""), "spec.volumeMode: Unsupported value"),
     (changed(NFS, "spec.nodeAffinity", {}), "spec.nodeAffinity.required: Required value"),
     (changed(NFS, "spec.nodeAffinity", {"required": {}}), "nodeSelectorTerms: Required value"),
     (changed(NFS, "spec.nodeAffinity", {"required": {"nodeSelectorTerms": [TERM]}}), ""),
     (changed(NFS, "spec.nodeAffinity.required.nodeSelectorTerms", [changed(TERM,
      "matchExpressions.0.values", ["a/b"])]), "matchExpressions[0].values[0]: Invalid value"),
     (changed(NFS, "spec.volumeAttributesClassName", "a"), "spec.csi: Required value"),
     (volume(csi={"driver": "a", "volumeHandle": "b"}, volumeAttributesClassName=""),
      "spec.volumeAttributesClassName: Required value: an empty string"),
     (volume(), "spec: Required value: must specify a volume type"),
     (changed(NFS, "spec.cephfs", {"monitors": ["a"]}),
      "spec.cephFS: Forbidden: may not specify more than 1 volume type"),
     (changed(NFS, "spec.flexVolume", {}), "spec.flexVolume.driver: Required value"),
     (volume(hostPath={"path": "/../"}, persistentVolumeReclaimPolicy="Recycle"),
      "may not be 'recycle' for a hostPath mount of '/'"),
     ({**NFS, "metadata": {"name": "a", "annotations": {OPTIONS: "ro"}}}, ""),
     ({**volume(hostPath={"path": "/a"}),
       "metadata": {"name": "a", "annotations": {OPTIONS: "ro"}}},
      f"metadata.annotations.{OPTIONS}: Forbidden: may not specify mount options")],
)  # fmt: skip
def test_rules(obj: dict[str, Any], text: str) -> None:
    found = created("", "persistentvolumes", changed(obj, "apiVersion", "v1"))
    assert (found == []) if not text else any(text in cause for cause in found), found
