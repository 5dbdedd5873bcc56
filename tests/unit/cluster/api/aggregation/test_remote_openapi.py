"""Other servers' OpenAPI v2: only what is theirs to tell, and only what our forms can say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api import openapi_protobuf
from cluster.api.aggregation.remote_openapi import merged, part_of
from cluster.api.types import Object

PATH = "/apis/wardle.example.com/v1/flunders"


def part(**document: Any) -> Object:
    return part_of({"swagger": "2.0", **document}, "wardle.example.com", "v1")


def get(schema: Object) -> Object:
    responses = {"200": {"description": "OK", "schema": schema}}
    return {"get": {"responses": responses}}


def test_only_paths_of_the_group_and_what_they_lead_to() -> None:
    one = {"$ref": "#/definitions/One"}
    found = part(
        paths={
            PATH: get(one),
            "/apis/wardle.example.com/v1": get(one),
            "/apis/wardle.example.com/v1beta1/flunders": get(one),
            "/api/v1/pods": get(one),
            "/apis/wardle.example.com/v1/odd": "no path",
        },
        definitions={
            "One": {"properties": {"two": {"items": {"$ref": "#/definitions/Two"}}}},
            "Two": {"properties": {"one": one, "gone": {"$ref": "#/definitions/Gone"}}},
            "Three": {"type": "object"},
        },
    )
    assert list(found["paths"]) == [PATH, "/apis/wardle.example.com/v1"]
    assert list(found["definitions"]) == ["One", "Two"]


def test_what_has_no_place_or_the_wrong_form_is_left_out() -> None:
    schema = {
        "type": ["string", "null"],
        "allOf": [],
        "maxLength": -1,
        "minLength": True,
        "pattern": 5,
        "$ref": "https://evil.example.com/",
        "properties": {"a": {"type": "string", "x-odd": {"kept": 1}}, "b": 5},
        "additionalProperties": {"enum": [1, None]},
        "required": ["a", 5],
    }
    item = get({"$ref": "#/definitions/One"})
    item["get"] |= {
        "schemes": ["https"],
        "parameters": [{"in": "header"}, {"$ref": "#/parameters/p"}],
    }
    item["options"] = item["get"]
    shared = {"p": {"in": "query", "name": "p", "uniqueItems": True}}
    found = part(paths={PATH: item}, definitions={"One": schema}, parameters=shared)
    assert found["definitions"]["One"] == {
        "properties": {"a": {"type": "string", "x-odd": {"kept": 1}}},
        "additionalProperties": {"enum": [1, None]},
        "required": ["a"],
    }
    assert list(found["paths"][PATH]) == ["get"]
    assert found["paths"][PATH]["get"]["parameters"] == [{"in": "query", "name": "p"}]


def test_what_is_ours_stays_ours() -> None:
    own = {"paths": {"/a": 1}, "definitions": {"A": 1}}
    parts = [
        {"paths": {"/a": 2, "/b": 2}, "definitions": {"A": 2, "B": 2}},
        {"paths": {"/b": 3}, "definitions": {"C": 3}},
    ]
    assert merged(own, parts) == {"paths": {"/b": 2}, "definitions": {"B": 2, "C": 3}}


@pytest.mark.parametrize("document", [None, [], {}, {"swagger": "3.0"}, {"swagger": 2.0}])
def test_what_is_no_document_is_refused(document: Any) -> None:
    with pytest.raises(ValueError, match="no OpenAPI"):
        part_of(document, "wardle.example.com", "v1")


def test_what_nests_too_deep_is_refused() -> None:
    deep: Object = {}
    for _ in range(200):
        deep = {"items": deep}
    with pytest.raises(ValueError, match="deeper"):
        part(definitions={"One": deep})


WORDS = st.sampled_from(
    ["get", "parameters", "responses", "schema", "properties", "items", "type", "$ref", "in",
     "required", "enum", "default", "maxLength", "x-a", "additionalProperties", "200", "name"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["body", "query", "path", "#/definitions/One", "#/parameters/p", "string"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(VALUES, VALUES, VALUES)
def test_whatever_it_says_can_be_told_on(item: Any, schema: Any, shared: Any) -> None:
    found = part(paths={PATH: item}, definitions={"One": schema}, parameters={"p": shared})
    assert openapi_protobuf.encode(found)
    assert len(found["paths"]) == isinstance(item, dict)
