"""APIServices of what this cluster answers for itself, and by whom other servers are asked."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from cluster.api.aggregation.api_services import AUTOMANAGED
from cluster.api.kinds import SERVED
from cluster.errors import StatusError
from deploy import pki
from tests.support.control_plane import ControlPlane
from tests.support.widgets import CRDS, established

GROUP = "apiregistration.k8s.io"
MAP = ("configmaps", "extension-apiserver-authentication", "kube-system")


async def services(plane: ControlPlane) -> dict[str, Any]:
    listed = await plane.list("apiservices", group=GROUP)
    return {item["metadata"]["name"]: item for item in listed["items"]}


async def eventually(plane: ControlPlane, holds: Callable[[dict[str, Any]], bool]) -> None:
    for _ in range(400):
        if holds(await services(plane)):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it does not come to hold")


async def test_built_in_groups_have_theirs(plane: ControlPlane) -> None:
    found = await services(plane)
    versions = {(kind.group, kind.version) for kind in SERVED} - {(GROUP, "v1")}
    assert set(found) == {f"{version}.{group}" for group, version in versions}
    apps = found["v1.apps"]
    assert apps["spec"] == {
        "group": "apps", "version": "v1", "groupPriorityMinimum": 17800, "versionPriority": 15,
    }  # fmt: skip
    assert apps["metadata"]["labels"] == {AUTOMANAGED: "onstart"}
    [condition] = apps["status"]["conditions"]
    assert (condition["status"], condition["reason"]) == ("True", "Local")
    assert found["v1."]["spec"]["groupPriorityMinimum"] == 18000


async def test_those_of_custom_resources_come_and_go(plane: ControlPlane) -> None:
    await established(plane)
    await eventually(plane, lambda found: "v1.example.com" in found)
    made = (await services(plane))["v1.example.com"]
    assert made["spec"]["groupPriorityMinimum"] == 1000 and made["spec"]["versionPriority"] == 100
    assert made["metadata"]["labels"] == {AUTOMANAGED: "true"}
    await plane.delete("apiservices", "v1.example.com", group=GROUP)
    uid = made["metadata"]["uid"]
    await eventually(
        plane,
        lambda found: found.get("v1.example.com", made)["metadata"]["uid"] != uid,
    )
    # Whose label somebody took is theirs.
    await plane.patch(
        "apiservices", "v1.batch", {"metadata": {"labels": {AUTOMANAGED: None}}}, group=GROUP
    )
    await plane.patch("apiservices", "v1.batch", {"spec": {"versionPriority": 7}}, group=GROUP)
    await plane.delete(CRDS[0], "widgets.example.com", group=CRDS[1])
    await eventually(plane, lambda found: "v1.example.com" not in found)
    assert (await services(plane))["v1.batch"]["spec"]["versionPriority"] == 7


async def test_whom_extension_servers_may_believe(plane: ControlPlane) -> None:
    for _ in range(400):
        try:
            data = (await plane.get(*MAP))["data"]
            break
        except StatusError as error:
            assert error.code == 404
            await asyncio.sleep(0.01)
    for key, name in (("client-ca-file", "ca"), ("requestheader-client-ca-file", "front-proxy-ca")):
        assert data[key] == Path(pki.path(plane.settings, f"{name}.crt")).read_text()
    assert orjson.loads(data["requestheader-allowed-names"]) == ["front-proxy-client"]
    assert orjson.loads(data["requestheader-username-headers"]) == ["X-Remote-User"]
    assert orjson.loads(data["requestheader-group-headers"]) == ["X-Remote-Group"]
    assert orjson.loads(data["requestheader-uid-headers"]) == ["X-Remote-Uid"]
    assert orjson.loads(data["requestheader-extra-headers-prefix"]) == ["X-Remote-Extra-"]
    role = await plane.get(
        "roles",
        "extension-apiserver-authentication-reader",
        "kube-system",
        "rbac.authorization.k8s.io",
    )
    assert role["rules"][0]["resourceNames"] == [MAP[1]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": "v2"}, 'metadata.name: Invalid value: "v1.x.io": must be `spec.version+"."'),
        ({"groupPriorityMinimum": 0}, "must be positive and less than 20000"),
        ({"versionPriority": 1001}, "must be positive and less than 1000"),
        ({"caBundle": "YWJj"}, "local APIServices may not have a caBundle"),
        ({"insecureSkipTLSVerify": True}, "local APIServices may not have insecureSkipTLSVerify"),
        ({"service": {"name": "s"}}, "spec.service.namespace: Required value"),
        ({"service": {"name": "s", "namespace": "n", "port": 0}}, "port is not valid"),
        (
            {
                "service": {"name": "s", "namespace": "n"},
                "caBundle": "YWJj",
                "insecureSkipTLSVerify": True,
            },
            "may not be true if caBundle is present",
        ),
    ],
)
async def test_what_is_refused(fake_plane: ControlPlane, change: dict[str, Any], said: str) -> None:
    spec = {"group": "x.io", "version": "v1", "groupPriorityMinimum": 1, "versionPriority": 1}
    obj = {"metadata": {"name": "v1.x.io"}, "spec": {**spec, **change}}
    with pytest.raises(StatusError) as refused:
        await fake_plane.create("apiservices", obj, group=GROUP)
    assert refused.value.code == 422 and said in str(refused.value)
