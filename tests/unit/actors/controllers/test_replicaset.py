"""ReplicaSets: plans, and loops with lagging caches, lost answers and refusals."""

import asyncio
from typing import Any

import orjson

from actors.controllers.claims import owner_keys
from actors.controllers.plan import (
    Create,
    Delete,
    Failure,
    Patch,
    RequeueAfter,
    RequireLiving,
    Update,
)
from actors.controllers.replicaset import plan
from cluster.api.resources import EVENTS, PODS, REPLICA_SETS
from cluster.api.status import status_error
from cluster.api.types import Object
from cluster.errors import AskTimeout
from cluster.messages.apiserver import ApiRequest
from tests.unit.actors.client.harness import until
from tests.unit.actors.controllers.cluster import Cluster, in_cluster
from tests.unit.actors.controllers.views import NOW, make_view

KEY = ("default", "web")


def make_set(replicas: int = 3, **meta: Any) -> Object:
    return {
        "metadata": {"name": "web", "namespace": "default", "generation": 1, **meta},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}, "annotations": {"a": "b"}},
                "spec": {"containers": [{"name": "main", "image": "web:1"}]},
            },
        },
    }


def make_pod(name: str, owned: bool = True, phase: str = "Running", **meta: Any) -> Object:
    owner = {"kind": "ReplicaSet", "name": "web", "uid": "uid-web", "controller": True}
    base: Object = {"name": name, "namespace": "default", "labels": {"app": "web"}}
    if owned:
        base["ownerReferences"] = [{**owner, "apiVersion": "apps/v1"}]
    return {"metadata": {**base, **meta}, "spec": {}, "status": {"phase": phase}}


def test_missing_pods_are_made_of_the_template() -> None:
    view = make_view((REPLICA_SETS, make_set()), (PODS, make_pod("one")))
    creates = [action for action in plan(KEY, view, NOW) if isinstance(action, Create)]
    assert len(creates) == 2
    meta = creates[0].obj["metadata"]
    assert meta["generateName"] == "web-" and meta["labels"] == {"app": "web"}
    assert meta["annotations"] == {"a": "b"}
    (owner,) = meta["ownerReferences"]
    assert owner["uid"] == "uid-web" and owner["controller"] and owner["blockOwnerDeletion"]


def test_surplus_pods_go_and_finished_ones_do_not_count() -> None:
    view = make_view(
        (REPLICA_SETS, make_set(1)),
        (PODS, make_pod("a")),
        (PODS, make_pod("b", phase="Pending")),
        (PODS, make_pod("c", phase="Failed")),
        (PODS, make_pod("d", deletionTimestamp="2026-01-01T00:00:00Z")),
    )
    deletes = [action for action in plan(KEY, view, NOW) if isinstance(action, Delete)]
    assert [action.name for action in deletes] == ["b"]
    assert deletes[0].uid == "uid-b"


def test_orphans_are_adopted_and_strangers_released_before_all_else() -> None:
    view = make_view(
        (REPLICA_SETS, make_set()),
        (PODS, make_pod("orphan", owned=False)),
        (PODS, make_pod("stranger", labels={"app": "other"})),
    )
    living, *patches = plan(KEY, view, NOW)
    assert living == RequireLiving(REPLICA_SETS, *KEY, "uid-web")
    assert all(isinstance(action, Patch) for action in patches)
    by_name = {action.name: action for action in patches if isinstance(action, Patch)}
    adopted = by_name["orphan"].patch["metadata"]
    assert adopted["uid"] == "uid-orphan"
    assert adopted["ownerReferences"][0]["uid"] == "uid-web"
    released = by_name["stranger"].patch["metadata"]["ownerReferences"]
    assert released == [{"$patch": "delete", "uid": "uid-web"}]


def test_a_terminating_set_only_tells_its_status() -> None:
    view = make_view(
        (REPLICA_SETS, make_set(deletionTimestamp="2026-01-01T00:00:00Z")), (PODS, make_pod("a"))
    )
    (action,) = plan(KEY, view, NOW)
    assert isinstance(action, Update) and action.subresource == "status"


def test_status_counts_and_the_wait_for_availability() -> None:
    replica_set = make_set(2)
    replica_set["spec"]["minReadySeconds"] = 30
    pods = [make_pod("a"), make_pod("b")]
    for one, second in zip(pods, ("00", "50"), strict=True):
        one["status"]["conditions"] = [
            {
                "type": "Ready",
                "status": "True",
                "lastTransitionTime": f"2025-12-31T23:59:{second}Z",
            }
        ]
    view = make_view((REPLICA_SETS, replica_set), *((PODS, one) for one in pods))
    update, wait = plan(KEY, view, NOW)
    assert isinstance(update, Update)
    assert update.obj["status"] == {
        "replicas": 2,
        "fullyLabeledReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 1,
        "observedGeneration": 1,
    }
    assert wait == RequeueAfter(20.0)


def test_a_refusal_is_told_before_the_next_try() -> None:
    failure = Failure(Create(PODS, {}), 403, "Forbidden", "quota")
    view = make_view((REPLICA_SETS, make_set()), failure=failure, resources=(PODS,))
    first = plan(KEY, view, NOW)[0]
    assert isinstance(first, Update)
    (condition,) = first.obj["status"]["conditions"]
    assert (condition["type"], condition["reason"]) == ("ReplicaFailure", "FailedCreate")


def test_an_orphan_wakes_the_sets_that_might_want_it() -> None:
    view = make_view((REPLICA_SETS, make_set()))
    assert owner_keys(REPLICA_SETS)(view, None, make_pod("x", owned=False)) == [KEY]
    assert (
        owner_keys(REPLICA_SETS)(view, None, make_pod("x", owned=False, labels={"app": "other"}))
        == []
    )
    assert owner_keys(REPLICA_SETS)(view, make_pod("x"), None) == [KEY]


@in_cluster
async def test_a_lagging_cache_makes_no_second_pod(cluster: Cluster) -> None:
    cluster.state.watch_delay = 0.7
    cluster.state.put(REPLICA_SETS, make_set(5))
    await until(lambda: len(cluster.ready(app="web")) == 5)
    await asyncio.sleep(5)
    assert len(cluster.state.writes("create", PODS)) == 5
    cluster.edit(REPLICA_SETS, "web", lambda obj: obj["spec"].update(replicas=2))
    await until(lambda: len(cluster.state.all(PODS)) == 2)
    await asyncio.sleep(5)
    assert len(cluster.state.writes("delete", PODS)) == 3
    assert len(cluster.state.all(PODS)) == 2


@in_cluster
async def test_lost_answers_make_no_second_pod(cluster: Cluster) -> None:
    count = 0

    def fault_after(request: ApiRequest) -> None:
        nonlocal count
        if request.verb == "create" and request.resource == "pods":
            count += 1
            if count % 2:
                raise AskTimeout("the answer is lost")

    cluster.state.fault_after = fault_after
    cluster.state.put(REPLICA_SETS, make_set(6))
    await until(lambda: len(cluster.ready(app="web")) == 6)
    await asyncio.sleep(5)
    assert len(cluster.state.all(PODS)) == 6
    assert not cluster.state.writes("delete", PODS)


@in_cluster
async def test_a_refusing_api_is_asked_gently_and_the_reason_shown(cluster: Cluster) -> None:
    def fault(request: ApiRequest) -> None:
        if request.verb == "create" and request.resource == "pods":
            name = orjson.loads(request.body)["metadata"]["name"]
            raise status_error(403, "Forbidden", f"exceeded quota for {name}")

    cluster.state.fault = fault
    cluster.state.put(REPLICA_SETS, make_set(50))
    await asyncio.sleep(10)
    assert len(cluster.state.writes("create", PODS)) < 20
    found = cluster.state.find(REPLICA_SETS, "default", "web")
    assert found is not None
    (condition,) = found["status"]["conditions"]
    assert condition["message"].startswith("exceeded quota")
    assert len(cluster.state.writes("update", REPLICA_SETS)) < 5
    reasons = {event["reason"] for event in cluster.state.all(EVENTS)}
    assert "FailedCreate" in reasons
    cluster.state.fault = None
    await until(lambda: len(cluster.ready(app="web")) == 50)
    await until(
        lambda: (
            "conditions" not in (cluster.state.find(REPLICA_SETS, "default", "web") or {})["status"]
        )
    )


@in_cluster
async def test_a_deleted_or_failed_pod_is_replaced(cluster: Cluster) -> None:
    cluster.state.put(REPLICA_SETS, make_set(3))
    await until(lambda: len(cluster.ready(app="web")) == 3)
    victim, failed, _ = cluster.pods(app="web")
    cluster.state.remove(PODS, "default", victim["metadata"]["name"])
    cluster.state.put(PODS, {**failed, "status": {"phase": "Failed"}})
    await until(lambda: len(cluster.ready(app="web")) == 3)
    assert len(cluster.state.writes("create", PODS)) == 5
