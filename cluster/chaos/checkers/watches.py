"""Checks of what watchers were told: ordered, unique, whole, the same for all. Pure.

Must not know: the implementation. Source of the guarantees: etcd's API guarantees (watch), which
Kubernetes' watches rest on.
"""

from collections.abc import Iterable, Sequence

from cluster.chaos.observations import Acknowledged, Seen, Segment, Violation

INVARIANT = "watch"


def broken_watch(segments: Sequence[Segment], kind: str = "configmap") -> list[Violation]:
    """Revisions only grow and none comes twice, from the list on; an object is added before it is
    changed, and what is deleted was there."""
    found = []
    for segment in segments:
        known = set(segment.listed)
        revision = segment.start
        for event in segment.events:
            if event.revision <= revision:
                text = f"revision {event.revision} after {revision}"
                found.append(_violation(event, text, kind))
            revision = event.revision
            if (event.kind == "ADDED") == (event.name in known):
                text = f"{event}, but {'' if event.name in known else 'not '}known"
                found.append(_violation(event, text, kind))
            (known.discard if event.kind == "DELETED" else known.add)(event.name)
    return found


def incomplete_watches(
    acknowledged: Sequence[Acknowledged], watches: Iterable[Sequence[Segment]]
) -> list[Violation]:
    """All watches tell the same at every revision that they cover, with every acknowledged write
    among it."""
    listed = [segment for watch in watches for segment in watch]
    truth: dict[int, Seen] = {}
    found = []
    for segment in listed:
        for event in segment.events:
            if truth.setdefault(event.revision, event) != event:
                text = f"{event} elsewhere is {truth[event.revision]}"
                found.append(_violation(event, text))
    for ack in acknowledged:
        if ack.revision and ack.revision in truth:
            event = truth[ack.revision]
            if (event.name, event.value) != (ack.name, ack.value):
                found.append(_violation(event, f"{ack} seen as {event}"))
    revisions = {ack.revision for ack in acknowledged if ack.revision} | truth.keys()
    for segment in listed:
        seen = {event.revision for event in segment.events}
        due = {rev for rev in revisions if segment.start < rev <= segment.position}
        missing = sorted(due - seen)
        if missing:
            found.append(_gap(segment, missing, truth))
    return found


def _gap(segment: Segment, missing: list[int], truth: dict[int, Seen]) -> Violation:
    what = [truth.get(revision, revision) for revision in missing[:5]]
    text = f"a watch of {segment.start} to {segment.position} misses {what}"
    event = truth.get(missing[0])
    return _violation(event, text) if event else Violation(INVARIANT, segment.at, text)


def _violation(event: Seen, text: str, kind: str = "configmap") -> Violation:
    return Violation(INVARIANT, event.at, text, f"{kind}/{event.name}", (str(event),))
