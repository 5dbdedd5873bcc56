"""pods/ephemeralcontainers and pods/resize: what may be written there."""

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


QUOTA = {"metadata": {"name": "q"}, "spec": {"hard": {"requests.cpu": "3", "limits.cpu": "4"}}}
RANGE = {
    "metadata": {"name": "r"},
    "spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}}]},
}
RESOURCES = {"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}


async def resize(plane: ControlPlane, content: str = "strategic-merge", **parts: Any) -> Any:
    body = {"spec": {"containers": [{"name": "main", "resources": parts}]}}
    kind = f"application/{content}-patch+json"
    return await plane.patch("pods", "web", body, "default", subresource="resize",
                             content_type=kind)  # fmt: skip


async def resizable(plane: ControlPlane) -> Any:
    spec = {"containers": [{**SPEC["containers"][0], "resources": RESOURCES}]}
    return await plane.create("pods", {"metadata": {"name": "web"}, "spec": spec}, "default")


async def test_resources_change_by_resize_alone(plane: ControlPlane) -> None:
    pod = await resizable(plane)
    wanted = {"requests": {"cpu": "1500m"}, "limits": {"cpu": "2"}}
    pod["spec"]["containers"][0]["resources"] = wanted
    with pytest.raises(StatusError, match="may not change fields other than"):
        await plane.update("pods", pod)
    pod["spec"]["containers"][0]["image"] = "other"
    pod["metadata"]["labels"] = {"a": "b"}
    changed = await plane.update("pods", pod, subresource="resize")
    assert changed["spec"]["containers"][0]["resources"] == wanted
    assert changed["spec"]["containers"][0]["image"] == "x"
    assert changed["metadata"]["generation"] == 2 and "labels" not in changed["metadata"]
    again = await resize(plane, requests={"cpu": "1200m"})
    assert again["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "2"}
    assert again["metadata"]["generation"] == 3
    assert (await resize(plane))["metadata"]["resourceVersion"] == again["metadata"][
        "resourceVersion"
    ]
    request = ApiRequest("get", "pods", namespace="default", name="web", subresource="resize")
    assert (await plane.ask(request)).code == 200


async def test_a_resize_that_is_refused(plane: ControlPlane) -> None:
    await resizable(plane)
    with pytest.raises(StatusError) as caught:
        await resize(plane, limits={"cpu": None})
    assert caught.value.code == 422
    assert str(caught.value) == (
        'Pod "web" is invalid: spec.containers[0].resources.limits: Forbidden: resource limits '
        "cannot be removed"
    )
    with pytest.raises(StatusError, match="must be less than or equal to cpu limit of 2"):
        await resize(plane, requests={"cpu": "3"})
    with pytest.raises(StatusError, match='Invalid value: "Burstable": Pod QOS Class may not'):
        await resize(
            plane,
            requests={"cpu": "2", "memory": "1Gi"},
            limits={"cpu": "2", "memory": "1Gi"},
        )


async def test_quotas_and_ranges_judge_a_resize(plane: ControlPlane) -> None:
    await plane.create("resourcequotas", QUOTA, "default")
    status = {"hard": QUOTA["spec"]["hard"], "used": {"requests.cpu": "0", "limits.cpu": "0"}}
    await plane.patch("resourcequotas", "q", {"status": status}, "default", subresource="status")
    await resizable(plane)
    await resize(plane, requests={"cpu": "2"}, limits={"cpu": "3"})

    async def used() -> Any:
        return (await plane.get("resourcequotas", "q", "default"))["status"]["used"]

    assert await used() == {"requests.cpu": "2", "limits.cpu": "3"}
    with pytest.raises(StatusError, match="exceeded quota: q, requested: limits") as caught:
        await resize(plane, limits={"cpu": "5"})
    assert caught.value.code == 403
    shown = {"name": "main", "resources": RESOURCES, "allocatedResources": {"cpu": "2"}}
    told = {"containerStatuses": [{**shown, "image": "x", "imageID": "", "ready": True,
                                   "restartCount": 0}]}  # fmt: skip
    await plane.patch("pods", "web", {"status": told}, "default", subresource="status")
    await resize(plane, requests={"cpu": "1"}, limits={"cpu": "2"})
    assert (await used())["requests.cpu"] == "2", "the node has not let go of it yet"
    await plane.create("limitranges", RANGE, "default")
    with pytest.raises(StatusError, match="maximum cpu usage per Container is 2, but limit is 3"):
        await resize(plane, limits={"cpu": "3"})
