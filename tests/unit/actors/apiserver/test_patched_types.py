"""Patches that say another version of the same kind, or change what a custom resource is.

Answers and words as a kube-apiserver gave them; of custom resources as its project documents them.
"""

from typing import Any

import orjson
import pytest

from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from tests.support import widgets
from tests.support.control_plane import ControlPlane

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"
HPAS, NEW, OLD = "horizontalpodautoscalers", "autoscaling/v2", "autoscaling/v1"
TARGET = {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"}


def usage(name: str, share: int) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": share}
    return {"type": "Resource", "resource": {"name": name, "target": target}}


AUTOSCALER: dict[str, Any] = {
    "metadata": {"name": "a", "annotations": {"x": "y"}},
    "spec": {
        "minReplicas": 2,
        "maxReplicas": 5,
        "scaleTargetRef": TARGET,
        "metrics": [usage("memory", 60), usage("cpu", 50)],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 10}},
    },
}


def steps(change: dict[str, Any]) -> list[dict[str, Any]]:
    """The same as a JSON patch."""
    return [
        {"op": "remove", "path": f"/{name}"}
        if value is None
        else {"op": "add", "path": f"/{name}", "value": value}
        for name, value in change.items()
    ]


async def patched(
    plane: ControlPlane,
    change: Any,
    version: str = "v2",
    content: str = MERGE,
    resource: str = HPAS,
    group: str = "autoscaling",
    name: str = "a",
    part: str = "",
    **query: str,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """(the object, warnings)"""
    answer = await plane.ask(
        ApiRequest(
            "patch",
            resource,
            group,
            version,
            "default",
            name=name,
            subresource=part,
            query=query,
            body=orjson.dumps(change),
            content_type=content,
        )
    )
    return orjson.loads(answer.body), answer.warnings


async def autoscaler(plane: ControlPlane) -> dict[str, Any]:
    """As version 2 shows it now."""
    request = ApiRequest("get", HPAS, "autoscaling", "v2", "default", name="a")
    found: dict[str, Any] = orjson.loads((await plane.ask(request)).body)
    return found


async def create(plane: ControlPlane) -> None:
    body = orjson.dumps(AUTOSCALER)
    await plane.ask(ApiRequest("create", HPAS, "autoscaling", "v2", "default", body=body))


@pytest.mark.parametrize("content", [MERGE, JSON_PATCH])
async def test_it_is_read_as_the_version_it_says(plane: ControlPlane, content: str) -> None:
    """What that version has no field for is lost."""
    await create(plane)
    change: Any = {"apiVersion": OLD}
    made, warned = await patched(plane, steps(change) if content == JSON_PATCH else change,
                                 content=content)  # fmt: skip
    assert (made["apiVersion"], made["spec"]) == (
        NEW,
        {
            "minReplicas": 2,
            "maxReplicas": 5,
            "scaleTargetRef": TARGET,
            "metrics": [usage("cpu", 80)],
        },
    )
    assert made["metadata"]["annotations"] == {"x": "y"} and made == await autoscaler(plane)
    assert set(warned) == {'unknown field "spec.metrics"', 'unknown field "spec.behavior"'}
    extra = [{"op": "add", "path": "/spec/targetCPUUtilizationPercentage", "value": 33}]
    made, _ = await patched(plane, [*steps(change), *extra], content=JSON_PATCH)
    assert made["spec"]["metrics"] == [usage("cpu", 33)]


async def test_the_elder_version_said_to_be_the_newer(plane: ControlPlane) -> None:
    """What the elder tells in annotations is not looked at: the newer has fields for it."""
    await create(plane)
    change = {"apiVersion": NEW, "spec": {"maxReplicas": 7}}
    made, warned = await patched(plane, change, "v1")
    assert (made["apiVersion"], made["metadata"]["annotations"]) == (OLD, {"x": "y"})
    assert made["spec"] == {
        "minReplicas": 2,
        "maxReplicas": 7,
        "scaleTargetRef": TARGET,
        "targetCPUUtilizationPercentage": 80,
    }
    assert warned == ('unknown field "spec.targetCPUUtilizationPercentage"',)
    assert (await autoscaler(plane))["spec"]["metrics"] == [usage("cpu", 80)]


async def test_what_else_is_wrong_with_it(plane: ControlPlane) -> None:
    await create(plane)
    before = await autoscaler(plane)
    for change, query, code, why in (
        ({"spec": {"maxReplicas": "x"}}, {}, 422, "cannot unmarshal string"),
        ({"metadata": None}, {}, 400, "name must be provided"),
        ({}, {"fieldValidation": "Strict"}, 422, "strict decoding error: unknown field"),
    ):
        with pytest.raises(StatusError, match=why) as refused:
            await patched(plane, {"apiVersion": OLD, **change}, **query)
        assert refused.value.code == code
    for given, version in ((OLD, "v2"), (NEW, "v1")):
        body = {**AUTOSCALER, "apiVersion": given, "kind": "HorizontalPodAutoscaler"}
        with pytest.raises(StatusError, match="Incorrect version specified in apply patch"):
            await patched(plane, body, version, APPLY, fieldManager="m")
    assert await autoscaler(plane) == before


async def test_where_it_changes_nothing(plane: ControlPlane) -> None:
    """A strategic merge patch changes an object that has its version; a status has both alike."""
    await create(plane)
    made, _ = await patched(plane, {"apiVersion": OLD, "spec": {"maxReplicas": 9}}, "v2", STRATEGIC)
    assert made["spec"]["metrics"] == [usage("memory", 60), usage("cpu", 50)]
    told = {"apiVersion": OLD, "status": {"currentReplicas": 3}}
    made, _ = await patched(plane, told, part="status")
    assert made["status"]["currentReplicas"] == 3
    shares = {item["resource"]["name"] for item in made["spec"]["metrics"]}
    assert shares == {"cpu", "memory"} and made["spec"]["behavior"]


async def test_events_of_the_other_group(plane: ControlPlane) -> None:
    await plane.create("namespaces", {"metadata": {"name": "team"}})
    about = {"kind": "Pod", "name": "p", "namespace": "team"}
    event = {"metadata": {"name": "a"}, "involvedObject": about, "reason": "r", "message": "m"}
    await plane.create("events", event, "team")
    # Only in words of the other group is it about anything.
    change = {"apiVersion": "events.k8s.io/v1", "note": "new"}
    with pytest.raises(StatusError, match=r"does not match event\.namespace") as refused:
        await plane.patch("events", "a", change, "team")
    assert refused.value.code == 422
    made = await plane.patch("events", "a", {**change, "regarding": about}, "team")
    assert (made["apiVersion"], made["message"]) == ("v1", "new")
    assert made["involvedObject"] == about and "note" not in made
    # It has no eventTime, which the other group's own events must have.
    labels = {"metadata": {"labels": {"a": "b"}}}
    for content in (MERGE, STRATEGIC):
        shown = await plane.patch(
            "events", "a", labels, "team", "events.k8s.io", content_type=content
        )
        assert (shown["note"], shown["eventTime"]) == ("new", None)
    with pytest.raises(StatusError, match=r"message: Invalid value: .*: field is immutable"):
        await plane.patch("events", "a", {"note": "newer"}, "team", "events.k8s.io")


@pytest.mark.parametrize("content", [MERGE, JSON_PATCH])
async def test_a_custom_resource_stays_what_it_is(plane: ControlPlane, content: str) -> None:
    two = widgets.version("v2", storage=False)
    await widgets.established(plane, widgets.definition(widgets.version(), two))
    await plane.create("widgets", widgets.widget(), "default", widgets.GROUP)
    kind = 'kind: Invalid value: "{}": must be Widget'
    version = 'apiVersion: Invalid value: "{}": must be example.com/v1'
    for change, why in (
        ({"kind": "Other"}, kind.format("Other")),
        ({"kind": "WidgetList"}, kind.format("WidgetList")),
        ({"apiVersion": "example.com/v2"}, version.format("example.com/v2")),
        ({"apiVersion": "example.com/v9"}, version.format("example.com/v9")),
        ({"apiVersion": "v1"}, version.format("v1")),
        ({"apiVersion": None}, version.format("")),
        (
            {"kind": "Pod", "apiVersion": "v1"},
            f"[{kind.format('Pod')}, {version.format('v1')}]",
        ),
    ):
        body = steps(change) if content == JSON_PATCH else change
        with pytest.raises(StatusError) as refused:
            await patched(plane, body, "v1", content, "widgets", widgets.GROUP, "w")
        told = refused.value.status
        shown = f'{change.get("kind", "Widget")}.example.com "w" is invalid: {why}'
        assert (told["code"], told["message"]) == (422, shown)
    for change, why in (
        ({"kind": None}, "Object 'Kind' is missing in '{"),
        ({"kind": ""}, "Object 'Kind' is missing in '{"),
        ({"apiVersion": "a/b/c"}, "unexpected GroupVersion string: a/b/c"),
        ({"kind": 5}, "cannot unmarshal number into Go struct field .kind of type string"),
    ):
        body = steps(change) if content == JSON_PATCH else change
        with pytest.raises(StatusError) as refused:
            await patched(plane, body, "v1", content, "widgets", widgets.GROUP, "w")
        assert (refused.value.code, refused.value.status["details"].get("kind")) == (422, None)
        assert why in refused.value.status["message"]


async def test_bodies_of_another_custom_kind(plane: ControlPlane) -> None:
    await widgets.established(plane)
    made = await plane.create("widgets", widgets.widget(), "default", widgets.GROUP)
    for call in (
        plane.update("widgets", {**made, "kind": "Other"}, widgets.GROUP),
        plane.create("widgets", {**widgets.widget("w"), "kind": "Other"}, "default", widgets.GROUP),
    ):
        with pytest.raises(StatusError, match='"Other": must be Widget') as refused:
            await call
        assert (refused.value.code, refused.value.status["details"]["name"]) == (422, "w")
    with pytest.raises(StatusError, match="does not match the expected API version") as refused:
        await plane.update(
            "widgets", {**made, "kind": "Other", "apiVersion": "example.com/v9"}, widgets.GROUP
        )
    assert refused.value.code == 400
    # Of a status nothing else is taken, so nothing else is looked at.
    odd = {**made, "kind": "Other", "status": {"phase": "Ready"}}
    marked = await plane.update("widgets", odd, widgets.GROUP, "status")
    assert (marked["kind"], marked["status"]) == ("Widget", {"phase": "Ready"})
    change = {"kind": "Other", "apiVersion": "v1", "status": {"phase": "Gone"}}
    marked, _ = await patched(plane, change, "v1", MERGE, "widgets", widgets.GROUP, "w", "status")
    assert (marked["apiVersion"], marked["status"]) == ("example.com/v1", {"phase": "Gone"})
    with pytest.raises(StatusError, match="name must be provided") as refused:
        change = {"kind": "Other", "metadata": None}
        await patched(plane, change, "v1", MERGE, "widgets", widgets.GROUP, "w")
    assert refused.value.code == 400
