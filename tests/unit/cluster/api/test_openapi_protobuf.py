"""The OpenAPI v2 document as protobuf, read back by field numbers."""

from typing import Any

import orjson
import pytest
import yaml

from actors.apiserver.protobuf.scalars import read_fields
from cluster.api.openapi import OpenApi
from cluster.api.openapi_protobuf import encode
from cluster.api.schema import Definitions


def fields(data: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for number, value in read_fields(data):
        found.setdefault(number, []).append(value)
    return found


def named(items: list[Any]) -> dict[str, Any]:
    """A map as written: name = 1, value = 2."""
    pairs = [fields(item) for item in items]
    return {pair[1][0].decode(): pair[2][0] for pair in pairs}


def extensions(items: list[Any]) -> dict[str, Any]:
    return {key: yaml.safe_load(fields(value)[2][0]) for key, value in named(items).items()}


@pytest.fixture(scope="module")
def document(definitions: Definitions) -> dict[int, list[Any]]:
    return fields(OpenApi(definitions.raw, "v1.37.0").v2_protobuf())


def test_the_head(document: dict[int, list[Any]]) -> None:
    assert document[1] == [b"2.0"]
    assert fields(document[2][0])[2] == [b"v1.37.0"]
    key = fields(named(fields(document[13][0])[1])["BearerToken"])
    assert fields(key[2][0])[1] == [b"apiKey"]


def test_definitions_are_as_in_json(
    document: dict[int, list[Any]], definitions: Definitions
) -> None:
    plain = orjson.loads(OpenApi(definitions.raw, "v1.37.0").v2())["definitions"]
    found = named(fields(document[9][0])[1])
    assert list(found) == list(plain)
    spec = fields(found["io.k8s.api.core.v1.PodSpec"])
    properties = named(fields(spec[25][0])[1])
    assert list(properties) == list(plain["io.k8s.api.core.v1.PodSpec"]["properties"])
    containers = fields(properties["containers"])
    assert fields(containers[22][0])[1] == [b"array"]
    item = fields(fields(containers[23][0])[1][0])
    assert item[1] == [b"#/definitions/io.k8s.api.core.v1.Container"]
    assert extensions(containers[31])["x-kubernetes-patch-merge-key"] == "name"
    selector = fields(fields(properties["nodeSelector"])[21][0])
    assert fields(fields(selector[1][0])[22][0])[1] == [b"string"]
    pod = fields(found["io.k8s.api.core.v1.Pod"])
    assert extensions(pod[31])["x-kubernetes-group-version-kind"] == [
        {"group": "", "kind": "Pod", "version": "v1"}
    ]


def test_paths_say_what_each_operation_takes(document: dict[int, list[Any]]) -> None:
    paths = named(fields(document[8][0])[2])
    one = fields(paths["/api/v1/namespaces/{namespace}/pods/{name}"])
    assert len(one[9]) == 2
    patch = fields(one[8][0])
    assert extensions(patch[13])["x-kubernetes-action"] == "patch"
    queries = set()
    for item in patch[8]:
        parameter = fields(fields(item)[1][0])
        if 2 in parameter:
            queries.add(fields(fields(parameter[2][0])[3][0])[4][0].decode())
    assert {"dryRun", "fieldManager", "fieldValidation"} <= queries
    codes = named(fields(patch[9][0])[1])
    assert fields(fields(codes["200"])[1][0])[1] == [b"OK"]


def test_nothing_is_left_out_in_silence() -> None:
    with pytest.raises(ValueError, match="no place for 'hosts'"):
        encode({"hosts": []})
