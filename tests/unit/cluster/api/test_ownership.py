"""Server-side apply and the record of updates, as KEP-555 and its documentation tell it."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.ownership import (
    LAST_APPLIED,
    Scope,
    server_side_apply,
    update_managed_fields,
)
from cluster.api.ownership_managers import UPDATE_ENTRIES_MAX
from cluster.api.patches import copy_json, merge_patch
from cluster.api.schema import Node
from cluster.api.timestamps import rfc3339
from cluster.errors import StatusError
from tests.unit.cluster.api.nodes import node

DEPLOYMENT = node("apps.v1.Deployment")
POD = node("core.v1.Pod")
SERVICE = node("core.v1.Service")
CONFIG_MAP = node("core.v1.ConfigMap")
NOW = 1_700_000_000.0
STATUS = Scope("status")


def config_map(**data: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c", "namespace": "default"},
        "data": data,
    }


def pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": list(containers), **spec},
    }


def apply(
    live: dict[str, Any] | None,
    config: dict[str, Any],
    manager: str = "a",
    schema: Node | None = CONFIG_MAP,
    force: bool = False,
    now: float = NOW,
) -> dict[str, Any]:
    return server_side_apply(live, config, manager, force, schema, now)


def entry(obj: dict[str, Any], manager: str) -> dict[str, Any]:
    (found,) = [e for e in obj["metadata"]["managedFields"] if e["manager"] == manager]
    return found


def test_an_applier_owns_what_it_applies() -> None:
    live = apply(None, config_map(x="1"))
    assert live["metadata"]["managedFields"] == [
        {
            "manager": "a",
            "operation": "Apply",
            "apiVersion": "v1",
            "time": "2023-11-14T22:13:20Z",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {"f:x": {}}},
        }
    ]


def test_applying_twice_changes_nothing_not_even_the_time() -> None:
    live = apply(None, config_map(x="1"))
    assert apply(live, config_map(x="1"), now=NOW + 60) == live
    assert entry(apply(live, config_map(x="2"), now=NOW + 60), "a")["time"].endswith("14:20Z")


def test_what_is_no_longer_applied_goes_away_unless_somebody_owns_it() -> None:
    live = apply(None, config_map(x="1", y="1"))
    live = apply(live, config_map(y="1"), "b")
    assert apply(live, {**config_map(), "data": None})["data"] == {"y": "1"}
    live = apply(live, {key: value for key, value in config_map().items() if key != "data"})
    assert live["data"] == {"y": "1"}
    assert [e["manager"] for e in live["metadata"]["managedFields"]] == ["b"]


def test_a_conflict_names_manager_and_field() -> None:
    live = apply(None, config_map(x="1", y="1"))
    with pytest.raises(StatusError) as caught:
        apply(live, config_map(x="2"), "b")
    status = caught.value.status
    assert status["code"] == 409
    assert status["reason"] == "Conflict"
    assert status["message"] == 'Apply failed with 1 conflict: conflict with "a": .data.x'
    assert status["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "a"', "field": ".data.x"}
    ]
    with pytest.raises(StatusError) as caught:
        apply(live, config_map(x="2", y="2"), "b")
    assert caught.value.status["message"] == (
        'Apply failed with 2 conflicts: conflicts with "a":\n- .data.x\n- .data.y'
    )


def test_force_takes_the_field_over() -> None:
    live = apply(None, config_map(x="1", y="1"))
    live = apply(live, config_map(x="2"), "b", force=True)
    assert live["data"] == {"x": "2", "y": "1"}
    assert entry(live, "a")["fieldsV1"] == {"f:data": {"f:y": {}}}
    assert entry(live, "b")["fieldsV1"] == {"f:data": {"f:x": {}}}


def test_an_update_takes_over_without_asking() -> None:
    live = apply(None, config_map(x="1", y="1"))
    new = merge_patch(live, {"data": {"x": "2", "y": None}})
    update_managed_fields(live, new, "editor", CONFIG_MAP, NOW + 1)
    assert [e["manager"] for e in new["metadata"]["managedFields"]] == ["editor"]
    with pytest.raises(StatusError) as caught:
        apply(new, config_map(x="1"))
    assert 'conflict with "editor" using v1: .data.x' in str(caught.value)
    assert apply(new, config_map(x="2"))["data"] == {"x": "2"}


def test_an_update_that_changes_nothing_owns_nothing() -> None:
    live = apply(None, config_map(x="1"))
    new = copy_json(live)
    update_managed_fields(live, new, "editor", CONFIG_MAP, NOW + 1)
    assert new == live


def test_a_created_object_belongs_to_its_creator() -> None:
    new = config_map(x="1")
    new["metadata"]["labels"] = {"l": "1"}
    update_managed_fields(None, new, "kubectl-create", CONFIG_MAP, NOW)
    (only,) = new["metadata"]["managedFields"]
    assert only["operation"] == "Update"
    assert only["fieldsV1"] == {
        "f:data": {".": {}, "f:x": {}},
        "f:metadata": {"f:labels": {".": {}, "f:l": {}}},
    }


def test_what_an_object_holds_by_itself_is_nobodys() -> None:
    new = pod(
        {"name": "w", "resources": {"limits": {"cpu": "1"}}}, securityContext={"runAsUser": 1}
    )
    bare = {"metadata": {}, "spec": {"containers": None}, "status": {}}
    update_managed_fields(None, new, "m", POD, NOW, bare=bare)
    container = {
        ".": {},
        "f:name": {},
        "f:resources": {".": {}, "f:limits": {".": {}, "f:cpu": {}}},
    }
    assert entry(new, "m")["fieldsV1"]["f:spec"] == {
        "f:containers": {'k:{"name":"w"}': container},
        "f:securityContext": {".": {}, "f:runAsUser": {}},
    }
    # Nothing of a custom resource is there by itself.
    update_managed_fields(None, new := pod({"name": "w"}), "m", POD, NOW)
    assert entry(new, "m")["fieldsV1"]["f:spec"] == {
        ".": {},
        "f:containers": {".": {}, 'k:{"name":"w"}': {".": {}, "f:name": {}}},
    }


def test_a_struct_that_is_added_later_belongs_to_who_added_it() -> None:
    update_managed_fields(None, live := pod({"name": "w"}), "m", POD, NOW)
    new = merge_patch(live, {"spec": {"securityContext": {"runAsUser": 1}}})
    update_managed_fields(live, new, "n", POD, NOW)
    assert entry(new, "n")["fieldsV1"] == {
        "f:spec": {"f:securityContext": {".": {}, "f:runAsUser": {}}}
    }


def test_list_items_have_owners_by_their_keys() -> None:
    live = apply(None, pod({"name": "web", "image": "i:1"}), "a", POD)
    sidecar = pod({"name": "sidecar", "image": "s:1"})
    live = apply(live, sidecar, "b", POD)
    assert [c["name"] for c in live["spec"]["containers"]] == ["web", "sidecar"]
    assert entry(live, "b")["fieldsV1"] == {
        "f:spec": {"f:containers": {'k:{"name":"sidecar"}': {".": {}, "f:image": {}, "f:name": {}}}}
    }
    live = apply(live, pod({"name": "web", "image": "i:2"}, {"name": "new"}), "a", POD)
    assert [c["name"] for c in live["spec"]["containers"]] == ["web", "sidecar", "new"]
    live = apply(live, pod(), "a", POD)
    assert [c["name"] for c in live["spec"]["containers"]] == ["sidecar"]


def test_an_item_goes_with_what_the_server_defaulted_in_it() -> None:
    live = apply(None, pod({"name": "web"}, {"name": "x", "image": "i"}), "a", POD)
    live["spec"]["containers"][1]["imagePullPolicy"] = "Always"
    live = apply(live, pod({"name": "web"}), "a", POD)
    assert live["spec"]["containers"] == [{"name": "web"}]


def test_a_struct_goes_with_its_last_owned_field() -> None:
    container = {"name": "w"}
    live = apply(None, pod(container, securityContext={"runAsUser": 1}), "a", POD)
    assert "securityContext" not in apply(live, pod(container), "a", POD)["spec"]
    live["spec"]["volumes"] = [{"name": "v", "emptyDir": {"sizeLimit": "1Mi"}}]
    live = apply(None, pod(volumes=live["spec"]["volumes"]), "a", POD)
    live = apply(live, pod(volumes=[{"name": "v", "emptyDir": {}}]), "a", POD)
    assert live["spec"]["volumes"] == [{"name": "v", "emptyDir": {}}]


def test_atomic_maps_and_lists_have_one_owner() -> None:
    live = apply(None, pod({"name": "w", "args": ["1"]}, nodeSelector={"d": "s"}), "a", POD)
    fields = entry(live, "a")["fieldsV1"]["f:spec"]
    assert fields["f:nodeSelector"] == {}
    assert fields["f:containers"]['k:{"name":"w"}']["f:args"] == {}
    with pytest.raises(StatusError) as caught:
        apply(live, pod({"name": "w", "args": ["2"]}, nodeSelector={"e": "s"}), "b", POD)
    fields = {cause["field"] for cause in caught.value.status["details"]["causes"]}
    assert fields == {'.spec.containers[name="w"].args', ".spec.nodeSelector"}


def test_ports_are_keyed_with_their_default_protocol() -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s"},
        "spec": {"ports": [{"port": 53}, {"port": 53, "protocol": "UDP"}]},
    }
    live = apply(None, service, "a", SERVICE)
    ports = entry(live, "a")["fieldsV1"]["f:spec"]["f:ports"]
    assert sorted(ports) == [
        'k:{"port":53,"protocol":"TCP"}',
        'k:{"port":53,"protocol":"UDP"}',
    ]
    live["spec"]["ports"][0]["protocol"] = "TCP"
    assert apply(live, service, "a", SERVICE) == live


def test_a_default_alone_is_key_enough() -> None:
    config = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s"},
        "spec": {"ports": [{"name": "web"}]},
    }
    result = apply(None, config, schema=SERVICE)
    assert set(entry(result, "a")["fieldsV1"]["f:spec"]["f:ports"]) == {'k:{"protocol":"TCP"}'}


def test_finalizers_are_a_set() -> None:
    def with_finalizers(*names: str) -> dict[str, Any]:
        return {**config_map(), "metadata": {"name": "c", "finalizers": list(names)}}

    live = apply(apply(None, with_finalizers("x/a")), with_finalizers("x/b"), "b")
    assert live["metadata"]["finalizers"] == ["x/a", "x/b"]
    assert apply(live, with_finalizers())["metadata"]["finalizers"] == ["x/b"]


def test_status_belongs_to_its_subresource() -> None:
    applied = {**pod({"name": "w"}), "status": {"phase": "Nonsense"}}
    live = apply(None, applied, "a", POD)
    assert "status" not in live
    new = merge_patch(live, {"status": {"phase": "Running"}, "spec": {"nodeName": "n"}})
    update_managed_fields(live, new, "kubelet", POD, NOW, STATUS, {"status": {}})
    found = entry(new, "kubelet")
    assert found["subresource"] == "status"
    assert found["fieldsV1"] == {"f:status": {"f:phase": {}}}
    applied = {**pod(), "status": {"phase": "Failed"}}
    with pytest.raises(StatusError) as caught:
        server_side_apply(new, applied, "b", False, POD, NOW, STATUS)
    assert '"kubelet" with subresource "status" using v1: .status.phase' in str(caught.value)
    assert apply(new, pod({"name": "w"}), "a", POD)["status"] == {"phase": "Running"}


def test_an_object_nobody_managed_belongs_to_before_first_apply() -> None:
    live = config_map(x="1", y="1")
    with pytest.raises(StatusError) as caught:
        apply(live, config_map(x="2"))
    assert '"before-first-apply" using v1' in str(caught.value)
    applied = apply(live, config_map(x="2"), force=True)
    before = entry(applied, "before-first-apply")
    assert before["fieldsV1"]["f:data"] == {".": {}, "f:y": {}}
    assert before["time"] == rfc3339(NOW)


def test_kubectl_may_take_over_what_its_client_side_apply_set() -> None:
    live = config_map(x="1", y="1")
    last = orjson.dumps(config_map(x="1")).decode()
    live["metadata"]["annotations"] = {LAST_APPLIED: last}
    update_managed_fields(None, live, "kubectl-client-side-apply", CONFIG_MAP, NOW)
    assert apply(live, config_map(x="2"), "kubectl")["data"]["x"] == "2"
    for config, manager in ((config_map(x="2"), "other"), (config_map(y="2"), "kubectl")):
        with pytest.raises(StatusError):
            apply(live, config, manager)


def test_server_side_apply_by_kubectl_keeps_its_older_annotation_true() -> None:
    live = config_map(x="1")
    live["metadata"]["annotations"] = {LAST_APPLIED: orjson.dumps(config_map(x="1")).decode()}
    update_managed_fields(None, live, "kubectl-client-side-apply", CONFIG_MAP, NOW)
    applied = apply(live, config_map(y="2"), "kubectl", force=True)
    last = orjson.loads(applied["metadata"]["annotations"][LAST_APPLIED])
    assert last["data"] == {"y": "2"} and last["metadata"]["annotations"] == {}
    other = apply(live, config_map(y="2"), "helm")
    assert orjson.loads(other["metadata"]["annotations"][LAST_APPLIED])["data"] == {"x": "1"}
    huge = apply(live, config_map(y="2" * 300_000), "kubectl", force=True)
    assert LAST_APPLIED not in huge["metadata"].get("annotations", {})
    assert LAST_APPLIED not in apply(None, config_map(x="1"), "kubectl").get("annotations", {})


def test_a_client_may_reset_or_move_managed_fields_but_not_lose_them() -> None:
    live = apply(None, config_map(x="1"))
    for given_fields, expected in (([{}], []), ([], []), ("junk", ["a", "m"]), (None, ["a", "m"])):
        new = copy_json(live)
        new["metadata"]["managedFields"] = given_fields
        new["data"]["y"] = "2"
        update_managed_fields(live, new, "m", CONFIG_MAP, NOW)
        entries = new["metadata"].get("managedFields", [])
        assert [e["manager"] for e in entries] == expected
        assert entries or "managedFields" not in new["metadata"]
    new = copy_json(live)
    new["metadata"]["managedFields"][0]["manager"] = "moved"
    update_managed_fields(live, new, "m", CONFIG_MAP, NOW)
    assert [e["manager"] for e in new["metadata"]["managedFields"]] == ["moved"]


def test_updates_of_an_object_without_managed_fields_are_not_recorded_until_it_is_applied() -> None:
    live = config_map(x="1")
    new = merge_patch(live, {"data": {"y": "2"}})
    update_managed_fields(live, new, "m", CONFIG_MAP, NOW)
    assert "managedFields" not in new["metadata"]
    applied = apply(new, config_map(z="3"))
    assert {e["manager"] for e in applied["metadata"]["managedFields"]} == {
        "a",
        "before-first-apply",
    }


def test_giving_up_all_metadata_leaves_name_and_uid() -> None:
    config = config_map(x="1")
    config["metadata"]["labels"] = {"a": "1"}
    live = apply(None, config)
    live["metadata"]["uid"] = "u"
    left = apply(live, config_map(x="1"))
    assert left["metadata"]["name"] == "c"
    assert left["metadata"]["uid"] == "u"
    assert "labels" not in left["metadata"]


def test_update_entries_are_bounded() -> None:
    live: dict[str, Any] = config_map()
    update_managed_fields(None, live, "maker", CONFIG_MAP, NOW - 1)
    for number in range(UPDATE_ENTRIES_MAX + 5):
        new = merge_patch(live, {"data": {f"k{number}": "1"}})
        update_managed_fields(live, new, f"m{number}", CONFIG_MAP, NOW + number)
        live = new
    managers = [e["manager"] for e in live["metadata"]["managedFields"]]
    assert len(managers) == UPDATE_ENTRIES_MAX
    ancient = entry(live, "ancient-changes")["fieldsV1"]["f:data"]
    assert {"f:k0", "f:k5"} <= set(ancient)


@pytest.mark.parametrize(
    "config",
    [
        {"apiVersion": "v1", "kind": "Pod"},
        {**pod(), "metadata": {"name": "p", "managedFields": [{}]}},
        {**pod(), "metadata": {"name": "p", "managedFields": []}},
        pod({"name": "a"}, {"name": "a"}),
        pod({"image": "no-name"}),
    ],
)
def test_a_bad_configuration_is_a_bad_request(config: dict[str, Any]) -> None:
    with pytest.raises(StatusError) as caught:
        apply(None, config, "a", POD)
    assert caught.value.code == 400


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (
            pod({"name": "a", "env": [{"name": "A"}, {"name": "A"}]}),
            '.spec.containers[name="a"].env: duplicate entries for key [name="A"]',
        ),
        (
            {**pod(), "metadata": {"name": "p", "finalizers": ["a.b/c", "a.b/c"]}},
            '.metadata.finalizers: duplicate entries for key [="a.b/c"]',
        ),
        (
            pod({"name": "a"}, {"image": "i"}),
            ".spec.containers: element 1: associative list with keys has an element that omits all "
            'key fields ["name"] (and doesn\'t have default values for any key fields)',
        ),
    ],
)
def test_wrong_lists_are_told_in_kubernetes_words(config: dict[str, Any], words: str) -> None:
    with pytest.raises(StatusError) as caught:
        apply(None, config, "a", POD)
    assert caught.value.status["message"] == words


def test_null_takes_a_field_out_and_server_metadata_is_left_alone() -> None:
    live = apply(None, pod({"name": "w"}, nodeName="n"), "a", POD)
    live["metadata"]["creationTimestamp"] = "2023-01-01T00:00:00Z"
    config = pod({"name": "w", "image": None}, nodeName=None)
    config["metadata"]["creationTimestamp"] = None
    result = apply(live, config, "a", POD)
    assert result["spec"]["nodeName"] is None
    assert result["metadata"]["creationTimestamp"] == "2023-01-01T00:00:00Z"


def test_null_and_what_is_empty_have_owners_too() -> None:
    config = pod(nodeName=None, nodeSelector={}, tolerations=[], volumes=[], affinity=None)
    config["metadata"] |= {"labels": {}, "annotations": None, "finalizers": []}
    fields = entry(apply(None, config, "a", POD), "a")["fieldsV1"]
    assert fields["f:metadata"] == {"f:annotations": {}, "f:labels": {}}
    names = ("affinity", "nodeName", "nodeSelector", "tolerations")
    assert fields["f:spec"] == {f"f:{name}": {} for name in names}


def test_nothing_over_somebody_elses_value_is_a_conflict() -> None:
    live = pod({"name": "w", "args": ["a"]}, nodeName="n", tolerations=[{"key": "k"}])
    update_managed_fields(None, live, "bob", POD, NOW)
    config = pod({"name": "w", "args": None}, nodeName=None, tolerations=[])
    with pytest.raises(StatusError) as caught:
        apply(live, config, "a", POD)
    assert [cause["field"] for cause in caught.value.status["details"]["causes"]] == [
        ".spec.nodeName",
        ".spec.tolerations",
        '.spec.containers[name="w"].args',
    ]
    forced = apply(live, config, "a", POD, force=True)
    assert forced["spec"]["tolerations"] == []
    assert "f:tolerations" not in entry(forced, "bob")["fieldsV1"]["f:spec"]


def test_nothing_over_what_is_walked_into_changes_nothing() -> None:
    live = config_map(x="1")
    live["metadata"]["labels"] = {"a": "b"}
    update_managed_fields(None, live, "bob", CONFIG_MAP, NOW)
    config = {**config_map(), "data": None}
    config["metadata"]["labels"] = {}
    result = apply(live, config)
    assert (result["data"], result["metadata"]["labels"]) == ({"x": "1"}, {"a": "b"})
    assert entry(result, "bob")["fieldsV1"]["f:data"] == {".": {}, "f:x": {}}


def test_without_a_schema_maps_are_granular_and_lists_atomic() -> None:
    custom = {"apiVersion": "x/v1", "kind": "X", "metadata": {"name": "x"}}
    live = apply(None, {**custom, "spec": {"m": {"k": 1}, "l": [1, 2]}}, "a", None)
    fields = {".": {}, "f:l": {}, "f:m": {".": {}, "f:k": {}}}
    assert entry(live, "a")["fieldsV1"]["f:spec"] == fields
    live = apply(live, {**custom, "spec": {"m": {"j": 2}}}, "b", None)
    assert live["spec"] == {"m": {"k": 1, "j": 2}, "l": [1, 2]}


containers = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from("abcd")},
        optional={
            "image": st.sampled_from("xy"),
            "tty": st.booleans(),
            "args": st.lists(st.sampled_from("12"), max_size=2),
            "env": st.lists(
                st.fixed_dictionaries({"name": st.sampled_from("AB"), "value": st.just("1")}),
                min_size=1,  # an empty one belongs to nobody
                unique_by=lambda item: item["name"],
            ),
            "securityContext": st.dictionaries(
                st.sampled_from(["runAsUser", "runAsGroup"]), st.integers(1, 2)
            ),
        },
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda item: item["name"],
)
pods = st.builds(
    lambda listed, labels: merge_patch(pod(*listed), {"metadata": {"labels": labels}}),
    containers,
    st.dictionaries(st.sampled_from("kl"), st.sampled_from("12"), max_size=2),
)


@given(pods, pods)
def test_applying_again_is_no_change(first: dict[str, Any], second: dict[str, Any]) -> None:
    live = apply(apply(None, first, "a", POD), second, "a", POD, now=NOW + 1)
    assert apply(live, second, "a", POD, now=NOW + 9) == live


@given(pods, pods)
def test_a_sole_applier_gets_what_it_says(first: dict[str, Any], second: dict[str, Any]) -> None:
    live = apply(apply(None, first, "a", POD), second, "a", POD)
    fresh = apply(None, second, "a", POD)
    assert entry(live, "a")["fieldsV1"] == entry(fresh, "a")["fieldsV1"]
    for obj in (live, fresh):
        del obj["metadata"]["managedFields"]
        if not obj["metadata"].get("labels"):
            obj["metadata"].pop("labels", None)
    assert live == fresh


def renamed(obj: dict[str, Any]) -> dict[str, Any]:
    """The same with other container names and labels: disjoint from the original."""
    copy = copy_json(obj)
    for item in copy["spec"]["containers"]:
        item["name"] += "2"
    copy["metadata"]["labels"] = {f"{k}2": v for k, v in copy["metadata"]["labels"].items()}
    return copy


@given(pods, pods, pods)
def test_disjoint_appliers_never_conflict(
    one: dict[str, Any], other: dict[str, Any], later: dict[str, Any]
) -> None:
    live = apply(apply(None, one, "a", POD), renamed(other), "b", POD)
    live = apply(live, later, "a", POD)
    again = apply(live, renamed(other), "b", POD)
    assert again == live


@given(pods, pods)
def test_inputs_are_left_alone(one: dict[str, Any], other: dict[str, Any]) -> None:
    live = apply(None, one, "a", POD)
    before = copy_json(live), copy_json(other)
    apply(live, other, "b", POD, force=True)
    assert (live, other) == before
