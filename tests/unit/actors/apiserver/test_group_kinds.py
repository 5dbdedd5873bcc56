"""Kinds of the newer groups through the whole chain: made, shown, changed, removed."""

import copy
from typing import Any

import orjson
import pytest

from cluster.api.kinds import by_resource
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from tests.support.control_plane import ControlPlane
from tests.support.group_objects import group_objects

OBJECTS = group_objects()
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
# Whose desired state is counted.
COUNTED = {
    "networkpolicies", "flowschemas", "prioritylevelconfigurations", "deviceclasses",
    "devicetaintrules", "resourceslices",
}  # fmt: skip


def place(group: str, plural: str) -> str:
    kind = by_resource(group, "v1", plural)
    assert kind is not None
    return "default" if kind.namespaced else ""


async def test_each_is_made_shown_changed_and_removed(plane: ControlPlane) -> None:
    for (group, plural), obj in OBJECTS.items():
        home, name = place(group, plural), obj["metadata"]["name"]
        made = await plane.create(plural, copy.deepcopy(obj), home, group)
        assert (made["metadata"].get("generation") == 1) == (plural in COUNTED), plural
        marked = {"metadata": {"labels": {"a": "b"}}}
        changed = await plane.patch(plural, name, marked, home, group)
        assert changed["metadata"]["labels"] == {"a": "b"}, plural
        listed = await plane.list(plural, home, group, labelSelector="a=b")
        assert [item["metadata"]["name"] for item in listed["items"]] == [name]
        request = ApiRequest("get", plural, group, namespace=home, name=name, accept=TABLE)
        table = orjson.loads((await plane.ask(request)).body)
        assert table["rows"][0]["cells"][0] == name
        applied = {**copy.deepcopy(obj), "apiVersion": f"{group}/v1", "kind": made["kind"]}
        await plane.patch(
            plural, name, applied, home, group, fieldManager="me",
            content_type="application/apply-patch+yaml", force="true",
        )  # fmt: skip
        await plane.delete(plural, name, home, group)
        if plural in ("servicecidrs", "volumeattributesclasses"):
            continue  # they go when the leader sees that nobody needs them
        assert (await plane.list(plural, home, group, labelSelector="a=b"))["items"] == []


async def test_status_is_written_apart(plane: ControlPlane) -> None:
    condition = {
        "type": "Ready",
        "status": "True",
        "reason": "Checked",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    for plural, group in (
        ("storageversionmigrations", "storagemigration.k8s.io"),
        ("devicetaintrules", "resource.k8s.io"),
    ):
        given = copy.deepcopy(OBJECTS[group, plural])
        given["status"] = {"conditions": [condition]}
        made = await plane.create(plural, given, "", group)
        assert made.get("status", {}) == {}
        made["status"] = {"conditions": [condition]}
        written = await plane.update(plural, made, group, "status")
        assert written["status"]["conditions"] == [condition]
        made["status"]["conditions"] = [condition, {**condition, "reason": ""}]
        made["metadata"]["resourceVersion"] = written["metadata"]["resourceVersion"]
        with pytest.raises(StatusError) as refused:
            await plane.update(plural, made, group, "status")
        fields = [cause["field"] for cause in refused.value.status["details"]["causes"]]
        assert fields == ["status.conditions[1].type", "status.conditions[1].reason"]


async def test_defaults_stay_when_an_object_is_written_again(plane: ControlPlane) -> None:
    expected: dict[tuple[str, str], Any] = {
        ("networking.k8s.io", "networkpolicies"): ("policyTypes", ["Ingress", "Egress"]),
        ("flowcontrol.apiserver.k8s.io", "flowschemas"): ("matchingPrecedence", 1000),
        ("storage.k8s.io", "csidrivers"): ("fsGroupPolicy", "ReadWriteOnceWithFSType"),
    }
    for (group, plural), (name, value) in expected.items():
        home = place(group, plural)
        made = await plane.create(plural, copy.deepcopy(OBJECTS[group, plural]), home, group)
        assert made["spec"][name] == value
        again = await plane.update(plural, made, group)
        assert again["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


async def test_the_health_that_a_node_tells_is_not_kept(plane: ControlPlane) -> None:
    group, health = "storage.k8s.io", {"storageHealth": [{"name": "disk.example.com"}]}
    given = {"metadata": {"name": "n1"}, "spec": {"drivers": []}, "status": health}
    made = await plane.create("csinodes", given, "", group)
    assert "status" not in made
    made["metadata"]["labels"] = {"a": "b"}
    for part in ("", "status"):
        written = await plane.update("csinodes", {**made, "status": health}, group, part)
        assert "status" not in written
        assert written["metadata"].get("labels") == {"a": "b"}
        made["metadata"]["resourceVersion"] = written["metadata"]["resourceVersion"]
        made["metadata"]["labels"] = {"a": "b"}
    made["metadata"]["labels"] = {"a": "c"}
    read = await plane.update("csinodes", made, group, "status")
    assert read["metadata"]["labels"] == {"a": "b"}


async def test_who_deletes_a_class_is_told_what_it_was(plane: ControlPlane) -> None:
    group = "storage.k8s.io"
    for plural, kind, given in (
        ("storageclasses", "StorageClass", {"provisioner": "example.com/a"}),
        ("csinodes", "CSINode", {"spec": {"drivers": []}}),
        ("csidrivers", "CSIDriver", {"spec": {}}),
    ):
        await plane.create(plural, {"metadata": {"name": "gone"}, **given}, "", group)
        told = await plane.delete(plural, "gone", "", group)
        assert (told["kind"], told["metadata"]["name"]) == (kind, "gone")
