"""The table of kinds: built-in kinds first, custom ones beside them."""

from cluster.api.custom.definition import kinds_of, stored_kind
from cluster.api.custom.naming import status_of
from cluster.api.kind import Kind
from cluster.api.kind_table import BUILT_IN, KindTable
from cluster.api.kinds import SERVED, by_resource
from cluster.api.types import Object
from tests.support.widgets import definition, version


def made(obj: Object) -> Object:
    obj["metadata"]["uid"] = "u"
    return {**obj, "status": status_of(obj, [], "2026-01-01T00:00:00Z")}


def custom() -> tuple[Kind, ...]:
    return kinds_of(made(definition(version("v2"), version("v1", storage=False))))


def test_custom_kinds_are_found_beside_the_others() -> None:
    table = KindTable(custom())
    second, first = table.custom
    assert table.by_resource("example.com", "v2", "widgets") is second
    assert table.by_kind("example.com", "v1", "Widget") is first
    assert table.by_resource("example.com", "v3", "widgets") is None
    assert table.by_resource("", "v1", "pods") is by_resource("", "v1", "pods")
    assert table.served == (*SERVED, second, first)
    assert BUILT_IN.served == SERVED and BUILT_IN.custom == ()
    assert first.custom is not None and first.custom.storage == "v2"
    assert (second.list_kind, second.short_names) == ("WidgetList", ("wix",))
    assert sorted(second.subresources) == ["scale", "status"]


def test_nothing_stands_in_the_place_of_a_built_in_kind() -> None:
    obj = definition(plural="deployments", kind="Deployment")
    obj["spec"]["group"] = "apps"
    assert KindTable(kinds_of(made(obj))).custom == ()


def test_versions_that_are_not_served() -> None:
    obj = made(definition(version("v1", served=False)))
    assert kinds_of(obj) == ()
    kind = stored_kind(obj)
    assert kind is not None and kind.version == "v1"
    assert stored_kind(definition()) is None
