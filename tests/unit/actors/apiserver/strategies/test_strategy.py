"""What the server sets, keeps and counts, for all kinds alike."""

from actors.apiserver.strategies import namespaces
from actors.apiserver.strategies.batch import JOBS
from actors.apiserver.strategies.strategy import (
    Strategy,
    prepare_create,
    prepare_status_update,
    prepare_update,
)
from cluster.api.types import Object

COUNTED = Strategy(generation=True)


def live() -> Object:
    return {
        "metadata": {"name": "a", "uid": "u", "generation": 3, "creationTimestamp": "t"},
        "spec": {"x": 1},
        "status": {"y": 1},
    }


def test_create_sets_identity_and_drops_what_clients_must_not_set() -> None:
    obj: Object = {
        "metadata": {"name": "a", "uid": "mine", "deletionTimestamp": "t", "generation": 9},
        "status": {"y": 1},
    }
    prepare_create(obj, COUNTED, has_status=True, uid="u", now=0.0, created="t")
    metadata = {"name": "a", "uid": "u", "creationTimestamp": "t", "generation": 1}
    assert obj == {"metadata": metadata, "status": {}}
    custom: Object = {"metadata": {"name": "a"}, "status": {"y": 1}}
    prepare_create(custom, COUNTED, has_status=True, uid="u", now=0.0, created="t", custom=True)
    assert custom == {"metadata": metadata}


def test_update_counts_changes_of_the_desired_state_only() -> None:
    relabelled = {**live(), "metadata": {"name": "a", "labels": {"a": "b"}}, "status": {"y": 2}}
    prepare_update(relabelled, live(), COUNTED, has_status=True)
    assert relabelled["metadata"]["generation"] == 3
    assert relabelled["metadata"]["uid"] == "u"
    assert relabelled["status"] == {"y": 1}
    changed = {**live(), "spec": {"x": 2}}
    prepare_update(changed, live(), COUNTED, has_status=True)
    assert changed["metadata"]["generation"] == 4


def test_status_update_changes_nothing_else() -> None:
    given: Object = {
        "metadata": {"name": "a", "labels": {"a": "b"}},
        "spec": {"x": 7},
        "status": {"y": 2},
    }
    updated = prepare_status_update(given, live(), COUNTED)
    assert (updated["spec"], updated["status"]) == ({"x": 1}, {"y": 2})
    assert "labels" not in updated["metadata"]
    node = prepare_status_update(given, live(), Strategy(status_metadata=("labels",)))
    assert node["metadata"]["labels"] == {"a": "b"}


def test_a_job_selects_its_pods_by_its_uid() -> None:
    job: Object = {"metadata": {"name": "j"}, "spec": {"template": {"spec": {}}}}
    prepare_create(job, JOBS, has_status=True, uid="u", now=0.0, created="t")
    assert job["spec"]["selector"]["matchLabels"] == {"batch.kubernetes.io/controller-uid": "u"}
    assert job["spec"]["template"]["metadata"]["labels"]["job-name"] == "j"
    # What a client says of these itself is not overwritten, but refused later.
    said: Object = {"metadata": {"labels": {"job-name": "k"}}, "spec": {}}
    job = {"metadata": {"name": "j"}, "spec": {"template": said}}
    job["spec"]["selector"] = {"matchLabels": {"a": "b"}}
    prepare_create(job, JOBS, has_status=True, uid="u", now=0.0, created="t")
    assert job["spec"]["template"]["metadata"]["labels"]["job-name"] == "k"
    assert set(job["spec"]["selector"]["matchLabels"]) == {
        "a",
        "batch.kubernetes.io/controller-uid",
    }


def test_who_writes_the_status_of_a_namespace_leaves_it_its_name() -> None:
    live: Object = {"metadata": {"name": "a", "labels": {"kubernetes.io/metadata.name": "a"}}}
    given: Object = {"metadata": {"name": "a", "labels": {"b": "c"}, "finalizers": ["d/e"]}}
    written = namespaces.STRATEGY.parts["status"](given, live, 0.0)
    assert written["status"] == {"phase": "Active"}
    metadata = written["metadata"]
    assert metadata["labels"] == {"b": "c", "kubernetes.io/metadata.name": "a"}
    assert "finalizers" not in metadata
