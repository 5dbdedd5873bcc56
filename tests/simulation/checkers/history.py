"""Checks over what clients saw: nothing acknowledged lost, order kept, no stale read, watches
whole. Each returns what is wrong, as text.

Objects have one writer each, which writes growing numbers one after the other and may delete in
the end. Must not know: the implementation.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence

from tests.simulation.watchers import Seen, Segment
from tests.simulation.writers import Acknowledged, Increment, Read


def lost_writes(acknowledged: Sequence[Acknowledged], stored: Mapping[str, str]) -> list[str]:
    """What was acknowledged last of an object is stored: every outcome is known by then."""
    last = {ack.name: ack.value for ack in acknowledged}
    return [
        f"{name}: acknowledged {value}, stored {stored.get(name)}"
        for name, value in last.items()
        if stored.get(name) != value
    ]


def disordered_writes(acknowledged: Sequence[Acknowledged]) -> list[str]:
    """A write that began after another was acknowledged has the greater revision; no two writes
    have the same."""
    with_revision = [ack for ack in acknowledged if ack.revision]
    by_end = sorted(with_revision, key=lambda ack: ack.end)
    found, highest, position = [], 0, 0
    for ack in sorted(with_revision, key=lambda ack: ack.begin):
        while position < len(by_end) and by_end[position].end < ack.begin:
            highest = max(highest, by_end[position].revision)
            position += 1
        if ack.revision <= highest:
            found.append(f"{ack.name}={ack.value}: revision {ack.revision} after {highest}")
    revisions = sorted(ack.revision for ack in with_revision)
    return found + [f"revision {a} twice" for a, b in itertools.pairwise(revisions) if a == b]


def stale_reads(acknowledged: Sequence[Acknowledged], reads: Sequence[Read]) -> list[str]:
    """A read shows at least what was acknowledged before it began, and nothing that was not asked
    for when it ended; of reads of one object one after the other none goes back."""
    writes: dict[str, list[Acknowledged]] = {}
    for ack in acknowledged:
        writes.setdefault(ack.name, []).append(ack)
    found = []
    latest: dict[str, Read] = {}
    for read in sorted(reads, key=lambda read: read.end):
        history = writes.get(read.name, [])
        before = [ack.value for ack in history if ack.end < read.begin]
        begun = [ack.value for ack in history if ack.begin <= read.end]
        # The positions in the object's life that the read may show; -1: not yet created.
        first, last = len(before) - 1, len(begun) - 1
        allowed = [None if i < 0 else history[i].value for i in range(first, last + 1)]
        if read.value not in allowed:
            found.append(f"{read} shows none of {allowed}")
        earlier = latest.get(read.name)
        if earlier and read.begin > earlier.end and 0 < read.revision < earlier.revision:
            found.append(f"{read} after {earlier}")
        if earlier is None or read.revision > earlier.revision:
            latest[read.name] = read
    return found


def lost_updates(increments: Sequence[Increment], unknown: int, stored: int) -> list[str]:
    """Compare-and-swap: no value is reached twice, none goes missing, order follows revisions."""
    found = []
    ordered = sorted(increments, key=lambda done: done.revision)
    for before, after in itertools.pairwise(ordered):
        if after.value <= before.value or after.revision == before.revision:
            found.append(f"{after} after {before}")
    if not len(increments) <= stored <= len(increments) + unknown:
        found.append(f"{len(increments)} increments and {unknown} unknown ones make {stored}")
    return found


def broken_watch(segments: Sequence[Segment]) -> list[str]:
    """Revisions only grow and none comes twice, from the list on; an object is added before it is
    changed, and what is deleted was there."""
    found = []
    for segment in segments:
        known = set(segment.listed)
        revision = segment.start
        for event in segment.events:
            if event.revision <= revision:
                found.append(f"revision {event.revision} after {revision}")
            revision = event.revision
            if (event.kind == "ADDED") == (event.name in known):
                found.append(f"{event}, but {'' if event.name in known else 'not '}known")
            (known.discard if event.kind == "DELETED" else known.add)(event.name)
    return found


def incomplete_watches(
    acknowledged: Sequence[Acknowledged], watches: Iterable[Sequence[Segment]]
) -> list[str]:
    """All watches tell the same at every revision that they cover, with every acknowledged write
    among it."""
    listed = [segment for watch in watches for segment in watch]
    truth: dict[int, Seen] = {}
    found = []
    for segment in listed:
        for event in segment.events:
            if truth.setdefault(event.revision, event) != event:
                found.append(f"{event} elsewhere is {truth[event.revision]}")
    for ack in acknowledged:
        if ack.revision and ack.revision in truth:
            event = truth[ack.revision]
            if (event.name, event.value) != (ack.name, ack.value):
                found.append(f"{ack} seen as {event}")
    revisions = {ack.revision for ack in acknowledged if ack.revision} | truth.keys()
    for segment in listed:
        seen = {event.revision for event in segment.events}
        due = {rev for rev in revisions if segment.start < rev <= segment.position}
        missing = sorted(due - seen)
        if missing:
            what = [truth.get(revision, revision) for revision in missing[:5]]
            found.append(f"a watch of {segment.start} to {segment.position} misses {what}")
    return found
