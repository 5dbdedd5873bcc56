"""Discovery and OpenAPI follow the definitions, and say when they changed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.support.control_plane import ControlPlane, control_plane
from tests.support.widgets import CRDS, definition, established, version
from tests.unit.actors.apiserver.custom.test_custom_resources import until_gone
from tests.unit.actors.apiserver.test_http_server import session, url

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
PATH = "/openapi/v3/apis/example.com/v1"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[ControlPlane]:
    async with control_plane(tmp_path, http=True) as started:
        yield started


async def test_discovery_of_a_kind_that_comes_and_goes(door: ControlPlane) -> None:
    async with session(door) as admin:

        async def read(path: str, **headers: str) -> tuple[int, str, bytes]:
            async with admin.get(url(door, path), headers=headers) as answer:
                return answer.status, answer.headers.get("ETag", ""), await answer.read()

        async def groups() -> list[str]:
            body = (await read("/apis", Accept=AGGREGATED))[2]
            return [item["metadata"]["name"] for item in orjson.loads(body)["items"]]

        _, before, _ = await read("/apis", Accept=AGGREGATED)
        assert (await read("/apis", **{"Accept": AGGREGATED, "If-None-Match": before}))[0] == 304
        await established(door)
        code, after, _ = await read("/apis", **{"Accept": AGGREGATED, "If-None-Match": before})
        assert code == 200 and after != before
        assert "example.com" in await groups()
        legacy = orjson.loads((await read("/apis/example.com/v1"))[2])["resources"]
        names = [item["name"] for item in legacy]
        assert names == ["widgets", "widgets/status", "widgets/scale"]
        assert legacy[0]["shortNames"] == ["wix"] and legacy[0]["categories"] == ["all"]
        assert "example.com" in str((await read("/apis"))[2])
        await openapi(read)
        await door.delete(CRDS[0], "widgets.example.com", group=CRDS[1])
        await until_gone(door)
        for _ in range(100):
            if "example.com" not in await groups():
                break
            await asyncio.sleep(0.01)
        assert "example.com" not in await groups()
        assert (await read(PATH))[0] == 404
        assert b"com.example.v1.Widget" not in (await read("/openapi/v2"))[2]


async def test_where_nothing_is_served(door: ControlPlane) -> None:
    made = definition(version("v1"), version("v2", storage=False, served=False))
    await established(door, made)
    refused = definition(version("v3"), plural="gadgets")
    await door.create(CRDS[0], refused, group=CRDS[1])
    async with session(door) as admin:

        async def read(path: str, method: str = "GET") -> tuple[int, str, str]:
            async with admin.request(method, url(door, path)) as answer:
                return answer.status, answer.content_type, await answer.text()

        base = "/apis/example.com"
        nowhere = [
            "/nowhere", "/healthz/none", "/apis/nobody", "/apis/nobody.example.com/v1",
            "/apis/nobody.example.com/v1/things", f"{base}/v2", f"{base}/v3", f"{base}/v4",
            f"{base}/v1/things", f"{base}/v2/namespaces/default/widgets", f"{base}/v1/widgets/w",
            f"{base}/v3/namespaces/default/gadgets", f"{base}/v1/widgets/w/status",
        ]  # fmt: skip
        for path in nowhere:
            assert await read(path) == (404, "text/plain", "404 page not found\n"), path
        for method in ("POST", "DELETE"):
            assert (await read(f"{base}/v1/widgets", method))[:2] == (404, "text/plain")
        for path in ("/apis/apps/v9", "/apis/apps/v9/things", "/api/v2", "/api/v1/things"):
            code, kind, text = await read(path)
            assert (code, kind) == (404, "application/json"), path
            told = "the server could not find the requested resource"
            assert orjson.loads(text)["message"] == told
        # A version is announced before its kinds have their names.
        versions = orjson.loads((await read(base))[2])["versions"]
        assert [item["version"] for item in versions] == ["v3", "v1"]
        groups = orjson.loads((await read("/apis"))[2])["groups"]
        assert groups[-1]["preferredVersion"]["groupVersion"] == "example.com/v3"


async def openapi(read: Any) -> None:
    """Both versions, while the kind is served."""
    index = orjson.loads((await read("/openapi/v3"))[2])["paths"]
    assert index["apis/example.com/v1"]["serverRelativeURL"].startswith(f"{PATH}?hash=")
    document = orjson.loads((await read(PATH))[2])
    schema = document["components"]["schemas"]["com.example.v1.Widget"]
    assert schema["x-kubernetes-group-version-kind"] == [
        {"group": "example.com", "version": "v1", "kind": "Widget"}
    ]
    assert schema["properties"]["spec"]["properties"]["color"]["enum"] == ["red", "blue"]
    assert schema["x-kubernetes-selectable-fields"] == [{"fieldPath": "spec.color"}]
    one = document["paths"]["/apis/example.com/v1/namespaces/{namespace}/widgets/{name}"]
    assert "application/strategic-merge-patch+json" not in one["patch"]["requestBody"]["content"]
    second = orjson.loads((await read("/openapi/v2"))[2])["definitions"]
    assert (
        "nullable"
        not in second["com.example.v1.Widget"]["properties"]["spec"]["properties"]["note"]
    )
    assert second["com.example.v1.Widget"]["x-kubernetes-selectable-fields"] == [
        {"fieldPath": "spec.color"}
    ]
    code, _, body = await read("/openapi/v2", Accept=PROTOBUF)
    assert code == 200 and b"com.example.v1.Widget" in body
    assert b"x-kubernetes-selectable-fields" in body and b'"fieldPath":"spec.color"' in body
