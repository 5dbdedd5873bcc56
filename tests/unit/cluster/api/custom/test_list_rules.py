"""List and map types of a schema, in Kubernetes' words."""

from typing import Any

import pytest

from cluster.api.custom.list_rules import check_merge_types
from cluster.api.status import Cause

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
ITEM: Json = {"type": "object", "properties": {"k": TEXT}, "required": ["k"]}


def said(schema: Json) -> list[str]:
    found: list[Cause] = []
    check_merge_types(schema, "s", found)
    return [cause.text() for cause in found]


def a_list(kind: str | None, items: Any = TEXT, *keys: str, **more: Any) -> Json:
    made: Json = {"type": "array", "items": items, **more}
    if kind is not None:
        made["x-kubernetes-list-type"] = kind
    return {**made, "x-kubernetes-list-map-keys": list(keys)} if keys else made


@pytest.mark.parametrize(
    "schema",
    [
        TEXT,
        a_list(None),
        a_list("atomic"),
        a_list("set"),
        a_list("set", {"type": "object", "x-kubernetes-map-type": "atomic"}),
        a_list("set", {"type": "array", "items": TEXT}),
        a_list("set", a_list("atomic")),
        a_list("map", ITEM, "k"),
        a_list("map", {"type": "object", "properties": {"k": {**TEXT, "default": ""}}}, "k"),
        {"type": "object", "x-kubernetes-map-type": "granular"},
    ],
)
def test_what_is_right(schema: Json) -> None:
    assert said(schema) == []


KEYS, SUBJECT = "s.x-kubernetes-list-map-keys", "this property is in x-kubernetes-list-map-keys"
ATOMIC = "must be atomic as item of a list with x-kubernetes-list-type=set"


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({**TEXT, "x-kubernetes-map-type": "atomic"},
         's.type: Invalid value: "string": must be object if x-kubernetes-map-type is specified'),
        ({"x-kubernetes-map-type": "atomic"},
         "s.type: Required value: must be object if x-kubernetes-map-type is specified"),
        ({"type": "object", "x-kubernetes-map-type": "no"},
         's.x-kubernetes-map-type: Unsupported value: "no": supported values: "atomic", '
         '"granular"'),
        ({**TEXT, "x-kubernetes-list-type": "set"},
         's.type: Invalid value: "string": must be array if x-kubernetes-list-type is specified'),
        (a_list("no"),
         's.x-kubernetes-list-type: Unsupported value: "no": supported values: "atomic", "set", '
         '"map"'),
        (a_list(None, ITEM, "k"),
         "s.x-kubernetes-list-type: Required value: must be map if x-kubernetes-list-map-keys is "
         "non-empty"),
        (a_list("set", TEXT, "k"),
         's.x-kubernetes-list-type: Invalid value: "set": must be map if '
         "x-kubernetes-list-map-keys is non-empty"),
        (a_list("map", ITEM),
         f"{KEYS}: Required value: must not be empty if x-kubernetes-list-type is map"),
        (a_list("map", None, "k"),
         "s.items: Required value: must have a schema if x-kubernetes-list-type is map"),
        (a_list("map", [ITEM], "k"), "must only have a single schema if x-kubernetes-list-type"),
        (a_list("map", TEXT, "k"),
         's.items.type: Invalid value: "string": must be object if parent array\'s '
         "x-kubernetes-list-type is map"),
        (a_list("map", ITEM, "other"),
         f'{KEYS}: Invalid value: ["other"]: entries must all be names of item properties'),
        (a_list("map", ITEM, "k", "k"),
         f'{KEYS}: Invalid value: ["k","k"]: must not contain duplicate entries'),
        (a_list("map", {**ITEM, "properties": {"k": {"type": "array"}}}, "k"),
         's.items.properties[k].type: Invalid value: "object": must be a scalar type if parent '
         "array's x-kubernetes-list-type is map"),
        (a_list("map", {"type": "object", "properties": {"k": TEXT}}, "k"),
         f"s.items.properties[k].default: Required value: {SUBJECT}, so it must have a default "
         "or be a required property"),
        (a_list("map", {**ITEM, "properties": {"k": {**TEXT, "nullable": True}}}, "k"),
         f"s.items.properties[k].nullable: Forbidden: {SUBJECT}, so it cannot be nullable"),
        (a_list("map", {**ITEM, "nullable": True}, "k"),
         "s.items.nullable: Forbidden: cannot be nullable when x-kubernetes-list-type is map"),
        (a_list("set", {**TEXT, "nullable": True}),
         "s.items.nullable: Forbidden: cannot be nullable when x-kubernetes-list-type is set"),
        (a_list("set", {"type": "object"}),
         f"s.items.x-kubernetes-map-type: Invalid value: null: {ATOMIC}"),
        (a_list("set", {"type": "object", "x-kubernetes-map-type": "granular"}),
         f's.items.x-kubernetes-map-type: Invalid value: "granular": {ATOMIC}'),
        (a_list("set", a_list("set")),
         f's.items.x-kubernetes-list-type: Invalid value: "set": {ATOMIC}'),
    ],
)  # fmt: skip
def test_what_is_wrong(schema: Json, text: str) -> None:
    found = said(schema)
    assert len(found) == 1 and text in found[0]
