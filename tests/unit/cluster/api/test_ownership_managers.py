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


def managed(*entries: tuple[str, str], **more: Any) -> dict[str, Any]:
    """An object whose fields were written by (manager, time)."""
    fields = [{"manager": who, "operation": "Apply", "time": time} for who, time in entries]
    return {"metadata": {"name": "a", "managedFields": fields}, **more}


def test_a_write_that_changes_only_times_is_none() -> None:
    old = managed(("one", "2026-01-01T00:00:00Z"), ("two", "2026-01-02T00:00:00Z"), data={"x": "1"})
    later = managed(
        ("two", "2026-01-02T00:00:00Z"), ("one", "2026-01-03T00:00:00Z"), data={"x": "1"}
    )
    assert managers.only_times_differ(old, later)
    assert not managers.only_times_differ(old, {**later, "data": {"x": "2"}})
    assert not managers.only_times_differ(
        old, managed(("one", "2026-01-01T00:00:00Z"), data={"x": "1"})
    )
    renamed = {**later["metadata"], "name": "b"}
    assert not managers.only_times_differ(old, {**later, "metadata": renamed})
