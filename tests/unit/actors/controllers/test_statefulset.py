"""StatefulSets: adoption, history and status, and loops on a cluster with a lagging cache."""

import asyncio
from typing import Any

import orjson
import pytest

from actors.controllers.claims import owner_keys
from actors.controllers.plan import Create, Delete, Patch, RequeueAfter, RequireLiving, Update
from actors.controllers.statefulset import claim_keys, plan
from cluster.api.resources import (
    CONTROLLER_REVISIONS,
    EVENTS,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    STATEFUL_SETS,
)
from cluster.api.types import Object
from cluster.errors import AskTimeout
from cluster.messages.apiserver import ApiRequest
from tests.unit.actors.client.harness import until
from tests.unit.actors.controllers.cluster import Cluster, in_cluster, set_image
from tests.unit.actors.controllers.stateful import (
    GOING,
    KEY,
    claim_template,
    known,
    make_stateful,
    pod,
    ready_since,
    revision,
    rolling,
    view_of,
)
from tests.unit.actors.controllers.views import NOW


def test_first_the_revision_then_its_name_in_the_status_then_the_pods() -> None:
    stateful = make_stateful(2)
    (create,) = plan(KEY, view_of(stateful), NOW)
    assert isinstance(create, Create) and create.obj["kind"] == "ControllerRevision"
    made = {**create.obj, "metadata": {**create.obj["metadata"], "uid": "uid-r"}}
    (update,) = plan(KEY, view_of(stateful, made), NOW)
    assert isinstance(update, Update) and update.subresource == "status"
    status = update.obj["status"]
    assert status["currentRevision"] == status["updateRevision"] == made["metadata"]["name"]
    assert status["observedGeneration"] == 1 and status["collisionCount"] == 0
    (first,) = plan(KEY, view_of(update.obj, made), NOW)
    assert isinstance(first, Create) and first.obj["metadata"]["name"] == "web-0"


def test_orphans_are_adopted_after_a_look_whether_the_set_lives() -> None:
    stateful = make_stateful(2)
    orphan = pod(stateful, 0, ownerReferences=[])
    other_name = pod(stateful, 1, ownerReferences=[], name="loose", uid="uid-loose")
    strayed = pod(stateful, 1, labels={"app": "other"})
    history = revision(stateful)
    history["metadata"]["ownerReferences"] = []
    proof, *patches = plan(KEY, view_of(stateful, orphan, other_name, strayed, history), NOW)
    assert proof == RequireLiving(STATEFUL_SETS, "default", "web", "uid-web")
    by_name = {item.name: item.patch for item in patches if isinstance(item, Patch)}
    assert set(by_name) == {"web-0", "web-1", history["metadata"]["name"]}
    adopted = by_name["web-0"]["metadata"]
    assert adopted["uid"] == "uid-0" and adopted["ownerReferences"][0]["uid"] == "uid-web"
    assert by_name["web-1"]["metadata"]["ownerReferences"] == [
        {"$patch": "delete", "uid": "uid-web"}
    ]


def test_a_pod_renamed_out_of_the_set_is_released() -> None:
    stateful = make_stateful(1)
    misnamed = pod(stateful, 0, name="web-x", uid="uid-x")
    _, patch = plan(KEY, view_of(stateful, misnamed), NOW)
    assert isinstance(patch, Patch) and patch.name == "web-x"


def test_a_terminating_set_only_tells_its_status() -> None:
    stateful = make_stateful(3)
    stateful["metadata"].update(GOING)
    (action,) = plan(KEY, known(stateful, pod(stateful, 0), pod(stateful, 1, "failed")), NOW)
    assert isinstance(action, Update) and action.subresource == "status"


def test_a_rollback_makes_an_old_revision_the_newest() -> None:
    one, two = make_stateful(image="web:1"), make_stateful(image="web:2")
    (patch,) = plan(KEY, view_of(one, revision(one, 1), revision(two, 2)), NOW)
    assert isinstance(patch, Patch) and patch.resource == CONTROLLER_REVISIONS
    assert patch.name == revision(one)["metadata"]["name"] and patch.patch["revision"] == 3


def test_a_name_that_is_taken_counts_as_a_collision() -> None:
    stateful = make_stateful()
    squatter = revision(stateful)
    squatter["data"] = {"something": "else"}
    squatter["metadata"]["ownerReferences"] = [{"kind": "X", "uid": "u", "controller": True}]
    (update,) = plan(KEY, view_of(stateful, squatter), NOW)
    assert isinstance(update, Update) and update.obj["status"]["collisionCount"] == 1
    (create,) = plan(KEY, view_of(update.obj, squatter), NOW)
    assert isinstance(create, Create)
    assert create.obj["metadata"]["name"] != squatter["metadata"]["name"]


def status_after(stateful: Object, *pods: Object, was: Object | None = None) -> Object:
    found = plan(KEY, known(stateful, *pods, was=was), NOW)
    updates = [item for item in found if isinstance(item, Update)]
    return dict(updates[0].obj["status"]) if updates else dict(stateful["status"])


def test_the_counts() -> None:
    was, new = make_stateful(4), make_stateful(4, "web:2", minReadySeconds=30)
    young = pod(new, 3, of=new)
    young["status"]["conditions"] = [ready_since(NOW - 10)]
    pods = [pod(new, 0, of=was), pod(new, 1, "running", was), pod(new, 2, "going", was), young]
    status = status_after(new, *pods, was=was)
    counts = {name: value for name, value in status.items() if name.endswith("eplicas")}
    assert counts == {
        "replicas": 4, "readyReplicas": 3, "availableReplicas": 2,
        "currentReplicas": 2, "updatedReplicas": 1,
    }  # fmt: skip
    assert status["currentRevision"] == revision(was)["metadata"]["name"]
    assert status["updateRevision"] == revision(new)["metadata"]["name"]
    assert RequeueAfter(20.0) in plan(KEY, known(new, *pods, was=was), NOW)


def test_an_update_is_complete_when_all_are_updated_and_ready() -> None:
    was, new = make_stateful(2), make_stateful(2, "web:2", updateStrategy=rolling(partition=1))
    status = status_after(new, pod(new, 0, of=was), pod(new, 1, of=new), was=was)
    assert status["currentRevision"] != status["updateRevision"]
    for last in ("ready", "running"):
        status = status_after(new, pod(new, 0, last, new), pod(new, 1, of=new), was=was)
        assert (status["currentRevision"] == status["updateRevision"]) is (last == "ready")


def test_conditions_of_others_are_kept() -> None:
    stateful = make_stateful(1)
    stateful["status"]["conditions"] = [{"type": "Mine", "status": "True"}]
    assert status_after(stateful, pod(stateful, 0))["conditions"][0]["type"] == "Mine"


def test_history_is_cut_when_there_is_nothing_else_to_do() -> None:
    stateful = make_stateful(1, "web:9", revisionHistoryLimit=1)
    old = [revision(make_stateful(image=f"web:{number}"), number - 3) for number in range(1, 4)]
    view = known(stateful, *old, pod(stateful, 0))
    # The first plan tells the status; what it deletes beside that is history.
    gone = [item.name for item in plan(KEY, view, NOW) if isinstance(item, Delete)]
    assert gone == [item["metadata"]["name"] for item in old[:2]]


def test_who_is_woken_by_what() -> None:
    stateful = make_stateful(volumeClaimTemplates=[claim_template("data")])
    view = view_of(stateful)
    orphan = pod(stateful, 0, ownerReferences=[])
    assert list(owner_keys(STATEFUL_SETS)(view, None, orphan)) == [KEY]
    stranger = pod(stateful, 0, ownerReferences=[], labels={"app": "other"})
    assert list(owner_keys(STATEFUL_SETS)(view, None, stranger)) == []
    assert list(owner_keys(STATEFUL_SETS)(view, pod(stateful, 0), None)) == [KEY]

    def woken(name: str) -> list[Any]:
        return list(claim_keys(view, {"metadata": {"name": name, "namespace": "default"}}, None))

    assert woken("data-web-0") == [KEY]
    assert woken("data-web-x") == woken("logs-web-0") == woken("data") == []


# -- loops


def names(cluster: Cluster) -> list[str]:
    return sorted(item["metadata"]["name"] for item in cluster.state.all(PODS))


def stored(cluster: Cluster) -> Object:
    found = cluster.state.find(STATEFUL_SETS, "default", "web")
    assert found is not None
    return found


def is_at(cluster: Cluster, replicas: int) -> bool:
    """What ``kubectl rollout status`` waits for."""
    found = stored(cluster)
    status = found.get("status") or {}
    return (
        status.get("observedGeneration") == found["metadata"]["generation"]
        and status.get("currentRevision") == status.get("updateRevision")
        and all(status.get(name, 0) == replicas for name in ("replicas", "readyReplicas"))
    )


def deletions(cluster: Cluster) -> list[str]:
    return [request.name for request in cluster.state.writes("delete", PODS)]


@in_cluster
async def test_up_down_and_up_again_with_a_lagging_cache(cluster: Cluster) -> None:
    cluster.state.watch_delay = 0.5
    cluster.state.put(STATEFUL_SETS, make_stateful(3))
    await until(lambda: is_at(cluster, 3))
    cluster.edit(STATEFUL_SETS, "web", lambda obj: obj["spec"].update(replicas=1))
    await until(lambda: is_at(cluster, 1))
    assert deletions(cluster) == ["web-2", "web-1"] and names(cluster) == ["web-0"]
    cluster.edit(STATEFUL_SETS, "web", lambda obj: obj["spec"].update(replicas=3))
    await until(lambda: is_at(cluster, 3))
    made = [
        orjson.loads(request.body)["metadata"]["name"]
        for request in cluster.state.writes("create", PODS)
    ]
    assert made == ["web-0", "web-1", "web-2", "web-1", "web-2"]
    reasons = {event["reason"] for event in cluster.state.all(EVENTS)}
    assert {"SuccessfulCreate", "SuccessfulDelete"} <= reasons


@in_cluster
async def test_a_rolling_update_a_canary_and_the_way_back(cluster: Cluster) -> None:
    cluster.state.put(STATEFUL_SETS, make_stateful(3))
    await until(lambda: is_at(cluster, 3))
    first = stored(cluster)["status"]["currentRevision"]

    def images() -> list[str]:
        pods = sorted(cluster.ready(app="web"), key=lambda item: str(item["metadata"]["name"]))
        return [str(item["spec"]["containers"][0]["image"]) for item in pods]

    cluster.edit(
        STATEFUL_SETS, "web", lambda obj: obj["spec"].update(updateStrategy=rolling(partition=2))
    )
    cluster.edit(STATEFUL_SETS, "web", set_image("web:2"))
    await until(lambda: images() == ["web:1", "web:1", "web:2"])
    await asyncio.sleep(5)
    assert deletions(cluster) == ["web-2"]
    status = stored(cluster)["status"]
    assert (status["currentRevision"], status["updatedReplicas"]) == (first, 1)
    # One below the partition that is lost comes back as it was.
    cluster.state.remove(PODS, "default", "web-0")
    await until(lambda: images() == ["web:1", "web:1", "web:2"])
    cluster.edit(STATEFUL_SETS, "web", lambda obj: obj["spec"].update(updateStrategy=rolling()))
    await until(lambda: images() == ["web:2"] * 3 and is_at(cluster, 3))
    assert deletions(cluster) == ["web-2", "web-1", "web-0"]
    cluster.edit(STATEFUL_SETS, "web", set_image("web:1"))
    await until(lambda: images() == ["web:1"] * 3 and is_at(cluster, 3))
    history = cluster.state.all(CONTROLLER_REVISIONS)
    assert sorted(item["revision"] for item in history) == [2, 3]
    assert stored(cluster)["status"]["currentRevision"] == first


@in_cluster
async def test_a_pod_on_a_silent_node_is_not_replaced_until_it_is_gone(cluster: Cluster) -> None:
    cluster.state.put(STATEFUL_SETS, make_stateful(3))
    await until(lambda: is_at(cluster, 3))
    lost = cluster.state.find(PODS, "default", "web-1")
    assert lost is not None
    cluster.kubelet.silent.add(lost["spec"]["nodeName"])
    # Long enough for the node to be found silent and its pods to be evicted.
    await until(lambda: "deletionTimestamp" in _pod(cluster, "web-1")["metadata"], 600)
    await asyncio.sleep(600)
    assert _pod(cluster, "web-1")["metadata"]["uid"] == lost["metadata"]["uid"]
    assert names(cluster) == ["web-0", "web-1", "web-2"]
    cluster.state.remove(PODS, "default", "web-1")
    await until(lambda: len(cluster.ready(app="web")) == 3)
    assert _pod(cluster, "web-1")["metadata"]["uid"] != lost["metadata"]["uid"]


def _pod(cluster: Cluster, name: str) -> Object:
    found = cluster.state.find(PODS, "default", name)
    assert found is not None
    return found


@in_cluster
async def test_a_failed_pod_is_replaced_and_lost_answers_do_no_harm(cluster: Cluster) -> None:
    count = 0

    def fault_after(request: ApiRequest) -> None:
        nonlocal count
        if request.verb in ("create", "delete") and request.resource == "pods":
            count += 1
            if count % 2:
                raise AskTimeout("the answer is lost")

    cluster.state.fault_after = fault_after
    cluster.state.put(STATEFUL_SETS, make_stateful(2, podManagementPolicy="Parallel"))
    await until(lambda: is_at(cluster, 2))
    failed = _pod(cluster, "web-0")
    cluster.state.put(PODS, {**failed, "status": {"phase": "Failed"}})
    await until(lambda: _pod_uid(cluster, "web-0") not in ("", failed["metadata"]["uid"]))
    await until(lambda: is_at(cluster, 2))


def _pod_uid(cluster: Cluster, name: str) -> str:
    found = cluster.state.find(PODS, "default", name)
    return str(found["metadata"]["uid"]) if found else ""


@in_cluster
async def test_a_crash_between_any_two_writes_converges(cluster: Cluster) -> None:
    """Each third write is followed by a change of the leader."""
    term, count = 2, 0

    def fault_after(request: ApiRequest) -> None:
        nonlocal term, count
        if request.verb in ("create", "update", "patch", "delete") and request.fence:
            count += 1
            if count % 3 == 0 and count < 60:
                term += 1
                cluster.leadership.become(term, True)

    cluster.state.fault_after = fault_after
    cluster.state.put(STATEFUL_SETS, make_stateful(3))
    await until(lambda: is_at(cluster, 3), 120)
    cluster.edit(STATEFUL_SETS, "web", set_image("web:2"))
    await until(lambda: is_at(cluster, 3) and not _is_stale(cluster), 120)
    assert deletions(cluster) == ["web-2", "web-1", "web-0"]


def _is_stale(cluster: Cluster) -> bool:
    return any(
        item["spec"]["containers"][0]["image"] != "web:2" for item in cluster.state.all(PODS)
    )


@pytest.mark.parametrize("scaled", ["Retain", "Delete"])
def test_claims_outlive_their_pods_or_go_with_them(scaled: str) -> None:
    @in_cluster
    async def run(cluster: Cluster) -> None:
        policy = {"whenDeleted": "Delete", "whenScaled": scaled}
        stateful = make_stateful(
            2, volumeClaimTemplates=[claim_template()], persistentVolumeClaimRetentionPolicy=policy
        )
        cluster.state.put(STATEFUL_SETS, stateful)
        await until(lambda: is_at(cluster, 2))

        def claims() -> dict[str, str]:
            found = cluster.state.all(PERSISTENT_VOLUME_CLAIMS)
            return {item["metadata"]["name"]: item["metadata"]["uid"] for item in found}

        before = claims()
        assert sorted(before) == ["data-web-0", "data-web-1"]
        cluster.edit(STATEFUL_SETS, "web", lambda obj: obj["spec"].update(replicas=1))
        await until(lambda: is_at(cluster, 1))
        if scaled == "Delete":
            await until(lambda: sorted(claims()) == ["data-web-0"])
        cluster.edit(STATEFUL_SETS, "web", lambda obj: obj["spec"].update(replicas=2))
        await until(lambda: is_at(cluster, 2))
        assert (claims() == before) is (scaled == "Retain")
        cluster.state.remove(STATEFUL_SETS, "default", "web")
        await until(lambda: not claims() and not cluster.state.all(PODS))

    run()
