"""Rules of events. What is written through core/v1 is judged mildly, as older clients need it; what
is written through events.k8s.io/v1 tells all of it once, and then only its series goes on.

Fields are called as in core/v1, through which door they come, as by Kubernetes. Source: the API
reference of both forms. Must not know the store.
"""

from cluster.api import names
from cluster.api.events import to_core
from cluster.api.status import Cause
from cluster.api.timestamps import parse_time
from cluster.api.types import Object
from cluster.api.validation import causes

CHARACTERS_MAX = 128
MESSAGE_CHARACTERS_MAX = 1024
_NAMESPACE = "involvedObject.namespace"
_ELSEWHERE = "does not match event.namespace"
_KEPT = (
    "involvedObject", "reason", "message", "source", "count", "type", "action", "related",
    "reportingComponent", "reportingInstance",
)  # fmt: skip
_KEPT_TIMES = ("firstTimestamp", "lastTimestamp", "eventTime")
_SHOWN = {"reportingComponent": "reportingController"}


def check_event(obj: Object, found: list[Cause]) -> None:
    """An event of either form. One with an eventTime says who reports what; it lies in its object's
    namespace, that of a cluster-wide object in default."""
    event = to_core(obj)
    namespace = (event.get("metadata") or {}).get("namespace")
    about = (event.get("involvedObject") or {}).get("namespace") or ""
    timed = bool(event.get("eventTime"))
    if about:
        fits = timed or about == namespace
    else:
        fits = namespace == "default" or (timed and namespace == "kube-system")
    if not fits:
        found.append(causes.invalid(_NAMESPACE, about, _ELSEWHERE))
    if not timed:
        return
    core = obj.get("apiVersion") == "v1"
    reporter = "reportingComponent" if core else "reportingController"
    who = event.get("reportingComponent") or ""
    if not who:
        found.append(causes.required(reporter))
    causes.each(reporter, who, names.label_key_errors(who), found)
    for name in ("reportingInstance", "action", "reason"):
        text = event.get(name) or ""
        if not text:
            found.append(causes.required(name))
        _check_length(name, text, CHARACTERS_MAX, found)
    _check_length("message", event.get("message") or "", MESSAGE_CHARACTERS_MAX, found)


def check_new_event(obj: Object, found: list[Cause]) -> None:
    """A new one by events.k8s.io/v1, whose deprecated fields are of events written otherwise."""
    check_event(obj, found)
    event = to_core(obj)
    _check_series(event, found)
    if not event.get("eventTime"):
        found.append(causes.required("eventTime"))
    if event.get("type") not in ("Normal", "Warning"):
        found.append(causes.invalid("type", "", f"has invalid value: {event.get('type') or ''}"))
    for name in ("firstTimestamp", "lastTimestamp", "count"):
        if event.get(name):
            found.append(causes.invalid(name, "", "needs to be unset"))
    source = event.get("source") or {}
    if source.get("component") or source.get("host"):
        found.append(causes.invalid("source", "", "needs to be unset"))


def check_new_event_update(old: Object, new: Object, found: list[Cause]) -> None:
    """An update by events.k8s.io/v1, also of an event that was made through core/v1."""
    check_event(new, found)
    before, after = to_core(old), to_core(new)
    if (before.get("series") or None) != (after.get("series") or None):
        _check_series(after, found)
    changed = [name for name in _KEPT if (before.get(name) or None) != (after.get(name) or None)]
    # Not by their texts: the same moment can be written in several ways.
    changed += [
        name for name in _KEPT_TIMES if parse_time(before.get(name)) != parse_time(after.get(name))
    ]
    for name in changed:
        found.append(causes.invalid(_SHOWN.get(name, name), after.get(name), causes.IMMUTABLE))


def _check_series(event: Object, found: list[Cause]) -> None:
    series = event.get("series")
    if not series:
        return
    if (series.get("count") or 0) < 2:
        found.append(causes.invalid("series.count", "", "should be at least 2"))
    if not series.get("lastObservedTime"):
        found.append(causes.required("series.lastObservedTime"))


def _check_length(path: str, text: str, limit: int, found: list[Cause]) -> None:
    if len(text.encode()) > limit:
        found.append(causes.invalid(path, "", f"can have at most {limit} characters"))
