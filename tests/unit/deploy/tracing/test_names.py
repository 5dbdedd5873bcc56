"""Kinds by all the names that kubectl takes (cluster.trace_subjects)."""

import pytest

from cluster.api.kinds import KINDS
from cluster.trace_subjects import target
from deploy.tracing.lookup import singular


@pytest.mark.parametrize(
    ("word", "plural"),
    [
        ("po", "pods"), ("deploy", "deployments"), ("sts", "statefulsets"), ("ing", "ingresses"),
        ("ingress", "ingresses"), ("endpoints", "endpoints"), ("StorageClass", "storageclasses"),
        ("events", "events"), ("widget", "widgets"), ("widgets", "widgets"),
    ],
)  # fmt: skip
def test_a_kind_has_many_names(word: str, plural: str) -> None:
    assert target(f"{word}/x") == (plural, "default", "x")


def test_each_kind_is_found_by_its_own_names() -> None:
    for kind in KINDS:
        for name in (kind.plural, kind.singular):
            assert target(f"{name}/x")[0] == kind.plural
        assert singular(kind.plural) == kind.singular
    assert singular("widgets") == "widget"
