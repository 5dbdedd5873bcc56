"""What makes a schema structural, in Kubernetes' words."""

from typing import Any

import pytest

from cluster.api.custom.structure_rules import check_schema
from cluster.api.status import Cause

TEXT = {"type": "string"}


def said(schema: dict[str, Any]) -> list[str]:
    found: list[Cause] = []
    check_schema(schema, "s", found)
    return [cause.text() for cause in found]


def a(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def test_a_structural_schema() -> None:
    item = {"type": "object", "properties": {"name": TEXT}, "required": ["name"]}
    parts = {
        "type": "array", "items": item, "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
    }  # fmt: skip
    percent = {
        "x-kubernetes-int-or-string": True,
        "anyOf": [{"type": "integer"}, {"type": "string"}],
        "default": "25%",
    }
    logic = {**a(b=TEXT), "oneOf": [{"required": ["b"]}, {"properties": {"b": {"minLength": 1}}}]}
    assert said(a(metadata={"type": "object"}, parts=parts, percent=percent, logic=logic)) == []


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({}, "s.type: Required value: must not be empty at the root"),
        ({"type": "string"}, 's.type: Invalid value: "string": must be object at the root'),
        (a(x={}), "s.properties[x].type: Required value: must not be empty for specified object "
                  "fields"),
        (a(x={"type": "array", "items": {}}),
         "s.properties[x].items.type: Required value: must not be empty for specified array items"),
        (a(x={"type": "array"}), "s.properties[x].items: Required value: must be specified"),
        (a(x={"type": "text"}),
         's.properties[x].type: Unsupported value: "text": supported values: "array", "boolean", '
         '"integer", "number", "object", "string"'),
        (a(x={**TEXT, "$ref": "#"}), "s.properties[x].$ref: Forbidden: $ref is not supported"),
        (a(x={"type": "array", "items": TEXT, "uniqueItems": True}),
         "s.properties[x].uniqueItems: Forbidden: uniqueItems cannot be set to true since the "
         "runtime complexity becomes quadratic"),
        (a(x={**TEXT, "anyOf": [{"type": "string"}]}),
         "s.properties[x].anyOf[0].type: Forbidden: must be empty to be structural"),
        (a(x={**a(), "allOf": [{"properties": {"y": {}}}]}),
         "s.properties[x].properties[y]: Required value: because it is defined in "
         "s.properties[x].allOf[0].properties[y]"),
        (a(x={"type": "array", "items": a(k=TEXT), "x-kubernetes-list-type": "map"}),
         "s.properties[x].x-kubernetes-list-map-keys: Required value: must not be empty if "
         "x-kubernetes-list-type is map"),
        (a(x={"type": "array", "items": a(k=TEXT), "x-kubernetes-list-type": "map",
              "x-kubernetes-list-map-keys": ["k"]}),
         "s.properties[x].items.properties[k].default: Required value: this property is in "
         "x-kubernetes-list-map-keys, so it must have a default or be a required property"),
        (a(x={**TEXT, "default": 3}),
         's.properties[x].default: Invalid value: "integer": s.properties[x].default in body must '
         'be of type string: "integer"'),
        (a(metadata={**a(labels=a()), "type": "object"}),
         "s.properties[metadata]: Forbidden: must not specify anything other than name and "
         "generateName, but metadata is implicitly specified"),
        (a(x={**TEXT, "pattern": "("}),
         's.properties[x].pattern: Invalid value: "(": must be a valid regular expression, but '
         "isn't: error parsing regexp: missing ): (: `(`"),
    ],
)  # fmt: skip
def test_what_is_refused(schema: dict[str, Any], text: str) -> None:
    assert said(schema) == [text]


def test_nesting_has_an_end() -> None:
    schema: dict[str, Any] = TEXT
    for _ in range(200):
        schema = a(x=schema)
    assert any("must not nest deeper" in text for text in said(schema))
