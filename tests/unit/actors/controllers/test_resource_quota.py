"""Quotas are counted anew, and never below what admission has counted already."""

from typing import Any

from actors.controllers.plan import RequeueAfter, Update
from actors.controllers.resource_quota import keys_of, plan
from actors.controllers.served import NAMESPACED
from cluster.api.resources import CONFIGMAPS, PODS, RESOURCE_QUOTAS
from cluster.api.types import Object
from tests.unit.actors.controllers.views import NOW, make_view

KEY = ("default", "q")
HARD = {"pods": "5", "requests.cpu": "2", "count/configmaps": "9"}


def quota(used: dict[str, str] | None = None, revision: int = 1, **spec: Any) -> Object:
    status = {} if used is None else {"hard": HARD, "used": used}
    meta = {"name": "q", "namespace": "default", "resourceVersion": str(revision)}
    return {"metadata": meta, "spec": {"hard": HARD, **spec}, "status": status}


def pod(name: str, revision: int = 5, phase: str = "Running") -> Object:
    resources = {"requests": {"cpu": "300m"}}
    return {
        "metadata": {"name": name, "namespace": "default", "resourceVersion": str(revision)},
        "spec": {"containers": [{"name": "c", "resources": resources}]},
        "status": {"phase": phase},
    }


def actions(*objects: Any) -> list[Any]:
    view = make_view(*objects, resources=NAMESPACED)
    return plan(KEY, view, NOW)


def test_a_new_quota_gets_its_status() -> None:
    config = {"metadata": {"name": "m", "namespace": "default"}}
    [update] = actions(
        (RESOURCE_QUOTAS, quota()),
        (PODS, pod("a")),
        (PODS, pod("b")),
        (PODS, pod("done", phase="Succeeded")),
        (CONFIGMAPS, config),
        (CONFIGMAPS, {"metadata": {"name": "m", "namespace": "other"}}),
    )
    assert isinstance(update, Update) and update.subresource == "status"
    assert update.obj["status"] == {
        "hard": HARD,
        "used": {"pods": "2", "requests.cpu": "600m", "count/configmaps": "1"},
    }


def test_what_is_right_is_left_alone() -> None:
    used = {"pods": "1", "requests.cpu": "300m", "count/configmaps": "0"}
    assert actions((RESOURCE_QUOTAS, quota(used)), (PODS, pod("a"))) == []


def test_what_admission_counted_is_not_lost_while_its_object_is_on_the_way() -> None:
    used = {"pods": "2", "requests.cpu": "600m", "count/configmaps": "0"}
    assert actions((RESOURCE_QUOTAS, quota(used, revision=9)), (PODS, pod("a"))) == [
        RequeueAfter(5.0)
    ]
    # Once the pods are known up to the quota's own revision, what is not there is gone.
    [update] = actions((RESOURCE_QUOTAS, quota(used, revision=9)), (PODS, pod("a", revision=9)))
    assert update.obj["status"]["used"]["pods"] == "1"


def test_more_is_told_at_once() -> None:
    used = {"pods": "0", "requests.cpu": "0", "count/configmaps": "0"}
    [update] = actions((RESOURCE_QUOTAS, quota(used, revision=9)), (PODS, pod("a")))
    assert update.obj["status"]["used"]["requests.cpu"] == "300m"


def test_changed_limits_become_the_status() -> None:
    before = quota({"pods": "0", "requests.cpu": "0", "count/configmaps": "0"})
    before["status"]["hard"] = {"pods": "1"}
    [update] = actions((RESOURCE_QUOTAS, before))
    assert update.obj["status"]["hard"] == HARD


def test_what_wakes_it() -> None:
    view = make_view((RESOURCE_QUOTAS, quota()), resources=NAMESPACED)
    config = {"metadata": {"name": "m", "namespace": "default"}}
    elsewhere = {"metadata": {"name": "m", "namespace": "other"}}
    of_config, of_pod = keys_of(CONFIGMAPS), keys_of(PODS)
    assert list(of_config(view, None, config)) == [KEY] == list(of_config(view, config, None))
    assert list(of_config(view, config, config)) == [] == list(of_config(view, None, elsewhere))
    assert list(of_pod(view, pod("a"), pod("a"))) == [KEY]
