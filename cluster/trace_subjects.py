"""Which object a trace record is about, and which traces touched an object. Pure: the launcher and
each process's tracer ask it.

A record is a mapping as ``actors.kit.recorder`` writes it. Must not know: where records are kept.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from cluster.api.kinds import KINDS

Record = dict[str, Any]
READS = ("get", "list", "watch")
REQUEST = "ApiRequest"
HTTP = "http.request"
# The note that tells of further causes of one piece of work; its field ``links`` holds contexts.
COALESCED = "work.coalesced"
# Notes on parts of an object count as notes on it.
PARTS = {"pods": ("container", "sandbox", "network", "volumes", "probe")}
# Kinds by the names people use (as kubectl takes them), to the plural that request subjects carry.
# Of a name that several kinds have, the first kind's counts.
PLURALS = {
    name: kind.plural
    for kind in reversed(KINDS)
    for name in (kind.plural, kind.singular, *kind.short_names)
}
SINGULARS = {kind.plural: kind.singular for kind in reversed(KINDS)}


def stored_object(key: str) -> str:
    """``/registry/core/pods/default/web-1`` → ``pods default/web-1``, '' for other keys."""
    parts = key.split("/")
    return (
        f"{parts[3]} {'/'.join(parts[4:])}" if parts[:2] == ["", "registry"] and parts[4:] else ""
    )


def target(words: str) -> tuple[str, str, str]:
    """``deployment/web`` or ``pod/other-namespace/web-1`` → (plural, namespace, name).

    Raises ValueError.
    """
    kind, _, rest = words.partition("/")
    namespace, slash, name = rest.partition("/")
    if not slash:
        namespace, name = "default", namespace
    if not kind or not name:
        raise ValueError(f"{words!r}: write KIND/NAME or KIND/NAMESPACE/NAME, as deployment/web")
    kind = kind.lower()
    plural = PLURALS.get(kind, kind if kind.endswith("s") else kind + "s")
    return plural, namespace, name


def about(record: Record, plural: str, paths: tuple[str, str]) -> bool:
    """Whether a record tells of a write to the object, or is a note on it."""
    words = str(record.get("subject", "")).split(" ")
    if record["event"] == "note":
        kind = str(record.get("msg", "")).partition(".")[0]
        return words[0] in paths and kind in (plural.removesuffix("s"), *PARTS.get(plural, ()))
    if len(words) < 2:
        return False
    if record.get("msg") == "Txn":
        resource, _, path = stored_object(words[1]).partition(" ")
        return words[0] in ("put", "delete") and resource == plural and path in paths
    return (
        record.get("msg") == REQUEST
        and words[0] not in READS
        and words[1].partition(".")[0] == plural
        and words[-1].removesuffix("/status") in paths
    )


def traces_of(records: Iterable[Record], words: str) -> list[str]:
    """Ids of the traces that wrote the object or noted something of it, oldest first."""
    plural, namespace, name = target(words)
    paths = (f"{namespace}/{name}", name)
    found: dict[str, float] = {}
    for record in records:
        trace = str(record.get("trace", ""))
        if trace and trace not in found and about(record, plural, paths):
            found[trace] = float(record["ts"])
    return sorted(found, key=lambda trace: found[trace])


def asked_for(records: Iterable[Record], traces: Sequence[str]) -> list[str]:
    """Those of the traces that began with an HTTP request that writes, in the same order."""
    roots = {
        str(record.get("trace", ""))
        for record in records
        if record.get("msg") == HTTP and not str(record.get("subject", "")).startswith("GET ")
    }
    return [trace for trace in traces if trace in roots]
