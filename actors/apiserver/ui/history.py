"""Older versions of one object, read from the store as far back as it keeps them.

Source: the store is multi-version (``cluster.messages.store.Range.revision``). An object is walked
back from one revision to the one before, until it was created or the store has forgotten. Must not
know: HTTP, who may read it.
"""

from dataclasses import dataclass
from typing import Any

from actors.apiserver import rendering
from actors.apiserver.environment import Environment
from actors.apiserver.negotiation import OBJECT
from cluster.api import status
from cluster.api.encoding import decode
from cluster.api.kinds import Kind, storage_key
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.messages.store import KeyValue, Range

# Versions that one answer lists; the next begins where it ends.
VERSIONS_MAX = 50


@dataclass(frozen=True)
class History:
    """``complete``: the first of ``versions`` in time is the object's creation. ``forgotten``: it
    is not, and older ones are compacted away."""

    versions: tuple[KeyValue, ...]
    complete: bool
    forgotten: bool

    def told(self) -> dict[str, Any]:
        """For the page: revisions and who wrote, the newest first; no contents."""
        pairs = zip(self.versions, (*self.versions[1:], None), strict=True)
        return {
            "versions": [_version(item, older) for item, older in pairs],
            "complete": self.complete,
            "forgotten": self.forgotten,
        }


async def versions(
    environment: Environment, kind: Kind, namespace: str, name: str, before: int, newest: bool
) -> History:
    """The last versions older than revision ``before`` (0: from the last on). ``newest``: what was
    acknowledged before is seen; else what this replica knows, which needs no quorum. Raises
    StatusError 404 if there is none."""
    key = storage_key(kind, namespace, name)
    found: list[KeyValue] = []
    revision = before - 1 if before else 0
    forgotten = False
    while len(found) < VERSIONS_MAX:
        try:
            item = await _at(environment, key, revision, newest and not revision)
        except StatusError as error:
            if error.code != 410:
                raise
            forgotten = True
            break
        if item is None:
            break
        found.append(item)
        if item.version <= 1:
            break
        revision = item.mod_revision - 1
    if not found and not forgotten:
        raise status.not_found(kind, name)
    complete = bool(found) and found[-1].version <= 1
    return History(tuple(found), complete, forgotten)


async def version(
    environment: Environment, kind: Kind, namespace: str, name: str, revision: int
) -> bytes:
    """The object as it was at a revision, as JSON. Raises StatusError 404, 410."""
    item = await _at(environment, storage_key(kind, namespace, name), revision)
    if item is None:
        raise status.not_found(kind, name)
    if kind.custom is not None:
        [item] = await environment.objects.conversion.shown(kind, [item])
    return rendering.render_object(OBJECT, kind, item.value, 0.0)


async def _at(
    environment: Environment, key: str, revision: int, newest: bool = False
) -> KeyValue | None:
    request = Range(key=key, revision=revision, linearizable=newest)
    found = await environment.objects.store.range(request)
    return found.items[0] if found.items else None


def _version(item: KeyValue, older: KeyValue | None) -> dict[str, Any]:
    """Who wrote it: whose entry among its managed fields is new, or has a new time. (Times are
    seconds: of two writes within one it may be one of several.)"""
    managed = _managed(item)
    known = [] if older is None else [(_writer(one), one.get("time")) for one in _managed(older)]
    last = max((str(one.get("time", "")) for one in managed), default="")
    wrote = [one for one in managed if (_writer(one), one.get("time")) not in known]
    wrote = wrote or [one for one in managed if one.get("time", "") == last]
    return {
        "revision": item.mod_revision,
        "version": item.version,
        "by": [_writer(one) for one in wrote],
        "time": last,
    }


def _managed(item: KeyValue) -> list[Object]:
    return list((decode(item.value).get("metadata") or {}).get("managedFields") or ())


def _writer(entry: Object) -> str:
    part = f" ({entry['subresource']})" if entry.get("subresource") else ""
    return f"{entry.get('manager', '')} {entry.get('operation', '')}{part}"
