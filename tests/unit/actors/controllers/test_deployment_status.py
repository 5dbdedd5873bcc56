"""A Deployment's conditions over the life of a rollout."""

from typing import Any

from actors.controllers.deployment_status import Rollout, deadline_in, is_complete, status_of
from actors.controllers.rolling import Bounds
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object
from tests.unit.actors.controllers.cluster import make_deployment
from tests.unit.actors.controllers.views import NOW

LIMITS = Bounds(3, 1, 1)


def replica_set(name: str, size: int, **status: Any) -> Object:
    meta = {"name": name, "namespace": "default"}
    return {"metadata": meta, "spec": {"replicas": size}, "status": status}


def rollout(old_status: Object | None = None, **fields: Any) -> Rollout:
    deployment = make_deployment(3, **fields.pop("spec", {}))
    deployment["metadata"]["generation"] = 2
    deployment["status"] = old_status or {}
    new = fields.pop("new", replica_set("web-new", 3))
    sets = [*fields.pop("old", []), *([new] if new else [])]
    return Rollout(deployment, sets, new, LIMITS, **fields)


def progressing(status: Object) -> tuple[str, str]:
    item = next(item for item in status["conditions"] if item["type"] == "Progressing")
    return item["status"], item["reason"]


def test_counts() -> None:
    new = replica_set("n", 2, replicas=2, readyReplicas=1, availableReplicas=1)
    old = replica_set("o", 2, replicas=2, readyReplicas=2, availableReplicas=2)
    status = status_of(rollout(new=new, old=[old]), NOW)
    assert status["replicas"] == 4 and status["updatedReplicas"] == 2
    assert status["availableReplicas"] == 3 and status["unavailableReplicas"] == 1
    assert status["observedGeneration"] == 2
    available = next(item for item in status["conditions"] if item["type"] == "Available")
    assert available["status"] == "True"
    assert not is_complete(rollout(), status)


def test_the_life_of_a_rollout() -> None:
    status = status_of(rollout(new=None, created="web-new"), NOW)
    assert progressing(status) == ("True", "NewReplicaSetCreated")
    half = replica_set("web-new", 3, replicas=3, readyReplicas=1, availableReplicas=1)
    status = status_of(rollout(status, new=half), NOW + 5)
    assert progressing(status) == ("True", "ReplicaSetUpdated")
    touched = status["conditions"][1]
    assert touched["lastUpdateTime"] == rfc3339(NOW + 5)
    assert touched["lastTransitionTime"] == rfc3339(NOW)
    assert status_of(rollout(status, new=half), NOW + 100) == status
    assert deadline_in(rollout(status, new=half), status, NOW + 105) == 501.0
    status = status_of(rollout(status, new=half), NOW + 606)
    assert progressing(status) == ("False", "ProgressDeadlineExceeded")
    assert deadline_in(rollout(status, new=half), status, NOW + 606) is None
    full = replica_set("web-new", 3, replicas=3, readyReplicas=3, availableReplicas=3)
    status = status_of(rollout(status, new=full), NOW + 700)
    assert progressing(status) == ("True", "NewReplicaSetAvailable")
    assert is_complete(rollout(new=full), status)
    # A pod that fails later is no failed rollout.
    status = status_of(rollout(status, new=half), NOW + 5000)
    assert progressing(status) == ("True", "NewReplicaSetAvailable")


def test_paused_and_resumed() -> None:
    status = status_of(rollout(spec={"paused": True}), NOW)
    assert progressing(status) == ("Unknown", "DeploymentPaused")
    assert progressing(status_of(rollout(status), NOW + 1)) == ("Unknown", "DeploymentResumed")


def test_without_a_deadline_there_is_no_progress_to_tell() -> None:
    for value in (None, 2147483647):
        status = status_of(rollout(spec={"progressDeadlineSeconds": value}), NOW)
        assert [item["type"] for item in status["conditions"]] == ["Available"]


def test_a_refusal_of_the_set_is_shown() -> None:
    refusal = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "m"}
    new = replica_set("n", 3, conditions=[refusal])
    status = status_of(rollout(new=new), NOW)
    assert status["conditions"][-1]["reason"] == "FailedCreate"
    cleared = status_of(rollout(status), NOW + 1)
    assert all(item["type"] != "ReplicaFailure" for item in cleared["conditions"])
