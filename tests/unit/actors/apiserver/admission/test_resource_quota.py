"""Quotas: what is refused, in which words, and that nobody ever gets more than there is."""

import asyncio
from typing import Any

import pytest

from cluster.errors import StatusError
from tests.support.control_plane import ControlPlane

Json = dict[str, Any]


def pod(name: str, **resources: Json) -> Json:
    container = {"name": "c", "image": "busybox", "resources": resources}
    return {"metadata": {"name": name}, "spec": {"containers": [container]}}


async def limit(plane: ControlPlane, hard: Json, **spec: Any) -> None:
    """A quota as the controller leaves it in an empty namespace."""
    body = {"metadata": {"name": "q"}, "spec": {"hard": hard, **spec}}
    made = await plane.create("resourcequotas", body, "default")
    made["status"] = {"hard": hard, "used": dict.fromkeys(hard, "0")}
    await plane.update("resourcequotas", made, subresource="status")


async def used(plane: ControlPlane) -> Json:
    found = await plane.get("resourcequotas", "q", "default")
    status: Json = found["status"]["used"]
    return status


async def refused(code: int, work: Any) -> str:
    with pytest.raises(StatusError) as caught:
        await work
    assert caught.value.code == code
    return str(caught.value.status["message"])


async def test_objects_are_counted_and_refused(plane: ControlPlane) -> None:
    await limit(plane, {"configmaps": "1", "count/jobs.batch": "0", "count/configmaps": "5"})
    await plane.create("configmaps", {"metadata": {"name": "a"}}, "default")
    assert await used(plane) == {
        "configmaps": "1", "count/jobs.batch": "0", "count/configmaps": "1",
    }  # fmt: skip
    text = await refused(403, plane.create("configmaps", {"metadata": {"name": "b"}}, "default"))
    assert text == (
        'configmaps "b" is forbidden: exceeded quota: q, requested: configmaps=1, '
        "used: configmaps=1, limited: configmaps=1"
    )
    await plane.create("configmaps", {"metadata": {"name": "a"}}, "kube-public")


async def test_compute_resources_must_be_stated(plane: ControlPlane) -> None:
    await limit(plane, {"requests.cpu": "1", "limits.memory": "1Gi", "pods": "9"})
    text = await refused(403, plane.create("pods", pod("a"), "default"))
    assert text == (
        'pods "a" is forbidden: failed quota: q: must specify limits.memory for: c; '
        "requests.cpu for: c"
    )
    sized = {"requests": {"cpu": "700m"}, "limits": {"memory": "512Mi"}}
    await plane.create("pods", pod("a", **sized), "default")
    assert await used(plane) == {"requests.cpu": "700m", "limits.memory": "512Mi", "pods": "1"}
    text = await refused(403, plane.create("pods", pod("b", **sized), "default"))
    assert "requested: requests.cpu=700m, used: requests.cpu=700m, limited: requests.cpu=1" in text


async def test_scopes_choose_pods(plane: ControlPlane) -> None:
    await limit(plane, {"pods": "0"}, scopes=["BestEffort"])
    assert "exceeded quota" in await refused(403, plane.create("pods", pod("a"), "default"))
    await plane.create("pods", pod("a", requests={"cpu": "1m"}), "default")


async def test_services_are_charged_for_what_changes(plane: ControlPlane) -> None:
    await limit(plane, {"services": "5", "services.nodeports": "1"})
    service = {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}}
    await plane.create("services", service, "default")
    assert (await used(plane))["services.nodeports"] == "0"
    patch: Json = {"spec": {"type": "NodePort"}}
    await plane.patch("services", "s", patch, "default")
    assert await used(plane) == {"services": "1", "services.nodeports": "1"}
    patch = {"spec": {"ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]}}
    text = await refused(403, plane.patch("services", "s", patch, "default"))
    assert "requested: services.nodeports=1" in text
    await plane.patch("services", "s", {"spec": {"type": "ClusterIP"}}, "default")
    assert (await used(plane))["services.nodeports"] == "0"


async def test_a_dry_run_uses_nothing(plane: ControlPlane) -> None:
    await limit(plane, {"configmaps": "1"})
    await plane.create("configmaps", {"metadata": {"name": "a"}}, "default", dryRun="All")
    assert await used(plane) == {"configmaps": "0"}


async def test_many_at_once_never_get_more_than_there_is(plane: ControlPlane) -> None:
    await limit(plane, {"configmaps": "7"})

    async def one(number: int) -> int:
        try:
            await plane.create("configmaps", {"metadata": {"name": f"m{number}"}}, "default")
        except StatusError as error:
            return error.code
        return 201

    codes = await asyncio.gather(*(one(number) for number in range(40)))
    assert sorted(codes) == [201] * 7 + [403] * 33
    assert await used(plane) == {"configmaps": "7"}
