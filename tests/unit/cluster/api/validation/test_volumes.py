"""Volumes: names, sources, and what can be mounted."""

from typing import Any

import pytest

from cluster.api.status import Cause
from cluster.api.validation.volumes import check_volumes

FIELD = {"apiVersion": "v1", "fieldPath": "metadata.labels"}
FILE = {"path": "l", "fieldRef": FIELD}
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


def found(source: dict[str, Any], pod: str | None = "web") -> list[str]:
    causes: list[Cause] = []
    known = check_volumes("v", [{"name": "a", **source}], pod, causes)
    assert ("a" in known) == (not causes)
    return [cause.text() for cause in causes]


@pytest.mark.parametrize(
    ("source", "text"),
    [({"emptyDir": {"sizeLimit": "1Gi"}}, ""), ({"emptyDir": {"sizeLimit": "-1"}}, "SizeLimit"),
     ({"hostPath": {"path": "/x", "type": "Directory"}}, ""),
     ({"hostPath": {"path": "/x/../y"}}, "must not contain '..'"),
     ({"hostPath": {"path": "/x", "type": "Y"}}, "v[0].hostPath.type: Unsupported value"),
     ({"persistentVolumeClaim": {}}, "claimName: Required value"),
     ({"nfs": {"server": "s", "path": "/p"}}, ""),
     ({"nfs": {"path": "/p"}}, "v[0].nfs.server: Required value"),
     ({"nfs": {"server": "s", "path": "p"}}, "v[0].nfs.path: Invalid value"),
     ({"csi": {"driver": "D.example.com"}}, ""),
     ({"csi": {"driver": "a b"}}, "v[0].csi.driver: Invalid value"),
     ({"csi": {"driver": "a" * 64}}, "v[0].csi.driver: Too long"),
     ({"csi": {"driver": "a", "nodePublishSecretRef": {}}}, "nodePublishSecretRef.name: Required"),
     ({"iscsi": {"targetPortal": "p", "iqn": "iqn.2001-04.com.example:disk", "lun": 1}}, ""),
     ({"iscsi": {"targetPortal": "p", "iqn": "iqn.x"}}, "v[0].iscsi.iqn: Invalid value"),
     ({"iscsi": {"targetPortal": "p", "iqn": "disk"}}, "starting with iqn, eui, or naa"),
     ({"iscsi": {"iqn": "eui.0123456789abcdef", "lun": 256}}, "v[0].iscsi.lun: Invalid value"),
     ({"iscsi": {"targetPortal": "p" * 64, "iqn": "naa." + "a" * 32, "initiatorName": "x"}},
      "must be under 64 characters"),
     ({"iscsi": {"chapAuthSession": True}}, "v[0].iscsi.secretRef: Required value"),
     ({"fc": {"targetWWNs": ["a"], "lun": 2}}, ""),
     ({"fc": {"targetWWNs": ["a"]}}, "v[0].fc.lun: Required value"),
     ({"fc": {}}, "v[0].fc.targetWWNs: Required value"),
     ({"fc": {"targetWWNs": ["a"], "wwids": ["b"], "lun": 1}}, "can not be specified simultan"),
     ({"gitRepo": {"directory": "../x"}}, "v[0].gitRepo.directory: Invalid value"),
     ({"rbd": {"monitors": ["a"]}}, "v[0].rbd.image: Required value"),
     ({"gcePersistentDisk": {"pdName": "a", "partition": 256}}, "persistentDisk.partition"),
     ({"flexVolume": {"driver": "a", "options": {"x.k8s.io/y": ""}}}, "namespaces are reserved"),
     ({"flocker": {"datasetName": "a/b"}}, "must not contain '/'"),
     ({"quobyte": {"registry": "a", "volume": "v"}}, "v[0].quobyte.registry: Invalid value"),
     ({"azureDisk": {"diskName": "a", "diskURI": "https://x", "kind": "Managed"}}, "diskURI: Uns"),
     ({"storageos": {"volumeName": "A"}}, "v[0].storageos.volumeName: Invalid value"),
     ({"cinder": {"volumeID": "a", "secretRef": {}}}, "v[0].cinder.secretRef.name: Required"),
     ({"image": {"reference": "x", "pullPolicy": "Always"}}, ""),
     ({"image": {"pullPolicy": "Maybe"}}, "v[0].image.pullPolicy: Unsupported value"),
     ({"image": {"pullPolicy": "Always"}}, "v[0].image.reference: Required value"),
     ({"ephemeral": {}}, "volumeClaimTemplate: Required value"),
     ({"ephemeral": {"volumeClaimTemplate": {"spec": CLAIM}}}, ""),
     ({"ephemeral": {"volumeClaimTemplate": {"metadata": {"name": "x"}, "spec": CLAIM}}},
      "volumeClaimTemplate.metadata.name: Forbidden: cannot be set"),
     ({"ephemeral": {"volumeClaimTemplate": {"spec": {**CLAIM, "accessModes": []}}}},
      "volumeClaimTemplate.spec.accessModes: Required value"),
     ({}, "must specify a volume type")],
)  # fmt: skip
def test_kinds(source: dict[str, Any], text: str) -> None:
    causes = found(source)
    assert (causes == []) if not text else any(text in cause for cause in causes), causes


@pytest.mark.parametrize(
    ("source", "text"),
    [({"configMap": {}}, "v[0].configMap.name: Required value"),
     ({"configMap": {"name": "a", "items": [{"key": "b", "path": "c", "mode": 256}]}}, ""),
     ({"configMap": {"name": "a", "items": [{"path": "..c"}]}}, "must not start with '..'"),
     ({"secret": {}}, "v[0].secret.secretName: Required value"),
     ({"secret": {"secretName": "a", "defaultMode": -1}}, "between 0 and 0777"),
     ({"downwardAPI": {"items": [FILE]}}, ""),
     ({"downwardAPI": {"items": [{"path": "a"}]}}, "v[0].downwardAPI: Required value: one of"),
     ({"downwardAPI": {"items": [{"fieldRef": FIELD}]}}, "v[0].downwardAPI.path: Required value")],
)  # fmt: skip
def test_files(source: dict[str, Any], text: str) -> None:
    causes = found(source)
    assert (causes == []) if not text else any(text in cause for cause in causes), causes


@pytest.mark.parametrize(
    ("sources", "text"),
    [([{"serviceAccountToken": {"path": "t"}}, {"secret": {"name": "a"}}], ""),
     ([{"serviceAccountToken": {"path": "t", "expirationSeconds": 1}}], "less than 10 minutes"),
     ([{"serviceAccountToken": {"path": "t", "expirationSeconds": 2**33}}], "larger than 2^32"),
     ([{"serviceAccountToken": {}}], "v[0].projected.path: Required value"),
     ([{"serviceAccountToken": {"path": "../t"}}], "v[0].projected.path: Invalid value"),
     ([{"secret": {"name": "a"}, "configMap": {"name": "a"}}], "more than 1 volume type per"),
     ([{"secret": {}}], "v[0].projected.sources[0].secret.name: Required value"),
     ([{"downwardAPI": {"items": [FILE]}}] * 2, 'v[0].projected: Invalid value: "l": conflicting'),
     ([{"configMap": {"name": "m", "items": [{"key": "a", "path": "l"}]}},
       {"downwardAPI": {"items": [FILE]}}], "conflicting duplicate paths"),
     ([{"clusterTrustBundle": {"name": "a", "path": "p"}}], ""),
     ([{"clusterTrustBundle": {"path": "p"}}], "either name or signerName must be specified"),
     ([{"clusterTrustBundle": {"name": "A", "path": "p"}}], "not a valid clustertrustbundlename"),
     ([{"clusterTrustBundle": {"signerName": "a.b/c", "name": "a"}}], "only one of name and"),
     ([{"podCertificate": {"signerName": "a.b/c", "keyType": "ED25519", "keyPath": "k"}}], ""),
     ([{"podCertificate": {"signerName": "a.b/c", "keyType": "ED25519"}}], "at least one of"),
     ([{"podCertificate": {"signerName": "a.b/c", "keyPath": "k"}}], "keyType: Unsupported")],
)  # fmt: skip
def test_projections(sources: list[dict[str, Any]], text: str) -> None:
    causes = found({"projected": {"sources": sources}})
    assert (causes == []) if not text else any(text in cause for cause in causes), causes


def test_templates_may_leave_an_image_to_others() -> None:
    assert found({"image": {"pullPolicy": "Always"}}, None) == []


def test_what_is_wrong_cannot_be_mounted() -> None:
    causes: list[Cause] = []
    volumes = [{"name": "a", "nfs": {}}, {"name": "a", "emptyDir": {}}, {"emptyDir": {}}]
    assert check_volumes("v", volumes, None, causes) == {"a": "emptyDir"}
    assert [cause.field for cause in causes] == [
        "v[0].nfs.server", "v[0].nfs.path", "v[0].nfs.path", "v[2].name"
    ]  # fmt: skip


def test_claims_that_are_made_are_nobody_elses() -> None:
    causes: list[Cause] = []
    volumes: list[dict[str, Any]] = [
        {"name": "a", "ephemeral": {"volumeClaimTemplate": {"spec": CLAIM}}},
        {"name": "b", "persistentVolumeClaim": {"claimName": "web-a"}},
    ]
    check_volumes("v", volumes, "web", causes)
    assert [cause.field for cause in causes] == ["v[1].persistentVolumeClaim.claimName"]
    assert 'PVC name "' in found(volumes[0] | {"name": "a"}, "x" * 253)[0]
