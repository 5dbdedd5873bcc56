"""Security contexts."""

from typing import Any

import pytest

from actors.kit.world.containers import Image
from actors.kubelet import security
from actors.kubelet.downward import ConfigFault
from cluster.api.types import Object


def pod(**context: Any) -> Object:
    return {"spec": {"securityContext": context}}


def spec(**context: Any) -> Object:
    return {"name": "main", "securityContext": context}


@pytest.mark.parametrize(
    ("own", "image", "result"),
    [
        ({}, "", ""),
        ({"runAsUser": 1000}, "", "1000"),
        ({"runAsUser": 0, "runAsGroup": 5}, "", "0:5"),
        ({"runAsGroup": 5}, "web:web", "web:5"),
        ({"runAsGroup": 5}, "", "0:5"),
        ({"runAsNonRoot": True}, "1000", ""),
    ],
)
def test_user(own: Object, image: str, result: str) -> None:
    assert security.user(pod(), spec(**own), Image("x", user=image)) == result
    assert security.user(pod(**own), spec(), Image("x", user=image)) == result


@pytest.mark.parametrize(
    ("own", "image"), [({}, ""), ({}, "root"), ({}, "0:0"), ({"runAsUser": 0}, "5"), ({}, "web")]
)
def test_non_root_is_enforced(own: Object, image: str) -> None:
    with pytest.raises(ConfigFault, match=r"non-root|runAsNonRoot"):
        security.user(pod(runAsNonRoot=True), spec(**own), Image("x", user=image))


def test_capabilities_and_privileges() -> None:
    context = {
        "capabilities": {"add": ["CAP_NET_ADMIN"], "drop": ["ALL"]},
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
    }
    found = security.host_config(pod(fsGroup=7, supplementalGroups=[8]), spec(**context), False)
    assert found["CapAdd"] == ["NET_ADMIN"] and found["CapDrop"] == ["ALL"]
    assert found["SecurityOpt"] == ["no-new-privileges"] and found["ReadonlyRootfs"]
    assert found["GroupAdd"] == ["8", "7"]


def test_privileged_is_as_near_as_the_machine_allows() -> None:
    assert security.host_config(pod(), spec(privileged=True), True)["Privileged"]
    near = security.host_config(pod(), spec(privileged=True), False)
    assert "Privileged" not in near and "SYS_ADMIN" in near["CapAdd"]
    assert "SYS_RESOURCE" not in near["CapAdd"]
    every = security.host_config(pod(), spec(capabilities={"add": ["ALL"]}), False)
    assert "ALL" not in every["CapAdd"]


def test_seccomp() -> None:
    unconfined = {"seccompProfile": {"type": "Unconfined"}}
    assert security.host_config(pod(**unconfined), spec(), True)["SecurityOpt"] == [
        "seccomp=unconfined"
    ]
    assert "SecurityOpt" not in security.host_config(pod(), spec(), True)
