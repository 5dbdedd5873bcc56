"""Checks over what clients saw: nothing acknowledged lost, order kept, watches whole."""

import itertools
from collections.abc import Mapping, Sequence

from tests.simulation.client import Acknowledged, Seen


def lost_writes(acknowledged: Sequence[Acknowledged], stored: Mapping[str, str]) -> list[str]:
    """The last acknowledged value of an object (each has one writer, which writes one value after
    the other) is stored, or a later one whose answer was lost."""
    last = {ack.name: ack.value for ack in acknowledged}
    return [
        f"{name}: acknowledged {value}, stored {stored.get(name)}"
        for name, value in last.items()
        if name not in stored or int(stored[name]) < int(value)
    ]


def disordered_writes(acknowledged: Sequence[Acknowledged]) -> list[str]:
    """A write that began after another was acknowledged has the greater revision."""
    by_end = sorted(acknowledged, key=lambda ack: ack.end)
    found, highest, position = [], 0, 0
    for ack in sorted(acknowledged, key=lambda ack: ack.begin):
        while position < len(by_end) and by_end[position].end < ack.begin:
            highest = max(highest, by_end[position].revision)
            position += 1
        if ack.revision < highest:
            found.append(f"{ack.name}={ack.value}: revision {ack.revision} after {highest}")
    return found


def broken_watch(acknowledged: Sequence[Acknowledged], seen: Sequence[Seen]) -> list[str]:
    """Revisions only grow, none comes twice, and every acknowledged write between the first and
    the last seen is there with its value."""
    found = [
        f"revision {after.revision} after {before.revision}"
        for before, after in itertools.pairwise(seen)
        if after.revision <= before.revision
    ]
    by_revision = {event.revision: event for event in seen}
    if not seen:
        return found
    for ack in acknowledged:
        if seen[0].revision <= ack.revision <= seen[-1].revision:
            event = by_revision.get(ack.revision)
            if event is None or (event.name, event.value) != (ack.name, ack.value):
                found.append(f"revision {ack.revision} ({ack.name}={ack.value}) seen as {event}")
    return found


def rival_leaders(led: Sequence[tuple[int, str]]) -> list[str]:
    """(term, member) pairs as members told of themselves: one member per term."""
    leaders: dict[int, set[str]] = {}
    for term, member in led:
        leaders.setdefault(term, set()).add(member)
    return [f"term {term}: {sorted(who)}" for term, who in leaders.items() if len(who) > 1]
