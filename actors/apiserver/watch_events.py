"""From changes of keys to the events a watcher sees. Pure.

Job: selector transitions, revisions inside deleted objects, bookmarks and errors as events.
Must not know: streams, time. Source: docs "Kubernetes API concepts", Efficient detection of
changes; KEP-956 (bookmarks), KEP-3157 (watch-list).
"""

from collections.abc import Iterable

import orjson

from actors.apiserver.codec import shown
from actors.apiserver.selection import Selection
from cluster.api.kinds import Kind
from cluster.errors import StatusError
from cluster.messages.apiserver import WatchEvent
from cluster.messages.store import KeyValue, StoreEvent

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
_GAP = b'"metadata":{"resourceVersion":"'


def restamp(data: bytes, revision: int) -> bytes:
    """The stored bytes with another revision in the place of the stamped one."""
    start = data.index(_GAP) + len(_GAP)
    return b"%b%d%b" % (data[:start], revision, data[data.index(b'"', start) :])


def selected(events: Iterable[StoreEvent], selection: Selection) -> list[WatchEvent]:
    """The events that a watcher of ``selection`` must see, in order."""
    seen: list[WatchEvent] = []
    for event in events:
        translated = _translate(event, selection)
        if translated is not None:
            seen.append(translated)
    return seen


def _translate(event: StoreEvent, selection: Selection) -> WatchEvent | None:
    item, previous, revision = event.item, event.previous, event.item.mod_revision
    before = previous is not None and selection.matches(previous.index)
    if event.kind == "delete":
        gone = previous or item
        if not (before if previous is not None else selection.matches(item.index)):
            return None
        return WatchEvent(
            "DELETED", shown(selection.kind, restamp(gone.value, revision)), revision, event.trace
        )
    after = selection.matches(item.index)
    if after:
        body = shown(selection.kind, item.value)
        return WatchEvent("MODIFIED" if before else "ADDED", body, revision, event.trace)
    if before:
        # For this watcher the object is gone: it sees the last state it could see.
        assert previous is not None
        body = shown(selection.kind, restamp(previous.value, revision))
        return WatchEvent("DELETED", body, revision, event.trace)
    return None


def added(kind: Kind, items: Iterable[KeyValue]) -> tuple[WatchEvent, ...]:
    """What exists, as events."""
    return tuple(WatchEvent("ADDED", shown(kind, item.value), item.mod_revision) for item in items)


def bookmark(kind: Kind, revision: int, initial_end: bool = False) -> WatchEvent:
    """All events up to ``revision`` have been sent."""
    metadata: dict[str, object] = {"resourceVersion": str(revision)}
    if initial_end:
        metadata["annotations"] = {INITIAL_EVENTS_END: "true"}
    body = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": metadata}
    return WatchEvent("BOOKMARK", orjson.dumps(body), revision)


def failure(error: StatusError, revision: int = 0) -> WatchEvent:
    """The last event of a watch that cannot go on."""
    return WatchEvent("ERROR", orjson.dumps(error.status), revision)
