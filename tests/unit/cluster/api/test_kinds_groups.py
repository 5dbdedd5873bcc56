"""Rows of the named groups."""

import pytest

from cluster.api.kinds_groups import GROUP_KINDS


@pytest.mark.parametrize(
    ("short", "plural"),
    [("netpol", "networkpolicies"), ("ing", "ingresses"), ("pdb", "poddisruptionbudgets"),
     ("sc", "storageclasses"), ("pc", "priorityclasses"), ("crd", "customresourcedefinitions"),
     ("csr", "certificatesigningrequests")],
)  # fmt: skip
def test_short_names(short: str, plural: str) -> None:
    assert [kind.plural for kind in GROUP_KINDS if short in kind.short_names] == [plural]


def test_reviews_are_only_created() -> None:
    reviews = [kind for kind in GROUP_KINDS if kind.kind.endswith("Review")]
    assert len(reviews) == 6 and all(kind.create_only and kind.served for kind in reviews)
