"""The chain end to end through the message door, on the real store."""

from typing import Any

import msgspec
import orjson
import pytest

from actors.kit.tracing import MemoryTracer, root_trace
from cluster.errors import Fenced, StatusError
from cluster.messages.apiserver import ApiRequest
from tests.support.control_plane import ControlPlane

POD: dict[str, Any] = {
    "metadata": {"name": "p", "labels": {"app": "web"}},
    "spec": {"containers": [{"name": "c", "image": "nginx"}]},
}
DEPLOYMENT: dict[str, Any] = {
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "nginx:1"}]},
        },
    },
}


def config(name: str, **data: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "data": data}


async def refused(code: int, reason: str, coroutine: Any) -> StatusError:
    with pytest.raises(StatusError) as error:
        await coroutine
    assert (error.value.code, error.value.reason) == (code, reason), error.value.status
    return error.value


async def test_create_get_update_delete(plane: ControlPlane) -> None:
    made = await plane.create("configmaps", config("a", x="1"), "default")
    metadata = made["metadata"]
    assert (made["kind"], made["apiVersion"]) == ("ConfigMap", "v1")
    assert metadata["uid"] and metadata["creationTimestamp"].endswith("Z")
    assert await plane.get("configmaps", "a", "default") == made
    changed = await plane.update("configmaps", {**made, "data": {"x": "2"}})
    assert int(changed["metadata"]["resourceVersion"]) > int(metadata["resourceVersion"])
    assert changed["metadata"]["uid"] == metadata["uid"]
    gone = await plane.delete("configmaps", "a", "default")
    assert (gone["kind"], gone["status"]) == ("Status", "Success")
    await refused(404, "NotFound", plane.get("configmaps", "a", "default"))


async def test_conflicts(plane: ControlPlane) -> None:
    made = await plane.create("configmaps", config("a", x="1"), "default")
    await refused(409, "AlreadyExists", plane.create("configmaps", config("a"), "default"))
    await plane.update("configmaps", {**made, "data": {"x": "2"}})
    stale = plane.update("configmaps", {**made, "data": {"x": "3"}})
    await refused(409, "Conflict", stale)
    other = {**made, "metadata": {**made["metadata"], "resourceVersion": "", "uid": "another"}}
    error = await refused(409, "Conflict", plane.update("configmaps", other))
    uid = made["metadata"]["uid"]
    assert str(error) == (
        'Operation cannot be fulfilled on configmaps "a": StorageError: invalid object, Code: 4, '
        "Key: /registry/configmaps/default/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition "
        f"failed: UID in precondition: another, UID in object meta: {uid}"
    )
    patch = plane.patch("configmaps", "a", {"metadata": {"uid": "another"}}, "default")
    error = await refused(422, "Invalid", patch)
    assert str(error) == (
        'ConfigMap "a" is invalid: metadata.uid: Invalid value: "another": field is immutable'
    )


@pytest.mark.parametrize("resource", ["configmaps", "deployments"])
async def test_preconditions_of_deletes(plane: ControlPlane, resource: str) -> None:
    """In the words of kube-apiserver, that name the kind and not the resource."""
    group, body, kind = {
        "configmaps": ("", config("web"), "ConfigMap"),
        "deployments": ("apps", DEPLOYMENT, "Deployment"),
    }[resource]
    made = await plane.create(resource, body, "default", group)
    uid, version = made["metadata"]["uid"], made["metadata"]["resourceVersion"]
    subject = f"{kind}.{group}" if group else kind
    for wanted, why in (
        (
            {"uid": "another"},
            f"the UID in the precondition (another) does not match the UID in record ({uid}). The "
            "object might have been deleted and then recreated",
        ),
        (
            {"uid": uid, "resourceVersion": "1"},
            "the ResourceVersion in the precondition (1) does not match the ResourceVersion in "
            f"record ({version}). The object might have been modified",
        ),
    ):
        options = {"preconditions": wanted}
        delete = plane.delete(resource, "web", "default", group, options=options)
        error = await refused(409, "Conflict", delete)
        assert str(error) == f'Operation cannot be fulfilled on {subject} "web": {why}'
        details = {"name": "web", "kind": kind, **({"group": group} if group else {})}
        assert error.status["details"] == details


async def test_an_update_that_changes_nothing_makes_no_revision(plane: ControlPlane) -> None:
    made = await plane.create("configmaps", config("a", x="1"), "default")
    assert await plane.update("configmaps", made) == made
    assert await plane.patch("configmaps", "a", {"data": {"x": "1"}}, "default") == made


async def test_generated_names_differ(plane: ControlPlane) -> None:
    body = {"metadata": {"generateName": "job-"}}
    names = {
        (await plane.create("configmaps", body, "default"))["metadata"]["name"] for _ in range(5)
    }
    assert len(names) == 5
    assert all(name.startswith("job-") and len(name) == 9 for name in names)


async def test_dry_run_stores_nothing(plane: ControlPlane) -> None:
    made = await plane.create("configmaps", config("a"), "default", dryRun="All")
    assert made["metadata"]["uid"]
    await refused(404, "NotFound", plane.get("configmaps", "a", "default"))
    real = await plane.create("configmaps", config("a", x="1"), "default")
    await plane.patch("configmaps", "a", {"data": {"x": "2"}}, "default", dryRun="All")
    assert await plane.get("configmaps", "a", "default") == real


async def test_a_dry_create_shows_no_revision(plane: ControlPlane) -> None:
    made = await plane.create("configmaps", config("a", x="1"), "default", dryRun="All")
    assert "resourceVersion" not in made["metadata"] and made["metadata"]["uid"]


async def test_field_validation(plane: ControlPlane) -> None:
    wrong = {**config("a"), "dat": {"x": "1"}}
    strict = plane.create("configmaps", wrong, "default", fieldValidation="Strict")
    error = await refused(400, "BadRequest", strict)
    assert 'unknown field "dat"' in str(error)
    body = orjson.dumps(wrong)
    warned = await plane.ask(ApiRequest("create", "configmaps", namespace="default", body=body))
    assert 'unknown field "dat"' in warned.warnings[0]
    typed = {**config("b"), "data": {"x": 1}}
    await refused(400, "BadRequest", plane.create("configmaps", typed, "default"))


async def test_rules_of_a_kind_are_422_with_causes(plane: ControlPlane) -> None:
    nameless = {"metadata": {"name": "p"}, "spec": {"containers": [{"image": "x"}]}}
    error = await refused(422, "Invalid", plane.create("pods", nameless, "default"))
    assert error.status["details"]["causes"][0]["field"].startswith("spec.containers[0]")


async def test_wrong_places(plane: ControlPlane) -> None:
    elsewhere = {"metadata": {"name": "a", "namespace": "kube-system"}}
    await refused(400, "BadRequest", plane.create("configmaps", elsewhere, "default"))
    await refused(404, "NotFound", plane.create("configmaps", config("a"), "absent"))
    await refused(404, "NotFound", plane.list("gadgets"))
    made = await plane.create("configmaps", config("a"), "default")
    renamed = ApiRequest(
        "update",
        "configmaps",
        namespace="default",
        name="b",
        body=orjson.dumps(made),
    )
    await refused(400, "BadRequest", plane.ask(renamed))
    empty = ApiRequest("create", "configmaps", namespace="default")
    await refused(400, "BadRequest", plane.ask(empty))
    await refused(405, "MethodNotAllowed", plane.list("bindings", "default"))
    # Over all namespaces there is only a list of them.
    await refused(405, "MethodNotAllowed", plane.create("configmaps", config("a")))
    await refused(404, "NotFound", plane.get("configmaps", "a"))
    await refused(404, "NotFound", plane.list("bindings"))


async def test_there_are_no_custom_resources_to_be_found(plane: ControlPlane) -> None:
    group = "apiextensions.k8s.io"
    found = await plane.list("customresourcedefinitions", group=group)
    assert (found["kind"], found["items"]) == ("CustomResourceDefinitionList", [])
    await refused(404, "NotFound", plane.get("customresourcedefinitions", "a", group=group))
    await refused(404, "NotFound", plane.list("nonsenses", "default", "batch"))


async def test_lists_select_and_page(plane: ControlPlane) -> None:
    for number in range(7):
        obj = config(f"c{number}")
        obj["metadata"]["labels"] = {"even": str(number % 2 == 0).lower()}
        await plane.create("configmaps", obj, "default")
    even = await plane.list("configmaps", "default", labelSelector="even=true")
    assert [item["metadata"]["name"] for item in even["items"]] == ["c0", "c2", "c4", "c6"]
    one = await plane.list("configmaps", fieldSelector="metadata.name=c3")
    assert [item["metadata"]["name"] for item in one["items"]] == ["c3"]
    seen: list[str] = []
    query = {"limit": "3"}
    revisions = set()
    while True:
        page = await plane.list("configmaps", "default", **query)
        seen += [item["metadata"]["name"] for item in page["items"]]
        revisions.add(page["metadata"]["resourceVersion"])
        if "continue" not in page["metadata"]:
            break
        assert page["metadata"]["remainingItemCount"] == 7 - len(seen)
        # What happens after the first page is not in the later ones.
        await plane.create("configmaps", config(f"later{len(seen)}"), "default")
        query = {"limit": "3", "continue": page["metadata"]["continue"]}
    assert seen == [f"c{number}" for number in range(7)]
    assert len(revisions) == 1
    picked = await plane.list("configmaps", "default", labelSelector="even=true", limit="2")
    assert [item["metadata"]["name"] for item in picked["items"]] == ["c0", "c2"]
    assert "remainingItemCount" not in picked["metadata"]
    await refused(400, "BadRequest", plane.list("configmaps", "default", **{"continue": "x"}))
    await refused(400, "BadRequest", plane.list("configmaps", labelSelector="a in"))
    await refused(400, "BadRequest", plane.list("pods", fieldSelector="spec.color=red"))


async def test_reads_of_a_revision(plane: ControlPlane) -> None:
    first = await plane.create("configmaps", config("a", x="1"), "default")
    revision = first["metadata"]["resourceVersion"]
    await plane.patch("configmaps", "a", {"data": {"x": "2"}}, "default")
    exact = await plane.list(
        "configmaps", "default", resourceVersion=revision, resourceVersionMatch="Exact"
    )
    assert exact["items"] == [first]
    newer = await plane.list("configmaps", "default", resourceVersion=revision)
    assert newer["items"][0]["data"] == {"x": "2"}


async def test_patches(plane: ControlPlane) -> None:
    await plane.create("deployments", DEPLOYMENT, "default", "apps")
    merged = await plane.patch("deployments", "web", {"spec": {"replicas": 3}}, "default", "apps")
    assert (merged["spec"]["replicas"], merged["metadata"]["generation"]) == (3, 2)
    patched = await plane.patch(
        "deployments",
        "web",
        [{"op": "replace", "path": "/spec/replicas", "value": 4}],
        "default",
        "apps",
        content_type="application/json-patch+json",
    )
    assert patched["spec"]["replicas"] == 4
    containers = {"containers": [{"name": "side", "image": "s"}]}
    strategic = await plane.patch(
        "deployments",
        "web",
        {"spec": {"template": {"spec": containers}}},
        "default",
        "apps",
        content_type="application/strategic-merge-patch+json",
    )
    names = [item["name"] for item in strategic["spec"]["template"]["spec"]["containers"]]
    assert sorted(names) == ["c", "side"]
    labels = await plane.patch(
        "deployments", "web", {"metadata": {"labels": {"a": "b"}}}, "default", "apps"
    )
    assert labels["metadata"]["generation"] == strategic["metadata"]["generation"]
    unknown = plane.patch(
        "deployments", "web", {}, "default", "apps", content_type="application/x-patch"
    )
    await refused(415, "UnsupportedMediaType", unknown)


async def test_server_side_apply(plane: ControlPlane) -> None:
    async def apply(manager: str, **query: str) -> dict[str, Any]:
        config = {"apiVersion": "v1", "kind": "ConfigMap", **query_body}
        return await plane.patch(
            "configmaps",
            "a",
            config,
            "default",
            content_type="application/apply-patch+yaml",
            fieldManager=manager,
            **query,
        )

    query_body: dict[str, Any] = {"metadata": {"name": "a"}, "data": {"x": "1", "y": "1"}}
    made = await apply("one")
    assert made["metadata"]["managedFields"][0]["manager"] == "one"
    assert await apply("one") == made
    query_body = {"metadata": {"name": "a"}, "data": {"x": "2"}}
    error = await refused(409, "Conflict", apply("two"))
    assert error.status["details"]["causes"][0]["reason"] == "FieldManagerConflict"
    forced = await apply("two", force="true")
    assert forced["data"] == {"x": "2", "y": "1"}
    query_body = {"metadata": {"name": "a"}, "data": {}}
    assert (await apply("one"))["data"] == {"x": "2"}


async def test_status_is_written_apart(plane: ControlPlane) -> None:
    body = {**DEPLOYMENT, "status": {"replicas": 9}}
    made = await plane.create("deployments", body, "default", "apps")
    assert made["status"] == {}
    with_status = {**made, "status": {"replicas": 2}, "spec": {**made["spec"], "replicas": 7}}
    written = await plane.update("deployments", with_status, "apps", "status")
    assert written["status"] == {"replicas": 2}
    assert (written["spec"]["replicas"], written["metadata"]["generation"]) == (2, 1)
    kept = await plane.update("deployments", {**written, "status": {"replicas": 5}}, "apps")
    assert kept["status"] == {"replicas": 2}


async def test_fences(plane: ControlPlane) -> None:
    body = orjson.dumps(config("a"))
    request = ApiRequest("create", "configmaps", namespace="default", body=body, fence=99)
    with pytest.raises(Fenced):
        await plane.ask(request)
    current = ApiRequest("create", "configmaps", namespace="default", body=body, fence=1)
    assert (await plane.ask(current)).code == 201


async def test_tables_and_partial_metadata(plane: ControlPlane) -> None:
    await plane.create("pods", POD, "default")
    table = ApiRequest(
        "list",
        "pods",
        namespace="default",
        accept="application/json;as=Table;v=v1;g=meta.k8s.io",
    )
    document = orjson.loads((await plane.ask(table)).body)
    assert document["kind"] == "Table"
    assert document["rows"][0]["cells"][0] == "p"
    assert document["metadata"]["resourceVersion"]
    partial = ApiRequest(
        "get",
        "pods",
        namespace="default",
        name="p",
        accept="application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    )
    document = orjson.loads((await plane.ask(partial)).body)
    assert (document["kind"], set(document)) == (
        "PartialObjectMetadata",
        {"kind", "apiVersion", "metadata"},
    )


async def test_deletecollection(plane: ControlPlane) -> None:
    for name, tier in (("a", "x"), ("b", "x"), ("c", "y")):
        obj = config(name)
        obj["metadata"]["labels"] = {"tier": tier}
        await plane.create("configmaps", obj, "default")
    request = ApiRequest(
        "deletecollection", "configmaps", namespace="default", query={"labelSelector": "tier=x"}
    )
    await plane.ask(request)
    left = await plane.list("configmaps", "default")
    assert [item["metadata"]["name"] for item in left["items"]] == ["c"]


async def test_pods_go_gracefully(plane: ControlPlane) -> None:
    await plane.create("pods", {**POD, "spec": {**POD["spec"], "nodeName": "n1"}}, "default")
    going = await plane.delete("pods", "p", "default")
    assert going["metadata"]["deletionGracePeriodSeconds"] == 30
    again = await plane.delete("pods", "p", "default", options={"gracePeriodSeconds": 0})
    assert again["kind"] == "Pod"
    await refused(404, "NotFound", plane.get("pods", "p", "default"))


async def test_the_last_finalizer_removes_the_object(plane: ControlPlane) -> None:
    obj = config("a")
    obj["metadata"]["finalizers"] = ["example.com/hold"]
    await plane.create("configmaps", obj, "default")
    held = await plane.delete("configmaps", "a", "default")
    assert held["metadata"]["deletionTimestamp"]
    last = await plane.patch("configmaps", "a", {"metadata": {"finalizers": None}}, "default")
    assert "finalizers" not in last["metadata"] and last["metadata"]["uid"]
    await refused(404, "NotFound", plane.get("configmaps", "a", "default"))


async def test_namespaces_end_with_finalize(plane: ControlPlane) -> None:
    made = await plane.create("namespaces", {"metadata": {"name": "team"}})
    assert made["spec"] == {"finalizers": ["kubernetes"]}
    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": "team"}
    ending = await plane.delete("namespaces", "team")
    assert ending["status"]["phase"] == "Terminating"
    await refused(403, "Forbidden", plane.create("configmaps", config("late"), "team"))
    await plane.update("namespaces", {**ending, "spec": {"finalizers": []}}, subresource="finalize")
    await refused(404, "NotFound", plane.get("namespaces", "team"))
    await refused(403, "Forbidden", plane.delete("namespaces", "default"))


async def test_events_of_both_groups_are_the_same(plane: ControlPlane) -> None:
    event = {
        "metadata": {"name": "e", "namespace": "default"},
        "regarding": {"kind": "Pod", "name": "p", "namespace": "default"},
        "reason": "Started",
        "note": "it runs",
        "type": "Normal",
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "action": "Starting",
        "reportingController": "kubelet",
        "reportingInstance": "n1",
    }
    made = await plane.create("events", event, "default", "events.k8s.io")
    assert (made["apiVersion"], made["note"]) == ("events.k8s.io/v1", "it runs")
    core = await plane.get("events", "e", "default")
    assert (core["apiVersion"], core["message"]) == ("v1", "it runs")
    found = await plane.list("events", "default", fieldSelector="involvedObject.name=p")
    assert len(found["items"]) == 1


async def test_a_component_without_rights_is_forbidden(plane: ControlPlane) -> None:
    request = ApiRequest("list", "secrets", namespace="default")
    error = await refused(403, "Forbidden", plane.ask(request, sender="proxy"))
    assert 'cannot list resource "secrets"' in str(error)


async def test_a_list_says_what_caused_each_object_if_it_is_asked(plane: ControlPlane) -> None:
    tracer = plane.system.recorder.tracer
    assert isinstance(tracer, MemoryTracer)
    for name in ("one", "two"):
        with root_trace(plane.system.world.entropy):
            await plane.create("configmaps", {"metadata": {"name": name}}, "default")
    question = ApiRequest("list", "configmaps", namespace="default", query={"limit": "500"})
    assert (await plane.ask(question)).traces == ()
    answer = await plane.ask(msgspec.structs.replace(question, traces=True))
    items = orjson.loads(answer.body)["items"]
    assert len(items) == len(answer.traces) >= 2
    by_name = {
        item["metadata"]["name"]: trace for item, trace in zip(items, answer.traces, strict=True)
    }
    for name in ("one", "two"):
        key = f"put /registry/core/configmaps/default/{name}"
        [written] = tracer.find(event="sent", msg="Txn", subject=key)
        assert by_name[name] == f"{written['trace']}-{written['span']}"
