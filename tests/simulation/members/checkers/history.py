"""The client history on the revision model: strict serializability, exactly-once, no lost write.

Each answer carries the revision it stands at, so the order is witnessed and needs no search: an
operation that begins after another was answered has no lower revision, a write a higher one; every
read equals replay at its revision; every change was asked for, once; what an unknown outcome did is
told by the revisions. Must not know: who served what, and how.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from cluster.messages.store import Compare, Delete, KeyValue, Put, StoreEvent

Kind = Literal["write", "read", "serializable"]


@dataclass(slots=True)
class Op:
    """``end`` is inf while there is no answer. ``revision`` 0: none was told. ``error``: a refusal
    that is final. ``at``: a read's older revision. ``fence``: the only term in which a write may
    take effect (0: any)."""

    id: str
    kind: Kind
    begin: float
    end: float = float("inf")
    compare: tuple[Compare, ...] = ()
    success: tuple[Put | Delete, ...] = ()
    key: str = ""
    range_end: str = ""
    at: int = 0
    succeeded: bool = False
    revision: int = 0
    items: tuple[KeyValue | None, ...] = ()
    error: str = ""
    fence: int = 0


@dataclass(frozen=True, slots=True)
class Revision:
    """What became of one revision; ``seen``: when anybody first had it. ``term``: of its entry."""

    revision: int
    events: tuple[StoreEvent, ...]
    seen: float
    term: int = 0


@dataclass(slots=True)
class Model:
    """Every version of every key, built by replay of the events. ``problems`` of the events."""

    versions: dict[str, list[tuple[int, KeyValue | None]]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    last: int = 1

    def at(self, key: str, revision: int) -> KeyValue | None:
        """A key as of a revision."""
        versions = self.versions.get(key, [])
        position = bisect_right(versions, revision, key=lambda version: version[0])
        return versions[position - 1][1] if position else None

    def range(self, key: str, end: str, revision: int) -> list[KeyValue]:
        """[key, end), or one key, as of a revision."""
        if not end:
            found = self.at(key, revision)
            return [found] if found is not None else []
        names = sorted(name for name in self.versions if key <= name < end)
        items = [self.at(name, revision) for name in names]
        return [item for item in items if item is not None]

    def replay(self, truth: Sequence[Revision]) -> None:
        """Take all revisions, in order; each event must follow from what was before."""
        for step in truth:
            if step.revision != self.last + 1 or not step.events:
                self.problems.append(f"revision {step.revision} after {self.last}")
            self.last = step.revision
            for event in step.events:
                self._take(step.revision, event)

    def _take(self, revision: int, event: StoreEvent) -> None:
        item, before = event.item, self.at(event.item.key, revision)
        if event.previous != before:
            self.problems.append(f"revision {revision}: {item.key} was {before}")
        if event.kind == "put":
            create = before.create_revision if before else revision
            version = before.version + 1 if before else 1
            told = (item.create_revision, item.mod_revision, item.version)
            if told != (create, revision, version):
                self.problems.append(f"revision {revision}: {item.key} is numbered {told}")
            self.versions.setdefault(item.key, []).append((revision, item))
        else:
            if before is None or item.mod_revision != revision:
                self.problems.append(f"revision {revision}: {item.key} deleted, was {before}")
            self.versions.setdefault(item.key, []).append((revision, None))


def holds(compare: Compare, item: KeyValue | None) -> bool:
    """The compare's meaning, as documented."""
    if item is None:
        present = 0
    elif compare.target == "mod":
        present = item.mod_revision
    else:
        present = item.create_revision if compare.target == "create" else item.version
    return {
        "=": present == compare.value,
        "!=": present != compare.value,
        ">": present > compare.value,
        "<": present < compare.value,
    }[compare.op]


def check(ops: Sequence[Op], truth: Sequence[Revision]) -> list[str]:
    """Everything; what is wrong, as text."""
    model = Model()
    model.replay(truth)
    found = list(model.problems)
    found += _origins(ops, truth, model)
    for op in ops:
        if op.revision:
            found += _read(op, model) if op.kind != "write" else _write(op, model)
    return found + real_time(ops)


def _origins(ops: Sequence[Op], truth: Sequence[Revision], model: Model) -> list[str]:
    """Every change was asked for, once, and is what was asked for; every told one is there."""
    found = []
    by_id = {op.id: op for op in ops if op.kind == "write"}
    at: dict[str, int] = {}
    for step in truth:
        traces = {event.trace: None for event in step.events}
        if len(traces) != 1:
            found.append(f"revision {step.revision} mixes {sorted(traces)}")
        trace = next(iter(traces), "")
        if not trace:
            if any(e.kind == "put" or not (e.previous and e.previous.lease) for e in step.events):
                found.append(f"revision {step.revision}: nobody asked for {step.events}")
            continue
        op = by_id.get(trace)
        if op is None or step.seen < op.begin:
            found.append(f"revision {step.revision}: {trace!r} was not asked for (yet)")
            continue
        if trace in at:
            found.append(f"{trace} was applied twice, at {at[trace]} and {step.revision}")
        at[trace] = step.revision
        found += _effect(op, step, model)
    for op in by_id.values():
        if op.error and op.error != "SessionExpired" and op.id in at:
            found.append(f"{op.id} was refused ({op.error}) but changed revision {at[op.id]}")
        if op.succeeded and at.get(op.id, op.revision) != op.revision:
            found.append(f"{op.id} told {op.revision}, changed revision {at[op.id]}")
        if op.succeeded and op.id not in at and _changes(op, model, op.revision):
            found.append(f"{op.id} told revision {op.revision}, but its change is nowhere: lost")
    return found


def _changes(op: Op, model: Model, revision: int) -> bool:
    return any(isinstance(c, Put) or model.at(c.key, revision) is not None for c in op.success)


def _effect(op: Op, step: Revision, model: Model) -> list[str]:
    """The events of a revision are just what the operation says."""
    before = step.revision - 1
    expected = [
        ("put", change.key, change.value, change.lease)
        if isinstance(change, Put)
        else ("delete", change.key, b"", 0)
        for change in op.success
        if isinstance(change, Put) or model.at(change.key, before) is not None
    ]
    told = [
        (e.kind, e.item.key, e.item.value, e.item.lease)
        if e.kind == "put"
        else ("delete", e.item.key, b"", 0)
        for e in step.events
    ]
    found = [] if told == expected else [f"{op.id} at {step.revision} did {told}, not {expected}"]
    if op.fence and op.fence != step.term:
        found.append(f"{op.id} is fenced with term {op.fence}, took effect in {step.term}")
    if not all(holds(compare, model.at(compare.key, before)) for compare in op.compare):
        found.append(f"{op.id} changed revision {step.revision} against its compare")
    return found


def _write(op: Op, model: Model) -> list[str]:
    if op.revision > model.last:
        return [f"{op.id} told revision {op.revision}, the last is {model.last}: lost"]
    if op.succeeded:
        return []
    present = tuple(model.at(compare.key, op.revision) for compare in op.compare)
    if all(holds(c, item) for c, item in zip(op.compare, present, strict=True)):
        return [f"{op.id} was refused at {op.revision}, though its compare holds"]
    return [] if present == op.items else [f"{op.id} told {op.items}, present was {present}"]


def _read(op: Op, model: Model) -> list[str]:
    if op.revision > model.last:
        return [f"{op.id} read at {op.revision}, the last revision is {model.last}"]
    expected = tuple(model.range(op.key, op.range_end, op.at or op.revision))
    if expected == op.items:
        return []
    return [f"{op.id} read {op.items} at {op.at or op.revision}, there was {expected}"]


def real_time(ops: Iterable[Op]) -> list[str]:
    """An operation that began after another was answered comes no earlier in revisions."""
    told = [op for op in ops if op.revision and op.kind != "serializable" and not op.at]
    by_end = sorted(told, key=lambda op: op.end)
    found, highest, position, last = [], 0, 0, ""
    for op in sorted(told, key=lambda op: op.begin):
        while position < len(by_end) and by_end[position].end < op.begin:
            if by_end[position].revision > highest:
                highest, last = by_end[position].revision, by_end[position].id
            position += 1
        changed = (
            op.kind == "write" and op.succeeded and any(isinstance(c, Put) for c in op.success)
        )
        if op.revision < highest or (changed and op.revision == highest):
            found.append(f"{op.id} ({op.kind}) is at {op.revision}, after {last} at {highest}")
    return found
