"""Strategic merge patch against the published schemas."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.patches import copy_json, merge_patch
from cluster.api.strategic import strategic_merge_patch
from cluster.errors import StatusError
from tests.unit.cluster.api.nodes import node

POD = node("core.v1.Pod")
SERVICE = node("core.v1.Service")
DEPLOYMENT = node("apps.v1.Deployment")


def pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"kind": "Pod", "spec": {"containers": list(containers), **spec}}


def container(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, **fields}


def names(result: dict[str, Any]) -> list[str]:
    return [item["name"] for item in result["spec"]["containers"]]


def test_containers_merge_by_name_and_keep_their_order() -> None:
    old = pod(container("a", image="a:1"), container("b", image="b:1", tty=True))
    result = strategic_merge_patch(old, pod(container("b", image="b:2"), container("c")), POD)
    assert result == pod(
        container("a", image="a:1"), container("b", image="b:2", tty=True), container("c")
    )


def test_a_delete_directive_removes_the_item_with_that_key() -> None:
    old = pod(container("a"), container("b"))
    assert names(strategic_merge_patch(old, pod({"name": "a", "$patch": "delete"}), POD)) == ["b"]


def test_a_replace_directive_replaces_the_list_or_the_map() -> None:
    old = pod(container("a"), container("b"), securityContext={"runAsUser": 1, "fsGroup": 2})
    assert names(strategic_merge_patch(old, pod(container("x"), {"$patch": "replace"}), POD)) == [
        "x"
    ]
    patch = {"spec": {"securityContext": {"$patch": "replace", "runAsUser": 3}}}
    result = strategic_merge_patch(old, patch, POD)
    assert result["spec"]["securityContext"] == {"runAsUser": 3}
    patch = {"spec": {"securityContext": {"$patch": "delete"}}}
    assert strategic_merge_patch(old, patch, POD)["spec"]["securityContext"] == {}


def test_null_deletes_and_atomic_lists_are_replaced() -> None:
    old = pod(container("a", args=["1", "2"], image="i"))
    patch = pod(container("a", args=["3"], image=None))
    assert strategic_merge_patch(old, patch, POD) == pod(container("a", args=["3"]))


def test_set_element_order_reorders_and_keeps_items_only_the_server_knows() -> None:
    old = pod(container("injected"), container("a"), container("b"))
    patch = {
        "spec": {
            "$setElementOrder/containers": [{"name": "c"}, {"name": "b"}, {"name": "a"}],
            "containers": [container("c", image="c")],
        }
    }
    result = strategic_merge_patch(old, patch, POD)
    assert [n for n in names(result) if n != "injected"] == ["c", "b", "a"]
    assert "injected" in names(result)
    patch["spec"]["containers"] = []
    assert sorted(names(strategic_merge_patch(old, patch, POD))) == ["a", "b", "injected"]


def test_finalizers_are_a_set_with_their_own_delete_directive() -> None:
    old = {"metadata": {"finalizers": ["a", "b", "c"]}}
    patch = {
        "metadata": {
            "$deleteFromPrimitiveList/finalizers": ["b"],
            "$setElementOrder/finalizers": ["d", "a"],
            "finalizers": ["d"],
        }
    }
    result = strategic_merge_patch(old, patch, POD)["metadata"]["finalizers"]
    assert sorted(result) == ["a", "c", "d"]
    assert result.index("d") < result.index("a")
    assert strategic_merge_patch({}, patch, POD) == {"metadata": {"finalizers": ["d"]}}


def test_retain_keys_switches_the_member_of_a_union() -> None:
    old = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    result = strategic_merge_patch(old, patch, DEPLOYMENT)
    assert result == {"spec": {"strategy": {"type": "Recreate"}}}


def test_volumes_retain_keys_inside_a_merged_item() -> None:
    old = {"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}}
    patch = {
        "spec": {
            "volumes": [
                {"$retainKeys": ["name", "hostPath"], "name": "v", "hostPath": {"path": "/"}}
            ]
        }
    }
    result = strategic_merge_patch(old, patch, POD)
    assert result["spec"]["volumes"] == [{"name": "v", "hostPath": {"path": "/"}}]


def test_what_is_new_loses_its_directives_and_nulls() -> None:
    patch = {
        "spec": {
            "$setElementOrder/volumes": [{"name": "v"}],
            "volumes": [{"name": "v", "$retainKeys": ["name"], "emptyDir": None}],
            "affinity": {"nodeAffinity": None, "$patch": "replace"},
        }
    }
    result = strategic_merge_patch({}, patch, POD)
    assert result == {"spec": {"volumes": [{"name": "v"}], "affinity": {}}}


def test_service_ports_merge_by_port() -> None:
    old = {"spec": {"ports": [{"port": 80, "nodePort": 30080}, {"port": 443}]}}
    patch = {"spec": {"ports": [{"port": 80, "targetPort": "web"}]}}
    result = strategic_merge_patch(old, patch, SERVICE)
    assert result["spec"]["ports"] == [
        {"port": 80, "nodePort": 30080, "targetPort": "web"},
        {"port": 443},
    ]


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (
            {"containers": [{"image": "x"}]},
            "map: map[image:x] does not contain declared merge key: name",
        ),
        ({"$patch": "x"}, "unknown patch type: x in map: map[$patch:x]"),
        (
            {"containers": [{"name": "a", "$patch": "x", "image": "i"}]},
            "unknown patch type: x in map: map[$patch:x]",
        ),
        (
            {"$setElementOrder/containers": "a"},
            "expected a []interface {}, but received a string",
        ),
        (
            {"$setElementOrder/containers": [{"name": "b"}], "containers": [{"name": "a"}]},
            "The order in patch list:\n[map[name:a]]\n doesn't match $setElementOrder list:\n"
            "[map[name:b]]\n",
        ),
        ({"containers": ["x"]}, "list element types are not identical"),
    ],
)
def test_the_words_of_refusals(spec: Any, told: str) -> None:
    with pytest.raises(StatusError) as caught:
        strategic_merge_patch(pod(container("a"), container("b")), {"spec": spec}, POD)
    assert caught.value.status["message"] == told


@pytest.mark.parametrize(
    "patch",
    [
        [],
        {"spec": {"containers": [{"image": "no-name"}]}},
        {"spec": {"containers": [{"name": "a", "$patch": "explode"}]}},
        {"spec": {"containers": [{"name": "a", "$patch": "merge"}]}},
        {"spec": {"$patch": 7}},
        {"spec": {"$retainKeys": "containers"}},
        {"spec": {"$retainKeys": ["x"], "nodeName": "n"}},
        {"spec": {"$setElementOrder/containers": "a"}},
        {"spec": {"$setElementOrder/containers": [{"name": "b"}], "containers": [{"name": "a"}]}},
        {"metadata": {"$deleteFromPrimitiveList/finalizers": "a"}},
        {"metadata": {"finalizers": [["a"]]}},
    ],
)
def test_malformed_patches_are_bad_requests(patch: object) -> None:
    old = pod(container("a"), container("b"))
    old["metadata"] = {"finalizers": ["x"]}
    with pytest.raises(StatusError) as caught:
        strategic_merge_patch(old, patch, POD)
    assert caught.value.code == 400


containers = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from("abcdef")},
        optional={
            "image": st.sampled_from(["x", "y"]),
            "args": st.lists(st.sampled_from("12"), max_size=2),
            "env": st.lists(
                st.fixed_dictionaries(
                    {"name": st.sampled_from("AB")}, optional={"value": st.sampled_from("12")}
                ),
                max_size=2,
                unique_by=lambda item: item["name"],
            ),
        },
    ),
    max_size=5,
    unique_by=lambda item: item["name"],
)
pods = st.builds(
    lambda listed, labels: {"metadata": {"labels": labels}, **pod(*listed)},
    containers,
    st.dictionaries(st.sampled_from("kl"), st.sampled_from("12"), max_size=2),
)


@given(pods, pods)
def test_patching_twice_is_patching_once(old: dict[str, Any], patch: dict[str, Any]) -> None:
    inputs = copy_json(old), copy_json(patch)
    once = strategic_merge_patch(old, patch, POD)
    assert strategic_merge_patch(once, patch, POD) == once
    assert (old, patch) == inputs


@given(pods, pods)
def test_every_item_of_the_patch_arrives_in_its_order(
    old: dict[str, Any], patch: dict[str, Any]
) -> None:
    result = names(strategic_merge_patch(old, patch, POD))
    wanted = names(patch)
    assert [name for name in result if name in wanted] == wanted
    assert set(result) == set(wanted) | set(names(old))


@given(pods, pods)
def test_without_a_schema_it_is_a_merge_patch(old: dict[str, Any], patch: dict[str, Any]) -> None:
    assert strategic_merge_patch(old, patch, None) == merge_patch(old, patch)
