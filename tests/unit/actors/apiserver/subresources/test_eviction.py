"""Evictions and the budgets they spend."""

import asyncio
from typing import Any

import orjson
import pytest

from actors.apiserver.subresources.eviction import DISRUPTED_MAX, spent
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from tests.support.control_plane import ControlPlane

Json = dict[str, Any]


async def running(plane: ControlPlane, name: str, ready: str = "True") -> None:
    spec = {"containers": [{"name": "c", "image": "busybox"}], "nodeName": "n"}
    labels = {"app": "web"}
    body = {"metadata": {"name": name, "labels": labels}, "spec": spec}
    await plane.create("pods", body, "default")
    state = {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}
    await plane.patch("pods", name, {"status": state}, "default", subresource="status")


async def budget(plane: ControlPlane, allowed: int, name: str = "b", **spec: Any) -> None:
    body = {
        "metadata": {"name": name},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}, **spec},
    }
    made = await plane.create("poddisruptionbudgets", body, "default", "policy")
    made["status"] = {
        "observedGeneration": 1,
        "disruptionsAllowed": allowed,
        "currentHealthy": 1,
        "desiredHealthy": 2,
        "expectedPods": 3,
    }
    await plane.update("poddisruptionbudgets", made, "policy", "status")


async def evict(plane: ControlPlane, name: str, **options: Any) -> int:
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": "default"},
        "deleteOptions": options,
    }
    request = ApiRequest(
        "create", "pods", namespace="default", name=name, subresource="eviction",
        body=orjson.dumps(body),
    )  # fmt: skip
    return (await plane.ask(request)).code


async def test_a_budget_is_spent_with_the_pod(plane: ControlPlane) -> None:
    await running(plane, "a")
    await budget(plane, 1)
    assert await evict(plane, "a") == 201
    state = (await plane.get("poddisruptionbudgets", "b", "default", "policy"))["status"]
    assert state["disruptionsAllowed"] == 0 and set(state["disruptedPods"]) == {"a"}
    assert state["conditions"][0]["reason"] == "InsufficientPods"
    pod = await plane.get("pods", "a", "default")
    assert pod["metadata"]["deletionTimestamp"]
    assert pod["status"]["conditions"][-1]["reason"] == "EvictionByEvictionAPI"
    # Both stand in one transaction.
    found = await plane.get("poddisruptionbudgets", "b", "default", "policy")
    assert found["metadata"]["resourceVersion"] == pod["metadata"]["resourceVersion"]


async def test_without_allowance_it_is_refused(plane: ControlPlane) -> None:
    await running(plane, "a")
    await budget(plane, 0)
    with pytest.raises(StatusError) as caught:
        await evict(plane, "a")
    answer = caught.value.status
    assert (answer["code"], answer["reason"]) == (429, "TooManyRequests")
    assert answer["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
    assert answer["details"]["causes"] == [
        {
            "reason": "DisruptionBudget",
            "message": "The disruption budget b needs 2 healthy pods and has 1 currently",
        }
    ]
    assert "deletionTimestamp" not in (await plane.get("pods", "a", "default"))["metadata"]


async def test_two_at_once_spend_one_allowance_once(plane: ControlPlane) -> None:
    for name in ("a", "b", "c"):
        await running(plane, name)
    await budget(plane, 1)

    async def one(name: str) -> int:
        try:
            return await evict(plane, name)
        except StatusError as error:
            return error.code

    codes = await asyncio.gather(*(one(name) for name in ("a", "b", "c")))
    assert sorted(codes) == [201, 429, 429]


async def test_a_budget_that_nobody_has_looked_at_yet(plane: ControlPlane) -> None:
    await running(plane, "a")
    await budget(plane, 5)
    await plane.patch(
        "poddisruptionbudgets", "b", {"spec": {"minAvailable": 2}}, "default", "policy"
    )
    with pytest.raises(StatusError) as caught:
        await evict(plane, "a")
    assert caught.value.code == 429
    assert caught.value.status["details"]["retryAfterSeconds"] == 10


async def test_pods_that_cost_nothing(plane: ControlPlane) -> None:
    await budget(plane, 0, unhealthyPodEvictionPolicy="AlwaysAllow")
    await running(plane, "sick", "False")
    assert await evict(plane, "sick") == 201
    body = {"metadata": {"name": "p", "labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "busybox"}]}}  # fmt: skip
    await plane.create("pods", body, "default")
    assert await evict(plane, "p") == 201


async def test_a_dry_run_spends_nothing(plane: ControlPlane) -> None:
    await running(plane, "a")
    await budget(plane, 1)
    assert await evict(plane, "a", dryRun=["All"]) == 201
    found = await plane.get("poddisruptionbudgets", "b", "default", "policy")
    assert found["status"]["disruptionsAllowed"] == 1
    assert "deletionTimestamp" not in (await plane.get("pods", "a", "default"))["metadata"]


async def test_one_budget_for_each_pod(plane: ControlPlane) -> None:
    await running(plane, "a")
    await budget(plane, 1)
    await budget(plane, 1, "other")
    with pytest.raises(StatusError, match="more than one PodDisruptionBudget") as caught:
        await evict(plane, "a")
    assert caught.value.code == 500


def test_the_map_of_the_disrupted_is_bounded() -> None:
    names = dict.fromkeys((str(number) for number in range(DISRUPTED_MAX + 1)), "")
    state = {"disruptionsAllowed": 1, "disruptedPods": names}
    with pytest.raises(StatusError, match="DisruptedPods map too big"):
        spent({"metadata": {"name": "b"}, "status": state}, "a", "")
