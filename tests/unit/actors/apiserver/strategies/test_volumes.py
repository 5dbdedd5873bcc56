"""Volumes and claims wait until somebody binds them."""

from typing import Any

import pytest

from actors.apiserver.strategies.strategy import prepare_create
from actors.apiserver.strategies.table import strategy_of
from cluster.api.kinds import Kind, by_resource
from cluster.api.types import Object

THEN, NOW = "2026-01-01T00:00:00Z", 1_800_000_000.0
STAMP = "2027-01-15T08:00:00Z"


def kind_of(plural: str) -> Kind:
    kind = by_resource("", "v1", plural)
    assert kind is not None
    return kind


@pytest.mark.parametrize(
    ("plural", "status"),
    [
        ("persistentvolumes", {"phase": "Pending", "lastPhaseTransitionTime": STAMP}),
        ("persistentvolumeclaims", {"phase": "Pending"}),
    ],
)
def test_both_begin_as_pending(plural: str, status: dict[str, Any]) -> None:
    obj: Object = {"metadata": {"name": "a"}, "status": {"phase": "Bound"}}
    strategy = strategy_of(kind_of(plural))
    prepare_create(obj, strategy, has_status=True, uid="u", now=NOW, created="t")
    assert obj["status"] == status


@pytest.mark.parametrize(
    ("status", "since"),
    [
        ({"phase": "Available"}, THEN),
        ({}, STAMP),
        ({"phase": "Bound"}, STAMP),
        ({"phase": "Bound", "lastPhaseTransitionTime": THEN}, STAMP),
        ({"phase": "Bound", "lastPhaseTransitionTime": "2026-02-01T00:00:00Z"},
         "2026-02-01T00:00:00Z"),
    ],
)  # fmt: skip
def test_since_when_a_volume_is_in_its_phase(status: dict[str, Any], since: str) -> None:
    old: Object = {
        "metadata": {"name": "a"},
        "spec": {},
        "status": {"phase": "Available", "lastPhaseTransitionTime": THEN},
    }
    new: Object = {"metadata": {"name": "a", "labels": {"b": "c"}}, "spec": {}, "status": status}
    updated = strategy_of(kind_of("persistentvolumes")).parts["status"](new, old, NOW)
    assert updated["status"]["lastPhaseTransitionTime"] == since
    assert updated["metadata"]["labels"] == {"b": "c"}


def made(**spec: Any) -> dict[str, Any]:
    obj: Object = {"metadata": {"name": "a"}, "spec": spec}
    strategy = strategy_of(kind_of("persistentvolumeclaims"))
    prepare_create(obj, strategy, has_status=True, uid="u", now=NOW, created="t")
    return dict(obj["spec"])


def test_both_fields_say_what_a_claim_is_filled_from() -> None:
    claim = {"kind": "PersistentVolumeClaim", "name": "a"}
    other = {"apiGroup": "example.com", "kind": "A", "name": "a"}
    both = {"dataSource": claim, "dataSourceRef": claim}
    assert made(dataSource=claim) == made(dataSourceRef=claim) == both
    assert made(dataSource=other) == {}
    assert made(dataSourceRef=other) == {"dataSource": other, "dataSourceRef": other}
    assert made(dataSourceRef={**claim, "namespace": "b"}) == {}


def test_an_update_that_says_one_field_keeps_the_source() -> None:
    other = {"apiGroup": "example.com", "kind": "A", "name": "a"}
    old: Object = {"metadata": {}, "spec": {"dataSource": other, "dataSourceRef": other}}
    new: Object = {"metadata": {}, "spec": {"dataSource": other}}
    strategy_of(kind_of("persistentvolumeclaims")).update(new, old)
    assert new["spec"] == old["spec"]


def test_a_status_without_a_phase_is_pending() -> None:
    old: Object = {"metadata": {"name": "a"}, "spec": {}, "status": {"phase": "Bound"}}
    new: Object = {"metadata": {"name": "a"}, "status": {"capacity": {"storage": "1"}}}
    updated = strategy_of(kind_of("persistentvolumeclaims")).parts["status"](new, old, NOW)
    assert updated["status"] == {"phase": "Pending", "capacity": {"storage": "1"}}
    assert "phase" not in new["status"]
