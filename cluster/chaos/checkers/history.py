"""Checks over what clients were told: nothing acknowledged lost, order kept, no stale read, no lost
update. Pure.

Objects have one writer each, which writes growing numbers one after the other and may delete in
the end. A revision orders all writes, so no search is needed. Must not know: the implementation.
"""

import itertools
from collections.abc import Mapping, Sequence

from cluster.chaos.observations import Acknowledged, Increment, Read, Violation

KIND = "configmap/"


def lost_writes(acknowledged: Sequence[Acknowledged], stored: Mapping[str, str]) -> list[Violation]:
    """What was acknowledged last of an object is stored: every outcome is known by then."""
    last = {ack.name: ack for ack in acknowledged}
    return [
        Violation(
            "lost write", ack.end,
            f"{name}: acknowledged {ack.value}, stored {stored.get(name)}",
            KIND + name, (str(ack),),
        )
        for name, ack in last.items()
        if stored.get(name) != ack.value
    ]  # fmt: skip


def disordered_writes(acknowledged: Sequence[Acknowledged]) -> list[Violation]:
    """A write that began after another was acknowledged has the greater revision; no two writes
    have the same."""
    with_revision = [ack for ack in acknowledged if ack.revision]
    by_end = sorted(with_revision, key=lambda ack: ack.end)
    found: list[Violation] = []
    highest, position = 0, 0
    for ack in sorted(with_revision, key=lambda ack: ack.begin):
        while position < len(by_end) and by_end[position].end < ack.begin:
            highest = max(highest, by_end[position].revision)
            position += 1
        if ack.revision <= highest:
            text = f"{ack.name}={ack.value}: revision {ack.revision} after {highest}"
            found.append(_violation("order of writes", ack, text))
    by_revision = sorted(with_revision, key=lambda ack: ack.revision)
    return found + [
        _violation("order of writes", b, f"revision {b.revision} twice", a)
        for a, b in itertools.pairwise(by_revision)
        if a.revision == b.revision
    ]


def stale_reads(acknowledged: Sequence[Acknowledged], reads: Sequence[Read]) -> list[Violation]:
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
            text = f"{read} shows none of {allowed}"
            found.append(_violation("stale read", read, text, *history))
        earlier = latest.get(read.name)
        if earlier and read.begin > earlier.end and 0 < read.revision < earlier.revision:
            found.append(_violation("stale read", read, f"{read} after {earlier}", earlier))
        if earlier is None or read.revision > earlier.revision:
            latest[read.name] = read
    return found


def lost_updates(increments: Sequence[Increment], unknown: int, stored: int) -> list[Violation]:
    """Compare-and-swap: no value is reached twice, none goes missing, order follows revisions."""
    found = repeated_updates(increments)
    if not len(increments) <= stored <= len(increments) + unknown:
        text = f"{len(increments)} increments and {unknown} unknown ones make {stored}"
        at = max((done.at for done in increments), default=0.0)
        found.append(Violation("lost update", at, text, KIND + "counter"))
    return found


def repeated_updates(increments: Sequence[Increment]) -> list[Violation]:
    """What of ``lost_updates`` can be said while there are outcomes to come."""
    ordered = sorted(increments, key=lambda done: done.revision)
    return [
        Violation("lost update", after.at, f"{after} after {before}", KIND + "counter")
        for before, after in itertools.pairwise(ordered)
        if after.value <= before.value or after.revision == before.revision
    ]


def _violation(
    invariant: str, what: Acknowledged | Read, text: str, *evidence: Acknowledged | Read
) -> Violation:
    shown = tuple(str(item) for item in (*evidence[-4:], what))
    return Violation(invariant, what.end, text, KIND + what.name, shown)
