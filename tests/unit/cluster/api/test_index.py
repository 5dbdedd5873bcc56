"""The index beside an object: round trip, and every supported field of every kind."""

from typing import Any

import pytest

from cluster.api.index import canonical_field, make_index, object_index, read_index
from cluster.api.kinds import KINDS, Kind, by_resource


def kind_of(group: str, plural: str) -> Kind:
    found = by_resource(group, "v1", plural, unserved=True)
    assert found is not None
    return found


def test_round_trip(pod: dict[str, Any]) -> None:
    pod["metadata"] |= {"uid": "u1", "ownerReferences": [{"uid": "o1"}, {"uid": "o2"}]}
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    pod["spec"] |= {"nodeName": "n1", "hostNetwork": True}
    pod["status"] = {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]}
    index = read_index(make_index(kind_of("", "pods"), pod))
    assert index == object_index(kind_of("", "pods"), pod)
    assert (index.uid, index.owners, index.deleting) == ("u1", ("o1", "o2"), True)
    assert index.labels == {"app": "web"}
    assert index.fields["spec.nodeName"] == "n1"
    assert index.fields["spec.hostNetwork"] == "true"
    assert index.fields["status.podIPs"] == "10.0.0.1"
    assert index.fields["metadata.namespace"] == "default"


def test_an_object_without_anything_has_an_index() -> None:
    for kind in KINDS:
        index = object_index(kind, {})
        assert index.uid == "" and index.owners == ()
        assert ("metadata.namespace" in index.fields) == kind.namespaced


def test_absent_values_read_as_kubernetes_shows_them() -> None:
    assert object_index(kind_of("", "nodes"), {}).fields["spec.unschedulable"] == "false"
    replica_sets = kind_of("apps", "replicasets")
    assert object_index(replica_sets, {}).fields["status.replicas"] == "0"
    sets = {"status": {"replicas": 3}}
    assert object_index(replica_sets, sets).fields["status.replicas"] == "3"


def test_events_are_found_by_either_name() -> None:
    event = {"involvedObject": {"name": "web"}, "source": {"component": "kubelet"}}
    fields = object_index(kind_of("", "events"), event).fields
    assert fields["involvedObject.name"] == "web" and fields["source"] == "kubelet"
    new = kind_of("events.k8s.io", "events")
    assert canonical_field(new, "regarding.name") == "involvedObject.name"
    assert canonical_field(new, "reportingController") == "reportingComponent"


@pytest.mark.parametrize(
    ("group", "plural", "field", "known"),
    [
        ("", "pods", "status.phase", True),
        ("", "pods", "metadata.namespace", True),
        ("", "pods", "spec.foo", False),
        ("", "nodes", "metadata.namespace", False),
        ("", "nodes", "spec.unschedulable", True),
        ("apps", "deployments", "metadata.name", True),
        ("apps", "deployments", "status.phase", False),
    ],
)
def test_supported_fields(group: str, plural: str, field: str, known: bool) -> None:
    assert (canonical_field(kind_of(group, plural), field) is not None) == known
