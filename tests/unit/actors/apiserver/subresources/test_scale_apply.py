"""Server-side apply of a Scale: who owns the number of replicas."""

from typing import Any

import pytest

from cluster.errors import StatusError
from tests.support.control_plane import ControlPlane

Json = dict[str, Any]
APPLY = "application/apply-patch+yaml"


def workload(replicas: int | None) -> Json:
    spec: Json = {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "nginx"}]},
        },
    }
    if replicas is not None:
        spec["replicas"] = replicas
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "web"},
        "spec": spec,
    }


async def apply(plane: ControlPlane, replicas: int | None, manager: str, **query: str) -> Json:
    body = workload(replicas)
    return await plane.patch(
        "statefulsets", "web", body, "default", "apps", "", APPLY, fieldManager=manager, **query
    )


async def scale(plane: ControlPlane, replicas: int, manager: str, **query: str) -> Json:
    body = {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {"name": "web"},
        "spec": {"replicas": replicas},
    }
    return await plane.patch(
        "statefulsets", "web", body, "default", "apps", "scale", APPLY,
        fieldManager=manager, **query,
    )  # fmt: skip


async def owners(plane: ControlPlane) -> list[tuple[str, str, str]]:
    """Who owns the replicas: (manager, operation, subresource)."""
    found = await plane.get("statefulsets", "web", "default", "apps")
    return [
        (entry["manager"], entry["operation"], entry.get("subresource", ""))
        for entry in found["metadata"]["managedFields"]
        if "f:replicas" in entry["fieldsV1"].get("f:spec", {})
    ]


async def test_a_scale_takes_the_number_over_only_by_force(plane: ControlPlane) -> None:
    await apply(plane, 2, "owner")
    with pytest.raises(StatusError) as caught:
        await scale(plane, 5, "scaler")
    assert caught.value.code == 409
    assert caught.value.status["message"] == (
        'Apply failed with 1 conflict: conflict with "owner": .spec.replicas'
    )
    assert await owners(plane) == [("owner", "Apply", "")]
    made = await scale(plane, 5, "scaler", force="true")
    assert (made["kind"], made["spec"]) == ("Scale", {"replicas": 5})
    assert await owners(plane) == [("scaler", "Apply", "scale")]
    live = await plane.get("statefulsets", "web", "default", "apps")
    assert live["metadata"]["generation"] == 2 and live["spec"]["replicas"] == 5
    # The applier that leaves the number out no longer stands in the scaler's way.
    assert (await apply(plane, None, "owner"))["spec"]["replicas"] == 5
    with pytest.raises(StatusError, match='conflict with "scaler" with subresource "scale"'):
        await apply(plane, 1, "owner")


async def test_an_update_of_the_scale_takes_the_number_over(plane: ControlPlane) -> None:
    await apply(plane, 2, "owner")
    await plane.patch(
        "statefulsets", "web", {"spec": {"replicas": 3}}, "default", "apps", "scale",
        fieldManager="kubectl",
    )  # fmt: skip
    assert await owners(plane) == [("kubectl", "Update", "scale")]
    with pytest.raises(StatusError, match='conflict with "kubectl" with subresource "scale"'):
        await scale(plane, 4, "scaler")


async def test_what_is_no_scale_is_refused(plane: ControlPlane) -> None:
    await apply(plane, 2, "owner")
    with pytest.raises(StatusError) as caught:
        await plane.patch(
            "statefulsets", "web", workload(3), "default", "apps", "scale", APPLY,
            fieldManager="scaler",
        )  # fmt: skip
    assert caught.value.code == 400
    with pytest.raises(StatusError) as caught:
        await scale(plane, -1, "scaler", force="true")
    assert caught.value.code == 422
