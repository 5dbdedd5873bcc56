"""Which trace a user means, by any of the names that a request has. Pure.

A request has a trace id, its span's id, the traceparent that holds both (W3C "Trace Context") and
an Audit-Id (Kubernetes docs "Auditing"); the last two come back with the answer. And what to say if
nothing is found: the objects that are nearest by name.
"""

import difflib
import re
from collections.abc import Iterable, Set
from dataclasses import dataclass

from cluster.trace_subjects import PLURALS, SINGULARS, Record, stored_object, target

TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
CONTEXT = re.compile(r"([0-9a-f]{32}|[0-9a-f]{16})-([0-9a-f]{16})")
HEX = re.compile(r"[0-9a-f]{6,32}")
NEAR_MAX = 3
# How alike a name must be to be meant (difflib's ratio).
NEAR = 0.5


@dataclass(frozen=True)
class Identity:
    """What a user wrote. ``text``: stands in every record that has it. ``span``: '' if the words
    name none. ``hexadecimal``: it may be (the beginning of) the id of a trace or a span."""

    text: str
    span: str = ""
    hexadecimal: bool = False

    def fits(self, record: Record) -> bool:
        """Whether the record is of that trace or request."""
        if record.get("audit") == self.text:
            return True
        if not self.hexadecimal:
            return False
        trace, span = str(record.get("trace", "")), str(record.get("span", ""))
        return trace.startswith(self.text) or span == self.text


def identity(words: str) -> Identity:
    """From a trace id (or its first digits), span id, traceparent, or Audit-Id."""
    words = words.strip()
    lower = words.lower()
    for form in (TRACEPARENT, CONTEXT):
        if found := form.fullmatch(lower):
            return Identity(found[1], found[2], True)
    if HEX.fullmatch(lower):
        return Identity(lower, lower if len(lower) == 16 else "", True)
    return Identity(words)


def traces(records: Iterable[Record], wanted: Identity) -> list[str]:
    """Ids of the traces that are meant, oldest first."""
    found: dict[str, float] = {}
    for record in records:
        trace = str(record.get("trace", ""))
        if trace and wanted.fits(record):
            found[trace] = min(found.get(trace, float("inf")), float(record["ts"]))
    return sorted(found, key=lambda trace: found[trace])


def continued(records: Iterable[Record], trace: str) -> list[str]:
    """Traces in which work was done for this one too: it had been asked for there first."""
    found: dict[str, None] = {}
    for record in records:
        other = str(record.get("trace", ""))
        linked = (str(link).partition("-")[0] for link in record.get("links", ()))
        if other not in ("", trace) and trace in linked:
            found[other] = None
    return list(found)


def known_objects(records: Iterable[Record]) -> set[tuple[str, str]]:
    """(plural, path) of all objects that were written."""
    found = set()
    for record in records:
        if record.get("msg") == "Txn" and record["event"] == "sent":
            verb, key = (*str(record.get("subject", "")).split(" "), "")[:2]
            if verb in ("put", "delete") and (stored := stored_object(key)):
                plural, _, path = stored.partition(" ")
                found.add((plural, path))
    return found


def near(words: str, known: Set[tuple[str, str]]) -> list[str]:
    """Objects that may be meant by a name that nothing has, as ``pod/web-1``, the nearest first.
    Raises ValueError if the words are no KIND/NAME."""
    plural, namespace, name = target(words)
    plurals = {kind for kind, _ in known}
    if plural not in plurals:
        by_name = {short: kind for kind in plurals for short in (kind, singular(kind))}
        by_name |= {short: kind for short, kind in PLURALS.items() if kind in plurals}
        close = difflib.get_close_matches(words.partition("/")[0].lower(), sorted(by_name), 1)
        if not close:
            return []
        plural = by_name[close[0]]
    paths = [path for kind, path in known if kind == plural]
    exact = [path for path in paths if path in (f"{namespace}/{name}", name)]

    def likeness(path: str) -> float:
        own = path.rpartition("/")[2]
        return difflib.SequenceMatcher(None, own, name).ratio() + own.startswith(name)

    elsewhere = [path for path in paths if path.rpartition("/")[2] == name]
    ranked = sorted(paths, key=lambda path: (-likeness(path), path))
    alike = [path for path in ranked if likeness(path) >= NEAR]
    chosen = list(dict.fromkeys([*exact, *elsewhere, *alike]))[:NEAR_MAX]
    return [f"{singular(plural)}/{path.removeprefix('default/')}" for path in chosen]


def singular(plural: str) -> str:
    """``pods`` → ``pod``, ``ingresses`` → ``ingress``."""
    return SINGULARS.get(plural) or plural.removesuffix("s")


def advice(words: str, known: Set[tuple[str, str]]) -> str:
    """One line for a user whose object has no trace. Raises ValueError if it is no KIND/NAME."""
    found = near(words, known)
    if found:
        return f"no trace of {words} is kept; did you mean {' or '.join(found)}?"
    return (
        f"no trace of {words} is kept: nothing by that name was written since the cluster started, "
        "or its records have made room for newer ones (names are KIND/NAME, or "
        "KIND/NAMESPACE/NAME; steersman trace since 10m lists what happened)"
    )
