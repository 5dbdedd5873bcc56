"""Custom resources through the request chain: from definition to object and back."""

import asyncio

import pytest

from cluster.errors import StatusError
from tests.support.control_plane import ControlPlane
from tests.support.widgets import CRDS, GROUP, definition, established, holds, version, widget


async def create(plane: ControlPlane, obj: dict, **query: str) -> dict:
    return await plane.create("widgets", obj, "default", GROUP, **query)


async def test_a_definition_is_established_and_its_objects_are_served(plane: ControlPlane) -> None:
    found = await established(plane)
    assert holds(found, "NamesAccepted")
    assert found["status"]["acceptedNames"]["singular"] == "widget"
    assert found["status"]["acceptedNames"]["listKind"] == "WidgetList"
    assert found["status"]["storedVersions"] == ["v1"]
    made = await create(plane, widget(parts=[{"name": "a"}], strange=1, note=None, labels=None))
    assert made["spec"] == {
        "color": "red",
        "replicas": 1,
        "note": None,
        "parts": [{"name": "a", "weight": 5}],
    }
    assert made["metadata"]["generation"] == 1
    assert made["metadata"]["managedFields"][0]["apiVersion"] == "example.com/v1"
    listed = await plane.list("widgets", "default", GROUP)
    assert (listed["kind"], listed["apiVersion"]) == ("WidgetList", "example.com/v1")
    assert [item["metadata"]["name"] for item in listed["items"]] == ["w"]


async def test_what_is_wrong_is_told_with_its_path(plane: ControlPlane) -> None:
    await established(plane)
    with pytest.raises(StatusError) as refused:
        await create(plane, widget(color="green", replicas=-1, size=[], parts=[{"weight": "x"}]))
    said = {cause["field"]: cause["message"] for cause in refused.value.status["details"]["causes"]}
    assert said == {
        "spec.color": 'Unsupported value: "green": supported values: "red", "blue"',
        "spec.replicas": "Invalid value: -1: spec.replicas in body should be greater than or "
        "equal to 0",
        "spec.size": 'Invalid value: "array": spec.size in body must be of type integer,string: '
        '"array"',
        "spec.parts[0].name": "Required value",
        "spec.parts[0].weight": 'Invalid value: "string": spec.parts[0].weight in body must be of '
        'type integer: "string"',
    }


async def test_unknown_fields_as_field_validation_says(plane: ControlPlane) -> None:
    await established(plane)
    with pytest.raises(StatusError, match=r'strict decoding error: unknown field "spec\.strange"'):
        await create(plane, widget(strange=1), fieldValidation="Strict")
    made = await create(plane, widget(free={"any": {"thing": 1}}), fieldValidation="Strict")
    assert made["spec"]["free"] == {"any": {"thing": 1}}


async def test_generation_counts_the_spec_and_status_is_apart(plane: ControlPlane) -> None:
    await established(plane)
    made = await create(plane, {**widget(), "status": {"phase": "Ready"}})
    assert "status" not in made
    made["status"], made["spec"]["replicas"] = {"phase": "Ready"}, 3
    changed = await plane.update("widgets", made, GROUP)
    assert "status" not in changed and changed["metadata"]["generation"] == 2
    changed["status"], changed["spec"]["replicas"] = {"phase": "Ready", "replicas": 2}, 4
    done = await plane.update("widgets", changed, GROUP, "status")
    assert done["status"]["phase"] == "Ready" and done["spec"]["replicas"] == 3
    assert done["metadata"]["generation"] == 2


async def test_patches(plane: ControlPlane) -> None:
    await established(plane)
    await create(plane, widget())
    patched = await plane.patch("widgets", "w", {"spec": {"color": "blue"}}, "default", GROUP)
    assert patched["spec"]["color"] == "blue" and patched["metadata"]["generation"] == 2
    with pytest.raises(StatusError) as refused:
        await plane.patch(
            "widgets", "w", {}, "default", GROUP,
            content_type="application/strategic-merge-patch+json",
        )  # fmt: skip
    assert refused.value.code == 415


async def test_server_side_apply_knows_the_lists_of_the_schema(plane: ControlPlane) -> None:
    await established(plane)
    for manager, name in (("one", "a"), ("two", "b")):
        obj = {**widget(parts=[{"name": name, "weight": 1}])}
        applied = await plane.patch(
            "widgets", "w", obj, "default", GROUP, content_type="application/apply-patch+yaml",
            fieldManager=manager,
        )  # fmt: skip
    assert [part["name"] for part in applied["spec"]["parts"]] == ["a", "b"]
    owners = {entry["manager"] for entry in applied["metadata"]["managedFields"]}
    assert owners == {"one", "two"}
    with pytest.raises(StatusError) as refused:
        await plane.patch(
            "widgets", "w", widget(color="blue"), "default", GROUP,
            content_type="application/apply-patch+yaml", fieldManager="two",
        )  # fmt: skip
    assert refused.value.reason == "Conflict"


async def test_an_update_may_keep_what_was_wrong_before(plane: ControlPlane) -> None:
    found = await established(plane)
    await create(plane, widget(labels={"a": "xxxx"}))
    schema = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    schema["properties"]["labels"]["additionalProperties"]["maxLength"] = 2
    await plane.update(CRDS[0], found, CRDS[1])
    await until_refused(plane)
    kept = await plane.patch("widgets", "w", {"spec": {"replicas": 2}}, "default", GROUP)
    assert kept["spec"]["labels"] == {"a": "xxxx"}
    with pytest.raises(StatusError, match="Too long"):
        await plane.patch("widgets", "w", {"spec": {"labels": {"b": "yyy"}}}, "default", GROUP)


async def until_refused(plane: ControlPlane) -> None:
    for _ in range(400):
        try:
            await create(plane, widget("try", labels={"b": "yyy"}), dryRun="All")
        except StatusError:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the new schema never held")


async def test_field_selectors(plane: ControlPlane) -> None:
    await established(plane)
    await create(plane, widget("r"))
    await create(plane, widget("b", color="blue"))
    listed = await plane.list("widgets", "default", GROUP, fieldSelector="spec.color=blue")
    assert [item["metadata"]["name"] for item in listed["items"]] == ["b"]
    with pytest.raises(StatusError) as refused:
        await plane.list("widgets", "default", GROUP, fieldSelector="spec.replicas=1")
    assert refused.value.code == 400


async def test_a_definition_takes_its_objects_along(plane: ControlPlane) -> None:
    await established(plane)
    held = widget("held")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    await create(plane, held)
    await create(plane, widget())
    gone = await plane.delete(CRDS[0], "widgets.example.com", group=CRDS[1])
    assert gone["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    assert holds(gone, "Terminating")
    for _ in range(400):
        left = await plane.list("widgets", "default", GROUP)
        if len(left["items"]) == 1:
            break
        await asyncio.sleep(0.01)
    assert [item["metadata"]["name"] for item in left["items"]] == ["held"]
    with pytest.raises(StatusError, match="create not allowed while"):
        await create(plane, widget("late"))
    await plane.patch("widgets", "held", {"metadata": {"finalizers": None}}, "default", GROUP)
    await until_gone(plane)
    with pytest.raises(StatusError, match="could not find the requested resource"):
        await plane.list("widgets", "default", GROUP)


async def until_gone(plane: ControlPlane) -> None:
    for _ in range(800):
        try:
            await plane.get(CRDS[0], "widgets.example.com", group=CRDS[1])
        except StatusError as error:
            assert error.code == 404
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the definition stays")


async def test_two_definitions_of_one_kind(plane: ControlPlane) -> None:
    await established(plane)
    other = definition(version(), plural="gadgets", kind="Widget")
    await plane.create(CRDS[0], other, group=CRDS[1])
    for _ in range(400):
        found = await plane.get(CRDS[0], "gadgets.example.com", group=CRDS[1])
        if found["status"]["conditions"]:
            break
        await asyncio.sleep(0.01)
    said = {item["type"]: item for item in found["status"]["conditions"]}
    assert said["NamesAccepted"]["status"] == said["Established"]["status"] == "False"
    assert said["NamesAccepted"]["message"] == '"WidgetList" is already in use'
    assert said["NamesAccepted"]["reason"] == "ListKindConflict"
    # Freed, the names are the other's.
    await plane.delete(CRDS[0], "widgets.example.com", group=CRDS[1])
    for _ in range(800):
        found = await plane.get(CRDS[0], "gadgets.example.com", group=CRDS[1])
        if holds(found, "Established"):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(found)
