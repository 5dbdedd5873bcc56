"""managedFields entries there and back."""

from typing import Any

import pytest

from cluster.api import ownership_managers as managers
from cluster.api.ownership_managers import Entry, decode_managed, encode_managed, identity

FIELDS = {"f:data": {"f:x": {}}}


def entry(**change: Any) -> dict[str, Any]:
    return {
        "manager": "m",
        "operation": "Update",
        "apiVersion": "v1",
        "time": "2023-11-14T22:13:20Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": FIELDS,
        **change,
    }


def test_there_and_back() -> None:
    entries = [
        entry(operation="Apply", manager="z"),
        entry(time="2023-01-01T00:00:00Z"),
        entry(subresource="status"),
    ]
    managed = decode_managed(entries)
    assert managed is not None
    assert encode_managed(managed) == entries
    assert encode_managed(dict(reversed(managed.items()))) == entries


def test_appliers_are_one_whatever_the_version() -> None:
    managed = decode_managed([entry(operation="Apply"), entry(operation="Apply", apiVersion="v2")])
    assert managed is not None
    assert list(managed) == [identity("m", "Apply", "anything", "")]


def test_empty_entries_are_dropped() -> None:
    who = identity("m", managers.UPDATE, "v1", "")
    assert encode_managed({who: Entry({}, "", "v1")}) == []


@pytest.mark.parametrize(
    "entries",
    [
        7,
        [1],
        [{}],
        [entry(operation="Steal")],
        [entry(manager=1)],
        [entry(fieldsType="FieldsV2")],
        [entry(fieldsV1=[1])],
        [entry(fieldsV1={"data": {}})],
    ],
)
def test_nonsense_is_refused(entries: object) -> None:
    assert decode_managed(entries) is None


def test_how_a_conflict_names_its_manager() -> None:
    assert identity("a", "Apply", "v1", "").text() == '"a"'
    shown = identity("k", "Update", "apps/v1", "status").text()
    assert shown == '"k" with subresource "status" using apps/v1'
