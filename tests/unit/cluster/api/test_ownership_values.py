"""Laws that tie comparing, merging, removing and the set of fields together."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cluster.api import ownership_values
from cluster.api.ownership_sets import difference, union
from cluster.api.ownership_values import compare, field_set, group_items, merge, remove
from cluster.api.patches import copy_json
from tests.unit.cluster.api.nodes import node

POD = node("core.v1.Pod")

few = st.sampled_from
containers = st.lists(
    st.fixed_dictionaries(
        {"name": few("abcd"), "image": few("xy")},
        optional={"args": st.lists(few("12"), min_size=1, max_size=2), "tty": st.booleans()},
    ),
    max_size=4,
    unique_by=lambda item: item["name"],
)
finalizers = st.lists(few(["f/1", "f/2", "f/3"]), unique=True)
pods: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda labels, ends, listed: {
        "metadata": {"labels": labels, "finalizers": ends},
        "spec": {"containers": listed},
    },
    st.dictionaries(few("kl"), few("12")),
    finalizers,
    containers,
)


@given(pods)
def test_nothing_changed_is_no_change(pod: dict[str, Any]) -> None:
    assert not compare(pod, copy_json(pod), POD)
    assert merge(pod, pod, POD) == pod


@given(pods, pods)
def test_changes_read_backwards_are_the_opposite(old: dict[str, Any], new: dict[str, Any]) -> None:
    there, back = compare(old, new, POD), compare(new, old, POD)
    assert there.modified == back.modified
    assert bool(there.added) == bool(back.removed)


@given(pods, pods)
def test_merging_removes_nothing_and_says_what_the_configuration_says(
    live: dict[str, Any], config: dict[str, Any]
) -> None:
    merged = merge(live, config, POD)
    assert not compare(live, merged, POD).removed
    assert not compare(merged, config, POD).modified
    assert not compare(merged, config, POD).added
    names = [item["name"] for item in merged["spec"]["containers"]]
    wanted = [item["name"] for item in config["spec"]["containers"]]
    assert [name for name in names if name in wanted] == wanted


@given(pods, pods)
def test_merged_fields_are_those_of_both(live: dict[str, Any], config: dict[str, Any]) -> None:
    merged = field_set(merge(live, config, POD), POD)
    both = union(field_set(live, POD), field_set(config, POD))
    assert not difference(merged, both)


@given(pods)
def test_removing_all_fields_leaves_none(pod: dict[str, Any]) -> None:
    left = remove(pod, field_set(pod, POD), POD)
    assert not left.get("spec", {}).get("containers")
    assert not left["metadata"].get("labels")


def test_stored_duplicates_stay_until_somebody_writes_them() -> None:
    env = [{"name": "A", "value": "1"}, {"name": "B"}, {"name": "A", "value": "2"}]
    items = POD.child("spec").child("containers").items  # type: ignore[union-attr]
    schema = items.child("env")  # type: ignore[union-attr]
    assert schema is not None
    assert len(group_items(env, schema)['k:{"name":"A"}']) == 2
    live = {"spec": {"containers": [{"name": "c", "env": env}]}}
    config = {"spec": {"containers": [{"name": "c", "env": [{"name": "B", "value": "3"}]}]}}
    merged = merge(live, config, POD)["spec"]["containers"][0]["env"]
    assert merged == [env[0], {"name": "B", "value": "3"}, env[2]]
    config["spec"]["containers"][0]["env"] = [{"name": "A", "value": "3"}]
    merged = merge(live, config, POD)["spec"]["containers"][0]["env"]
    assert merged == [{"name": "A", "value": "3"}, {"name": "B"}]


@given(pods)
def test_a_spec_seen_before_has_the_same_fields(pod: dict[str, Any]) -> None:
    ownership_values._SPECS.clear()
    fresh = compare({}, pod, POD)
    again = compare({}, copy_json(pod), POD)
    assert again == fresh
    # The memory is of one schema: without one lists are atomic.
    assert compare({}, pod, None).added["f:spec"].get("f:containers") == {}
    assert compare({}, copy_json(pod), POD) == fresh


def test_the_memory_of_specs_is_bounded_and_takes_no_giants() -> None:
    for number in range(2 * ownership_values._SPECS_MAX):
        compare({}, {"spec": {"nodeName": str(number)}}, POD)
    assert len(ownership_values._SPECS) == ownership_values._SPECS_MAX
    giant = {"spec": {"nodeName": "n" * ownership_values._SPEC_BYTES_MAX}}
    added = compare({}, giant, POD).added
    node = {".": {}, "f:nodeName": {}}
    assert added["f:spec"] == node and added == compare({}, giant, POD).added
    texts = [text for _, text, _ in ownership_values._SPECS]
    assert all(len(text) <= ownership_values._SPEC_BYTES_MAX for text in texts)
    # Larger than what can be told as JSON here.
    node = {".": {}, "f:priority": {}}
    assert compare({}, {"spec": {"priority": 1 << 80}}, POD).added["f:spec"] == node


def test_the_memory_of_specs_tells_apart_what_is_there_by_itself() -> None:
    ownership_values._SPECS.clear()
    spec = {"spec": {"nodeName": "n", "containers": [{"name": "w"}]}}
    item = {'k:{"name":"w"}': {".": {}, "f:name": {}}}
    bare = {"spec": {"containers": None}}
    for _ in range(2):
        added = compare({}, spec, POD).added["f:spec"]
        assert added == {".": {}, "f:nodeName": {}, "f:containers": {".": {}, **item}}
        added = compare({}, spec, POD, bare).added["f:spec"]
        assert added == {"f:nodeName": {}, "f:containers": item}
