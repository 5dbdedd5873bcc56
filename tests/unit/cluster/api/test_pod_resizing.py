"""What a pod holds while it is resized."""

from typing import Any

import pytest

from cluster.api.pod_resizing import changed, held_spec, infeasible, replaced, resizable, restarts
from cluster.api.types import Object


def amounts(cpu: str, **more: str) -> Object:
    return {"requests": {"cpu": cpu, **more}}


def pod(desired: Object, status: Object | None = None, pending: str = "", seen: int = 2) -> Object:
    containers = [{"name": "main", "resources": desired}, {"name": "other"}]
    found: dict[str, Any] = {"containerStatuses": [{"name": "main", **(status or {})}]}
    if pending:
        told = {"type": "PodResizePending", "status": "True", "reason": pending}
        found["conditions"] = [{**told, "observedGeneration": seen}]
    return {"metadata": {"generation": 2}, "spec": {"containers": containers}, "status": found}


def held(found: Object) -> Object:
    result: Object = held_spec(found)["containers"][0]["resources"]
    return result


def test_what_can_be_resized() -> None:
    init = [{"name": "once"}, {"name": "helper", "restartPolicy": "Always"}]
    spec = {"containers": [{"name": "main"}], "initContainers": init}
    assert [item["name"] for item in resizable(spec)] == ["once", "helper", "main"]


def test_changes_are_of_amounts_not_of_words() -> None:
    assert changed(amounts("1"), amounts("1000m")) == frozenset()
    assert changed({"limits": {"memory": "1Gi"}}, {"limits": {"memory": "2Gi"}}) == {"memory"}
    assert changed({}, {"limits": {"cpu": "1", "memory": "1"}}) == {"cpu", "memory"}
    assert changed(amounts("1", gpu="1"), amounts("1")) == frozenset()


def test_a_policy_of_one_resource_restarts_for_that() -> None:
    policies = [
        {"resourceName": "cpu", "restartPolicy": "NotRequired"},
        {"resourceName": "memory", "restartPolicy": "RestartContainer"},
    ]
    container = {"name": "main", "resizePolicy": policies}
    assert not restarts(container, frozenset({"cpu"}))
    assert restarts(container, frozenset({"cpu", "memory"}))
    assert not restarts({"name": "main"}, frozenset({"cpu", "memory"}))


def test_other_resources_stay() -> None:
    mine = {"requests": {"cpu": "1", "gpu": "2"}, "limits": {"memory": "1Gi"}, "claims": [1]}
    assert replaced(mine, amounts("3")) == {"requests": {"gpu": "2", "cpu": "3"}, "claims": [1]}
    only = replaced(mine, amounts("3"), frozenset({"memory"}))
    assert only == {"requests": {"cpu": "1", "gpu": "2"}, "claims": [1]}


@pytest.mark.parametrize(
    ("desired", "allocated", "actual", "cpu"),
    [("1", "1", "1", "1"), ("2", "1", "1", "2"), ("1", "2", "1", "2"), ("1", "1", "3", "3")],
)
def test_the_greatest_counts(desired: str, allocated: str, actual: str, cpu: str) -> None:
    status = {"allocatedResources": {"cpu": allocated}, "resources": amounts(actual)}
    assert held(pod(amounts(desired), status))["requests"] == {"cpu": cpu}


def test_what_is_infeasible_does_not_count() -> None:
    status = {"allocatedResources": {"cpu": "1"}, "resources": amounts("1")}
    never = pod(amounts("9", gpu="1"), status, "Infeasible")
    assert infeasible(never) and held(never)["requests"] == {"gpu": "1", "cpu": "1"}
    late = pod(amounts("9"), status, "Infeasible", seen=1)
    assert not infeasible(late) and held(late)["requests"] == {"cpu": "9"}, "it was of another wish"
    waits = pod(amounts("9"), status, "Deferred")
    assert not infeasible(waits) and held(waits)["requests"] == {"cpu": "9"}
    limits = {"limits": {"memory": "9Gi"}, **amounts("1")}
    assert held(pod(limits, status, "Infeasible")) == amounts("1")


def test_what_the_pod_itself_states_counts_in_the_same_way() -> None:
    status = {"allocatedResources": {"cpu": "2"}, "resources": amounts("3")}
    found = pod({})
    found["spec"]["resources"] = amounts("1", memory="1Gi")
    assert held_spec(found)["resources"] == amounts("1", memory="1Gi")
    found["status"] |= status
    assert held_spec(found)["resources"] == amounts("3", memory="1Gi")
    never = pod({}, {"resources": {}}, "Infeasible")
    never["spec"]["resources"] = amounts("9")
    assert "resources" not in held_spec(never), "it had none before"
    never["status"] |= status
    assert held_spec(never)["resources"] == amounts("3")


def test_nothing_is_copied_without_need() -> None:
    fresh = pod(amounts("1"))
    assert held_spec(fresh) is fresh["spec"]
    told = pod(amounts("1"), {"allocatedResources": {"cpu": "1"}, "resources": amounts("1")})
    assert held_spec(told) is told["spec"]
    assert held_spec({"metadata": {}}) == {}
