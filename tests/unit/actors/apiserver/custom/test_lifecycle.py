"""The life of a definition, beside what it means for its objects."""

import asyncio

import pytest

from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from tests.support.control_plane import ControlPlane
from tests.support.widgets import CRDS, definition, established, version

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
