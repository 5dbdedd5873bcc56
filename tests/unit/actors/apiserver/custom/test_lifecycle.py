"""The life of a definition: its status, how it goes, who may change what of it."""

import asyncio

import pytest

from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from tests.support.control_plane import ControlPlane
from tests.support.widgets import CRDS, GROUP, Json, definition, established, version, widget

COMMUNITY = {"api-approved.kubernetes.io": "unapproved, for a test"}


async def until_gone(plane: ControlPlane, name: str) -> None:
    for _ in range(800):
        try:
            await plane.get(CRDS[0], name, group=CRDS[1])
        except StatusError as error:
            assert error.code == 404
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the definition stays")


async def test_a_definition_in_a_built_in_group_touches_none_of_its_objects(
    plane: ControlPlane,
) -> None:
    given = {"metadata": {"name": "kept"}, "spec": {"controller": "example.com/a"}}
    await plane.create("ingressclasses", given, group="networking.k8s.io")
    name = "ingressclasses.networking.k8s.io"
    made = definition(version("v9"), plural="ingressclasses", kind="Odd")
    made["metadata"] = {"name": name, "annotations": COMMUNITY}
    made["spec"] |= {"group": "networking.k8s.io", "scope": "Cluster"}
    await established(plane, made)
    with pytest.raises(StatusError) as refused:
        await plane.ask(ApiRequest("list", "ingressclasses", "networking.k8s.io", "v9"))
    assert refused.value.code == 404
    await plane.delete(CRDS[0], name, group=CRDS[1])
    await until_gone(plane, name)
    found = await plane.get("ingressclasses", "kept", group="networking.k8s.io")
    assert found["spec"]["controller"] == "example.com/a"


def condition(obj: Json, kind: str) -> Json:
    [found] = [item for item in obj["status"]["conditions"] if item["type"] == kind]
    return found


async def terminated(plane: ControlPlane, name: str) -> Json:
    for _ in range(400):
        found = await plane.get(CRDS[0], name, group=CRDS[1])
        if condition(found, "Terminating")["status"] == "False":
            return found
        await asyncio.sleep(0.01)
    raise AssertionError(found)


async def test_a_definition_that_is_held_says_that_its_objects_are_gone(
    plane: ControlPlane,
) -> None:
    made = definition()
    made["metadata"]["finalizers"] = ["example.com/hold"]
    await established(plane, made)
    await plane.create("widgets", widget(), "default", GROUP)
    name = "widgets.example.com"
    await plane.delete(CRDS[0], name, group=CRDS[1])
    found = await terminated(plane, name)
    assert condition(found, "Terminating")["reason"] == "InstanceDeletionCompleted"
    assert (await plane.list("widgets", "default", GROUP))["items"] == []
    with pytest.raises(StatusError, match="object is being deleted: custom"):
        await plane.create(CRDS[0], definition(), group=CRDS[1])


async def test_a_definition_that_never_got_its_names_has_nothing_to_clear_up(
    plane: ControlPlane,
) -> None:
    await established(plane)
    other = definition(plural="gadgets")
    other["metadata"]["finalizers"] = ["example.com/hold"]
    await plane.create(CRDS[0], other, group=CRDS[1])
    await plane.delete(CRDS[0], "gadgets.example.com", group=CRDS[1])
    found = await terminated(plane, "gadgets.example.com")
    assert condition(found, "Terminating")["reason"] == "NeverEstablished"


async def test_preconditions_of_its_end(plane: ControlPlane) -> None:
    found = await established(plane)
    uid = found["metadata"]["uid"]
    request = ApiRequest(
        "delete", CRDS[0], CRDS[1], name="widgets.example.com",
        body=b'{"kind":"DeleteOptions","preconditions":{"uid":"x"}}',
    )  # fmt: skip
    with pytest.raises(StatusError) as refused:
        await plane.ask(request)
    assert refused.value.status["message"] == (
        "Operation cannot be fulfilled on customresourcedefinitions.apiextensions.k8s.io "
        '"widgets.example.com": Precondition failed: UID in precondition: x, UID in object meta: '
        f"{uid}"
    )


async def test_the_status_of_a_definition_is_never_without_what_is_stored(
    plane: ControlPlane,
) -> None:
    await established(plane)
    body = {"status": {"storedVersions": []}}
    found = await plane.patch(CRDS[0], "widgets.example.com", body, "", CRDS[1], "status")
    assert found["status"]["storedVersions"] == ["v1"]


async def test_whose_approval_is_no_url_is_refused(plane: ControlPlane) -> None:
    made = definition()
    made["metadata"] = {"name": "widgets.x.k8s.io", "annotations": COMMUNITY}
    made["spec"]["group"] = "x.k8s.io"
    await established(plane, made)
    body = {"metadata": {"annotations": {"api-approved.kubernetes.io": "yes"}}}
    with pytest.raises(StatusError, match="with either a URL or a reason starting with"):
        await plane.patch(CRDS[0], "widgets.x.k8s.io", body, "", CRDS[1])
