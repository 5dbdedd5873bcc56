"""Values of custom resources: every rule, in Kubernetes' words; and what ratcheting lets pass."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.custom.structural import ABSENT, Structural
from cluster.api.custom.values import validate
from cluster.api.status import Cause


def causes(schema: dict[str, Any], value: Any, old: Any = ABSENT) -> list[Cause]:
    found: list[Cause] = []
    validate(Structural(schema), value, "spec.x", old, found)
    return found


def test_a_value_of_another_type_is_none_of_the_allowed_ones_either() -> None:
    for value in (5, None, {"a": 1}):
        found = [cause.reason for cause in causes({"type": "string", "enum": ["a"]}, value)]
        assert found == ["FieldValueTypeInvalid", "FieldValueNotSupported"]


def messages(schema: dict[str, Any], value: Any, old: Any = ABSENT) -> list[str]:
    return [cause.text() for cause in causes(schema, value, old)]


TEXT, WHOLE = {"type": "string"}, {"type": "integer"}


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        (WHOLE, "a", 'Invalid value: "string": spec.x in body must be of type integer: "string"'),
        (WHOLE, True, 'Invalid value: "boolean": spec.x in body must be of type integer: '
                      '"boolean"'),
        (TEXT, None, 'Invalid value: "null": spec.x in body must be of type string: "null"'),
        ({**WHOLE, "minimum": 3}, 2,
         "Invalid value: 2: spec.x in body should be greater than or equal to 3"),
        ({**WHOLE, "minimum": 3, "exclusiveMinimum": True}, 3,
         "Invalid value: 3: spec.x in body should be greater than 3"),
        ({**WHOLE, "maximum": 3}, 4,
         "Invalid value: 4: spec.x in body should be less than or equal to 3"),
        ({**WHOLE, "maximum": 3, "exclusiveMaximum": True}, 3,
         "Invalid value: 3: spec.x in body should be less than 3"),
        ({**WHOLE, "multipleOf": 5}, 7,
         "Invalid value: 7: spec.x in body should be a multiple of 5"),
        ({**TEXT, "minLength": 2}, "a",
         'Invalid value: "a": spec.x in body should be at least 2 chars long'),
        ({**TEXT, "maxLength": 1}, "ab", "Too long: may not be more than 1 bytes"),
        ({**TEXT, "pattern": "^a+$"}, "b",
         "Invalid value: \"b\": spec.x in body should match '^a+$'"),
        ({**TEXT, "format": "date-time"}, "now",
         'Invalid value: "now": spec.x in body must be of type date-time: "now"'),
        ({**TEXT, "enum": ["b", "a"]}, "c",
         'Unsupported value: "c": supported values: "b", "a"'),
        ({"type": "array", "items": TEXT, "minItems": 2}, ["a"],
         "Invalid value: 1: spec.x in body should have at least 2 items"),
        ({"type": "array", "items": TEXT, "maxItems": 1}, ["a", "b"],
         "Too many: 2: must have at most 1 items"),
        ({"type": "object", "minProperties": 1}, {},
         "Invalid value: 1: spec.x in body should have at least 1 properties"),
        ({**TEXT, "anyOf": [{"enum": ["a"]}, {"enum": ["b"]}]}, "c",
         'Invalid value: "": "spec.x" must validate at least one schema (anyOf)'),
        ({**TEXT, "oneOf": [{"minLength": 1}, {"minLength": 2}]}, "abc",
         'Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found 2 '
         "valid alternatives"),
        ({**TEXT, "not": {"enum": ["a"]}}, "a",
         'Invalid value: "": "spec.x" must not validate the schema (not)'),
    ],
)  # fmt: skip
def test_each_rule_in_its_words(schema: dict[str, Any], value: Any, said: str) -> None:
    assert messages(schema, value)[0] == f"spec.x: {said}"


def test_what_is_right() -> None:
    assert messages({**TEXT, "nullable": True}, None) == []
    assert messages({"type": "number"}, 3) == []
    assert messages(WHOLE, 3.0) == []
    assert messages({"x-kubernetes-int-or-string": True}, "25%") == []
    assert messages({**WHOLE, "format": "int32"}, 2**31) != []
    assert messages({"type": "object", "allOf": [{"required": ["a"]}]}, {}) == [
        "spec.x.a: Required value"
    ]


def test_an_update_is_held_to_what_it_changes() -> None:
    item = {"type": "object", "properties": {"name": TEXT, "size": {**WHOLE, "maximum": 5}}}
    schema = {
        "type": "object",
        "properties": {
            "a": {**TEXT, "maxLength": 1},
            "parts": {
                "type": "array", "items": item, "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
            },
            "plain": {"type": "array", "items": item},
        },
    }  # fmt: skip
    old = {
        "a": "long",
        "parts": [{"name": "x", "size": 9}],
        "plain": [{"name": "x", "size": 9}],
    }
    assert messages(schema, {**old, "b": 1}, old) == []
    moved = {**old, "parts": [{"name": "y", "size": 1}, {"name": "x", "size": 9}]}
    assert messages(schema, moved, old) == []
    # Items of a plain list have no identity: one that is written anew must be right.
    changed = {**old, "plain": [{"name": "y", "size": 9}]}
    assert len(messages(schema, changed, old)) == 1
    assert len(messages(schema, {**old, "a": "longer"}, old)) == 1
    assert len(messages(schema, old)) == 3


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(max_size=3)
    | st.floats(allow_nan=False, allow_infinity=False)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
SCHEMA = {
    "type": "object",
    "properties": {
        "a": {**TEXT, "maxLength": 1, "default": "d"},
        "b": {"type": "array", "items": {**WHOLE, "minimum": 0}, "x-kubernetes-list-type": "set"},
        "c": {"type": "object", "additionalProperties": TEXT},
    },
    "required": ["a"],
}


@given(st.dictionaries(st.sampled_from("abcd"), JSON))
def test_no_value_breaks_it_and_what_stays_the_same_may_stay(value: dict[str, Any]) -> None:
    causes(SCHEMA, value)
    assert causes(SCHEMA, value, value) == []
