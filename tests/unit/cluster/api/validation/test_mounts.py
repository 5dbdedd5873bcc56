"""Mounts, devices, and paths inside volumes."""

from typing import Any

import pytest

from cluster.api.status import Cause
from cluster.api.validation.mounts import check_devices, check_mounts
from cluster.api.validation.paths import check_file, check_relative

VOLUMES = {"a": "emptyDir", "claim": "persistentVolumeClaim", "image": "image"}
AT = {"name": "a", "mountPath": "/a"}


def mounted(*mounts: dict[str, Any], **fields: Any) -> list[str]:
    causes: list[Cause] = []
    check_mounts("c", {"volumeMounts": list(mounts), **fields}, VOLUMES, causes)
    return [cause.field.removeprefix("c.volumeMounts") for cause in causes]


@pytest.mark.parametrize(
    ("mount", "fields"),
    [({"subPath": "b/c", "mountPropagation": "None"}, []),
     ({"name": ""}, ["[0].name", "[0].name"]), ({"name": "x"}, ["[0].name"]),
     ({"mountPath": ""}, ["[0].mountPath"]),
     ({"subPath": "../x"}, [".subPath"]), ({"subPathExpr": "/x"}, [".subPathExpr"]),
     ({"subPath": "x", "subPathExpr": "y"}, ["[0].subPathExpr"]),
     ({"name": "image", "subPath": "x"}, ["[0].subPath"]),
     ({"mountPropagation": "Both"}, [".mountPropagation"]),
     ({"mountPropagation": "Bidirectional"}, [".mountPropagation"]),
     ({"recursiveReadOnly": "Enabled"}, [".recursiveReadOnly"]),
     ({"recursiveReadOnly": "Enabled", "readOnly": True}, []),
     ({"recursiveReadOnly": "Often", "readOnly": True}, [".recursiveReadOnly"])],
)  # fmt: skip
def test_mounts(mount: dict[str, Any], fields: list[str]) -> None:
    assert mounted({**AT, **mount}) == fields


def test_mounts_and_devices_are_apart() -> None:
    assert mounted(AT, AT) == ["[1].mountPath"]
    shared = {**AT, "mountPropagation": "Bidirectional"}
    assert mounted(shared, securityContext={"privileged": True}) == []
    device = {"name": "a", "devicePath": "/a"}
    assert mounted(AT, volumeDevices=[device]) == ["[0].name", "[0].mountPath"]


def test_devices_are_claims() -> None:
    def found(*devices: dict[str, str], **fields: Any) -> list[str]:
        causes: list[Cause] = []
        check_devices("c", {"volumeDevices": list(devices), **fields}, VOLUMES, causes)
        return [cause.field.removeprefix("c.volumeDevices") for cause in causes]

    right = {"name": "claim", "devicePath": "/dev/x"}
    assert found(right) == []
    assert found(right, right) == ["[1].name", "[1].devicePath"]
    assert found({"name": "a", "devicePath": "/dev/../x"}) == ["[0].name", "[0].devicePath"]
    assert found({"name": "x"}) == ["[0].name", "[0].devicePath"]
    mount = {"name": "claim", "mountPath": "/dev/x"}
    assert found(right, volumeMounts=[mount]) == ["[0].name", "[0].devicePath"]


@pytest.mark.parametrize(
    ("path", "relative", "file"),
    [("a/b", True, True), ("a..b", True, True), ("/a", False, False), ("a/../b", False, False),
     ("..a", True, False)],
)  # fmt: skip
def test_paths(path: str, relative: bool, file: bool) -> None:
    for check, right in ((check_relative, relative), (check_file, file)):
        causes: list[Cause] = []
        check("p", path, causes)
        assert (not causes) == right
