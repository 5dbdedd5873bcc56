"""Requests that random ones once found a 500 with: each is the client's fault, and told so."""

import asyncio
from typing import Any

import pytest

from cluster.errors import StatusError
from tests.support import widgets
from tests.support.control_plane import ControlPlane


async def refused(code: int, coroutine: Any) -> StatusError:
    with pytest.raises(StatusError) as error:
        await coroutine
    assert error.value.code == code, error.value.status
    return error.value


@pytest.mark.parametrize("metadata", [[None], True, "a", {"name": {}}, {"name": 5}])
async def test_a_binding_whose_metadata_is_no_metadata(plane: ControlPlane, metadata: Any) -> None:
    body = {"metadata": metadata, "target": {"name": "node-1"}}
    error = await refused(400, plane.create("bindings", body, "default"))
    assert "cannot unmarshal" in str(error)


async def test_a_definition_whose_version_has_no_name(plane: ControlPlane) -> None:
    body = widgets.definition()
    del body["spec"]["versions"][0]["name"]
    error = await refused(422, plane.create(widgets.CRDS[0], body, group=widgets.CRDS[1]))
    assert "spec.versions[0].name" in str(error)
    del body["spec"]
    await refused(422, plane.create(widgets.CRDS[0], body, group=widgets.CRDS[1]))


async def test_a_job_without_labels_has_its_pods_from_the_start(plane: ControlPlane) -> None:
    """Else the first update that changes nothing would write them."""
    pod = {"containers": [{"name": "a", "image": "b"}], "restartPolicy": "Never"}
    body = {"metadata": {"name": "j"}, "spec": {"template": {"spec": pod}}}
    made = await plane.create("jobs", body, "default", "batch")
    assert made["metadata"]["labels"] == made["spec"]["template"]["metadata"]["labels"]
    assert await plane.update("jobs", made, "batch") == made


@pytest.mark.parametrize(
    "status",
    [
        {"acceptedNames": None},
        {"acceptedNames": {"kind": None}},
        {"acceptedNames": {"plural": ""}},
        {"conditions": [{"status": "True"}]},
        None,
    ],
)
async def test_a_definition_whose_status_a_client_spoils(plane: ControlPlane, status: Any) -> None:
    """Every replica reads it at every start: one such write once ended them all."""
    made = await widgets.established(plane)
    name = made["metadata"]["name"]
    group = widgets.CRDS[1]
    await plane.patch(widgets.CRDS[0], name, {"status": status}, group=group, subresource="status")
    names = made["status"]["acceptedNames"]
    for _ in range(400):
        live = await widgets.until_established(plane, name)
        if live["status"].get("acceptedNames") == names:
            break
        await asyncio.sleep(0.01)
    else:
        raise AssertionError(f"never mended: {live}")
    await plane.create("widgets", widgets.widget(), "default", widgets.GROUP)


@pytest.mark.parametrize("value", [["v1"], {"a": 1}, 5, "v9"])
async def test_a_patch_that_makes_another_type_of_it(plane: ControlPlane, value: Any) -> None:
    await widgets.established(plane)
    await plane.create("widgets", widgets.widget(), "default", widgets.GROUP)
    await plane.create("configmaps", {"metadata": {"name": "w"}}, "default")
    for resource, group in (("widgets", widgets.GROUP), ("configmaps", "")):
        for field in ("apiVersion", "kind"):
            patch = plane.patch(resource, "w", {field: value}, "default", group)
            await refused(422, patch)
        await refused(422, plane.patch(resource, "w", {"apiVersion": []}, "default", group))
    # What says nothing is filled in of a built-in kind alone.
    await plane.patch("configmaps", "w", {"kind": None}, "default")
    await refused(422, plane.patch("widgets", "w", {"kind": None}, "default", widgets.GROUP))
