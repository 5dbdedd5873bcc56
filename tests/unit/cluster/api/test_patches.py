"""JSON patch and merge patch: the examples of the RFCs, the laws, the bounds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api import patches
from cluster.errors import StatusError
from cluster.limits import JSON_PATCH_OPERATIONS_MAX, NESTING_MAX

scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "b"])
keys = st.sampled_from(["a", "b", "c", "d"])
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)
objects = st.dictionaries(keys, documents, max_size=4)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return value


def diff(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The smallest merge patch between null-free objects."""
    patch: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        if key in old and isinstance(old[key], dict) and isinstance(value, dict):
            patch[key] = diff(old[key], value)
        elif key not in old or old[key] != value or type(old[key]) is not type(value):
            patch[key] = value
    return patch


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch_does_what_rfc_7386_appendix_a_says(
    target: dict[str, Any], patch: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert patches.merge_patch(target, patch) == expected


@given(objects, objects)
def test_merging_twice_is_merging_once(target: dict[str, Any], patch: dict[str, Any]) -> None:
    once = patches.merge_patch(target, patch)
    assert patches.merge_patch(once, patch) == once


@given(objects.map(without_nulls), objects.map(without_nulls))
def test_a_diff_leads_to_its_goal(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert patches.merge_patch(old, diff(old, new)) == new


@given(objects, objects)
def test_the_result_shares_nothing(target: dict[str, Any], patch: dict[str, Any]) -> None:
    before = patches.copy_json(target), patches.copy_json(patch)
    scribble(patches.merge_patch(target, patch))
    scribble(patches.json_patch(target, [{"op": "add", "path": "/x", "value": patch}]))
    assert (target, patch) == before


def scribble(value: Any) -> None:
    children = list(value.values()) if isinstance(value, dict) else value
    if isinstance(value, dict):
        value["scribbled"] = 1
    elif isinstance(value, list):
        value.append("scribbled")
    else:
        return
    for child in children:
        if child != "scribbled":
            scribble(child)


def test_each_json_patch_operation() -> None:
    base = {"metadata": {"labels": {"a/b": "1"}}, "list": [1, 2]}
    result = patches.json_patch(
        base,
        [
            {"op": "test", "path": "/metadata/labels/a~1b", "value": "1"},
            {"op": "add", "path": "/list/-", "value": 3},
            {"op": "add", "path": "/list/0", "value": 0},
            {"op": "replace", "path": "/list/1", "value": 9},
            {"op": "remove", "path": "/metadata/labels/a~1b"},
            {"op": "copy", "from": "/list", "path": "/copied"},
            {"op": "move", "from": "/list", "path": "/moved"},
        ],
    )
    assert result == {"metadata": {"labels": {}}, "copied": [0, 9, 2, 3], "moved": [0, 9, 2, 3]}
    assert base["list"] == [1, 2]


@pytest.mark.parametrize(
    ("operations", "code"),
    [
        ({"op": "add"}, 400),
        (["add"], 400),
        ([{"op": "append", "path": "/a", "value": "x"}], 422),
        ([{"path": "/a", "value": "x"}], 422),
        ([{"op": 1, "path": "/a"}], 400),
        ([{"op": "add", "value": 1}], 422),
        ([{"op": "move", "path": "/a"}], 422),
        ([{"op": "copy", "from": "", "path": "/b"}], 422),
        ([{"op": "test", "path": "/zz/y", "value": None}], 422),
        ([{"op": "test", "path": "/a"}], 422),
        ([{"op": "remove", "path": "/l/-1"}], 422),
        ([{"op": "remove", "path": "/l/-99999999999"}], 422),
        ([{"op": "add", "path": 7, "value": 1}], 400),
        # Before the first operation is tried.
        ([{"op": "remove", "path": "/zz"}, {"op": "add", "path": 7}], 400),
        ([{"op": "replace", "path": "", "value": [1]}], 400),
        ([{"op": "test", "path": "/a", "value": 2}], 422),
        ([{"op": "test", "path": "/a", "value": True}], 422),
        ([{"op": "remove", "path": "/zz"}], 422),
        ([{"op": "replace", "path": "/zz/y", "value": 1}], 422),
        ([{"op": "add", "path": "no-slash", "value": 1}], 422),
        ([{"op": "copy", "from": "/zz/y", "path": "/b"}], 422),
        ([{"op": "move", "from": "/zz", "path": "/b"}], 422),
        ([{"op": "remove", "path": "/a/b"}], 422),
        ([{"op": "add", "path": "/l/x", "value": 1}], 422),
    ],
)
def test_bad_patches_name_their_fault(operations: object, code: int) -> None:
    with pytest.raises(StatusError) as caught:
        patches.json_patch({"a": 1, "l": []}, operations)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("operations", "left"),
    [
        (None, {"a": 1, "l": [1, 2]}),
        ([{"op": "add", "path": "/b"}], {"a": 1, "b": None, "l": [1, 2]}),
        ([{"op": "replace", "path": "/a"}], {"a": None, "l": [1, 2]}),
        ([{"op": "replace", "path": "/b", "value": 2}], {"a": 1, "b": 2, "l": [1, 2]}),
        ([{"op": "copy", "from": "/zz", "path": "/b"}], {"a": 1, "b": None, "l": [1, 2]}),
        ([{"op": "test", "path": "/zz"}], {"a": 1, "l": [1, 2]}),
        ([{"op": "remove", "path": "/l/-1"}], {"a": 1, "l": [1]}),
        ([{"op": "add", "path": "/l/-1", "value": 3}], {"a": 1, "l": [1, 2, 3]}),
        ([{"op": "replace", "path": "/l/-2", "value": 3}], {"a": 1, "l": [3, 2]}),
        ([{"op": "copy", "from": "/l/-1", "path": "/a"}], {"a": 2, "l": [1, 2]}),
        ([{"op": "move", "from": "/l/-1", "path": "/l/0"}], {"a": 1, "l": [2, 1]}),
        ([{"op": "replace", "path": "", "value": {"b": 1}}], {"b": 1}),
    ],
)
def test_kubernetes_is_kinder_than_the_rfc(operations: object, left: dict[str, Any]) -> None:
    assert patches.json_patch({"a": 1, "l": [1, 2]}, operations) == left


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ({"op": "test", "path": "/a", "value": "x"}, "/a: the value there is another"),
        ({"op": "remove", "path": "/b/c"}, "/b/c: there is no such place"),
        ({"op": "copy", "from": "/b/d", "path": "/c"}, "/c: there is no such place to take from"),
    ],
)
def test_refusals_name_the_operation_and_keep_values_to_themselves(
    operation: dict[str, Any], words: str
) -> None:
    with pytest.raises(StatusError) as caught:
        patches.json_patch({"a": "secret"}, [operation])
    told = caught.value.status
    assert told["message"].endswith(f"{operation['op']} operation does not apply: {words}")
    assert "secret" not in told["message"] and told["details"] == {}


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        ({"op": "add"}, "object into Go value of type []handlers.jsonPatchOp"),
        ([1], "number into Go value of type handlers.jsonPatchOp"),
        ([{"op": 1, "path": "/a"}], "number into Go struct field jsonPatchOp.op of type string"),
        ([{"op": "add", "path": []}], "array into Go struct field jsonPatchOp.path of type string"),
    ],
)
def test_what_cannot_be_read_is_told_in_the_decoders_words(patch: object, words: str) -> None:
    with pytest.raises(StatusError) as caught:
        patches.json_patch({}, patch)
    told = caught.value.status
    assert told["message"] == f"error decoding patch: json: cannot unmarshal {words}"
    assert told["code"] == 400


@pytest.mark.parametrize("operation", [None, {"op": None, "path": "/a"}])
def test_an_operation_that_says_nothing_does_not_apply(operation: object) -> None:
    with pytest.raises(StatusError) as caught:
        patches.json_patch({}, [operation])
    assert caught.value.code == 422


def test_too_many_operations() -> None:
    operation = {"op": "test", "path": "/a", "value": 1}
    with pytest.raises(StatusError) as caught:
        patches.json_patch({"a": 1}, [operation] * (JSON_PATCH_OPERATIONS_MAX + 1))
    assert caught.value.code == 413
    assert "got 10001" in str(caught.value)


def test_copies_cannot_blow_up() -> None:
    doubling = [{"op": "copy", "from": "/a", "path": f"/a/{n}"} for n in range(60)]
    with pytest.raises(StatusError) as caught:
        patches.json_patch({"a": {"x": "y" * 1000}}, doubling)
    assert caught.value.code == 413


def test_moves_cannot_nest_without_end() -> None:
    chain = [{"op": "move", "from": f"/{n}", "path": f"/{n + 1}/x"} for n in range(NESTING_MAX + 5)]
    base: dict[str, Any] = {str(n): {} for n in range(NESTING_MAX + 10)}
    with pytest.raises(StatusError) as caught:
        patches.json_patch(base, chain)
    assert caught.value.code == 400


@pytest.mark.parametrize("patch", [[], "x", None, 1])
def test_a_merge_patch_is_an_object(patch: object) -> None:
    with pytest.raises(StatusError) as caught:
        patches.merge_patch({}, patch)
    assert caught.value.code == 400


@pytest.mark.parametrize("name", ["copy", "move"])
def test_there_is_nothing_to_take_after_the_end_of_a_list(name: str) -> None:
    with pytest.raises(StatusError) as caught:
        patches.json_patch({"a": [1]}, [{"op": name, "from": "/a/-", "path": "/b"}])
    assert caught.value.code == 422
