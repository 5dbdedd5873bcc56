"""One row of the table."""

from cluster.api.kind import ALL_VERBS, SCALE, STATUS, Subresource, row


def test_a_row_fills_in_what_most_kinds_share() -> None:
    kind = row("g.io", "v1", "FooBar", "foobars", "x.FooBar", subresources=(STATUS, SCALE))
    assert kind.singular == "foobar" and kind.namespaced and kind.served
    assert kind.verbs == ALL_VERBS and list(kind.subresources) == ["status", "scale"]
    assert (kind.api_version, kind.list_kind, kind.create_only) == ("g.io/v1", "FooBarList", False)
    assert hash(kind) == hash(row("g.io", "v1", "FooBar", "foobars", "x.FooBar"))


def test_what_is_lacking_is_known_by_name_only() -> None:
    lacking = Subresource("exec", served=False)
    kind = row("", "v1", "Pod", "pods", "x.Pod", subresources=(STATUS, lacking))
    assert list(kind.subresources) == ["status"] and kind.lacking == {"exec"}
