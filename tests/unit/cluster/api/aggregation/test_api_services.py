"""APIServices of a cluster's own groups."""

from cluster.api.aggregation.api_services import (
    AUTOMANAGED,
    is_built_in,
    local_services,
    name_of,
    priority_of,
    reference,
)
from cluster.api.defaults import apply_defaults
from cluster.api.kinds import SERVED, by_kind
from cluster.api.validation.table import validate_create


def test_every_built_in_group_has_a_priority_of_its_own() -> None:
    for group, version in {(kind.group, kind.version) for kind in SERVED}:
        assert priority_of(group, version) > priority_of("example.com", "v1"), group
        assert is_built_in(group, version)
    assert not is_built_in("apps", "v2")


def test_local_ones_are_valid() -> None:
    kind = by_kind("apiregistration.k8s.io", "v1", "APIService")
    assert kind is not None
    made = local_services([("example.com", "v1"), (SERVED[0].group, SERVED[0].version)])
    for name, obj in made.items():
        apply_defaults(kind, obj)
        assert validate_create(kind, obj) == []
        assert obj["metadata"]["name"] == name and reference(obj) is None
    assert made["v1.example.com"]["metadata"]["labels"] == {AUTOMANAGED: "true"}
    assert made["v1."]["metadata"]["labels"] == {AUTOMANAGED: "onstart"}
    # The group of APIServices itself has none, as in Kubernetes.
    assert name_of("apiregistration.k8s.io", "v1") not in made
