"""VolumeAttachments: of a volume by name, or of one a pod holds itself; how it went."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import created, updated

GROUP, PLURAL = "storage.k8s.io", "volumeattachments"
INLINE: dict[str, Any] = {
    "accessModes": ["ReadWriteOnce"],
    "csi": {"driver": "a.example.com", "volumeHandle": "b"},
}


def attachment(source: dict[str, Any], **status: Any) -> dict[str, Any]:
    spec = {"attacher": "a.example.com", "nodeName": "n", "source": source}
    return {"spec": spec, "status": {"attached": False, **status}}


@pytest.mark.parametrize(
    ("source", "text"),
    [({"persistentVolumeName": "a"}, ""),
     ({"persistentVolumeName": "A"}, "spec.source.persistentVolumeName: Invalid value"),
     ({"persistentVolumeName": ""}, "spec.source.persistentVolumeName: Required value"),
     ({}, "spec.source: Required value"),
     ({"persistentVolumeName": "a", "inlineVolumeSpec": INLINE}, "spec.source: Forbidden"),
     ({"inlineVolumeSpec": INLINE}, ""),
     ({"inlineVolumeSpec": {}}, "inlineVolumeSpec.csi: Required value: has to be specified"),
     ({"inlineVolumeSpec": {**INLINE, "accessModes": []}}, "accessModes: Required value"),
     ({"inlineVolumeSpec": {**INLINE, "csi": {}}}, "inlineVolumeSpec.csi.driver: Required value"),
     ({"inlineVolumeSpec": {**INLINE, "capacity": {"storage": "1"}}}, "capacity: Forbidden"),
     ({"inlineVolumeSpec": {**INLINE, "claimRef": {}}}, "claimRef: Forbidden"),
     ({"inlineVolumeSpec": {**INLINE, "nodeAffinity": {}}}, "nodeAffinity: Forbidden"),
     ({"inlineVolumeSpec": {**INLINE, "storageClassName": "a"}}, "storageClassName: Forbidden"),
     ({"inlineVolumeSpec": {**INLINE, "volumeMode": "Block"}}, "volumeMode: Forbidden"),
     ({"inlineVolumeSpec": {**INLINE, "persistentVolumeReclaimPolicy": "Delete"}},
      "persistentVolumeReclaimPolicy: Forbidden: may only be Retain")],
)  # fmt: skip
def test_sources(source: dict[str, Any], text: str) -> None:
    found = created(GROUP, PLURAL, attachment(source))
    assert (found == []) if not text else any(text in cause for cause in found), found


@pytest.mark.parametrize(
    ("error", "text"),
    [({"message": "a" * 1024, "errorCode": 8}, ""),
     ({"message": "a" * 1025}, "status.attachError.message: Too long"),
     ({"errorCode": -1}, "status.attachError.errorCode: Invalid value")],
)  # fmt: skip
def test_errors(error: dict[str, Any], text: str) -> None:
    source = {"persistentVolumeName": "a"}
    new = attachment(source, attachError=error)
    found = updated(GROUP, PLURAL, attachment(source), new, "status")
    assert (found == []) if not text else any(text in cause for cause in found), found
