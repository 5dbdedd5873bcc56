"""OpenAPI documents: complete, consistent, and with what kubectl looks for."""

from typing import Any

import orjson
import pytest

from cluster.api.discovery import Discovery
from cluster.api.openapi import OpenApi
from cluster.api.schema import Definitions


@pytest.fixture(scope="module")
def documents(definitions: Definitions) -> OpenApi:
    return OpenApi(definitions.raw, "v1.37.0")


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(references(item) for item in value))
    return set()


def test_the_index_names_every_group_and_version(documents: OpenApi) -> None:
    paths = orjson.loads(documents.index())["paths"]
    assert len(paths) == len(Discovery().group_versions())
    url = paths["apis/apps/v1"]["serverRelativeURL"]
    assert url.startswith("/openapi/v3/apis/apps/v1?hash=")
    digests = [entry["serverRelativeURL"].partition("hash=")[2] for entry in paths.values()]
    assert all(digests) and len(set(digests)) == len(digests)


def test_every_reference_leads_somewhere(documents: OpenApi) -> None:
    for group, version in Discovery().group_versions():
        document = orjson.loads(documents.document(group, version) or b"")
        known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
        assert references(document) <= known
    second = orjson.loads(documents.v2())
    assert references(second) <= {f"#/definitions/{name}" for name in second["definitions"]}


def test_types_are_plain_again(documents: OpenApi) -> None:
    document = orjson.loads(documents.document("apps", "v1") or b"")
    schemas = document["components"]["schemas"]
    spec = schemas["io.k8s.api.apps.v1.DeploymentSpec"]["properties"]
    assert spec["replicas"]["type"] == "integer"
    assert spec["template"]["allOf"] == [
        {"$ref": "#/components/schemas/io.k8s.api.core.v1.PodTemplateSpec"}
    ]
    assert b'"null"' not in (documents.document("apps", "v1") or b"")
    quantity = schemas["io.k8s.apimachinery.pkg.api.resource.Quantity"]
    assert quantity["oneOf"] == [{"type": "string"}, {"type": "number"}]
    containers = schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    assert containers["x-kubernetes-patch-merge-key"] == "name"


def test_operations_say_kind_and_action(documents: OpenApi) -> None:
    document = orjson.loads(documents.document("apps", "v1") or b"")
    operation = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments"]["post"]
    assert operation["x-kubernetes-action"] == "post"
    assert operation["x-kubernetes-group-version-kind"] == {
        "group": "apps",
        "version": "v1",
        "kind": "Deployment",
    }
    one = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]
    assert {"get", "put", "patch", "delete"} <= set(one)
    assert {item["name"] for item in one["patch"]["parameters"]} >= {"fieldValidation", "dryRun"}


def test_operation_ids_differ(documents: OpenApi) -> None:
    paths = orjson.loads(documents.v2())["paths"]
    found = [
        operation["operationId"]
        for item in paths.values()
        for operation in item.values()
        if isinstance(operation, dict)
    ]
    assert len(found) == len(set(found))


def test_what_is_not_served(documents: OpenApi) -> None:
    assert documents.document("batch", "v1beta1") is None
    assert documents.document("apps", "v2") is None
