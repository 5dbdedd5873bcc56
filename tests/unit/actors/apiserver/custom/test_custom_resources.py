"""Custom resources through the request chain: from definition to object and back."""

import asyncio
import random
from typing import Any

import orjson
import pytest

from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
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
        ".spec.replicas": "Invalid value: -1: should be a non-negative integer",
        "spec.size": 'Invalid value: "array": spec.size in body must be of type integer,string: '
        '"array"',
        "spec.parts[0].name": "Required value",
        "spec.parts[0].weight": 'Invalid value: "string": spec.parts[0].weight in body must be of '
        'type integer: "string"',
    }


async def test_a_number_without_a_fraction_is_stored_as_a_whole_one(plane: ControlPlane) -> None:
    await established(plane)
    parts = [{"name": "a", "weight": 2.0}]
    made = await create(plane, widget(parts=parts, free={"f": [3.0, 0.5]}))
    assert orjson.dumps(made["spec"]["free"]) == b'{"f":[3,0.5]}'
    read = await plane.get("widgets", "w", "default", GROUP)
    assert type(read["spec"]["parts"][0]["weight"]) is int


async def test_unknown_fields_as_field_validation_says(plane: ControlPlane) -> None:
    await established(plane)
    with pytest.raises(StatusError, match=r'strict decoding error: unknown field "spec\.strange"'):
        await create(plane, widget(strange=1), fieldValidation="Strict")
    with pytest.raises(StatusError, match=r'"metadata\.odd", unknown field "spec\.a", .*"spec\.b"'):
        made = widget(b=1, a=1)
        made["metadata"]["odd"] = 1
        await create(plane, made, fieldValidation="Strict")
    made = await create(plane, widget(free={"any": {"thing": 1}}), fieldValidation="Strict")
    assert made["spec"]["free"] == {"any": {"thing": 1}}


async def test_what_says_no_kind_is_refused(plane: ControlPlane) -> None:
    await established(plane)
    with pytest.raises(StatusError, match="Object 'Kind' is missing in") as refused:
        await create(plane, {"metadata": {"name": "w"}})
    assert refused.value.code == 400


async def test_a_scale_that_is_wrong_is_a_wrong_object(plane: ControlPlane) -> None:
    await established(plane)
    await create(plane, widget())
    with pytest.raises(StatusError, match="should be a non-negative integer") as refused:
        await plane.patch("widgets", "w", {"spec": {"replicas": -1}}, "default", GROUP, "scale")
    assert refused.value.status["details"]["kind"] == "Widget"


async def test_a_scale_of_what_has_no_number_yet_is_written_but_not_read(
    plane: ControlPlane,
) -> None:
    made = definition()
    schema = made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    del schema["spec"]["properties"]["replicas"]["default"]
    await established(plane, made)
    await create(plane, widget())
    with pytest.raises(StatusError, match="does not exist") as refused:
        await plane.ask(
            ApiRequest("get", "widgets", GROUP, namespace="default", name="w", subresource="scale")
        )
    told = 'the spec replicas field ".spec.replicas" does not exist'
    assert refused.value.status["details"] == {"causes": [{"message": told}]}
    body = {"spec": {"replicas": 2}}
    scaled = await plane.patch("widgets", "w", body, "default", GROUP, "scale")
    assert scaled["spec"] == {"replicas": 2}


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


async def test_fields_that_a_version_can_be_selected_by(plane: ControlPlane) -> None:
    fields = [{"jsonPath": f".spec.{name}"} for name in ("note", "replicas", "labels.app")]
    other = version("v2", storage=False, selectableFields=fields)
    await established(plane, definition(version(), other))
    await create(plane, widget("n", note=None, labels={"app": "web"}))
    await create(plane, widget("t", note="text", replicas=2, color="blue"))

    async def names(api: str, fields: str) -> list[str]:
        query = {"fieldSelector": fields}
        found = await plane.ask(
            ApiRequest("list", "widgets", GROUP, api, namespace="default", query=query)
        )
        return [item["metadata"]["name"] for item in orjson.loads(found.body)["items"]]

    assert await names("v2", "spec.note=") == ["n"]
    assert await names("v2", "spec.note!=,spec.replicas=2") == ["t"]
    assert await names("v2", "spec.labels.app=web") == ["n"]
    assert await names("v1", "spec.color=blue") == ["t"]
    for api, asked in (("v1", "spec.note"), ("v2", "spec.color")):
        with pytest.raises(StatusError, match=f"field label not supported: {asked}"):
            await names(api, f"{asked}=a")


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


async def test_objects_are_read_by_the_schema_of_today(plane: ControlPlane) -> None:
    found = await established(plane)
    await create(plane, widget(note="old", size=3))
    schema = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    del schema["properties"]["note"]
    schema["properties"]["added"] = {"type": "string", "default": "yes"}
    await plane.update(CRDS[0], found, CRDS[1])
    for _ in range(400):
        [item] = (await plane.list("widgets", "default", GROUP))["items"]
        if "added" in item["spec"]:
            break
        await asyncio.sleep(0.01)
    assert item["spec"] == {"color": "red", "replicas": 1, "size": 3, "added": "yes"}
    revision = item["metadata"]["resourceVersion"]
    same = await plane.get("widgets", "w", "default", GROUP)
    assert same == item and same["metadata"]["resourceVersion"] == revision
    kept = await plane.patch("widgets", "w", {"metadata": {"labels": {"a": "b"}}}, "default", GROUP)
    assert kept["spec"] == item["spec"] and kept["metadata"]["generation"] == 1


async def test_cluster_wide_objects(plane: ControlPlane) -> None:
    made = definition()
    made["spec"]["scope"] = "Cluster"
    await established(plane, made)
    await plane.create("widgets", widget(), group=GROUP)
    assert [i["metadata"]["name"] for i in (await plane.list("widgets", group=GROUP))["items"]] == [
        "w"
    ]
    with pytest.raises(StatusError) as refused:
        await plane.list("widgets", "default", GROUP)
    assert refused.value.code == 404


async def test_without_a_status_subresource_status_is_a_field(plane: ControlPlane) -> None:
    await established(plane, definition(version(subresources=None)))
    made = await create(plane, {**widget(), "status": {"phase": "a"}})
    assert made["status"] == {"phase": "a"}
    body = {"status": {"phase": "b"}}
    changed = await plane.patch("widgets", "w", body, "default", GROUP)
    assert changed["status"] == {"phase": "b"} and changed["metadata"]["generation"] == 2
    with pytest.raises(StatusError) as refused:
        await plane.patch("widgets", "w", body, "default", GROUP, "status")
    assert refused.value.code == 404


async def test_a_watch_shows_the_version_it_asked_for_and_ends_with_it(
    plane: ControlPlane,
) -> None:
    found = await established(plane, definition(version("v1"), version("v2", storage=False)))
    server = plane.system.ref("apiserver@replica-1", sender="apiserver/test@replica-1")
    request = ApiRequest("watch", "widgets", GROUP, "v2", namespace="default")
    seen: list[dict] = []
    async with server.stream(request) as stream:
        await create(plane, widget())
        async for batch in stream:
            seen.extend(orjson.loads(event.object) for event in batch.events)
            if len(seen) == 1:
                await plane.delete("widgets", "w", "default", GROUP)
            if len(seen) == 2:
                found["spec"]["versions"][1]["deprecated"] = True
                await plane.update(CRDS[0], found, CRDS[1])
                await until_warned(plane)
                await create(plane, widget("other"))
    assert [item["apiVersion"] for item in seen] == ["example.com/v2"] * 2


async def until_warned(plane: ControlPlane) -> None:
    request = ApiRequest("list", "widgets", GROUP, "v2", namespace="default")
    for _ in range(400):
        if (await plane.ask(request)).warnings:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the version never became deprecated")


async def test_rules_in_cel(plane: ControlPlane) -> None:
    found = definition()
    spec = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["x-kubernetes-validations"] = [
        {"rule": "self.replicas <= 5", "messageExpression": "'too many: ' + string(self.replicas)"},
        {"rule": "self.color == oldSelf.color", "message": "the color stays"},
    ]
    await established(plane, found)
    with pytest.raises(StatusError) as refused:
        await create(plane, widget(replicas=9))
    assert refused.value.status["details"]["causes"] == [
        {"reason": "FieldValueInvalid", "field": "spec",
         "message": "Invalid value: too many: 9"}
    ]  # fmt: skip
    made = await create(plane, widget(color="red"))
    made["spec"]["color"] = "blue"
    with pytest.raises(StatusError, match="spec: Invalid value: the color stays"):
        await plane.update("widgets", made, GROUP)
    found["metadata"]["name"] = "gadgets.example.com"
    spec["x-kubernetes-validations"] = [{"rule": "self.colour == 'red'"}]
    with pytest.raises(StatusError, match=r"undefined field 'colour'"):
        await plane.create(CRDS[0], found, group=CRDS[1])


async def test_what_broke_a_rule_before_is_warned_of(plane: ControlPlane) -> None:
    found = definition()
    properties = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    await established(plane, found)
    made = await create(plane, widget(labels={"a": "old", "b": "new"}))
    rule = {"rule": "self == 'new'", "message": "must be new"}
    properties["spec"]["properties"]["labels"]["additionalProperties"] = {
        "type": "string", "x-kubernetes-validations": [rule],
    }  # fmt: skip
    properties["status"]["x-kubernetes-validations"] = [
        {"rule": "self.replicas >= oldSelf.replicas", "message": "may only grow"}
    ]
    live = await plane.get(CRDS[0], "widgets.example.com", group=CRDS[1])
    await plane.update(CRDS[0], {**live, "spec": found["spec"]}, CRDS[1])
    wrong = widget("x", labels={"c": "old"}, color="green")
    for _ in range(400):
        with pytest.raises(StatusError) as refused:
            await create(plane, wrong)
        said = [cause["message"] for cause in refused.value.status["details"]["causes"]]
        if len(said) > 1:
            break
        await asyncio.sleep(0.01)
    assert said[1].startswith("Invalid value: null: some validation rules were not checked")
    with pytest.raises(StatusError, match=r'spec\.labels\[c\]: Invalid value: "old": must be new'):
        await create(plane, {**wrong, "spec": {**wrong["spec"], "color": "red"}})

    async def put(obj: dict, subresource: str = "") -> tuple[str, ...]:
        request = ApiRequest(
            "update", "widgets", GROUP, namespace="default", name="w", subresource=subresource,
            body=orjson.dumps(obj),
        )  # fmt: skip
        answer = await plane.ask(request)
        made["metadata"]["resourceVersion"] = orjson.loads(answer.body)["metadata"][
            "resourceVersion"
        ]
        return answer.warnings

    made["spec"]["replicas"] = 4
    assert await put(made) == ('spec.labels[a]: Invalid value: "old": must be new',)
    made["spec"]["labels"]["a"] = "new"
    assert await put(made) == ()
    made["status"] = {"replicas": 3}
    assert await put(made, "status") == ()
    made["status"] = {"replicas": 2}
    with pytest.raises(StatusError, match="status: Invalid value: may only grow"):
        await put(made, "status")


async def test_an_update_may_keep_duplicates(plane: ControlPlane) -> None:
    found = definition()
    spec = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["tags"] = {"type": "array", "items": {"type": "string"}}
    await established(plane, found)
    made = await create(plane, widget(tags=["a", "a"]))
    spec["properties"]["tags"]["x-kubernetes-list-type"] = "set"
    live = await plane.get(CRDS[0], "widgets.example.com", group=CRDS[1])
    await plane.update(CRDS[0], {**live, "spec": found["spec"]}, CRDS[1])
    for _ in range(400):
        try:
            await create(plane, widget("x", tags=["b", "b"]), dryRun="All")
        except StatusError as error:
            assert 'spec.tags[1]: Duplicate value: "b"' in str(error)
            break
        await asyncio.sleep(0.01)
    else:
        raise AssertionError("the new schema never held")
    made["spec"]["tags"] = ["a", "a", "b"]
    made = await plane.update("widgets", made, GROUP)
    made["spec"]["tags"] = ["a", "b"]
    made = await plane.update("widgets", made, GROUP)
    made["spec"]["tags"] = ["a", "b", "b"]
    with pytest.raises(StatusError, match=r"spec\.tags\[2\]: Duplicate value"):
        await plane.update("widgets", made, GROUP)


def any_value(chance: random.Random, depth: int = 0) -> Any:
    """JSON of any kind, often of the kind that was meant."""
    if depth < 3 and chance.random() < 0.5:
        if chance.random() < 0.5:
            return [any_value(chance, depth + 1) for _ in range(chance.randint(0, 3))]
        return {name: any_value(chance, depth + 1) for name in chance.sample("klmno", 3)}
    return chance.choice([None, True, 0, -1, 2**63 - 1, 1.5, 1e300, "", "a", "2s", "YQ==", "::1"])


async def test_any_object_under_any_rules_is_taken_or_refused(plane: ControlPlane) -> None:
    text = {"type": "string", "nullable": True, "maxLength": 9}
    fields = {
        "k": text, "l": {"type": "integer"}, "m": {"x-kubernetes-int-or-string": True},
        "n": {"type": "array", "maxItems": 9, "items": text, "x-kubernetes-list-type": "atomic"},
        "o": {"type": "object", "maxProperties": 9, "additionalProperties": text},
        "p": {"type": "string", "format": "duration"},
    }  # fmt: skip
    rules = (
        "self.k.size() < 3", "self.l + 1 > 0", "self.m > 1", "self.n.all(x, x.startsWith('a'))",
        "self.o.exists(x, self.o[x] == 'a')", "self.p > duration('1s')", "self == oldSelf",
        "self.n.isSorted() && self.n.join('').size() > 1", "ip(self.k).family() == 6",
        "quantity(self.k).sign() > 0", "self.?o.?k.orValue('') != self.k", "1 / self.l > 0",
    )  # fmt: skip
    found = definition()
    schema = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    told = [{"rule": rule, "messageExpression": "self.k + self.n[0]"} for rule in rules]
    schema["spec"]["properties"]["any"] = {
        "type": "object", "properties": fields, "x-kubernetes-validations": told,
    }  # fmt: skip
    await established(plane, found)
    made, chance, refused = await create(plane, widget("old")), random.Random(7), 0
    for turn in range(120):
        value = {name: any_value(chance, 2) for name in chance.sample(list(fields), 4)}
        given = any_value(chance) if turn % 10 == 0 else value
        for ask in (
            create(plane, widget(f"w{turn}", any=given)),
            plane.update("widgets", {**made, "spec": {"color": "red", "any": given}}, GROUP),
        ):
            try:
                await ask
            except StatusError as error:
                assert 400 <= error.code < 500, error
                refused += 1
    assert refused > 100
