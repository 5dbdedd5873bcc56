"""Custom resources in several versions. Answers as a kube-apiserver gave them."""

from typing import Any

import orjson

from cluster.messages.apiserver import ApiRequest, Verb
from tests.support.control_plane import ControlPlane
from tests.support.widgets import CRDS, GROUP, definition, established, version, widget


def with_default(name: str, field: str, storage: bool) -> dict[str, Any]:
    """A version that has a field with a default, which others have not."""
    made = version(name, storage=storage)
    spec = made["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"][field] = {"type": "string", "default": name}
    return made


async def ask(
    plane: ControlPlane, verb: Verb, api: str, name: str = "", body: bytes = b""
) -> dict[str, Any]:
    """An answer of a version of widgets."""
    request = ApiRequest(verb, "widgets", GROUP, api, namespace="default", name=name, body=body)
    return dict(orjson.loads((await plane.ask(request)).body))


async def test_defaults_are_those_of_the_version_that_is_stored(plane: ControlPlane) -> None:
    versions = (with_default("v1", "one", True), with_default("v2", "two", False))
    await established(plane, definition(*versions))
    made = await ask(plane, "create", "v2", body=orjson.dumps(widget(api="v2")))
    assert made["spec"] == {"color": "red", "replicas": 1}
    assert await ask(plane, "get", "v2", "w") == made
    [listed] = (await ask(plane, "list", "v2"))["items"]
    assert listed["spec"] == made["spec"]
    stored = await ask(plane, "get", "v1", "w")
    assert stored["spec"] == {"color": "red", "replicas": 1, "one": "v1"}


async def test_a_definition_that_goes_has_no_grace_period(plane: ControlPlane) -> None:
    await established(plane)
    held = widget()
    held["metadata"]["finalizers"] = ["example.com/held"]
    await plane.create("widgets", held, "default", GROUP)
    gone = await plane.delete(CRDS[0], "widgets.example.com", group=CRDS[1])
    metadata = gone["metadata"]
    assert "deletionGracePeriodSeconds" not in metadata
    assert metadata["generation"] == 1
    assert metadata["deletionTimestamp"]
    assert metadata["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    assert [item["type"] for item in gone["status"]["conditions"]] == [
        "NamesAccepted", "Established", "Terminating",
    ]  # fmt: skip
