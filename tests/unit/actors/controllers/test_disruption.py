"""How many pods of a budget may go, by what their controllers want and how many are ready."""

from dataclasses import replace
from typing import Any

import pytest

from actors.controllers.disruption import CONTROLLER, DISRUPTED_SECONDS, plan
from actors.controllers.plan import RequeueAfter, Update
from cluster.api.resources import (
    CUSTOM_RESOURCE_DEFINITIONS,
    DEPLOYMENTS,
    POD_DISRUPTION_BUDGETS,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    STATEFUL_SETS,
    Resource,
)
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object
from tests.unit.actors.controllers.views import NOW, make_view

RESOURCES = (
    POD_DISRUPTION_BUDGETS, PODS, DEPLOYMENTS, REPLICA_SETS, REPLICATION_CONTROLLERS,
    STATEFUL_SETS, CUSTOM_RESOURCE_DEFINITIONS,
)  # fmt: skip
CROWDS = Resource("example.com", "v1", "crowds", "Crowd", namespaced=True)


def budget(status: Object | None = None, **spec: Any) -> tuple[Any, Object]:
    meta = {"name": "b", "namespace": "default", "generation": 3}
    selector = {"matchLabels": {"app": "web"}}
    return POD_DISRUPTION_BUDGETS, {
        "metadata": meta, "spec": {"selector": selector, **spec}, "status": status or {},
    }  # fmt: skip


def owner(kind: str, name: str) -> list[Object]:
    version = {"ReplicationController": "v1", "Crowd": "example.com/v1"}.get(kind, "apps/v1")
    return [
        {
            "apiVersion": version,
            "kind": kind,
            "name": name,
            "uid": f"uid-{name}",
            "controller": True,
        }
    ]


def pod(name: str, ready: bool = True, kind: str = "ReplicaSet", **meta: Any) -> tuple[Any, Object]:
    condition = {
        "type": "Ready", "status": "True" if ready else "False",
        "lastTransitionTime": rfc3339(NOW - 60),
    }  # fmt: skip
    return PODS, {
        "metadata": {
            "name": name,
            "namespace": "default",
            "labels": {"app": "web"},
            "ownerReferences": owner(kind, "rs"),
            **meta,
        },
        "status": {"phase": "Running", "conditions": [condition]},
    }


def workload(replicas: int = 4) -> list[tuple[Any, Object]]:
    meta = {"namespace": "default"}
    return [
        (DEPLOYMENTS, {"metadata": {"name": "web", **meta}, "spec": {"replicas": replicas}}),
        (
            REPLICA_SETS,
            {
                "metadata": {"name": "rs", **meta, "ownerReferences": owner("Deployment", "web")},
                "spec": {"replicas": 2},
            },
        ),
    ]


def test_the_pods_of_a_stateful_set_count() -> None:
    named = {"metadata": {"name": "rs", "namespace": "default"}, "spec": {"replicas": 3}}
    pods = [pod(f"rs-{number}", kind="StatefulSet") for number in range(2)]
    found = status_of(budget(maxUnavailable=1), (STATEFUL_SETS, named), *pods)
    assert (found["expectedPods"], found["desiredHealthy"], found["disruptionsAllowed"]) == (
        3,
        2,
        0,
    )


def status_of(*objects: tuple[Any, Object]) -> Object:
    actions = plan(("default", "b"), make_view(*objects, resources=RESOURCES), NOW)
    [update] = [action for action in actions if isinstance(action, Update)]
    assert update.subresource == "status"
    found: Object = update.obj["status"]
    return found


@pytest.mark.parametrize(
    ("spec", "ready", "wanted"),
    [
        ({"minAvailable": 2}, 3, (1, 3, 2, 4)),
        ({"minAvailable": 3}, 3, (0, 3, 3, 4)),
        ({"minAvailable": "50%"}, 4, (2, 4, 2, 4)),
        ({"minAvailable": "30%"}, 4, (2, 4, 2, 4)),  # 1.2 of four pods: two
        ({"maxUnavailable": 1}, 4, (1, 4, 3, 4)),
        ({"maxUnavailable": 1}, 3, (0, 3, 3, 4)),
        ({"maxUnavailable": "30%"}, 4, (2, 4, 2, 4)),
        ({"maxUnavailable": 9}, 4, (4, 4, 0, 4)),
        ({}, 4, (3, 4, 1, 4)),
    ],
)
def test_what_is_allowed(spec: Object, ready: int, wanted: tuple[int, int, int, int]) -> None:
    pods = [pod(f"p{number}", ready=number < ready) for number in range(4)]
    found = status_of(budget(**spec), *workload(), *pods)
    names = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
    assert tuple(found[name] for name in names) == wanted
    [condition] = found["conditions"]
    assert condition["status"] == ("True" if wanted[0] else "False")
    assert condition["reason"] == ("SufficientPods" if wanted[0] else "InsufficientPods")
    assert found["observedGeneration"] == condition["observedGeneration"] == 3


def test_what_stands_already_is_not_written_again() -> None:
    objects = [*workload(), pod("a"), pod("b")]
    found = status_of(budget(minAvailable=1), *objects)
    view = make_view(budget(found, minAvailable=1), *objects, resources=RESOURCES)
    assert plan(("default", "b"), view, NOW) == []


def test_pods_that_go_or_have_ended_do_not_count() -> None:
    _, ended = pod("ended")
    ended["status"]["phase"] = "Succeeded"
    going = pod("going", deletionTimestamp=rfc3339(NOW))
    found = status_of(budget(minAvailable=1), *workload(), pod("a"), going, (PODS, ended))
    assert (found["currentHealthy"], found["expectedPods"]) == (1, 1)


def test_an_eviction_counts_until_its_pod_goes_or_too_much_time_has_passed() -> None:
    known = {
        "a": rfc3339(NOW - 10),
        "stale": rfc3339(NOW - DISRUPTED_SECONDS - 1),
        "gone": rfc3339(NOW),
    }
    objects = [*workload(), pod("a"), pod("stale"), pod("c")]
    view = make_view(
        budget({"disruptedPods": known}, minAvailable=1), *objects, resources=RESOURCES
    )
    update, again = plan(("default", "b"), view, NOW)
    assert isinstance(update, Update) and isinstance(again, RequeueAfter)
    assert update.obj["status"]["disruptedPods"] == {"a": known["a"]}
    assert update.obj["status"]["currentHealthy"] == 2
    assert again.seconds == pytest.approx(DISRUPTED_SECONDS - 10)


def test_pods_of_a_controller_without_a_scale_allow_nothing() -> None:
    found = status_of(budget(maxUnavailable=1), pod("a", kind="DaemonSet"))
    assert found["disruptionsAllowed"] == 0
    [condition] = found["conditions"]
    assert (condition["reason"], condition["message"]) == (
        "SyncFailed",
        "DaemonSet rs has no scale",
    )


def test_pods_that_nobody_controls() -> None:
    alone = pod("a", ownerReferences=[])
    assert (
        status_of(budget(minAvailable=1), alone, pod("b", ownerReferences=[]))["disruptionsAllowed"]
        == 1
    )
    assert status_of(budget(maxUnavailable=1), alone)["disruptionsAllowed"] == 0


def crowds(members: Any = 5, scale: str = ".spec.members") -> list[tuple[Any, Object]]:
    """A definition, and one custom resource that owns the pods."""
    meta = {"name": "crowds.example.com", "namespace": ""}
    paths = {"specReplicasPath": scale, "statusReplicasPath": ".status.members"}
    versions = [
        {"name": "v1beta1", "subresources": {"scale": {**paths, "specReplicasPath": ".spec.old"}}},
        {"name": "v1", "subresources": {"scale": paths} if scale else {"status": {}}},
    ]
    owned = {"metadata": {"name": "rs", "namespace": "default"}, "spec": {"members": members}}
    return [
        (CUSTOM_RESOURCE_DEFINITIONS, {"metadata": meta, "spec": {"versions": versions}}),
        (CROWDS, owned),
    ]


def counted(*objects: tuple[Any, Object]) -> Object:
    """With the custom resource followed."""
    view = replace(make_view(*objects, resources=(*RESOURCES, CROWDS)), custom=(CROWDS,))
    [update] = [one for one in plan(("default", "b"), view, NOW) if isinstance(one, Update)]
    found: Object = update.obj["status"]
    return found


def test_the_pods_of_a_custom_resource_count_by_its_scale() -> None:
    pods = [pod(f"p{number}", kind="Crowd") for number in range(4)]
    found = counted(budget(maxUnavailable="40%"), *crowds(), *pods)
    names = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
    assert tuple(found[name] for name in names) == (1, 4, 3, 5)


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        (crowds(scale=""), "Crowd rs has no scale"),
        ([], "Crowd rs has no scale"),
        (crowds(members=None), "does not exist"),
    ],
)
def test_a_custom_resource_that_cannot_be_counted_allows_nothing(
    objects: list[tuple[Any, Object]], message: str
) -> None:
    found = counted(budget(maxUnavailable=1), *objects, pod("a", kind="Crowd"))
    [condition] = found["conditions"]
    assert (found["disruptionsAllowed"], condition["reason"]) == (0, "SyncFailed")
    assert message in condition["message"]


def test_a_kind_of_another_group_is_another_kind() -> None:
    owners = [{**owner("Deployment", "web")[0], "apiVersion": "example.com/v1"}]
    found = counted(budget(maxUnavailable=1), *workload(), pod("a", ownerReferences=owners))
    assert found["conditions"][0]["message"] == "Deployment web has no scale"


def test_a_custom_resource_wakes_its_namespace_when_its_spec_changes() -> None:
    assert CONTROLLER.custom is not None
    keys = CONTROLLER.custom(CROWDS)
    view = make_view(budget(), resources=RESOURCES)
    one, two = ({"metadata": {"namespace": "default", "generation": n}} for n in (1, 2))
    assert list(keys(view, None, one)) == list(keys(view, one, two)) == [("default", "b")]
    assert list(keys(view, one, {**one, "status": {}})) == []
