"""The door: which rules hold for which kind."""

from typing import Any

from cluster.api.kinds import KINDS, SERVED
from cluster.api.validation.ruled import RULED
from cluster.api.validation.table import CREATE, UPDATE, validate_body, validate_create
from tests.unit.cluster.api.validation.helpers import created, updated


def test_the_list_of_ruled_definitions_is_the_table() -> None:
    known = {(kind.group, kind.kind, kind.definition) for kind in KINDS}
    for kind in KINDS:
        for part in kind.subresources.values():
            if part.definition:
                known.add((part.group, part.kind, part.definition))
    ruled = {definition for group, name, definition in known if (group, name) in CREATE}
    assert ruled == RULED
    assert {(group, name) for group, name, _ in known} >= set(CREATE)
    assert set(UPDATE) <= set(CREATE)


def test_every_served_kind_bears_an_empty_object() -> None:
    for kind in SERVED:
        assert isinstance(validate_create(kind, {}), list)
        assert isinstance(validate_create(kind, {"metadata": {"name": "a"}, "spec": {}}), list)


def test_a_question_needs_no_name() -> None:
    spec = {"spec": {"token": "x"}, "metadata": {}}
    assert created("authentication.k8s.io", "tokenreviews", spec) == []


def test_bodies_of_subresources() -> None:
    (cause,) = validate_body("autoscaling", "Scale", {"spec": {"replicas": -1}})
    assert cause.field == "spec.replicas"
    (cause,) = validate_body("", "Binding", {"target": {"kind": "Node"}})
    assert cause.field == "target.name"
    assert validate_body("", "Unheard", {}) == []


def test_a_status_update_is_not_held_to_the_spec(deployment: dict[str, Any]) -> None:
    deployment["spec"]["template"]["spec"]["containers"] = []
    new = {**deployment, "status": {"replicas": 1}}
    assert updated("apps", "deployments", deployment, new) == []
