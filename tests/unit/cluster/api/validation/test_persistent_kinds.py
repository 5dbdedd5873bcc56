"""What keeps a PersistentVolume."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import created

SECRET = {"name": "a", "namespace": "b"}
IQN = "iqn.2001-04.com.example:disk"


@pytest.mark.parametrize(
    ("source", "text"),
    [({"csi": {"driver": "a.example.com", "volumeHandle": "b"}}, ""),
     ({"csi": {}}, "spec.csi.driver: Required value"),
     ({"csi": {"driver": "a"}}, "spec.csi.volumeHandle: Required value"),
     ({"csi": {"driver": "a b", "volumeHandle": "b"}}, "spec.csi.driver: Invalid value"),
     ({"csi": {"driver": "a", "volumeHandle": "b", "nodePublishSecretRef": SECRET}}, ""),
     ({"csi": {"driver": "a", "volumeHandle": "b", "nodeStageSecretRef": {}}}, ""),
     ({"csi": {"driver": "a", "volumeHandle": "b", "nodeExpandSecretRef": {"name": "a"}}},
      "spec.csi.nodeExpandSecretRef.namespace: Required value"),
     ({"csi": {"driver": "a", "volumeHandle": "b",
               "controllerExpandSecretRef": {"name": "A", "namespace": "b"}}},
      "spec.csi.controllerExpandSecretRef.name: Invalid value"),
     ({"local": {}, "nodeAffinity": {}}, "spec.local.path: Required value"),
     ({"local": {"path": "/a/../b"}}, "spec.local.path: Invalid value"),
     ({"local": {"path": "/a"}}, "spec.nodeAffinity: Required value: Local volume requires"),
     ({"hostPath": {"path": "/a", "type": "X"}}, "spec.hostPath.type: Unsupported value"),
     ({"gcePersistentDisk": {}}, "spec.persistentDisk.pdName: Required value"),
     ({"glusterfs": {"endpoints": "a", "path": "b", "endpointsNamespace": "c"}}, ""),
     ({"glusterfs": {"endpoints": "a", "path": "b", "endpointsNamespace": ""}},
      "spec.glusterfs.endpointsNamespace: Invalid value"),
     ({"iscsi": {"targetPortal": "p", "iqn": IQN, "lun": 1, "secretRef": SECRET}}, ""),
     ({"iscsi": {"targetPortal": "p", "iqn": IQN, "lun": 1, "secretRef": {}}},
      "spec.iscsi.secretRef.name: Required value"),
     ({"iscsi": {"targetPortal": "p" * 61, "iqn": IQN, "lun": 1, "initiatorName": IQN}},
      "spec.iscsi.targetportal: Invalid value"),
     ({"cinder": {"volumeID": "a", "secretRef": {"name": "b"}}},
      "spec.cinder.secretRef.namespace: Required value"),
     ({"storageos": {"volumeName": "a", "secretRef": {"namespace": "b"}}},
      "spec.storageos.secretRef.name: Required value"),
     ({"azureFile": {"secretName": "a", "shareName": "b"}}, ""),
     ({"azureFile": {"secretName": "a", "shareName": "b", "secretNamespace": ""}},
      "spec.azureFile.secretNamespace: Required value"),
     ({"azureDisk": {"diskName": "a", "diskURI": "/subscriptions/b"}},
      "spec.azureDisk.diskURI: Unsupported value"),
     ({"rbd": {"monitors": ["a"], "image": "b", "pool": ""}}, ""),
     ({"portworxVolume": {}}, "spec.portworxVolume.volumeID: Required value"),
     ({"quobyte": {"registry": "a:1,b", "volume": "v"}}, "spec.quobyte.registry: Invalid value"),
     ({"quobyte": {"registry": "a:1:2", "volume": "v"}}, "spec.quobyte.registry: Invalid value"),
     ({"quobyte": {"registry": "[::1]:2", "volume": "v"}}, "")],
)  # fmt: skip
def test_sources(source: dict[str, Any], text: str) -> None:
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], **source}
    found = created("", "persistentvolumes", {"metadata": {"name": "web"}, "spec": spec})
    assert (found == []) if not text else any(text in cause for cause in found), found
