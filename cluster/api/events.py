"""Events have two forms, core/v1 and events.k8s.io/v1, and one place in the store.

They are stored in the core form. Source: the two Event API references. Must not know the store.
"""

from cluster.api.kind import Kind
from cluster.api.types import Object

# events.k8s.io/v1 name → core/v1 name, where they differ.
_CORE_NAMES = {
    "note": "message",
    "regarding": "involvedObject",
    "reportingController": "reportingComponent",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}
_NEW_NAMES = {core: new for new, core in _CORE_NAMES.items()}
_GROUP = "events.k8s.io"


def is_new_form(kind: Kind) -> bool:
    """True for the kind whose objects must be turned over on their way in and out."""
    return (kind.group, kind.kind) == (_GROUP, "Event")


def to_core(obj: Object) -> Object:
    """An events.k8s.io/v1 Event as core/v1."""
    core: Object = {_CORE_NAMES.get(key, key): value for key, value in obj.items()}
    core["apiVersion"] = "v1"
    core.setdefault("source", {})
    return core


def last_said(event: Object) -> str:
    """RFC 3339: when an event of the core form was last said ('' if it does not tell)."""
    series = event.get("series") or {}
    times = (
        series.get("lastObservedTime"),
        event.get("lastTimestamp"),
        event.get("eventTime"),
        event["metadata"].get("creationTimestamp"),
    )
    return next((str(time) for time in times if time), "")


def from_core(obj: Object) -> Object:
    """A core/v1 Event as events.k8s.io/v1."""
    new: Object = {_NEW_NAMES.get(key, key): value for key, value in obj.items()}
    new["apiVersion"] = f"{_GROUP}/v1"
    # Required in this form, though an event of the older kind has none.
    new.setdefault("eventTime", None)
    return new
