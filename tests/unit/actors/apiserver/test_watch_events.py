"""Store events to watch events: transitions through selectors, revisions of what is gone."""

import orjson

from actors.apiserver.selection import Selection
from actors.apiserver.watch_events import INITIAL_EVENTS_END, bookmark, restamp, selected
from cluster.api.encoding import encode_for_store, stamped
from cluster.api.index import make_index
from cluster.api.kinds import by_resource
from cluster.messages.store import KeyValue, StoreEvent

MAPS = by_resource("", "v1", "configmaps")
assert MAPS is not None
KEY = "/registry/core/configmaps/default/a"


def version(revision: int, labels: dict[str, str]) -> KeyValue:
    assert MAPS is not None
    obj = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "default", "labels": labels},
        "data": {"trap": '"metadata":{"resourceVersion":"1"'},
    }
    data, stamp = encode_for_store(obj)
    return KeyValue(KEY, stamped(data, stamp, revision), 5, revision, 1, make_index(MAPS, obj))


def seen(*events: StoreEvent, labels: str = "app=web") -> list[tuple[str, str, dict[str, str]]]:
    assert MAPS is not None
    found = []
    for event in selected(events, Selection(MAPS, "default", labels)):
        metadata = orjson.loads(event.object)["metadata"]
        assert metadata["resourceVersion"] == str(event.revision)
        found.append((event.kind, metadata["resourceVersion"], metadata["labels"]))
    return found


WEB, DB = {"app": "web"}, {"app": "db"}


def test_what_comes_into_the_selection_is_added_and_what_leaves_is_deleted() -> None:
    first, second, third, fourth = (
        version(5, DB),
        version(6, WEB),
        version(7, WEB),
        version(8, DB),
    )
    events = (
        StoreEvent("put", first, None),
        StoreEvent("put", second, first),
        StoreEvent("put", third, second),
        StoreEvent("put", fourth, third),
    )
    assert seen(*events) == [
        ("ADDED", "6", WEB),
        ("MODIFIED", "7", WEB),
        # The last state that this watcher could see, at the revision at which it left.
        ("DELETED", "8", WEB),
    ]


def test_a_deleted_object_carries_the_revision_of_the_delete() -> None:
    last = version(5, WEB)
    gone = KeyValue(KEY, last.value, 5, 9, 0, last.index)
    assert seen(StoreEvent("delete", gone, last)) == [("DELETED", "9", WEB)]
    assert seen(StoreEvent("delete", gone, last), labels="app=db") == []


def test_restamp_changes_the_stamp_only() -> None:
    value = restamp(version(5, WEB).value, 123456)
    document = orjson.loads(value)
    assert document["metadata"]["resourceVersion"] == "123456"
    assert document["data"] == {"trap": '"metadata":{"resourceVersion":"1"'}


def test_bookmarks() -> None:
    assert MAPS is not None
    event = bookmark(MAPS, 7, initial_end=True)
    document = orjson.loads(event.object)
    assert document["kind"] == "ConfigMap"
    assert document["metadata"] == {
        "resourceVersion": "7",
        "annotations": {INITIAL_EVENTS_END: "true"},
    }
