"""Definitions to OpenAPI schemas."""

from typing import Any

from cluster.api.openapi_schemas import V2, V3, reachable

RAW: dict[str, dict[str, Any]] = {
    "a.A": {
        "type": ["object", "null"],
        "required": ["b"],
        "properties": {
            "kind": {"type": ["string", "null"], "enum": ["A"]},
            "b": {"$ref": "#/$defs/a.B", "description": "the b"},
            "c": {"type": "array", "items": {"$ref": "#/$defs/a.B"}},
            "type": {"type": "string"},
        },
    },
    "a.B": {"additionalProperties": {"type": ["integer", "null"]}, "type": "object"},
    "a.Unused": {"type": "string"},
}


def test_only_what_is_reached_in_v3() -> None:
    schemas = reachable(RAW, ["a.A", "a.Missing"], V3)
    assert list(schemas) == ["a.A", "a.B"]
    properties = schemas["a.A"]["properties"]
    assert properties["kind"] == {"type": "string"}
    reference = {"$ref": "#/components/schemas/a.B"}
    assert properties["b"] == {"allOf": [reference], "description": "the b"}
    assert properties["c"] == {"type": "array", "items": reference}
    assert properties["type"] == {"type": "string"}
    assert schemas["a.B"]["additionalProperties"] == {"type": "integer"}


def test_v2_refers_beside_the_description() -> None:
    properties = reachable(RAW, ["a.A"], V2)["a.A"]["properties"]
    assert properties["b"] == {"$ref": "#/definitions/a.B", "description": "the b"}
