"""Configurations laid over objects, JSON patches, and values as JSON."""

import pytest

from cluster.api.policies.changes import json_of, laid_over, patched
from cluster.api.policies.evaluation import Failed
from cluster.cel.values import BoolKey, Duration, Timestamp, TypeValue, UInt


def test_without_a_schema_maps_are_merged_and_lists_are_whole() -> None:
    obj = {"a": {"b": 1}, "c": [1]}
    merged = laid_over(obj, {"a": {"d": 2}}, None)
    assert merged == {"a": {"b": 1, "d": 2}, "c": [1]}
    merged["c"].append(2)
    assert obj == {"a": {"b": 1}, "c": [1]}
    with pytest.raises(Failed, match=r"may not mutate atomic arrays, maps or structs: \.c$"):
        laid_over(obj, {"c": [2]}, None)


def test_a_patch_stops_at_a_test_that_does_not_hold() -> None:
    obj = {"a": 1}
    add = {"op": "add", "path": "/b", "value": 2}
    assert patched(obj, [add]) == {"a": 1, "b": 2}
    for wrong in ({"op": "test", "path": "/a", "value": 2}, {"op": "test", "path": "/x/y"}):
        assert patched(obj, [add, {"value": None, **wrong}]) == {"a": 1}
    assert patched(obj, [{"op": "test", "path": "/x"}, add]) == {"a": 1, "b": 2}
    with pytest.raises(Failed, match=r"^JSONPath: "):
        patched(obj, [{"op": "remove", "path": "/x"}])
    with pytest.raises(Failed, match="at most"):
        patched(obj, [add] * 20_000)
    assert obj == {"a": 1}


def test_values_as_json() -> None:
    value = {
        "t": Timestamp(1_000_000_000), "d": Duration(1_500_000_000), "u": UInt(3), "l": (1, None),
        "b": b"x", BoolKey(True): 1.5, 7: "seven",
    }  # fmt: skip
    assert json_of(value) == {
        "t": "1970-01-01T00:00:01Z", "d": "1.5s", "u": 3, "l": [1, None], "b": "x", "true": 1.5,
        "7": "seven",
    }  # fmt: skip
    with pytest.raises(Failed, match="could not marshal to JSON"):
        json_of([TypeValue("int")])
