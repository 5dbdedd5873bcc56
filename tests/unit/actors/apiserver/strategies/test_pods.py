"""Binding, resize, and how long an end takes."""

import pytest

from actors.apiserver.call import DeleteOptions
from actors.apiserver.strategies.pods import (
    bind,
    grace,
    with_ephemeral_containers,
    with_resized_containers,
    with_status,
)
from cluster.api.kinds import by_resource
from cluster.api.types import Object
from cluster.errors import StatusError

PODS = by_resource("", "v1", "pods")


def pod(*resources: Object) -> Object:
    containers = [{"name": f"c{n}", "resources": item} for n, item in enumerate(resources)]
    return {"metadata": {"name": "p", "uid": "u"}, "spec": {"containers": containers}}


def test_binding_sets_the_node_and_says_scheduled() -> None:
    assert PODS is not None
    live = {**pod({}), "status": {"phase": "Pending", "conditions": [{"type": "PodScheduled"}]}}
    live["status"]["nominatedNodeName"] = "n2"
    live["metadata"] |= {"generation": 1, "labels": {"app": "web"}}
    given = {"annotations": {"a": "b"}, "labels": {"zone": "a"}}
    bound = bind(PODS, live, "n1", {"metadata": given}, 0.0)
    assert bound["metadata"]["generation"] == 1
    assert bound["metadata"]["labels"] == {"app": "web", "zone": "a"}
    assert "nominatedNodeName" not in bound["status"]
    assert bound["spec"]["nodeName"] == "n1"
    assert bound["metadata"]["annotations"] == {"a": "b"}
    assert [(c["type"], c["status"]) for c in bound["status"]["conditions"]] == [
        ("PodScheduled", "True")
    ]
    assert "nodeName" not in live["spec"]


@pytest.mark.parametrize(
    "change",
    [
        {"spec": {"nodeName": "n2"}},
        {"spec": {"schedulingGates": [{"name": "wait"}]}},
        {"metadata": {"name": "p", "uid": "u", "deletionTimestamp": "2026-01-01T00:00:00Z"}},
        {"metadata": {"name": "p", "uid": "another"}},
    ],
)
def test_a_pod_is_bound_once_and_only_while_it_waits(change: Object) -> None:
    assert PODS is not None
    with pytest.raises(StatusError) as refused:
        bind(PODS, {**pod({}), **change}, "n1", {"metadata": {"uid": "u"}}, 0.0)
    assert refused.value.code == 409


def test_grace_of_a_running_pod_is_at_least_a_second_by_default() -> None:
    running: Object = {"spec": {"nodeName": "n", "terminationGracePeriodSeconds": 0}}
    assert grace(running, DeleteOptions()) == 1
    assert grace(running, DeleteOptions(grace=0)) == 0


def test_of_a_resize_only_the_resources_are_taken() -> None:
    live = pod({"requests": {"cpu": "1"}}, {})
    live["metadata"] |= {"generation": 3, "labels": {"app": "web"}}
    live["spec"]["containers"][0] |= {"image": "x", "resizePolicy": [{"resourceName": "cpu"}]}
    given = pod({"requests": {"cpu": "2"}}, {})
    given["metadata"]["managedFields"] = [{"manager": "m"}]
    given["spec"]["containers"][0]["image"] = "evil"
    given["spec"]["hostNetwork"] = True
    given["spec"]["resources"] = {"limits": {"cpu": "3"}}
    new = with_resized_containers(given, live)
    assert new["spec"]["resources"] == {"limits": {"cpu": "3"}}
    assert new["metadata"] == {**live["metadata"], "managedFields": [{"manager": "m"}]}
    assert "hostNetwork" not in new["spec"]
    first, second = new["spec"]["containers"]
    assert first == {"name": "c0", "image": "x", "resources": {"requests": {"cpu": "2"}}}
    assert second == live["spec"]["containers"][1]


def test_a_status_keeps_what_its_writer_does_not_know() -> None:
    told = [{"type": "Ready", "observedGeneration": 2}, {"type": "a/b", "observedGeneration": 3}]
    live = {**pod({}), "status": {"qosClass": "Burstable", "observedGeneration": 4}}
    live["status"]["conditions"] = [*told, {"type": "a/b", "observedGeneration": 5}]
    given = [{"type": "a/b"}, {"type": "a/b"}, {"type": "Ready", "observedGeneration": 9}]
    status: Object = {"phase": "Running", "conditions": [*given, {"type": "c/d"}]}
    written = with_status({"metadata": {}, "status": status}, live, 0.0)["status"]
    assert (written["qosClass"], written["observedGeneration"]) == ("Burstable", 4)
    seen = [item.get("observedGeneration") for item in written["conditions"]]
    assert seen == [3, 5, 9, None]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"podIP": "10.0.0.1"}, ("10.0.0.1", ["10.0.0.1"])),
        ({"podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd::1"}]}, ("10.0.0.1", ["10.0.0.1", "fd::1"])),
        ({"podIP": "10.0.0.2", "podIPs": [{"ip": "10.0.0.1"}]}, ("10.0.0.2", ["10.0.0.2"])),
        ({}, (None, [])),
    ],
)
def test_one_address_and_all_addresses_agree(given: Object, kept: tuple[str, list[str]]) -> None:
    written = with_status({"metadata": {}, "status": given}, pod({}), 0.0)["status"]
    assert (written.get("podIP"), [item["ip"] for item in written.get("podIPs") or ()]) == kept


def test_of_what_debugs_nothing_else_is_taken() -> None:
    live = {**pod({}), "metadata": {"name": "p", "labels": {"a": "b"}}}
    given = {**pod({"limits": {"cpu": "1"}}), "metadata": {"name": "p", "managedFields": []}}
    given["spec"]["ephemeralContainers"] = [{"name": "d"}]
    new = with_ephemeral_containers(given, live)
    assert new["metadata"] == {"name": "p", "labels": {"a": "b"}, "managedFields": []}
    assert new["spec"] == {**live["spec"], "ephemeralContainers": [{"name": "d"}]}
