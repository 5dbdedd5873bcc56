"""What makes a schema structural, in Kubernetes' words."""

from typing import Any

import pytest

from cluster.api.custom.structure_rules import check_schema
from cluster.api.status import Cause

TEXT = {"type": "string"}
EMBEDDED = {"x-kubernetes-embedded-resource": True}
FREE = {"x-kubernetes-preserve-unknown-fields": True}


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
         's.properties[x].default: Invalid value: "integer":  in body must be of type string: '
         '"integer"'),
        (a(x={**a(y=TEXT), "default": {"y": 3}}),
         's.properties[x].default.y: Invalid value: "integer": y in body must be of type string: '
         '"integer"'),
        ({**a(), "additionalProperties": TEXT},
         "s.additionalProperties: Forbidden: must not be used at the root"),
        (a(metadata={"type": "string"}),
         's.properties[metadata].type: Invalid value: "string": must be object'),
        (a(kind={"type": "integer"}),
         's.properties[kind].type: Invalid value: "integer": must be string'),
        (a(kind={**TEXT, "default": "X"}),
         "s.properties[kind].default: Forbidden: must not be set in top-level kind"),
        (a(metadata={"type": "object", "description": "d"}),
         "s.properties[metadata]: Forbidden: must not specify anything other than name and "
         "generateName, but metadata is implicitly specified"),
        (a(x={**a(), **EMBEDDED, "additionalProperties": TEXT, **FREE}),
         "s.properties[x].additionalProperties: Forbidden: must not be used if "
         "x-kubernetes-embedded-resource is set"),
        (a(x={**EMBEDDED, **FREE}),
         "s.properties[x].type: Required value: must be object if x-kubernetes-embedded-resource "
         "is true"),
        (a(x={**a(metadata=a(labels={"type": "object", "additionalProperties":
                                     {**TEXT, "default": "l"}})), **EMBEDDED}),
         "s.properties[x].properties[metadata].properties[labels].additionalProperties.default: "
         "Forbidden: must not be set inside additionalProperties applying to object metadata"),
        (a(x={**a(metadata=a(y={**a(z=TEXT), **EMBEDDED})), **EMBEDDED}),
         "s.properties[x].properties[metadata].properties[y].x-kubernetes-embedded-resource: "
         "Forbidden: must not be used inside of resource meta"),
        (a(x={"x-kubernetes-int-or-string": True, **FREE}),
         "s.properties[x].x-kubernetes-preserve-unknown-fields: Invalid value: true: must be "
         "false if x-kubernetes-int-or-string is true"),
        (a(x={**a(), "anyOf": [{"additionalProperties": TEXT}]}),
         "s.properties[x].anyOf[0].additionalProperties: Forbidden: must be undefined to be "
         "structural"),
        (a(x={**TEXT, "allOf": [{"nullable": True}]}),
         "s.properties[x].allOf[0].nullable: Forbidden: must be false to be structural"),
        (a(x={**a(metadata=a()), "not": {"properties": {"metadata": {}}}}),
         "s.properties[x].not.properties[metadata]: Forbidden: must not be specified in a nested "
         "context"),
        (a(x={"type": "object", "additionalProperties": TEXT,
              "allOf": [{"properties": {"y": {"minLength": 1}}}]}),
         "s.properties[x].properties[y]: Required value: because it is defined in "
         "s.properties[x].allOf[0].properties[y]"),
        (a(metadata={**a(labels=a()), "type": "object"}),
         "s.properties[metadata]: Forbidden: must not specify anything other than name and "
         "generateName, but metadata is implicitly specified"),
        (a(x={**TEXT, "pattern": "("}),
         's.properties[x].pattern: Invalid value: "(": must be a valid regular expression, but '
         "isn't: error parsing regexp: missing closing ): `(`"),
    ],
)  # fmt: skip
def test_what_is_refused(schema: dict[str, Any], text: str) -> None:
    assert said(schema) == [text]


def test_a_number_or_text_in_logic() -> None:
    either = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    mark = {"x-kubernetes-int-or-string": True}
    assert said(a(x={**mark, **either})) == []
    assert said(a(x={**mark, "allOf": [either, {"pattern": "a"}]})) == []
    assert len(said(a(x={**mark, "allOf": [{"pattern": "a"}, either]}))) == 2
    assert len(said(a(x={**mark, "anyOf": list(reversed(either["anyOf"]))}))) == 2


def test_nesting_has_an_end() -> None:
    schema: dict[str, Any] = TEXT
    for _ in range(200):
        schema = a(x=schema)
    assert any("must not nest deeper" in text for text in said(schema))
