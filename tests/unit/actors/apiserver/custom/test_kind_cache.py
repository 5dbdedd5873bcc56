"""The table of kinds, kept current from changes of definitions."""

import orjson

from actors.apiserver.custom.kind_cache import PREFIX, KindCache
from cluster.api.custom.naming import status_of
from cluster.api.types import Object
from cluster.messages.store import KeyValue, StoreEvent
from tests.support.widgets import definition


def item(revision: int, obj: Object) -> KeyValue:
    obj["metadata"] |= {"uid": "u", "resourceVersion": str(revision)}
    obj["status"] = status_of(obj, [], "2026-01-01T00:00:00Z")
    key = PREFIX + obj["metadata"]["name"]
    return KeyValue(key, orjson.dumps(obj), 1, revision, 1)


def put(revision: int, obj: Object) -> StoreEvent:
    return StoreEvent("put", item(revision, obj), None)


def test_kinds_come_and_go() -> None:
    cache = KindCache()
    changed = cache.changed
    cache.reset([])
    assert changed.is_set() and not cache.table.custom
    cache.apply([put(5, definition())])
    assert [kind.plural for kind in cache.table.custom] == ["widgets"]
    assert cache.revision == 5
    gone = KeyValue(PREFIX + "widgets.example.com", b"", 1, 9, 0)
    cache.apply([StoreEvent("delete", gone, None)])
    assert not cache.table.custom and cache.revision == 9 and cache.definitions() == []


def test_a_change_that_no_object_shows_leaves_the_kinds_alone() -> None:
    cache = KindCache()
    cache.apply([put(5, definition())])
    table = cache.table
    labelled = definition()
    labelled["metadata"]["labels"] = {"a": "b"}
    cache.apply([put(6, labelled)])
    assert cache.table is table
    assert cache.definitions()[0]["metadata"]["labels"] == {"a": "b"}
    cache.reset([item(7, labelled)])
    assert cache.table is table
    other = definition()
    other["spec"]["versions"][0]["deprecated"] = True
    cache.apply([put(8, other)])
    assert cache.table is not table and cache.table.custom[0].deprecated
