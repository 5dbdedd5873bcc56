"""What a delete does: grace, finalizers, propagation, preconditions."""

import pytest

from actors.apiserver import deletion
from actors.apiserver.call import DeleteOptions, Preconditions
from actors.apiserver.strategies.table import strategy_of
from cluster.api.kinds import by_resource
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object
from cluster.errors import StatusError

NOW = 1_800_000_000.0
PODS = by_resource("", "v1", "pods")
MAPS = by_resource("", "v1", "configmaps")
NAMESPACES = by_resource("", "v1", "namespaces")
assert PODS is not None and MAPS is not None and NAMESPACES is not None


def pod(node: str = "n1", **status: str) -> Object:
    return {
        "metadata": {"name": "p", "uid": "u", "generation": 1, "resourceVersion": "5"},
        "spec": {"nodeName": node, "terminationGracePeriodSeconds": 20},
        "status": status,
    }


def plan(kind: object, obj: Object, **options: object) -> deletion.Deletion:
    wanted = DeleteOptions(**options)  # type: ignore[arg-type]
    return deletion.plan(obj, wanted, strategy_of(kind), NOW)  # type: ignore[arg-type]


def test_a_running_pod_is_marked_and_given_time() -> None:
    planned = plan(PODS, pod())
    metadata = planned.obj["metadata"]
    assert not planned.removed
    assert metadata["deletionTimestamp"] == rfc3339(NOW + 20)
    assert (metadata["deletionGracePeriodSeconds"], metadata["generation"]) == (20, 2)


@pytest.mark.parametrize("obj", [pod(node=""), pod(phase="Failed"), pod(phase="Succeeded")])
def test_a_pod_that_nothing_runs_goes_at_once(obj: Object) -> None:
    assert plan(PODS, obj).removed


def test_grace_zero_removes_a_pod_at_once_even_when_it_is_going() -> None:
    going = plan(PODS, pod()).obj
    assert plan(PODS, going, grace=0).removed


def test_a_later_request_shortens_the_grace_but_never_prolongs_it() -> None:
    going = plan(PODS, pod()).obj
    shorter = plan(PODS, going, grace=5).obj["metadata"]
    assert shorter["deletionGracePeriodSeconds"] == 5
    assert shorter["deletionTimestamp"] == rfc3339(NOW + 5)
    assert not plan(PODS, going, grace=500).changed
    assert not plan(PODS, going).changed


def test_a_grace_beyond_all_years_ends_with_them() -> None:
    going = plan(PODS, pod(), grace=2**62).obj
    assert going["metadata"]["deletionTimestamp"] == "9999-12-31T23:59:59Z"
    shorter = plan(PODS, going, grace=5).obj["metadata"]
    assert shorter["deletionTimestamp"] == rfc3339(NOW + 5)


def test_finalizers_hold_an_object_until_they_are_gone() -> None:
    obj: Object = {"metadata": {"name": "a", "finalizers": ["x/y"]}}
    planned = plan(MAPS, obj)
    assert not planned.removed
    assert planned.obj["metadata"]["deletionTimestamp"] == rfc3339(NOW)
    assert not deletion.complete(planned.obj)
    released = {"metadata": {**planned.obj["metadata"], "finalizers": []}}
    assert deletion.complete(released)
    assert "finalizers" in obj["metadata"], "the live object is not changed"


@pytest.mark.parametrize(
    ("policy", "finalizers"), [("Foreground", ["foregroundDeletion"]), ("Orphan", ["orphan"])]
)
def test_propagation_becomes_a_finalizer(policy: str, finalizers: list[str]) -> None:
    planned = plan(MAPS, {"metadata": {"name": "a"}}, propagation=policy)
    assert not planned.removed
    assert planned.obj["metadata"]["finalizers"] == finalizers


def test_background_deletion_takes_the_others_finalizers_back() -> None:
    obj: Object = {"metadata": {"name": "a", "finalizers": ["orphan"]}}
    assert plan(MAPS, obj, propagation="Background").removed


def test_a_namespace_waits_for_its_content() -> None:
    obj: Object = {"metadata": {"name": "a"}, "spec": {"finalizers": ["kubernetes"]}}
    planned = plan(NAMESPACES, obj)
    assert not planned.removed
    assert planned.obj["status"]["phase"] == "Terminating"
    assert "deletionGracePeriodSeconds" not in planned.obj["metadata"]
    assert not plan(NAMESPACES, planned.obj).changed
    assert not deletion.complete(planned.obj)
    assert deletion.complete({**planned.obj, "spec": {}})


@pytest.mark.parametrize(
    "wanted", [Preconditions(uid="other"), Preconditions(resource_version="4")]
)
def test_preconditions_are_409(wanted: Preconditions) -> None:
    assert PODS is not None
    with pytest.raises(StatusError) as refused:
        deletion.check_preconditions(PODS, pod(), wanted, strategy_of(PODS))
    assert refused.value.code == 409
    deletion.check_preconditions(PODS, pod(), Preconditions("u", "5"), strategy_of(PODS))
