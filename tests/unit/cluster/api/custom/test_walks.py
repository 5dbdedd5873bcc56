"""Pruning, nulls and defaults of custom resources."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.custom.structural import Structural
from cluster.api.custom.walks import apply_defaults, drop_nulls, prune, whole_numbers
from cluster.api.schema import OBJECT_META, Definitions
from cluster.api.schema_conform import WrongType

TEXT = {"type": "string"}
SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "default": {},
            "properties": {
                "a": {**TEXT, "default": "x"},
                "n": {**TEXT, "default": "x", "nullable": True},
                "plain": TEXT,
                "free": {
                    "type": "object",
                    "x-kubernetes-preserve-unknown-fields": True,
                    "properties": {"known": {"type": "object", "properties": {"k": TEXT}}},
                },
                "map": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "properties": {"v": {**TEXT, "default": "y"}},
                    },
                },
                "list": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"v": {**TEXT, "default": "y"}}},
                },
            },
        }
    },
}
NODE = Structural(SCHEMA, root=True)


def pruned(obj: dict[str, Any]) -> list[str]:
    unknown: list[str] = []
    prune(NODE, obj, "", unknown)
    return unknown


def test_what_no_schema_names_goes() -> None:
    obj = {
        "apiVersion": "v",
        "kind": "k",
        "metadata": {"name": "n"},
        "other": 1,
        "spec": {
            "b": 1,
            "free": {"any": {"thing": 1}, "known": {"k": "v", "gone": 1}},
            "map": {"m": {"v": "1", "w": "2"}},
            "list": [{"w": 1}],
        },
    }
    assert pruned(obj) == [
        "other", "spec.b", "spec.free.known.gone", "spec.map.m.w", "spec.list[0].w",
    ]  # fmt: skip
    assert obj["spec"] == {
        "free": {"any": {"thing": 1}, "known": {"k": "v"}},
        "map": {"m": {"v": "1"}},
        "list": [{}],
    }
    assert obj["metadata"] == {"name": "n"} and "other" not in obj


def test_defaults() -> None:
    obj: dict[str, Any] = {}
    assert apply_defaults(NODE, obj)
    assert obj == {"spec": {"a": "x", "n": "x"}}
    assert not apply_defaults(NODE, obj)
    obj = {"spec": {"a": None, "n": None, "map": {"m": {}}, "list": [{}, {"v": "z"}]}}
    apply_defaults(NODE, obj)
    assert obj["spec"] == {
        "a": "x", "n": None, "map": {"m": {"v": "y"}}, "list": [{"v": "y"}, {"v": "z"}],
    }  # fmt: skip


def test_a_default_is_nobody_elses() -> None:
    one: dict[str, Any] = {}
    apply_defaults(NODE, one)
    one["spec"]["more"] = 1
    other: dict[str, Any] = {}
    apply_defaults(NODE, other)
    assert "more" not in other["spec"]


def test_nulls() -> None:
    obj = {"spec": {"a": None, "n": None, "plain": None}}
    drop_nulls(NODE, obj)
    assert obj == {"spec": {"a": None, "n": None}}
    # As in a map with free keys, but not where anything may be.
    free = {"type": "object", "additionalProperties": TEXT}
    node = Structural({"type": "object", "properties": {"free": free}}, None)
    kept = {"free": {"a": None, "b": "c"}, "other": None}
    drop_nulls(node, kept)
    assert kept == {"free": {"b": "c"}, "other": None}


def test_numbers_without_a_fraction() -> None:
    value = {"a": 2.0, "b": [1.5, -3.0, {"c": 1e6}], "d": 1e300, "e": True, "f": "2.0", "g": -0.0}
    whole_numbers(value)
    told = '{"a": 2, "b": [1.5, -3, {"c": 1000000}], "d": 1e+300, "e": true, "f": "2.0", "g": 0}'
    assert json.dumps(value) == told


def test_metadata_is_held_to_its_schema(definitions: Definitions) -> None:
    node = Structural(SCHEMA, definitions.schema_for(OBJECT_META), root=True)
    unknown: list[str] = []
    obj = {"metadata": {"name": "n", "labels": {"a": "b"}, "nonsense": 1}}
    prune(node, obj, "", unknown)
    assert unknown == ["metadata.nonsense"] and "nonsense" not in obj["metadata"]
    for wrong in ({"metadata": []}, {"metadata": {"labels": "x"}}):
        with pytest.raises(WrongType):
            prune(node, wrong, "", unknown)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("avmwk"), inner, max_size=3)
    ),
    max_leaves=8,
)
SPECS = st.dictionaries(
    st.sampled_from(["a", "n", "plain", "free", "map", "list", "zzz"]), JSON, max_size=5
)


@given(SPECS)
def test_walks_settle_after_once(spec: dict[str, Any]) -> None:
    obj: dict[str, Any] = {"spec": spec}
    pruned(obj)
    drop_nulls(NODE, obj)
    apply_defaults(NODE, obj)
    before = copy.deepcopy(obj)
    assert pruned(obj) == []
    drop_nulls(NODE, obj)
    apply_defaults(NODE, obj)
    assert obj == before
