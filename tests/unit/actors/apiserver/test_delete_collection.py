"""deletecollection: what it is asked is judged first, then each object goes as by its own delete.

Answers as a kube-apiserver gave them.
"""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest, ApiResponse
from tests.support.control_plane import ControlPlane

FORM = "application/json;as={};g=meta.k8s.io;v=v1"
ALL = ["a", "b", "c"]


async def made(plane: ControlPlane, **metadata: Any) -> None:
    for name in ALL:
        obj = {"metadata": {"name": name, "labels": {"is": name}, **metadata}, "data": {"k": "v"}}
        await plane.create("configmaps", obj, "default")


async def emptied(
    plane: ControlPlane,
    query: Mapping[str, str] | None = None,
    options: Any = None,
    accept: str = "",
    resource: str = "configmaps",
) -> ApiResponse:
    return await plane.ask(
        ApiRequest(
            "deletecollection",
            resource,
            namespace="default",
            query=dict(query or {}),
            body=b"" if options is None else orjson.dumps(options),
            accept=accept,
        )
    )


async def left(plane: ControlPlane) -> list[str]:
    found = await plane.list("configmaps", "default")
    return [item["metadata"]["name"] for item in found["items"]]


async def test_the_answer_is_the_list_as_it_was(plane: ControlPlane) -> None:
    await made(plane)
    before = await plane.list("configmaps", "default")
    told = orjson.loads((await emptied(plane)).body)
    assert told["kind"] == "ConfigMapList" and told["items"] == before["items"]
    assert await left(plane) == []
    again = orjson.loads((await emptied(plane)).body)
    assert (again["kind"], again["items"]) == ("ConfigMapList", [])


async def test_a_page_at_a_time(plane: ControlPlane) -> None:
    await made(plane)
    first = orjson.loads((await emptied(plane, {"limit": "2"})).body)
    assert first["metadata"]["remainingItemCount"] == 1 and await left(plane) == ["c"]
    token = first["metadata"]["continue"]
    rest = orjson.loads((await emptied(plane, {"limit": "2", "continue": token})).body)
    assert [item["metadata"]["name"] for item in rest["items"]] == ["c"]
    assert await left(plane) == []


@pytest.mark.parametrize("query", [{"labelSelector": "is=b"}, {"fieldSelector": "metadata.name=b"}])
async def test_only_what_is_selected(plane: ControlPlane, query: dict[str, str]) -> None:
    await made(plane)
    await emptied(plane, query)
    assert await left(plane) == ["a", "c"]


@pytest.mark.parametrize(
    ("shape", "key"), [("Table", "rows"), ("PartialObjectMetadataList", "items")]
)
async def test_other_forms(plane: ControlPlane, shape: str, key: str) -> None:
    await made(plane)
    answer = await emptied(plane, {"includeObject": "None"}, accept=FORM.format(shape))
    told = orjson.loads(answer.body)
    assert (told["kind"], len(told[key])) == (shape, 3)
    assert shape != "Table" or told["rows"][0]["object"] is None
    assert await left(plane) == []


REFUSED: list[tuple[dict[str, str], Any, str, int]] = [
    ({"labelSelector": "a b c"}, None, "", 400),
    ({"fieldSelector": "spec.x=1"}, None, "", 400),
    ({"limit": "x"}, None, "", 400),
    ({"timeoutSeconds": "x"}, None, "", 400),
    ({"continue": "xx"}, None, "", 400),
    ({"resourceVersion": "abc"}, None, "", 400),
    ({"resourceVersion": "1", "resourceVersionMatch": "Near"}, None, "", 422),
    ({"resourceVersionMatch": "Exact"}, None, "", 422),
    ({"gracePeriodSeconds": "abc"}, None, "", 400),
    ({"dryRun": "Some"}, None, "", 422),
    ({"propagationPolicy": "Nope"}, None, "", 422),
    ({}, {"dryRun": ["Some"]}, "", 422),
    ({}, {"propagationPolicy": "Nope"}, "", 422),
    ({}, {"propagationPolicy": "Orphan", "orphanDependents": True}, "", 422),
    ({}, {"gracePeriodSeconds": "5"}, "", 400),
    ({}, {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}}, "", 400),
    ({}, [], "", 400),
    ({}, None, "application/nope", 406),
    ({}, None, FORM.format("PartialObjectMetadata"), 406),
]


async def test_what_is_refused_deletes_nothing(plane: ControlPlane) -> None:
    await made(plane)
    for query, options, accept, code in REFUSED:
        with pytest.raises(StatusError) as refused:
            await emptied(plane, query, options, accept)
        assert refused.value.code == code, (query, options, refused.value.status)
        assert await left(plane) == ALL, (query, options)


@pytest.mark.parametrize(
    ("query", "options", "names"),
    [
        ({"dryRun": "All"}, None, ALL),
        ({}, {"dryRun": ["All"]}, ALL),
        # A body is all there is to say: the query's options are not even read.
        ({"dryRun": "All"}, {}, []),
        ({"gracePeriodSeconds": "abc", "propagationPolicy": "Nope"}, {"dryRun": ["All"]}, ALL),
        ({"resourceVersion": "1"}, {}, []),
        ({"limit": "-1"}, None, []),
        ({"gracePeriodSeconds": "-5"}, None, []),
    ],
)
async def test_options(
    plane: ControlPlane, query: dict[str, str], options: Any, names: list[str]
) -> None:
    await made(plane)
    await emptied(plane, query, options)
    assert await left(plane) == names


async def test_the_first_that_may_not_go_ends_it(plane: ControlPlane) -> None:
    """What went before it is gone, what comes after it stays."""
    await made(plane)
    uid = (await plane.get("configmaps", "a", "default"))["metadata"]["uid"]
    with pytest.raises(StatusError, match="the UID in the precondition") as refused:
        await emptied(plane, options={"preconditions": {"uid": uid}})
    assert (refused.value.code, refused.value.status["details"]["name"]) == (409, "b")
    assert await left(plane) == ["b", "c"]


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ({"resourceVersion": "1"}, None),
        ({"uid": "other"}, None),
        ({}, {"preconditions": {"uid": ""}}),
        ({}, {"preconditions": {"resourceVersion": ""}}),
    ],
)
async def test_preconditions(plane: ControlPlane, query: dict[str, str], options: Any) -> None:
    """The query's resourceVersion is one, of what is deleted too: of none of these it is that."""
    await made(plane)
    with pytest.raises(StatusError, match="in the precondition") as refused:
        await emptied(plane, query, options)
    assert refused.value.code == 409 and await left(plane) == ALL


async def test_what_is_held_is_marked(plane: ControlPlane) -> None:
    await made(plane, finalizers=["example.com/hold"])
    told = orjson.loads((await emptied(plane, {"propagationPolicy": "Foreground"})).body)
    assert all("deletionTimestamp" not in item["metadata"] for item in told["items"])
    for item in (await plane.list("configmaps", "default"))["items"]:
        assert item["metadata"]["deletionTimestamp"]
        assert item["metadata"]["finalizers"] == ["example.com/hold", "foregroundDeletion"]


async def test_pods_go_gracefully(plane: ControlPlane) -> None:
    containers = [{"name": "c", "image": "i"}]
    for name, spec in (("here", {"nodeName": "n1"}), ("nowhere", {})):
        pod = {"metadata": {"name": name}, "spec": {**spec, "containers": containers}}
        await plane.create("pods", pod, "default")
    await emptied(plane, {"gracePeriodSeconds": "-1"}, resource="pods")
    [going] = (await plane.list("pods", "default"))["items"]
    assert going["metadata"]["name"] == "here"
    assert going["metadata"]["deletionGracePeriodSeconds"] == 1, "less than nothing is a second"
    await emptied(plane, options={"gracePeriodSeconds": 0}, resource="pods")
    assert (await plane.list("pods", "default"))["items"] == []


async def test_never_of_all_namespaces(plane: ControlPlane) -> None:
    for request in (
        ApiRequest("deletecollection", "configmaps"),
        ApiRequest("deletecollection", "configmaps", query={"dryRun": "x"}),
        ApiRequest("deletecollection", "ingresses", "networking.k8s.io"),
        ApiRequest("deletecollection", "namespaces"),
    ):
        with pytest.raises(StatusError, match="does not allow this method") as refused:
            await plane.ask(request)
        assert (refused.value.code, refused.value.reason) == (405, "MethodNotAllowed")
        assert not refused.value.status.get("details")
