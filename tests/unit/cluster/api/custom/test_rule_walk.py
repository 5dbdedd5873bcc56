"""Which rules of an object are asked, and what becomes of what they say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.custom.list_values import check_lists
from cluster.api.custom.rule_walk import UNCHECKED, judge
from cluster.api.custom.rules import make_rules
from cluster.api.custom.structural import ABSENT, Structural
from cluster.api.custom.values import validate
from cluster.api.status import Cause

Json = dict[str, Any]
INTEGER: Json = {"type": "integer"}


def a(**properties: Any) -> Json:
    return {"type": "object", "properties": properties}


def ruled(schema: Json, *rules: Any) -> Json:
    told = [{"rule": rule} if isinstance(rule, str) else rule for rule in rules]
    return {**schema, "x-kubernetes-validations": told}


def judged(schema: Json, value: Any, old: Any = ABSENT) -> tuple[list[str], list[str]]:
    """What is found, what is warned of."""
    node = Structural(schema, None, make_rules, root=True)
    found = judge(node, value, old)
    return [cause.text() for cause in found.found], found.warned


def told(message: str) -> Json:
    return {"rule": "false", "message": message}


def test_from_the_outside_in() -> None:
    item = ruled(a(z=ruled(INTEGER, told("deep"))), told("item"))
    free = {"type": "object", "additionalProperties": ruled(INTEGER, told("free"))}
    schema = ruled(a(x={"type": "array", "items": item}, y=ruled(free, told("map"))), told("root"))
    value = {"x": [{"z": 1}, {}, None], "y": {"a.b": 2, "c": 3}, "other": 1}
    assert judged(schema, value) == (
        [
            "<nil>: Invalid value: root",
            "x[0]: Invalid value: item",
            "x[0].z: Invalid value: 1: deep",
            "x[1]: Invalid value: item",
            "y: Invalid value: map",
            "y[a.b]: Invalid value: 2: free",
            "y[c]: Invalid value: 3: free",
        ],
        [],
    )


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ({"type": "string"}, "a", '"a"'),
        ({"type": "boolean"}, False, "false"),
        ({"type": "number"}, 1.5, "1.5"),
        ({"x-kubernetes-int-or-string": True}, "5%", '"5%"'),
    ],
)
def test_values_that_are_told(kind: Json, value: Any, shown: str) -> None:
    rules = [told("no"), {"rule": "false", "reason": "FieldValueDuplicate"}]
    assert judged(a(x=ruled(kind, *rules)), {"x": value})[0] == [
        f"x: Invalid value: {shown}: no",
        f"x: Duplicate value: {shown}",
    ]


def test_where_a_rule_tells_of() -> None:
    labels = {"type": "object", "additionalProperties": {"type": "string"}}
    rules = [{**told("m"), "fieldPath": path} for path in (".n", ".l['a.b']", "['l']", ".l.x")]
    found, _ = judged(a(x=ruled(a(n=INTEGER, l=labels), *rules)), {"x": {}})
    assert found == [f"x.{place}: Invalid value: m" for place in ("n", "l[a.b]", "l", "l[x]")]
    assert judged(ruled(a(n=INTEGER), {**told("m"), "fieldPath": ".n"}), {})[0] == [
        "n: Invalid value: m"
    ]


def test_what_is_wrong_otherwise_keeps_rules_from_being_asked() -> None:
    schema = ruled(a(n={**INTEGER, "minimum": 3}), "self.n > 5")
    node = Structural(schema, None, make_rules, root=True)

    def checked(value: Any) -> list[Cause]:
        found: list[Cause] = []
        validate(node, value, "", ABSENT, found)
        return judge(node, value, ABSENT, found).found

    assert checked({"n": "text"}) == [UNCHECKED]
    assert UNCHECKED.text() == (
        "<nil>: Invalid value: null: some validation rules were not checked because the object "
        "was invalid; correct the existing errors to complete validation"
    )
    assert [cause.text() for cause in checked({"n": 1})] == [
        "<nil>: Invalid value: failed rule: self.n > 5"
    ]
    plain = Structural(a(n=INTEGER), None, make_rules, root=True)
    assert judge(plain, {}, ABSENT, [UNCHECKED._replace(reason="FieldValueRequired")]).found == []


def test_an_update_is_warned_of_what_was_so_before() -> None:
    schema = a(x=ruled(a(n=INTEGER), "self.n < 5"), other=INTEGER)
    old = {"x": {"n": 9}, "other": 1}
    assert judged(schema, {**old, "other": 2}, old) == (
        [],
        ["x: Invalid value: failed rule: self.n < 5"],
    )
    assert judged(schema, {"x": {"n": 10}}, old)[1] == []
    assert len(judged(schema, {"x": {"n": 9}}, {})[0]) == 1


def test_items_without_identity_are_as_the_list_around_them() -> None:
    plain = {"type": "array", "items": ruled(a(n=INTEGER), "self.n < 5")}
    kept = {"x": [{"n": 9}, {"n": 1}]}
    assert judged(a(x=plain, y=INTEGER), {**kept, "y": 1}, kept) == (
        [],
        ["x[0]: Invalid value: failed rule: self.n < 5"],
    )
    assert len(judged(a(x=plain), {"x": [{"n": 9}, {"n": 2}]}, kept)[0]) == 1
    keyed = {
        **plain, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
        "items": ruled(a(k={"type": "string"}, n=INTEGER), "self.n < 5"),
    }  # fmt: skip
    old = {"x": [{"k": "a", "n": 9}]}
    new = {"x": [{"k": "b", "n": 9}, {"k": "a", "n": 9}]}
    assert judged(a(x=keyed), new, old) == (
        ["x[0]: Invalid value: failed rule: self.n < 5"],
        ["x[1]: Invalid value: failed rule: self.n < 5"],
    )


def test_transitions_are_asked_of_what_did_not_change_too() -> None:
    rule = {"rule": "self == oldSelf + 1", "message": "one more each time"}
    schema = a(n=ruled(INTEGER, rule))
    assert judged(schema, {"n": 2}, {"n": 1}) == ([], [])
    assert judged(schema, {"n": 2}, {"n": 2}) == (["n: Invalid value: 2: one more each time"], [])
    assert judged(schema, {"n": 2}, {"n": None}) == ([], [])


def test_failures_of_a_rule_itself_are_no_warnings() -> None:
    schema = a(n=ruled(INTEGER, "1 / self > 0"))
    found, warned = judged(schema, {"n": 0}, {"n": 0})
    assert found == ['n: Invalid value: "integer": division by zero evaluating rule: 1 / self > 0']
    assert warned == []


def test_all_rules_of_an_object_share_what_they_may_cost() -> None:
    long = "self.all(a, self.all(b, a + b >= 0))"
    item = ruled({"type": "array", "items": INTEGER}, long)
    schema = a(x={"type": "array", "items": item})
    found, _ = judged(schema, {"x": [[1] * 250] * 40})
    assert found[-1].endswith(
        'Invalid value: "array": validation failed due to running out of cost budget, no further '
        "validation rules will be run"
    )
    assert len(found) == 1
    single, _ = judged(schema, {"x": [[1] * 2000, [-1]]})
    assert (
        len(single) == 1
        and "no further validation rules will be run due to call cost" in (single[0])
    )


def test_what_a_message_may_cost() -> None:
    long = "string(self.all(a, self.all(b, a + b >= 0)))"
    rule = {"rule": "false", "messageExpression": long, "message": "plain"}
    schema = a(x=ruled({"type": "array", "items": INTEGER}, rule, told("never asked")))
    assert judged(schema, {"x": [1] * 2000})[0] == [
        'x: Invalid value: "array": no further validation rules will be run due to call cost '
        f'exceeds limit for messageExpression: "{long}"'
    ]
    assert len(judged(schema, {"x": [1]})[0]) == 2


SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "2s", "YQ=="])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("klmnx"), inner),
    max_leaves=12,
)
KINDS = st.sampled_from(
    [
        INTEGER,
        {"type": "string"},
        {"type": "string", "format": "duration"},
        {"type": "string", "format": "byte", "nullable": True},
        {"x-kubernetes-int-or-string": True},
        {"type": "object", "additionalProperties": INTEGER},
        {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        {"type": "array", "items": INTEGER, "x-kubernetes-list-type": "set"},
        {
            "type": "array",
            "items": ruled(a(k={"type": "string"}), "self.k == oldSelf.k", "self.k.size() > 0"),
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
        },
    ]
)
RULES = st.sampled_from(
    [
        "self == self", "self != oldSelf", "dyn(self) == oldSelf", "dyn(self).x > 1",
        "has(self.k) && self.k != dyn(self).l", "type(self) == int", "self.size() < 2",
        "self.all(x, x == x)", "self.exists(k, self[k] > 1)", "self.isSorted()", "self + self != x",
        "self > duration('1s')", "string(self) == 'a'", "self in [self]", "[oldSelf].size() == 1",
        "self.?k.hasValue()", "quantity(self).isInteger()", "self.metadata.name == 'a'",
    ]
)  # fmt: skip


@given(KINDS, st.lists(RULES, min_size=1, max_size=3), VALUES, VALUES, st.booleans())
def test_any_object_is_judged_by_any_rules(
    kind: Json, rules: list[str], value: Any, old: Any, optional: bool
) -> None:
    more = {"optionalOldSelf": True} if optional else {}
    told = [{"rule": rule, "messageExpression": "string(dyn(self))", **more} for rule in rules]
    node = Structural(a(x=ruled(kind, *told)), None, make_rules, root=True)
    obj, before = {"x": value}, {"x": old}
    found: list[Cause] = []
    validate(node, obj, "", before, found)
    check_lists(node, obj, "", found)
    for cause in (*found, *judge(node, obj, before, found).found, *judge(node, obj, ABSENT).found):
        assert cause.field and cause.reason and cause.message
