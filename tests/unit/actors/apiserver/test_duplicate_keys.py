"""Keys that come twice in a body, and what is told before and after them."""

import pytest

from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest, ApiResponse
from tests.support.control_plane import ControlPlane
from tests.support.widgets import GROUP, established

APPLY = "application/apply-patch+yaml"
MAP = """apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data:
  k: "1"
  k: "2"
"""
WIDGET = """{"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"},
"spec": {"color": "red", "color": "blue"}}
"""
ERROR = "error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:"


async def apply(plane: ControlPlane, body: str, strict: str, **more: str) -> ApiResponse:
    custom = "Widget" in body
    query = {"fieldManager": "m", "fieldValidation": strict}
    request = ApiRequest(
        "patch", "widgets" if custom else "configmaps", GROUP if custom else "",
        namespace="default", name="w" if custom else "a", query=query | more,
        body=body.encode(), content_type=APPLY,
    )  # fmt: skip
    return await plane.ask(request)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (MAP, 'line 6: key "k" already set in map'),
        (WIDGET, 'line 2: key "color" already set in map'),
    ],
)
async def test_what_is_applied(plane: ControlPlane, body: str, line: str) -> None:
    await established(plane)
    with pytest.raises(StatusError) as refused:
        await apply(plane, body, "Strict")
    assert refused.value.code == 400
    assert refused.value.status["message"] == f"{ERROR}\n  {line}"
    made = await apply(plane, body, "Warn")
    assert made.code == 201 and made.warnings == (line,)
    again = await apply(plane, body, "Warn")
    assert again.code == 200 and again.warnings == (line,)
    assert (await apply(plane, body, "Ignore")).warnings == ()


async def test_a_conflict_is_told_first(plane: ControlPlane) -> None:
    await plane.create("configmaps", {"metadata": {"name": "a"}, "data": {"k": "0"}}, "default")
    with pytest.raises(StatusError) as refused:
        await apply(plane, MAP, "Strict")
    assert refused.value.code == 409
    with pytest.raises(StatusError) as refused:
        await apply(plane, MAP, "Strict", force="true")
    assert refused.value.status["message"].startswith(ERROR)


async def test_an_applied_scale(plane: ControlPlane) -> None:
    await established(plane)
    await apply(plane, WIDGET, "Ignore")
    body = (
        '{"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "w"}, '
        '"spec": {"replicas": 2, "replicas": 3}}'
    )
    request = ApiRequest(
        "patch", "widgets", GROUP, namespace="default", name="w", subresource="scale",
        query={"fieldManager": "m", "force": "true", "fieldValidation": "Strict"},
        body=body.encode(), content_type=APPLY,
    )  # fmt: skip
    with pytest.raises(StatusError, match='line 1: key "replicas" already set in map'):
        await plane.ask(request)


async def test_what_is_created_from_yaml(plane: ControlPlane) -> None:
    def request(strict: str) -> ApiRequest:
        return ApiRequest(
            "create", "configmaps", namespace="default", query={"fieldValidation": strict},
            body=f"{MAP}odd: 1\n".encode(), content_type="application/yaml",
        )  # fmt: skip

    with pytest.raises(StatusError) as refused:
        await plane.ask(request("Strict"))
    assert refused.value.status["message"] == (
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: '
        'yaml: unmarshal errors:\n  line 6: key "k" already set in map, unknown field "odd"'
    )
    made = await plane.ask(request("Warn"))
    assert made.warnings == ('line 6: key "k" already set in map', 'unknown field "odd"')


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("a: [1", "error converting YAML to JSON: yaml: line 1: did not find expected ',' or ']'"),
        ("[1]", "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into "
                "Go value of type map[string]interface {}"),
    ],
)  # fmt: skip
async def test_what_cannot_be_applied(plane: ControlPlane, body: str, told: str) -> None:
    with pytest.raises(StatusError) as refused:
        await apply(plane, body, "Warn")
    assert refused.value.status["message"] == f"error decoding YAML: {told}"


async def test_a_resource_version_is_refused_when_nothing_else_is_wrong(
    plane: ControlPlane,
) -> None:
    async def create(namespace: str = "default", version: str = "5", **more: str) -> StatusError:
        metadata = {"name": "a", "resourceVersion": version, **more}
        with pytest.raises(StatusError) as refused:
            await plane.create("configmaps", {"metadata": metadata}, namespace)
        return refused.value

    await plane.create("configmaps", {"metadata": {"name": "there"}}, "default")
    assert (await create(name="A!")).code == (await create(name="")).code == 422
    assert (await create("nowhere")).code == 404
    for name in ("a", "there"):
        refused = await create(name=name)
        assert refused.code == 400
        told = "resourceVersion should not be set on objects to be created"
        assert refused.status["message"] == told
    given = {"metadata": {"name": "a", "resourceVersion": "5"}}
    await plane.create("configmaps", given, "default", dryRun="All")
    for number, version in enumerate(("x", "0", "")):
        given = {"metadata": {"name": f"n{number}", "resourceVersion": version}}
        await plane.create("configmaps", given, "default")
    # An apply makes what is not there, whichever version it names.
    assert (await apply(plane, MAP.replace("{name: a}", "{name: a, resourceVersion: '5'}"),
                        "Ignore")).code == 201  # fmt: skip


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("odd: 1", ".odd: field not declared in schema"),
        ("immutable: 1", ".immutable: expected boolean, got &{1}"),
        ("binaryData: [a]", ".binaryData: expected map, got &{[a]}"),
    ],
)
async def test_what_the_schema_does_not_type_is_never_applied(
    plane: ControlPlane, line: str, told: str
) -> None:
    for strict in ("Strict", "Warn", "Ignore"):
        with pytest.raises(StatusError) as refused:
            await apply(plane, f"{MAP}{line}\n", strict)
        assert (refused.value.code, refused.value.status["message"]) == (
            400, f"failed to create typed patch object (/a; /v1, Kind=ConfigMap): {told}",
        )  # fmt: skip
