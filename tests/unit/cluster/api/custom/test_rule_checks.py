"""Which rules a definition may have, in Kubernetes' words."""

from typing import Any

import pytest

from cluster.api.custom.rule_extents import extent_of
from cluster.api.custom.rule_types import type_of
from cluster.api.custom.rules import CompiledRule
from cluster.api.custom.structure_rules import check_schema
from cluster.api.status import Cause
from cluster.cel.estimates import estimate

Json = dict[str, Any]


def said(rule: Json | str, kind: str = "integer", **around: Any) -> list[str]:
    found: list[Cause] = []
    told = {"rule": rule} if isinstance(rule, str) else rule
    place: Json = {"type": kind, "x-kubernetes-validations": [told]}
    if around:
        place = {"type": "array", "items": place, **around}
    check_schema({"type": "object", "properties": {"x": place}}, "s", found)
    return [cause.text() for cause in found]


PLACE = "s.properties[x].x-kubernetes-validations[0]"


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("", f"{PLACE}.rule: Required value: rule is not specified"),
        ({"rule": "true", "message": "a\nb"},
         f'{PLACE}.message: Invalid value: "a\\nb": message must not contain line breaks'),
        ({"rule": "true", "message": " "},
         f'{PLACE}.message: Invalid value: " ": message must be non-empty if specified'),
        ({"rule": "true &&\ntrue"},
         f"{PLACE}.message: Required value: message must be specified if rule contains line "
         "breaks"),
        ({"rule": "true", "reason": "No"},
         f'{PLACE}.reason: Unsupported value: "No": supported values: "FieldValueDuplicate", '
         '"FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"'),
        ({"rule": "true", "fieldPath": "x"},
         f'{PLACE}.fieldPath: Invalid value: "x": fieldPath must be a valid path'),
        ({"rule": "true", "fieldPath": ".y"},
         f'{PLACE}.fieldPath: Invalid value: ".y": fieldPath must be a valid path'),
        ({"rule": "self +", "message": "m", "optionalOldSelf": False},
         f'{PLACE}.rule: Invalid value: {{"Rule":"self +","Message":"m","MessageExpression":"",'
         '"Reason":null,"FieldPath":"","OptionalOldSelf":false}: compilation failed: ERROR: '
         "<input>:1:7: Syntax error"),
        ("duration('1d') > duration('1s')",
         "compilation failed: ERROR: <input>:1:10: invalid duration argument"),
        ("timestamp('1000-01-01') > timestamp(0)", "<input>:1:11: invalid timestamp"),
        ("'a'.matches('x++')", "<input>:1:13: invalid matches argument"),
        ("self == 'a'", "found no matching overload for '_==_' applied to '(int, string)'"),
        ("self", '"OptionalOldSelf":null}: cel expression must evaluate to a bool'),
        ("dyn(self)", "cel expression must evaluate to a bool"),
        ({"rule": "true", "fieldPath": " "},
         f'{PLACE}.fieldPath: Invalid value: " ": fieldPath must be non-empty if specified'),
        ({"rule": "true", "messageExpression": " "},
         f"{PLACE}.messageExpression: Required value: messageExpression must be non-empty if "
         "specified"),
        ({"rule": "true", "optionalOldSelf": True},
         f"{PLACE}.optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used"),
        ({"rule": "true", "messageExpression": "1"},
         "messageExpression must evaluate to a string"),
        ({"rule": "true", "messageExpression": "sel"},
         "messageExpression compilation failed: ERROR: <input>:1:1: undeclared reference to 'sel'"),
    ],
)  # fmt: skip
def test_what_is_wrong(rule: Any, text: str) -> None:
    found = said(rule)
    assert text in found[0]


def test_what_is_wrong_with_its_texts_is_not_compiled() -> None:
    assert said({"rule": "self +", "message": "a\rb"}) == [
        f'{PLACE}.message: Invalid value: "a\\rb": message must not contain line breaks'
    ]


def test_a_place_of_which_nothing_is_known() -> None:
    found: list[Cause] = []
    place = {"x-kubernetes-preserve-unknown-fields": True,
             "x-kubernetes-validations": [{"rule": "true"}]}  # fmt: skip
    check_schema({"type": "object", "properties": {"x": place}}, "s", found)
    assert [cause.text() for cause in found] == [
        "s.properties[x].x-kubernetes-validations: Internal error: internal error: failed to "
        "retrieve type information for x-kubernetes-validations"
    ]


def test_transitions_where_items_cannot_be_told_apart() -> None:
    assert said("self > oldSelf") == []
    found = said("self > oldSelf", items_type="", **{"x-kubernetes-list-type": "set"})
    assert found[0].endswith(
        'x-kubernetes-validations[0].rule: Invalid value: "self > oldSelf": oldSelf cannot be '
        "used on the uncorrelatable portion of the schema within s.properties[x]"
    )


def test_defaults_are_held_to_rules() -> None:
    found: list[Cause] = []
    place = {"type": "integer", "default": 3, "x-kubernetes-validations": [{"rule": "self > 5"}]}
    check_schema({"type": "object", "properties": {"x": place}}, "s", found)
    assert [cause.text() for cause in found] == [
        "s.properties[x].default: Invalid value: 3: failed rule: self > 5"
    ]


def test_rules_are_not_for_logic() -> None:
    found: list[Cause] = []
    part = {"x-kubernetes-validations": [{"rule": "true"}]}
    check_schema({"type": "object", "allOf": [part]}, "s", found)
    assert found[0].field == "s.allOf[0].x-kubernetes-validations"


def costs(rule: str, **schema: Any) -> list[str]:
    found: list[Cause] = []
    place: Json = {**schema, "x-kubernetes-validations": [{"rule": rule}]}
    check_schema({"type": "object", "properties": {"x": place}}, "s", found)
    return [cause.text() for cause in found]


def test_what_may_cost_too_much_is_refused() -> None:
    text = {"type": "string"}
    nested = "self.all(a, self.all(b, a == b))"
    found = costs(nested, type="array", items=text)
    advice = (
        "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, "
        "maps, and strings are declared)"
    )
    assert found[0] == (
        f"{PLACE}.rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x "
        f"{advice}"
    )
    assert found[1] == (
        f"{PLACE}.rule: Forbidden: contributed to estimated rule cost total exceeding cost limit "
        "for entire OpenAPIv3 schema"
    )
    assert found[2].startswith(
        "s: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 "
    )
    assert costs(nested, type="array", maxItems=50, items={**text, "maxLength": 50}) == []
    assert costs("self.all(a, a > 0)", type="array", items={"type": "integer"}) == []
    bounded = {"type": "object", "additionalProperties": {**text, "maxLength": 10}}
    assert costs("self.all(k, self[k] != '')", maxProperties=20, **bounded) == []
    assert costs("self.matches('^a+$')", type="string", format="uuid") == []
    assert costs("self.startsWith('a') && self.size() < 5", **text) == []


def test_a_rule_of_items_counts_for_each() -> None:
    item = {"type": "string", "maxLength": 250,
            "x-kubernetes-validations": [{"rule": "self.matches('^a(b|c)*$')"}]}  # fmt: skip
    found: list[Cause] = []
    many = {"type": "array", "maxItems": 100_000, "items": item}
    check_schema({"type": "object", "properties": {"x": many}}, "s", found)
    assert len(found) == 1 and "exceeds budget by factor of 3." in found[0].text()
    found.clear()
    few = {"type": "array", "maxItems": 100, "items": item}
    check_schema({"type": "object", "properties": {"x": few}}, "s", found)
    assert found == []


def units(schema: Json, rule: str) -> int:
    kind = type_of(schema, "object", False)
    assert kind is not None
    extent = extent_of(schema)
    program = CompiledRule({"rule": rule}, kind, schema).program
    return estimate(program.checked, {"self": extent})


@pytest.mark.parametrize(
    ("item", "free", "bounded"),
    [
        ({"type": "number"}, 4718591, 32),
        ({"type": "string"}, 3145727, 32),
        ({"type": "boolean"}, 1887437, 32),
        ({"type": "string", "format": "date-time"}, 428963, 32),
        ({"type": "string", "format": "duration"}, 2359295, 32),
        ({"type": "array", "items": {"type": "number"}}, 3145727, 32),
        ({"type": "object", "required": ["required"],
          "properties": {"required": {"type": "string"}, "optional": {"type": "string"}}},
         555128, 32),
    ],
)  # fmt: skip
def test_estimates_are_those_of_kubernetes(item: Json, free: int, bounded: int) -> None:
    schema: Json = {"type": "array", "items": item}
    assert units(schema, "self.all(x, true)") == free
    assert units({**schema, "maxItems": 10}, "self.all(x, true)") == bounded


def test_estimates_of_texts_and_maps() -> None:
    text: Json = {"type": "string"}
    assert units(text, "self.contains('test')") == 314574
    assert units({**text, "maxLength": 10}, "self.contains('test')") == 5
    assert units({**text, "enum": ["A", "LongValue"]}, "self.contains('A')") == 2
    assert units(text, "isURL(self)") == 2
    parts = "self.split('.', 16).all(part, part.matches('^[a-z]{0,9}$'))"
    assert units({**text, "maxLength": 100}, parts) < 5000
    free: Json = {"type": "object", "additionalProperties": {"type": "number"}}
    assert units(free, "self.all(x, true)") == 1348169
    assert units(free, "has(self.x)") == 0
    assert units({**free, "maxProperties": 8}, "self.all(k, k.matches('^[a-z]+$'))") == 50
    numbers: Json = {"type": "array", "items": {"type": "number"}}
    assert units(numbers, "self[1] == 0.0") == 2


def test_what_nothing_bounds_is_there_as_often_as_a_request_can_hold_it() -> None:
    rule = {"x-kubernetes-validations": [{"rule": "self.size() < 5"}]}
    inner: Json = {"type": "array", "items": {"type": "string", "maxLength": 5, **rule}}
    found: list[Cause] = []
    nested = {"type": "array", "items": {"type": "array", "items": inner}}
    check_schema({"type": "object", "properties": {"x": nested}}, "s", found)
    assert found == []


def test_the_name_of_an_object_is_short() -> None:
    found: list[Cause] = []
    rule = {"rule": "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')"}
    check_schema({"type": "object", "x-kubernetes-validations": [rule]}, "s", found)
    assert found == []


def test_what_makes_other_values_of_a_text_is_cheap() -> None:
    timeouts: Json = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "x-kubernetes-validations": [
            {"rule": "!(has(self.a) && has(self.b) && duration(self.b) > duration(self.a))"}
        ],
    }
    many = {"type": "array", "maxItems": 1000, "items": timeouts}
    found: list[Cause] = []
    check_schema({"type": "object", "properties": {"rules": many}}, "s", found)
    assert found == []
