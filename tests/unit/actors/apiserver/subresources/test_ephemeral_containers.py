"""pods/ephemeralcontainers: what may be written there."""

from typing import Any

import pytest

from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from tests.support.control_plane import ControlPlane

PART = "ephemeralcontainers"
SPEC = {"containers": [{"name": "main", "image": "x"}]}


async def patch(plane: ControlPlane, *containers: dict[str, Any], **more: Any) -> Any:
    body = {"spec": {"ephemeralContainers": list(containers), **more}}
    kind = "application/strategic-merge-patch+json"
    return await plane.patch(
        "pods", "web", body, "default", subresource=PART, content_type=kind
    )  # fmt: skip


async def test_they_are_added_and_nothing_else_changes(plane: ControlPlane) -> None:
    await plane.create("pods", {"metadata": {"name": "web"}, "spec": SPEC}, "default")
    pod = await patch(plane, {"name": "debugger", "image": "y"}, activeDeadlineSeconds=5)
    [added] = pod["spec"]["ephemeralContainers"]
    assert added["terminationMessagePolicy"] == "File" and added["imagePullPolicy"] == "Always"
    assert "activeDeadlineSeconds" not in pod["spec"]
    assert pod["metadata"]["generation"] == 2
    pod = await patch(plane, {"name": "other", "image": "y"})
    found = {item["name"] for item in pod["spec"]["ephemeralContainers"]}
    assert found == {"debugger", "other"}
    request = ApiRequest("get", "pods", namespace="default", name="web", subresource=PART)
    assert (await plane.ask(request)).code == 200


async def test_what_is_refused(plane: ControlPlane) -> None:
    await plane.create("pods", {"metadata": {"name": "web"}, "spec": SPEC}, "default")
    pod = await patch(plane, {"name": "debugger", "image": "y"})
    for wrong in (
        {"name": "main", "image": "y"},
        {"name": "debugger", "image": "z"},
        {"name": "Big", "image": "y"},
        {"name": "new"},
    ):
        with pytest.raises(StatusError) as caught:
            await patch(plane, wrong)
        assert caught.value.code == 422, wrong
    pod["spec"]["ephemeralContainers"] = []
    with pytest.raises(StatusError) as caught:
        await plane.update("pods", pod, subresource=PART)
    assert "may not be removed" in str(caught.value)
    pod["spec"]["ephemeralContainers"] = [{"name": "a", "image": "y"}]
    with pytest.raises(StatusError):
        await plane.update("pods", pod)
