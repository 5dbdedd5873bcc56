"""The table of kinds: complete, without contradictions, and in the schema."""

from dataclasses import replace

import pytest

from cluster.api import kinds
from cluster.api.kinds import KINDS, SERVED, by_kind, by_resource, storage_key, storage_prefix
from cluster.api.schema import Definitions


def test_every_kind_and_subresource_body_is_in_the_schema(definitions: Definitions) -> None:
    for kind in KINDS:
        declared = definitions.raw[kind.definition]["x-kubernetes-group-version-kind"]
        assert {"group": kind.group, "version": kind.version, "kind": kind.kind} in declared
        for part in kind.subresources.values():
            assert not part.definition or part.definition in definitions.raw


def test_the_table_has_the_kinds_of_the_v1_level() -> None:
    names = {(kind.group, kind.plural) for kind in KINDS}
    # 65 conformance types, ComponentStatus, Binding, the reviews, HPA and NetworkPolicy.
    assert len(names) >= 65
    assert len({(kind.group, kind.version, kind.plural) for kind in KINDS}) == len(KINDS)


def test_no_two_kinds_of_a_group_share_a_short_name() -> None:
    seen: dict[tuple[str, str], str] = {}
    for kind in KINDS:
        for name in kind.short_names:
            assert seen.setdefault((kind.group, name), kind.plural) == kind.plural


def test_a_kind_that_is_not_served_is_only_found_when_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert SERVED == KINDS
    lacking = replace(KINDS[0], served=False)
    key = (lacking.group, lacking.version)
    monkeypatch.setitem(kinds._BY_RESOURCE, (*key, lacking.plural), lacking)
    monkeypatch.setitem(kinds._BY_KIND, (*key, lacking.kind), lacking)
    assert by_resource(*key, lacking.plural) is None
    assert by_resource(*key, lacking.plural, unserved=True) is lacking
    assert by_kind(*key, lacking.kind) is None
    assert by_kind(*key, lacking.kind, unserved=True) is lacking
    assert by_kind("apps", "v1", "Deployment") is by_resource("apps", "v1", "deployments")


def test_subresources_say_whose_kind_they_are() -> None:
    pods = by_resource("", "v1", "pods")
    assert pods is not None
    assert pods.subresources["eviction"].group == "policy"
    assert pods.subresources["status"].kind == ""
    assert "scale" not in pods.subresources


def test_storage_paths() -> None:
    deployments = by_resource("apps", "v1", "deployments")
    nodes = by_resource("", "v1", "nodes")
    assert deployments is not None and nodes is not None
    assert storage_prefix(deployments) == "/registry/apps/deployments/"
    assert storage_key(deployments, "web", "a") == "/registry/apps/deployments/web/a"
    assert storage_key(nodes, "ignored", "a") == "/registry/core/nodes/a"


def test_events_of_both_groups_share_a_place() -> None:
    core = by_resource("", "v1", "events")
    new = by_resource("events.k8s.io", "v1", "events")
    assert core is not None and new is not None
    assert kinds.storage_key(core, "a", "b") == kinds.storage_key(new, "a", "b")


def test_names_of_a_kind() -> None:
    roles = by_resource("rbac.authorization.k8s.io", "v1", "roles")
    reviews = by_resource("authorization.k8s.io", "v1", "subjectaccessreviews")
    assert roles is not None and reviews is not None
    assert (roles.api_version, roles.list_kind) == ("rbac.authorization.k8s.io/v1", "RoleList")
    assert reviews.create_only and not roles.create_only
