"""One row of the table."""

from cluster.api.kind import ALL_VERBS, SCALE, STATUS, row


def test_a_row_fills_in_what_most_kinds_share() -> None:
    kind = row("g.io", "v1", "FooBar", "foobars", "x.FooBar", subresources=(STATUS, SCALE))
    assert kind.singular == "foobar" and kind.namespaced and kind.served
    assert kind.verbs == ALL_VERBS and list(kind.subresources) == ["status", "scale"]
    assert (kind.api_version, kind.list_kind, kind.create_only) == ("g.io/v1", "FooBarList", False)
    assert hash(kind) == hash(row("g.io", "v1", "FooBar", "foobars", "x.FooBar"))
