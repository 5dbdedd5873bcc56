"""Discovery, OpenAPI and the real kubectl, of a group that another API server answers for."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from cluster.api import openapi_protobuf
from tests.support.extension_server import (
    BASE,
    DISCOVERY,
    FLUNDERS,
    GROUP,
    META,
    NAME,
    REGISTRATION,
    ExtensionServer,
)
from tests.support.kubectl import Kubectl
from tests.support.widgets import established
from tests.unit.actors.apiserver.test_kubectl import Shell, binary

__all__ = ["binary"]


async def read(server: ExtensionServer, path: str, accept: str = "application/json") -> Any:
    """A document; None for 404."""
    cluster = server.cluster
    async with (
        cluster.http() as http,
        http.get(cluster.url(path), headers={"Accept": accept}) as answer,
    ):
        body = await answer.read()
        return None if answer.status == 404 else orjson.loads(body)


async def entry(server: ExtensionServer) -> Any:
    """The group in aggregated discovery, None if it is not there."""
    items = (await read(server, "/apis", DISCOVERY))["items"]
    return next((item for item in items if item["metadata"]["name"] == GROUP), None)


@pytest.mark.parametrize("legacy", [False, True])
async def test_both_forms_and_openapi_show_it_until_it_goes(
    server: ExtensionServer, legacy: bool
) -> None:
    server.legacy = legacy
    await server.ready()
    [version] = (await entry(server))["versions"]
    [resource] = version["resources"]
    assert (resource["resource"], resource["shortNames"]) == ("flunders", ["fl"])
    assert resource["responseKind"] == {"group": GROUP, "version": "v1", "kind": "Flunder"}
    if legacy:
        assert [part["subresource"] for part in resource["subresources"]] == ["status"]
    names = [group["name"] for group in (await read(server, "/apis"))["groups"]]
    assert names[0] == REGISTRATION and names[-1] == GROUP
    shown = await read(server, f"/apis/{GROUP}")
    assert shown["preferredVersion"] == {"groupVersion": f"{GROUP}/v1", "version": "v1"}
    assert (await read(server, BASE))["resources"][0]["name"] == "flunders"
    paths = (await read(server, "/openapi/v3"))["paths"]
    url = paths[BASE[1:]]["serverRelativeURL"]
    assert (await read(server, url))["info"]["title"] == "wardle"
    assert "evil" not in paths["apis/apps/v1"]["serverRelativeURL"]
    await server.cluster.plane.delete("apiservices", NAME, group=REGISTRATION)
    for _ in range(400):
        if await entry(server) is None:
            break
        await asyncio.sleep(0.01)
    for path in (FLUNDERS, BASE, f"/apis/{GROUP}", f"/openapi/v3{BASE}"):
        found = await read(server, path)
        assert found is None, path
    assert BASE[1:] not in (await read(server, "/openapi/v3"))["paths"]


async def test_what_cannot_be_asked_is_stale_and_unavailable(server: ExtensionServer) -> None:
    cluster = server.cluster
    await server.ready()
    await cluster.plane.delete("endpointslices", "wardle-1", "default", "discovery.k8s.io")
    await server.until("False", "EndpointsNotFound")
    for _ in range(400):
        [version] = (await entry(server))["versions"]
        if version["freshness"] == "Stale":
            break
        await asyncio.sleep(0.01)
    # What was known of it is still told.
    assert version["freshness"] == "Stale" and version["resources"]
    async with cluster.http() as http:
        for path in (FLUNDERS, BASE):
            async with http.get(cluster.url(path)) as answer:
                assert (answer.status, await answer.text()) == (503, "service unavailable\n")
    assert server.asked(FLUNDERS) == []


async def test_kubectl(server: ExtensionServer, binary: str, tmp_path: Path) -> None:
    await server.ready()
    await established(server.cluster.plane)
    kubectl = Shell(Kubectl(binary, server.cluster.plane.kubeconfig, str(tmp_path)))
    found = [line.split() for line in (await kubectl("api-resources")).splitlines()]
    assert ["flunders", "fl", f"{GROUP}/v1", "true", "Flunder"] in found
    assert f"{GROUP}/v1" in await kubectl("api-versions")
    assert (await kubectl("get", "fl", "-o", "name")) == f"flunder.{GROUP}/fish\n"
    assert (await kubectl("get", "flunders")).split()[:3] == ["NAME", "AGE", "fish"]
    shown = [line.split() for line in (await kubectl("get", "apiservices")).splitlines()]
    assert shown[0] == ["NAME", "SERVICE", "AVAILABLE", "AGE"]
    rows = {line[0]: line[1:3] for line in shown[1:]}
    assert rows[NAME] == ["default/wardle", "True"]
    assert rows["v1."] == rows["v1.apps"] == rows["v2.autoscaling"] == ["Local", "True"]
    for _ in range(100):
        if "v1.example.com" in rows:
            break
        await asyncio.sleep(0.02)
        listed = await kubectl("get", "apiservices", "--no-headers")
        rows = {line.split()[0]: line.split()[1:3] for line in listed.splitlines()}
    assert rows["v1.example.com"] == ["Local", "True"]
    server.code = 500
    said = await kubectl.fails("get", "fl")
    assert "Error from server" in said


async def test_openapi_v2_tells_what_is_its_own_to_tell(server: ExtensionServer) -> None:
    await server.ready()
    kind = "com.example.wardle.v1.Flunder"
    async with asyncio.timeout(10):
        while kind not in (document := await read(server, "/openapi/v2"))["definitions"]:
            await asyncio.sleep(0.02)
    assert document["definitions"][kind]["properties"]["size"] == {"type": "integer"}
    assert document["definitions"][META]["type"] == "object"
    assert "com.example.Unused" not in document["definitions"]
    get = document["paths"][f"{BASE}/flunders"]["get"]
    assert get["parameters"] == [{"name": "pretty", "in": "query", "type": "string"}]
    assert "/apis/apps/v1/flunders" not in document["paths"]
    cluster = server.cluster
    async with cluster.http() as http:
        headers = {"Accept": openapi_protobuf.MEDIA_TYPE}
        async with http.get(cluster.url("/openapi/v2"), headers=headers) as answer:
            assert kind.encode() in await answer.read()
    await cluster.plane.delete("apiservices", NAME, group=REGISTRATION)
    async with asyncio.timeout(10):
        while kind in (await read(server, "/openapi/v2"))["definitions"]:
            await asyncio.sleep(0.02)
