"""Deployments in a cluster on virtual time: rollouts, rollbacks, scaling, deadlines."""

import asyncio
from typing import Any

from actors.controllers.revisions import REVISION
from cluster.api.resources import DEPLOYMENTS, EVENTS, PODS, REPLICA_SETS
from cluster.api.types import Object
from tests.unit.actors.client.harness import until
from tests.unit.actors.controllers.cluster import (
    Cluster,
    in_cluster,
    is_ready,
    make_deployment,
    set_image,
)


def condition(cluster: Cluster, type: str) -> Object:
    conditions = (cluster.deployment().get("status") or {}).get("conditions") or ()
    return next((item for item in conditions if item["type"] == type), {})


def images(cluster: Cluster) -> set[str]:
    return {pod["spec"]["containers"][0]["image"] for pod in cluster.pods(app="web")}


async def deployed(cluster: Cluster, replicas: int = 3, **spec: Any) -> None:
    cluster.state.put(DEPLOYMENTS, make_deployment(replicas, **spec))
    await until(cluster.is_rolled_out)


@in_cluster
async def test_a_new_deployment_comes_up(cluster: Cluster) -> None:
    await deployed(cluster)
    await until(lambda: condition(cluster, "Progressing").get("reason") == "NewReplicaSetAvailable")
    assert len(cluster.ready(app="web")) == 3
    (item,) = cluster.sets()
    pod_hash = item["metadata"]["labels"]["pod-template-hash"]
    assert item["metadata"]["name"] == f"web-{pod_hash}"
    assert item["spec"]["selector"]["matchLabels"] == {"app": "web", "pod-template-hash": pod_hash}
    assert cluster.deployment()["metadata"]["annotations"][REVISION] == "1"
    assert condition(cluster, "Available")["status"] == "True"
    assert cluster.deployment()["status"]["readyReplicas"] == 3
    events = {event["reason"]: event["message"] for event in cluster.state.all(EVENTS)}
    assert events["ScalingReplicaSet"] == f"Scaled up replica set web-{pod_hash} from 0 to 3"
    assert "SuccessfulCreate" in events
    assert len(cluster.state.writes("create", PODS)) == 3


@in_cluster
async def test_a_rolling_update_stays_within_its_bounds(cluster: Cluster) -> None:
    rolling = {"maxSurge": 1, "maxUnavailable": 0}
    await deployed(cluster, 4, strategy={"type": "RollingUpdate", "rollingUpdate": rolling})
    cluster.edit(DEPLOYMENTS, "web", set_image("web:2"))
    fewest, most = 99, 0
    while not (cluster.is_rolled_out() and images(cluster) == {"web:2"}):
        pods = cluster.pods(app="web")
        fewest = min(fewest, sum(is_ready(pod) for pod in pods))
        most = max(most, len(pods))
        await asyncio.sleep(0.01)
    assert (fewest, most) == (4, 5)
    old, new = cluster.sets()
    assert old["spec"]["replicas"] == 0 and new["spec"]["replicas"] == 4
    await until(lambda: cluster.deployment()["metadata"]["annotations"][REVISION] == "2")


@in_cluster
async def test_a_broken_image_stalls_and_undo_repairs(cluster: Cluster) -> None:
    await deployed(cluster, progressDeadlineSeconds=30)
    cluster.kubelet.broken.add("web:bad")
    cluster.edit(DEPLOYMENTS, "web", set_image("web:bad"))
    await until(lambda: condition(cluster, "Progressing").get("status") == "False", 120)
    stuck = condition(cluster, "Progressing")
    assert stuck["reason"] == "ProgressDeadlineExceeded"
    assert len(cluster.ready(app="web")) == 3
    assert len(cluster.pods(app="web")) == 4
    assert condition(cluster, "Available")["status"] == "True"
    cluster.edit(DEPLOYMENTS, "web", set_image("web:1"))
    await until(lambda: cluster.is_rolled_out() and images(cluster) == {"web:1"})
    await until(lambda: cluster.deployment()["metadata"]["annotations"][REVISION] == "3")
    assert len(cluster.sets()) == 2
    first = cluster.sets()[0]["metadata"]["annotations"]
    assert first["deployment.kubernetes.io/revision-history"] == "1"
    await until(lambda: condition(cluster, "Progressing").get("reason") == "NewReplicaSetAvailable")


@in_cluster
async def test_scaling_touches_only_what_must_change(cluster: Cluster) -> None:
    await deployed(cluster)
    names = {pod["metadata"]["name"] for pod in cluster.pods(app="web")}
    cluster.edit(DEPLOYMENTS, "web", lambda obj: obj["spec"].update(replicas=6))
    await until(lambda: cluster.is_rolled_out() and len(cluster.ready(app="web")) == 6)
    assert names < {pod["metadata"]["name"] for pod in cluster.pods(app="web")}
    cluster.edit(DEPLOYMENTS, "web", lambda obj: obj["spec"].update(replicas=0))
    await until(lambda: cluster.is_rolled_out() and not cluster.state.all(PODS))
    cluster.edit(DEPLOYMENTS, "web", lambda obj: obj["spec"].update(replicas=2))
    await until(lambda: cluster.is_rolled_out() and len(cluster.ready(app="web")) == 2)
    assert len(cluster.sets()) == 1


@in_cluster
async def test_recreate_never_runs_old_and_new_together(cluster: Cluster) -> None:
    await deployed(cluster, strategy={"type": "Recreate"})
    cluster.edit(DEPLOYMENTS, "web", set_image("web:2"))
    while not (cluster.is_rolled_out() and images(cluster) == {"web:2"}):
        running = {pod["spec"]["containers"][0]["image"] for pod in cluster.state.all(PODS)}
        assert len(running) <= 1
        await asyncio.sleep(0.01)


@in_cluster
async def test_paused_holds_the_rollout_but_scales(cluster: Cluster) -> None:
    await deployed(cluster)

    def pause(obj: Object) -> None:
        obj["spec"]["paused"] = True
        set_image("web:2")(obj)
        obj["spec"]["replicas"] = 5

    cluster.edit(DEPLOYMENTS, "web", pause)
    await until(lambda: len(cluster.ready(app="web")) == 5)
    await asyncio.sleep(5)
    assert images(cluster) == {"web:1"}
    assert condition(cluster, "Progressing")["reason"] == "DeploymentPaused"
    cluster.edit(DEPLOYMENTS, "web", lambda obj: obj["spec"].pop("paused"))
    await until(lambda: cluster.is_rolled_out() and images(cluster) == {"web:2"})


@in_cluster
async def test_history_is_kept_to_its_limit(cluster: Cluster) -> None:
    await deployed(cluster, 1, revisionHistoryLimit=2)
    for number in range(2, 7):
        cluster.edit(DEPLOYMENTS, "web", set_image(f"web:{number}"))
        image = {f"web:{number}"}
        await until(lambda image=image: cluster.is_rolled_out() and images(cluster) == image)
    await until(lambda: len(cluster.sets()) == 3)
    revisions = [item["metadata"]["annotations"][REVISION] for item in cluster.sets()]
    assert revisions == ["4", "5", "6"]


@in_cluster
async def test_a_rollover_abandons_the_step_in_between(cluster: Cluster) -> None:
    await deployed(cluster, 4)
    cluster.edit(DEPLOYMENTS, "web", set_image("web:2"))
    await until(lambda: "web:2" in images(cluster))
    cluster.edit(DEPLOYMENTS, "web", set_image("web:3"))
    await until(lambda: cluster.is_rolled_out() and images(cluster) == {"web:3"})
    assert [item["spec"]["replicas"] for item in cluster.sets()] == [0, 0, 4]


@in_cluster
async def test_scaling_amid_a_stuck_rollout_is_shared(cluster: Cluster) -> None:
    await deployed(
        cluster,
        10,
        strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}},
    )
    cluster.kubelet.broken.add("web:bad")
    cluster.edit(DEPLOYMENTS, "web", set_image("web:bad"))
    await until(lambda: [item["spec"]["replicas"] for item in cluster.sets()] == [8, 5])
    cluster.edit(DEPLOYMENTS, "web", lambda obj: obj["spec"].update(replicas=15))
    # The example of the Kubernetes documentation: 5 more, 3 for the old set and 2 for the new.
    await until(lambda: [item["spec"]["replicas"] for item in cluster.sets()] == [11, 7])


@in_cluster
async def test_an_orphaned_set_is_adopted(cluster: Cluster) -> None:
    await deployed(cluster)
    (item,) = cluster.sets()
    bare = {**item, "metadata": {**item["metadata"], "ownerReferences": []}}
    cluster.state.put(REPLICA_SETS, bare)
    await until(lambda: cluster.sets()[0]["metadata"].get("ownerReferences"))
    owner = cluster.sets()[0]["metadata"]["ownerReferences"][0]
    assert owner["uid"] == cluster.deployment()["metadata"]["uid"]
    assert len(cluster.sets()) == 1


@in_cluster
async def test_a_name_taken_by_a_stranger_is_avoided(cluster: Cluster) -> None:
    await deployed(cluster, 1)
    name = cluster.sets()[0]["metadata"]["name"]
    cluster.state.remove(DEPLOYMENTS, "default", "web")
    await until(lambda: not cluster.sets())
    stranger = {
        "metadata": {"name": name, "namespace": "default", "generation": 1},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "other"}},
            "template": {"metadata": {"labels": {"app": "other"}}, "spec": {"containers": []}},
        },
    }
    cluster.state.put(REPLICA_SETS, stranger)
    await deployed(cluster, 1)
    assert cluster.deployment()["status"]["collisionCount"] == 1
    assert len(cluster.sets()) == 2


@in_cluster
async def test_min_ready_seconds_is_waited_for(cluster: Cluster) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await deployed(cluster, minReadySeconds=20)
    # Conditions carry whole seconds.
    assert loop.time() - began >= 19
