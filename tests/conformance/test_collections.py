"""Section B, row 1: many objects deleted in one request."""

from typing import Any

import pytest

from tests.conformance.api import Api, core

pytestmark = pytest.mark.asyncio(loop_scope="session")
FORM = "application/json;as={};v=v1;g=meta.k8s.io"


async def three(api: Api, namespace: str, **metadata: Any) -> str:
    """The path of the list of three new ones."""
    path = core("configmaps", namespace)
    for name in "abc":
        await api.create(path, {"metadata": {"name": name, "labels": {"is": name}, **metadata}})
    return path


async def names(api: Api, path: str) -> str:
    return "".join(item["metadata"]["name"] for item in (await api.get(path)).body["items"])


class TestDeleteCollection:
    """Row 1: deletecollection. In depth:
    tests/unit/actors/apiserver/test_delete_collection.py."""

    async def test_the_answer_is_what_was_there(self, api: Api, namespace: str) -> None:
        path = await three(api, namespace)
        told = await api.delete(path, labelSelector="is!=b", limit=1)
        assert told.body["kind"] == "ConfigMapList"
        assert [item["metadata"]["name"] for item in told.body["items"]] == ["a"]
        assert told.body["metadata"]["continue"] and await names(api, path) == "bc"
        told = await api.delete(path, accept=FORM.format("Table"))
        assert (told.body["kind"], len(told.body["rows"])) == ("Table", 2)
        assert await names(api, path) == ""

    async def test_options(self, api: Api, namespace: str) -> None:
        path = await three(api, namespace)
        await api.delete(path, dryRun="All")
        await api.delete(path, {"dryRun": ["All"]}, gracePeriodSeconds="x")
        await api.delete(path, resourceVersion="1", code=409)
        assert await names(api, path) == "abc"
        await api.delete(path, {"kind": "DeleteOptions", "apiVersion": "v1"}, dryRun="All")
        assert await names(api, path) == "", "the body is all there is to say"

    async def test_what_is_refused_deletes_nothing(self, api: Api, namespace: str) -> None:
        path = await three(api, namespace)
        await api.delete(path, {"propagationPolicy": "Nope"}, code=422)
        await api.delete(path, {"kind": "ConfigMap", "apiVersion": "v1"}, code=400)
        await api.delete(path, timeoutSeconds="x", code=400)
        await api.delete(path, accept=FORM.format("PartialObjectMetadata"), code=406)
        await api.delete(core("configmaps"), code=405)
        assert await names(api, path) == "abc"

    async def test_finalizers(self, api: Api, namespace: str) -> None:
        path = await three(api, namespace, finalizers=["example.com/hold"])
        await api.delete(path)
        found = (await api.get(path)).body["items"]
        assert len(found) == 3 and all(one["metadata"]["deletionTimestamp"] for one in found)
        for one in found:
            await api.patch(f"{path}/{one['metadata']['name']}", {"metadata": {"finalizers": None}})
        assert await names(api, path) == ""
