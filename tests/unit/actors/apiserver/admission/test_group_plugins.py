"""Admission for the newer groups: signers, runtime classes, storage claims, devices."""

import copy
from typing import Any

import pytest

from actors.apiserver.admission.storage_claims import default_class
from cluster.errors import StatusError
from tests.support.control_plane import ControlPlane
from tests.support.group_objects import anchor, group_objects, named, signing_request

OBJECTS = group_objects()
SIGNING = "certificates.k8s.io"


async def refused(call: Any) -> StatusError:
    with pytest.raises(StatusError) as caught:
        await call
    return caught.value


async def test_a_request_says_who_asked(plane: ControlPlane) -> None:
    given = copy.deepcopy(OBJECTS[SIGNING, "certificatesigningrequests"])
    given["spec"] |= {"username": "root", "groups": ["system:masters"], "extra": {"a": ["b"]}}
    given["status"] = {"conditions": [{"type": "Approved", "status": "True"}]}
    made = await plane.create("certificatesigningrequests", given, "", SIGNING)
    assert made["spec"]["username"] != "root"
    assert "extra" not in made["spec"] and made["status"] == {}
    made["spec"]["signerName"] = "example.com/other"
    again = await plane.update("certificatesigningrequests", made, SIGNING)
    assert again["spec"]["signerName"] == "kubernetes.io/kube-apiserver-client"


async def test_nobody_becomes_master_by_certificate(plane: ControlPlane) -> None:
    given = copy.deepcopy(OBJECTS[SIGNING, "certificatesigningrequests"])
    given["spec"]["request"] = signing_request(organization="system:masters")
    error = await refused(plane.create("certificatesigningrequests", given, "", SIGNING))
    assert error.code == 403
    assert "with system:masters group is not allowed" in str(error)


async def test_a_decision_goes_through_approval_only(plane: ControlPlane) -> None:
    given = copy.deepcopy(OBJECTS[SIGNING, "certificatesigningrequests"])
    made = await plane.create("certificatesigningrequests", given, "", SIGNING)
    approved = [{"type": "Approved", "status": "True", "reason": "Fine"}]
    decided = {**made, "status": {"conditions": approved, "certificate": "YQ=="}}
    error = await refused(
        plane.update("certificatesigningrequests", decided, SIGNING, subresource="status")
    )
    assert 'updates may not add a condition of type "Approved"' in str(error)
    done = await plane.update("certificatesigningrequests", decided, SIGNING, "approval")
    (condition,) = done["status"]["conditions"]
    assert condition["lastUpdateTime"] and condition["lastTransitionTime"]
    assert "certificate" not in done["status"]
    undone = {**done, "status": {}}
    error = await refused(
        plane.update("certificatesigningrequests", undone, SIGNING, subresource="approval")
    )
    assert 'may not remove a condition of type "Approved"' in str(error)


async def test_a_pod_takes_overhead_and_place_from_its_runtime_class(plane: ControlPlane) -> None:
    kind = copy.deepcopy(OBJECTS["node.k8s.io", "runtimeclasses"])
    toleration = {"key": "sandbox", "operator": "Exists", "effect": "NoSchedule"}
    kind["scheduling"] = {"nodeSelector": {"sandbox": "yes"}, "tolerations": [toleration]}
    await plane.create("runtimeclasses", kind, "", "node.k8s.io")

    def pod(**spec: Any) -> dict[str, Any]:
        container = {"name": "c", "image": "i"}
        return named("web", containers=[container], runtimeClassName="gvisor", **spec)

    for wrong, text in (
        ({"overhead": {"cpu": "1"}}, "doesn't match RuntimeClass's defined Overhead"),
        ({"nodeSelector": {"sandbox": "no"}}, "conflict: runtimeClass.scheduling.nodeSelector"),
    ):
        error = await refused(plane.create("pods", pod(**wrong), "default"))
        assert error.code == 403 and text in str(error)
    error = await refused(
        plane.create("pods", {**pod(), "spec": {**pod()["spec"], "runtimeClassName": "kata"}},
                     "default")
    )  # fmt: skip
    assert 'pod rejected: RuntimeClass "kata" not found' in str(error)
    made = await plane.create("pods", pod(nodeSelector={"a": "b"}), "default")
    spec = made["spec"]
    assert spec["overhead"] == {"cpu": "250m"}
    assert spec["nodeSelector"] == {"a": "b", "sandbox": "yes"}
    assert toleration in spec["tolerations"]


def storage_class(name: str, default: bool = True, **more: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name}
    if default:
        metadata["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {"metadata": metadata, "provisioner": "disk.example.com", **more}


def claim(name: str, size: str = "1Gi", **spec: Any) -> dict[str, Any]:
    resources = {"requests": {"storage": size}}
    return named(name, accessModes=["ReadWriteOnce"], resources=resources, **spec)


async def test_a_claim_gets_the_default_class(plane: ControlPlane) -> None:
    plural = "persistentvolumeclaims"
    made = await plane.create(plural, claim("early"), "default")
    assert "storageClassName" not in made["spec"]
    for name, default in (("fast", True), ("slow", False)):
        given = storage_class(name, default, allowVolumeExpansion=default)
        await plane.create("storageclasses", given, "", "storage.k8s.io")
    made = await plane.create(plural, claim("a"), "default")
    assert made["spec"]["storageClassName"] == "fast"
    none = await plane.create(plural, claim("b", storageClassName=""), "default")
    assert none["spec"]["storageClassName"] == ""
    larger = {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}
    error = await refused(plane.patch(plural, "a", larger, "default"))
    assert "spec is immutable after creation except resources.requests" in str(error)
    for name in ("a", "b"):
        bound = {"status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}}
        await plane.patch(plural, name, bound, "default", subresource="status")
    grown = await plane.patch(plural, "a", larger, "default")
    assert grown["spec"]["resources"]["requests"]["storage"] == "2Gi"
    error = await refused(plane.patch(plural, "b", larger, "default"))
    assert "only dynamically provisioned pvc can be resized" in str(error)


def test_the_newest_default_class_wins() -> None:
    def made(name: str, when: str, default: bool = True) -> dict[str, Any]:
        found = storage_class(name, default)
        found["metadata"]["creationTimestamp"] = when
        return found

    old, new = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
    classes = [made("a", old), made("c", new), made("b", new), made("z", new, False)]
    assert default_class(classes) == "b"
    assert default_class([made("z", new, False)]) == ""


async def test_devices_in_use_are_for_administrators_namespaces(plane: ControlPlane) -> None:
    request = {"name": "gpu", "exactly": {"deviceClassName": "gpu", "adminAccess": True}}
    given = named("mine", devices={"requests": [request]})
    error = await refused(
        plane.create("resourceclaims", copy.deepcopy(given), "default", "resource.k8s.io")
    )
    (cause,) = error.status["details"]["causes"]
    assert cause["field"] == "spec.devices.requests[0].exactly.adminAccess"
    label = {"metadata": {"labels": {"resource.kubernetes.io/admin-access": "true"}}}
    await plane.patch("namespaces", "default", label)
    made = await plane.create("resourceclaims", given, "default", "resource.k8s.io")
    assert made["spec"]["devices"]["requests"][0]["exactly"]["count"] == 1


async def test_a_taint_says_since_when(plane: ControlPlane) -> None:
    group = "resource.k8s.io"
    given = copy.deepcopy(OBJECTS[group, "devicetaintrules"])
    made = await plane.create("devicetaintrules", given, "", group)
    since = made["spec"]["taint"].pop("timeAdded")
    made["metadata"]["labels"] = {"a": "b"}
    again = await plane.update("devicetaintrules", made, group)
    assert again["spec"]["taint"]["timeAdded"] == since
    assert again["metadata"]["generation"] == 1


async def test_bundles_of_a_signer_are_attested(plane: ControlPlane) -> None:
    bundle = named("example.com:a:x", signerName="example.com/a", trustBundle=anchor())
    assert await plane.create("clustertrustbundles", bundle, "", SIGNING)
