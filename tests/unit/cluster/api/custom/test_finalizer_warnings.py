"""What clients are warned of who add finalizers to custom resources."""

from typing import Any

from cluster.api.custom.finalizer_warnings import finalizer_warnings

PREFER = "prefer a domain-qualified finalizer name"
WHY = "to avoid accidental conflicts with other finalizer writers"


def held(*names: str) -> dict[str, Any]:
    return {"metadata": {"finalizers": list(names)}}


def test_names_without_a_domain_or_a_path() -> None:
    assert finalizer_warnings(held("a", "b.example.com", "example.com/c"), None) == [
        f'metadata.finalizers: "a": {PREFER} {WHY}',
        f'metadata.finalizers: "b.example.com": {PREFER} including a path (/) {WHY}',
    ]


def test_what_was_there_and_what_is_standard_is_fine() -> None:
    standard = held("orphan", "foregroundDeletion", "kubernetes", "a")
    assert finalizer_warnings(standard, held("a")) == []
    assert finalizer_warnings({}, None) == []
