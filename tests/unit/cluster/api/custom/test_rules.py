"""Rules of custom resources: what they see, what they say."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.api.custom.rule_types import escaped, type_of
from cluster.api.custom.rule_walk import judge
from cluster.api.custom.rules import make_rules
from cluster.api.custom.structural import ABSENT, Structural
from cluster.api.custom.values import validate
from cluster.api.status import Cause

Json = dict[str, Any]
INTEGER, TEXT = {"type": "integer"}, {"type": "string"}


def a(**properties: Any) -> Json:
    return {"type": "object", "properties": properties}


def ruled(schema: Json, *rules: Any) -> Json:
    told = [{"rule": rule} if isinstance(rule, str) else rule for rule in rules]
    return {**schema, "x-kubernetes-validations": told}


def said(schema: Json, value: Any, old: Any = ABSENT) -> list[str]:
    node, found = Structural(schema, None, make_rules, root=True), list[Cause]()
    validate(node, value, "", old, found)
    return [cause.text() for cause in (*found, *judge(node, value, old, found).found)]


@pytest.mark.parametrize(
    ("schema", "rule", "right", "wrong"),
    [
        (a(least=INTEGER, most=INTEGER), "self.least <= self.most", {"least": 1, "most": 2},
         {"least": 3, "most": 2}),
        (a(items={"type": "array", "items": INTEGER}), "self.items.all(x, x > 0)",
         {"items": [1, 2]}, {"items": [1, 0]}),
        (a(map={"type": "object", "additionalProperties": TEXT}),
         "'a' in self.map && self.map.all(k, self.map[k] != '')", {"map": {"a": "b"}},
         {"map": {"a": ""}}),
        (a(x=TEXT), "!has(self.x) || self.x.startsWith('a')", {}, {"x": "b"}),
        (a(x={"type": "string", "format": "date-time"}),
         "self.x < timestamp('2026-01-01T00:00:00Z')",
         {"x": "2025-12-31T00:00:00Z"}, {"x": "2026-12-31T00:00:00Z"}),
        (a(x={"type": "string", "format": "duration"}), "self.x > duration('1m')", {"x": "2m"},
         {"x": "30s"}),
        (a(x={"type": "string", "format": "byte"}), "size(self.x) == 3", {"x": "YWJj"},
         {"x": "YWI="}),
        (a(x={"type": "number"}), "self.x < 1.5", {"x": 1}, {"x": 2}),
        (a(x={"x-kubernetes-int-or-string": True}),
         "type(self.x) == int ? self.x < 10 : self.x == '50%'", {"x": "50%"}, {"x": 11}),
        (a(**{"a-b": INTEGER, "if": INTEGER, "c__d": INTEGER}),
         "self.a__dash__b + self.__if__ + self.c__underscores__d == 3",
         {"a-b": 1, "if": 1, "c__d": 1}, {"a-b": 1, "if": 1, "c__d": 2}),
        (a(x={"type": "array", "x-kubernetes-list-type": "set", "items": TEXT}),
         "self.x == ['a', 'b']", {"x": ["b", "a"]}, {"x": ["b", "c"]}),
        (a(), "self.metadata.name == 'w'", {"metadata": {"name": "w"}},
         {"metadata": {"name": "x"}}),
        (a(x=TEXT), "self.?x.orValue('a') == 'a'", {}, {"x": "b"}),
        (a(x=TEXT), "self.x.matches('^[a-z]+$')", {"x": "abc"}, {"x": "ABC"}),
    ],
)  # fmt: skip
def test_what_rules_see(schema: Json, rule: str, right: Json, wrong: Json) -> None:
    found = ruled(schema, rule)
    assert said(found, right) == []
    assert said(found, wrong) == [f"<nil>: Invalid value: failed rule: {rule}"]


def test_what_rules_say() -> None:
    schema = a(
        spec=ruled(
            a(n=INTEGER, m=INTEGER),
            {"rule": "self.n > 0", "message": "n must be positive"},
            {"rule": "self.n < 10", "messageExpression": "'n is ' + string(self.n)"},
            {"rule": "self.n < 11", "messageExpression": "'a\\nb'", "message": "kept"},
            {"rule": "self.n != 12", "reason": "FieldValueForbidden", "fieldPath": ".n"},
            {"rule": "self.n != 12", "reason": "FieldValueRequired", "fieldPath": "['m']",
             "message": "m instead"},
            {"rule": "self.n != 12", "reason": "FieldValueDuplicate"},
        )
    )  # fmt: skip
    assert said(schema, {"spec": {"n": -1}}) == ["spec: Invalid value: n must be positive"]
    assert said(schema, {"spec": {"n": 12}}) == [
        "spec: Invalid value: n is 12",
        "spec: Invalid value: kept",
        "spec.n: Forbidden: failed rule: self.n != 12",
        "spec.m: Required value: m instead",
        "spec: Duplicate value",
    ]


def test_rules_that_fail_themselves() -> None:
    schema = ruled(a(n=INTEGER, any={"x-kubernetes-int-or-string": True}), "1 / self.n > 0")
    assert said(schema, {"n": 0}) == [
        '<nil>: Invalid value: "object": division by zero evaluating rule: 1 / self.n > 0'
    ]
    assert said(schema, {}) == [
        '<nil>: Invalid value: "object": no such key: n evaluating rule: 1 / self.n > 0'
    ]
    mixed = ruled(
        a(any={"x-kubernetes-int-or-string": True}), {"rule": "self.any > 1", "message": "m"}
    )
    assert said(mixed, {"any": "a"}) == [
        "<nil>: Invalid value: \"object\": 'no such overload': call arguments did not match a "
        "supported operator, function or macro signature for rule: m"
    ]


def test_a_field_that_is_null() -> None:
    null = {**TEXT, "nullable": True}
    schema = ruled(a(n=null), "self.n.size() < 3")
    assert said(schema, {"n": None}) == [
        '<nil>: Invalid value: "object": no such key: n evaluating rule: self.n.size() < 3'
    ]
    assert said(ruled(a(n=null), "!has(self.n)"), {"n": None}) == []
    free = ruled(
        a(m={"type": "object", "additionalProperties": null}, l={"type": "array", "items": null}),
        "has(self.m.a) && type(self.m['a']) == null_type && type(self.l[0]) == null_type",
        "self.l[0].size() < 3",
    )
    assert said(free, {"m": {"a": None}, "l": [None]}) == [
        "<nil>: Invalid value: \"object\": 'no such overload': call arguments did not match a "
        "supported operator, function or macro signature for rule: self.l[0].size() < 3"
    ]


def test_what_is_older_than_its_type_is_told_to_rules_that_look_at_it() -> None:
    rules = "self.o.n > 1", "has(self.l)", "self.m.size() > 1", "self.fine == 'a'", "self.b"
    schema = ruled(
        a(o=a(n=INTEGER), l={"type": "array", "items": TEXT}, m=TEXT, fine=TEXT,
          b={"type": "boolean"}),
        *rules,
    )  # fmt: skip
    value = {"o": [], "l": {}, "m": 5, "fine": "a", "b": "true"}
    node = Structural(schema, None, make_rules, root=True)
    assert [cause.text() for cause in judge(node, value, ABSENT).found] == [
        f'<nil>: Invalid value: "object": invalid data, expected {what} evaluating rule: {rule}'
        for what, rule in (
            ("a map for the provided schema with type=object", rules[0]),
            ("an array for the provided schema with type=array", rules[1]),
            ("string", rules[2]),
            ("bool", rules[4]),
        )
    ]


def test_reserved_words_behind_a_dot() -> None:
    schema = a(**{"if": INTEGER, "namespace": INTEGER, "while": INTEGER, "true": INTEGER})
    rule = "self.if + self.__namespace__ + self.namespace + self.__while__ + self.__true__ == 15"
    assert said(ruled(schema, rule), {"if": 1, "namespace": 2, "while": 4, "true": 6}) == []


def test_an_embedded_object_that_names_its_identity_itself() -> None:
    metadata = a(name=TEXT, generateName=TEXT, namespace=TEXT)
    resource = {"x-kubernetes-embedded-resource": True}
    whole = {**a(apiVersion=TEXT, kind=TEXT, metadata=metadata), **resource}
    rule = "self.e.metadata.namespace == 'n'"
    value = {"e": {"metadata": {"namespace": "n"}}}
    node = Structural(ruled(a(e=whole), rule), None, make_rules, root=True)
    assert judge(node, value, ABSENT).found == []
    part = {**a(metadata=metadata), **resource}
    node = Structural(ruled(a(e=part), rule), None, make_rules, root=True)
    assert "undefined field 'namespace'" in judge(node, value, ABSENT).found[0].message


def test_a_rule_that_costs_too_much_is_ended() -> None:
    rule = "self.x.all(a, self.x.all(b, self.x.all(c, a != 'no')))"
    schema = ruled(a(x={"type": "array", "items": TEXT}), rule)
    found = said(schema, {"x": ["a"] * 100})
    assert (
        len(found) == 1 and "no further validation rules will be run due to call cost" in found[0]
    )


def test_transitions() -> None:
    schema = a(n=ruled(INTEGER, {"rule": "self >= oldSelf", "message": "may only grow"}))
    assert said(schema, {"n": 1}) == []
    assert said(schema, {"n": 2}, {"n": 1}) == []
    assert said(schema, {"n": 1}, {"n": 2}) == ["n: Invalid value: 1: may only grow"]
    assert said(schema, {"n": 1}, {}) == []
    items = {
        "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
        "items": ruled(a(k=TEXT, v=INTEGER), "self.v == oldSelf.v"),
    }  # fmt: skip
    before = {"x": [{"k": "a", "v": 1}, {"k": "b", "v": 2}]}
    assert said(a(x=items), {"x": [{"k": "b", "v": 2}, {"k": "c", "v": 3}]}, before) == []
    assert said(a(x=items), {"x": [{"k": "b", "v": 3}]}, before) == [
        "x[0]: Invalid value: failed rule: self.v == oldSelf.v"
    ]


def test_a_transition_that_is_asked_at_creation_too() -> None:
    rule = {"rule": "oldSelf.hasValue() || self == 1", "optionalOldSelf": True}
    schema = a(n=ruled(INTEGER, rule))
    assert said(schema, {"n": 1}) == [] and said(schema, {"n": 5}, {"n": 1}) == []
    assert len(said(schema, {"n": 2})) == 1


def test_what_did_not_change_is_not_judged_again() -> None:
    schema = a(x=ruled(a(n=INTEGER), "self.n < 5"), other=INTEGER)
    assert said(schema, {"x": {"n": 9}, "other": 2}, {"x": {"n": 9}, "other": 1}) == []
    assert len(said(schema, {"x": {"n": 10}}, {"x": {"n": 9}})) == 1


def test_names_that_expressions_cannot_say() -> None:
    assert escaped("$x") == "" and escaped("a/b.c") == "a__slash__b__dot__c"
    assert type_of({"type": "object", "additionalProperties": {}}, "x", False) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=4)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("xyn"), inner),
    max_leaves=8,
)  # fmt: skip
RULES = (
    "self.x.all(i, i != self.n)", "has(self.y) && self.y.x == 'a'", "self.x.size() + self.n > 3",
    "self == oldSelf", "dyn(self).x.y.n > 1", "self.?y.?x.orValue('') != ''",
    "self.x.map(i, string(i)).join(',').matches('a+')", "self.x.sum() / self.n == 2",
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(VALUES, VALUES, st.sampled_from(RULES))
def test_any_value_is_judged_by_any_rule(value: Any, old: Any, rule: str) -> None:
    schema = ruled(
        a(x={"type": "array", "items": INTEGER}, y=a(x=TEXT), n={**INTEGER, "nullable": True}), rule
    )
    assert isinstance(said(schema, value, old), list)
