"""Lists without duplicates."""

from typing import Any

from cluster.api.custom.list_values import check_lists, item_key
from cluster.api.custom.structural import Structural
from cluster.api.status import Cause

Json = dict[str, Any]
TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
A_SET: Json = {"type": "array", "items": TEXT, "x-kubernetes-list-type": "set"}
A_MAP: Json = {
    "type": "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["port", "protocol"],
    "items": {
        "type": "object",
        "properties": {"port": WHOLE, "protocol": {**TEXT, "default": "TCP"}, "tags": A_SET},
    },
}


def said(schema: Json, value: Any) -> list[str]:
    found: list[Cause] = []
    check_lists(Structural(schema), value, "x", found)
    return [cause.text() for cause in found]


def test_sets() -> None:
    assert said(A_SET, ["a", "b"]) == []
    assert said(A_SET, ["a", "b", "a"]) == ['x[2]: Duplicate value: "a"']
    assert said(A_SET, [1, 1.0, True, "1", None]) == []
    objects = {**A_SET, "items": {"type": "object", "x-kubernetes-map-type": "atomic"}}
    assert said(objects, [{"a": 1, "b": 2}, {"b": 2, "a": 1}]) == [
        'x[1]: Duplicate value: {"b":2,"a":1}'
    ]


def test_each_value_is_told_of_once() -> None:
    assert said(A_SET, ["a", "a", "a", "b", "a"]) == ['x[1]: Duplicate value: "a"']


def test_maps() -> None:
    twice = [{"port": 1}, {"port": 1, "protocol": "UDP"}, {"port": 1, "protocol": "TCP"}]
    assert said(A_MAP, twice) == ['x[2]: Duplicate value: {"port":1,"protocol":"TCP"}']
    assert said(A_MAP, [{}, None]) == ['x[1]: Duplicate value: {"protocol":"TCP"}']
    assert said(A_MAP, [{}, {}, "text"]) == [
        'x[2]: Invalid value: "text": must be an object for an array of list-type map'
    ]


def test_everywhere_in_a_value() -> None:
    assert said(A_MAP, [{"port": 1, "tags": ["a", "a"]}]) == ['x[0].tags[1]: Duplicate value: "a"']
    free = {"type": "object", "additionalProperties": A_SET}
    assert said(free, {"k": ["a", "a"]}) == ['x[k][1]: Duplicate value: "a"']
    assert said({"type": "array", "items": A_SET}, [["a"], ["a", "a"], "text"]) == [
        'x[1][1]: Duplicate value: "a"'
    ]


def test_a_plain_list_may_hold_what_it_wants() -> None:
    node = Structural({"type": "object", "properties": {"x": {"type": "array", "items": TEXT}}})
    assert not node.keyed
    assert said({"type": "array", "items": TEXT}, ["a", "a"]) == []
    assert item_key(node, {"a": 1}) == b'{"a":1}'
