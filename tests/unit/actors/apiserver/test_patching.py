"""Patches whose result cannot be decoded: Invalid, in the words clients of Kubernetes know."""

from typing import Any

import pytest

from actors.apiserver.patching import as_go
from cluster.errors import StatusError
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
        assert "json: cannot unmarshal number into Go" in told
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


def test_as_go() -> None:
    value = {"b": [1, "x y", None], "a": {"c": True, "d": 1.5}, "e": {}}
    assert as_go(value) == "map[a:map[c:true d:1.5] b:[1 x y <nil>] e:map[]]"
