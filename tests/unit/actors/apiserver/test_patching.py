"""Patches whose result cannot be decoded: Invalid, in the words clients of Kubernetes know.

Answers and words as a kube-apiserver gave them.
"""

from typing import Any

import pytest

from cluster.api.go_text import as_go
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from tests.support import widgets
from tests.support.control_plane import ControlPlane

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"


async def invalid(coroutine: Any) -> dict[str, Any]:
    """The one cause of the refusal."""
    with pytest.raises(StatusError) as error:
        await coroutine
    told = error.value.status
    assert (told["code"], told["reason"]) == (422, "Invalid"), told
    assert set(told["details"]) == {"causes"}, "no kind and no name"
    (cause,) = told["details"]["causes"]
    assert (cause["reason"], cause["field"]) == ("FieldValueInvalid", "patch")
    assert told["message"] == f' "" is invalid: patch: {cause["message"]}'
    return dict(cause)


async def test_unknown_fields(plane: ControlPlane) -> None:
    made = await plane.create("configmaps", {"metadata": {"name": "a"}}, "default")

    def patch(body: Any, content: str, mode: str = "Strict") -> Any:
        return plane.patch(
            "configmaps", "a", body, "default", content_type=content, fieldValidation=mode
        )

    odd = {"data": {"x": "1"}, "odd": 1}
    end = ': strict decoding error: unknown field "odd"'
    told = (await invalid(patch(odd, STRATEGIC)))["message"]
    assert told == f'Invalid value: "map[data:map[x:1] odd:1]"{end}'
    told = (await invalid(patch(odd, MERGE)))["message"]
    # The whole object as it would be.
    assert told.startswith(
        'Invalid value: "{\\"apiVersion\\":\\"v1\\",\\"data\\":{\\"x\\":\\"1\\"},'
    )
    assert '\\"odd\\":1' in told and made["metadata"]["uid"] in told and told.endswith(end)
    told = (await invalid(patch([{"op": "add", "path": "/odd", "value": 1}], JSON_PATCH)))[
        "message"
    ]
    assert told.startswith('Invalid value: "{') and told.endswith(end)
    assert await plane.get("configmaps", "a", "default") == made
    for mode in ("Warn", "Ignore"):
        assert "odd" not in await patch(odd, MERGE, mode)


@pytest.mark.parametrize("mode", ["Strict", "Warn", "Ignore"])
async def test_wrong_types(plane: ControlPlane, mode: str) -> None:
    await plane.create("configmaps", {"metadata": {"name": "a"}}, "default")
    wrong = {"data": {"x": 1}}
    add = [{"op": "add", "path": "/data", "value": {"x": 1}}]
    for body, content in ((wrong, MERGE), (wrong, STRATEGIC), (add, JSON_PATCH)):
        patch = plane.patch(
            "configmaps", "a", body, "default", content_type=content, fieldValidation=mode
        )
        told = (await invalid(patch))["message"]
        wrong = "json: cannot unmarshal number into Go"
        assert ("cannot convert int64 to string" if content == STRATEGIC else wrong) in told
        assert "cannot be handled" not in told


async def test_custom_resources(plane: ControlPlane) -> None:
    await widgets.established(plane)
    await plane.create("widgets", widgets.widget(), "default", widgets.GROUP)

    def patch(body: Any) -> Any:
        return plane.patch("widgets", "w", body, "default", widgets.GROUP, fieldValidation="Strict")

    told = (await invalid(patch({"spec": {"strange": 1}})))["message"]
    assert told.endswith(': strict decoding error: unknown field "spec.strange"')
    await invalid(patch({"metadata": {"labels": 5}}))


async def test_a_secret_is_not_repeated(plane: ControlPlane) -> None:
    await plane.create("secrets", {"metadata": {"name": "a"}, "stringData": {"x": "y"}}, "default")
    for content in (MERGE, STRATEGIC):
        patch = plane.patch(
            "secrets", "a", {"odd": 1}, "default", content_type=content, fieldValidation="Strict"
        )
        told = (await invalid(patch))["message"]
        assert told == 'Invalid value: "": strict decoding error: unknown field "odd"'


async def test_scale(plane: ControlPlane) -> None:
    labels = {"app": "web"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    body = {
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
    await plane.create("deployments", body, "default", "apps")
    wrong = plane.patch(
        "deployments", "web", {"spec": {"replicas": "2"}}, "default", "apps", "scale"
    )
    assert "cannot unmarshal string" in (await invalid(wrong))["message"]


APPLY = "application/apply-patch+yaml"
LABELS = {"app": "web"}
DEPLOYMENT: dict[str, Any] = {
    "metadata": {"name": "web"},
    "spec": {
        "selector": {"matchLabels": LABELS},
        "template": {
            "metadata": {"labels": LABELS},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
        },
    },
}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"kind": "Nope"}, 'no kind "Nope" is registered for version "v1"'),
        ({"apiVersion": "v2"}, 'no kind "ConfigMap" is registered for version "v2"'),
        ({"apiVersion": "apps/v1"}, 'no kind "ConfigMap" is registered for version "apps/v1"'),
        ({"kind": "Pod"}, "converting (v1.Pod) to (core.ConfigMap): unknown conversion"),
        (
            {"kind": "Deployment", "apiVersion": "apps/v1"},
            "converting (v1.Deployment) to (core.ConfigMap): unknown conversion",
        ),
        ({"apiVersion": "a/b/c"}, "unexpected GroupVersion string: a/b/c"),
        (
            {"kind": 5},
            "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go "
            "struct field .kind of type string",
        ),
        (
            {"apiVersion": ["v1"]},
            "couldn't get version/kind; json parse error: json: cannot unmarshal array into Go "
            "struct field .apiVersion of type string",
        ),
    ],
)
async def test_another_type(plane: ControlPlane, change: dict[str, Any], why: str) -> None:
    await plane.create("configmaps", {"metadata": {"name": "a"}, "data": {"k": "v"}}, "default")
    steps = [{"op": "add", "path": f"/{key}", "value": value} for key, value in change.items()]
    for body, content in ((change, MERGE), (steps, JSON_PATCH)):
        patch = plane.patch("configmaps", "a", body, "default", content_type=content)
        told = (await invalid(patch))["message"]
        assert told.endswith(f": {why}") and told.startswith('Invalid value: "{')
    if all(isinstance(value, str) for value in change.values()):
        # A strategic merge patch is merged into an object that has its type: it stays.
        both = {**change, "data": {"k": "w"}}
        made = await plane.patch("configmaps", "a", both, "default", content_type=STRATEGIC)
        assert (made["kind"], made["apiVersion"], made["data"]) == ("ConfigMap", "v1", {"k": "w"})


async def test_no_type(plane: ControlPlane) -> None:
    await plane.create("configmaps", {"metadata": {"name": "a"}}, "default")

    def patch(body: Any, content: str) -> Any:
        return plane.patch("configmaps", "a", body, "default", content_type=content)

    for value in (None, ""):
        for content in (MERGE, STRATEGIC):
            assert (await patch({"kind": value}, content))["kind"] == "ConfigMap"
        assert (await patch({"apiVersion": value}, STRATEGIC))["apiVersion"] == "v1"
        with pytest.raises(StatusError, match=NAMELESS) as error:
            await patch({"apiVersion": value}, MERGE)
        assert error.value.code == 400
    told = (await invalid(patch({"kind": 5}, STRATEGIC)))["message"]
    assert told == 'Invalid value: "map[kind:5]": cannot convert int64 to string'
    told = (await invalid(patch({"apiVersion": ["v1"]}, STRATEGIC)))["message"]
    assert told == 'Invalid value: "map[apiVersion:[v1]]": unrecognized type: string'


NAMELESS = r"the name of the object \(a based on URL\) was undeterminable: name must be provided"


async def test_what_is_left_must_have_a_name(plane: ControlPlane) -> None:
    """Else a patch that takes the metadata away would take labels and finalizers with it."""
    meta = {"name": "a", "labels": {"x": "y"}}
    made = await plane.create("configmaps", {"metadata": meta, "data": {"k": "v"}}, "default")
    for body, content in (
        ({"metadata": None}, MERGE),
        ({"metadata": None}, STRATEGIC),
        ({"metadata": {"name": ""}}, MERGE),
        ({"$patch": "replace"}, STRATEGIC),
        ({"$patch": "delete"}, STRATEGIC),
        ([{"op": "remove", "path": "/metadata"}], JSON_PATCH),
    ):
        with pytest.raises(StatusError, match=NAMELESS) as error:
            await plane.patch("configmaps", "a", body, "default", content_type=content)
        assert (error.value.code, error.value.reason) == (400, "BadRequest")
    with pytest.raises(StatusError, match=NAMELESS):
        await plane.ask(
            ApiRequest("update", "configmaps", namespace="default", name="a", body=b"{}")
        )
    assert await plane.get("configmaps", "a", "default") == made
    for gone in ({"namespace": None}, {"uid": None}, {"creationTimestamp": None}):
        kept = await plane.patch("configmaps", "a", {"metadata": gone}, "default")
        assert kept["metadata"]["uid"] == made["metadata"]["uid"]


async def test_another_type_of_a_part(plane: ControlPlane) -> None:
    await plane.create("deployments", DEPLOYMENT, "default", "apps")

    def patch(body: Any, part: str, content: str = MERGE) -> Any:
        return plane.patch("deployments", "web", body, "default", "apps", part, content)

    same = {"kind": "Scale", "apiVersion": "autoscaling/v1", "spec": {"replicas": 2}}
    assert (await patch(same, "scale"))["spec"]["replicas"] == 2
    told = (await invalid(patch({"kind": "Deployment"}, "scale")))["message"]
    assert told.endswith('no kind "Deployment" is registered for version "autoscaling/v1"')
    told = (await invalid(patch({"apiVersion": "apps/v1"}, "scale")))["message"]
    assert told.endswith('no kind "Scale" is registered for version "apps/v1"')
    assert (await patch({"apiVersion": "apps/v1"}, "scale", STRATEGIC))["kind"] == "Scale"
    with pytest.raises(StatusError, match="was undeterminable"):
        await patch({"metadata": {"name": None}}, "scale")
    told = (await invalid(patch({"kind": "Other"}, "status")))["message"]
    assert told.endswith('no kind "Other" is registered for version "apps/v1"')
    told = (await invalid(patch({"kind": "ReplicaSet"}, "")))["message"]
    assert told.endswith("converting (v1.ReplicaSet) to (apps.Deployment): unknown conversion")


async def test_another_type_that_is_applied(plane: ControlPlane) -> None:
    await plane.create("configmaps", {"metadata": {"name": "a"}}, "default")

    async def refused(**change: Any) -> str:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, **change}
        with pytest.raises(StatusError) as error:
            await plane.patch(
                "configmaps", "a", body, "default", content_type=APPLY, fieldManager="x"
            )
        assert (error.value.code, error.value.reason) == (400, "BadRequest")
        return str(error.value)

    start = "Incorrect version specified in apply patch. Specified patch version: "
    assert start + "v2, expected: v1" in await refused(apiVersion="v2")
    assert start + ", expected: v1" in await refused(apiVersion=None)
    # There it is an internal error of the server, with addresses of its memory.
    assert 'kind is "Secret"' in await refused(kind="Secret")


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("x", "cannot restore struct from: string"),
        ([], "cannot restore struct from: slice"),
        ({"replicas": "x"}, "unrecognized type: int32"),
        ({"replicas": True}, "unrecognized type: int32"),
        ({"replicas": 1.5}, "cannot convert float64 to int32"),
        ({"paused": 1}, "unrecognized type: bool"),
        ({"strategy": "x"}, "cannot restore struct from: string"),
        ({"selector": {"matchLabels": [1]}}, "cannot restore map from slice"),
        (
            {"strategy": {"rollingUpdate": {"maxSurge": True}}},
            "json: cannot unmarshal bool into Go value of type int32",
        ),
        ({"template": {"spec": {"containers": "x"}}}, "cannot restore slice from string"),
        ({"template": {"spec": {"tolerations": {}}}}, "cannot restore slice from map"),
        ({"template": {"spec": {"tolerations": ["x"]}}}, "cannot restore struct from: string"),
        (
            {"template": {"spec": {"containers": [{"name": "c", "args": [1]}]}}},
            "cannot convert int64 to string",
        ),
        (
            {"template": {"metadata": {"labels": {"a": ["x"]}}}},
            "unrecognized type: string",
        ),
        (
            {"template": {"metadata": {"creationTimestamp": 5}}},
            "json: cannot unmarshal number into Go value of type string",
        ),
        (
            {"template": {"spec": {"containers": [{"name": "c", "resources": {"limits": 5}}]}}},
            "cannot restore map from int64",
        ),
        (
            {
                "template": {
                    "spec": {"containers": [{"name": "c", "resources": {"limits": {"cpu": []}}}]}
                }
            },
            "quantities must match the regular expression "
            "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
    ],
)
async def test_the_converters_words(plane: ControlPlane, spec: Any, why: str) -> None:
    """A strategic merge patch changes an object: no JSON is decoded."""
    await plane.create("deployments", DEPLOYMENT, "default", "apps")
    body = {"spec": spec}
    patch = plane.patch("deployments", "web", body, "default", "apps", content_type=STRATEGIC)
    told = (await invalid(patch))["message"]
    assert told == f'Invalid value: "{as_go(body)}": {why}'


async def test_json_patches_that_do_not_apply(plane: ControlPlane) -> None:
    await plane.create("configmaps", {"metadata": {"name": "a"}, "data": {"k": "v"}}, "default")
    for operation in (
        {"op": "test", "path": "/data/k", "value": "w"},
        {"op": "remove", "path": "/data/l"},
        {"op": "increment", "path": "/data/k"},
    ):
        with pytest.raises(StatusError) as error:
            await plane.patch("configmaps", "a", [operation], "default", content_type=JSON_PATCH)
        told = error.value.status
        assert (told["code"], told["reason"], told["details"]) == (422, "Invalid", {})
        assert told["message"] == ("the server rejected our request due to an error in our request")
