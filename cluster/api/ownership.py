"""Field ownership: server-side apply, and the record of who wrote what by other means.

Source: KEP-555 and docs "Server-Side Apply". The rules in short: an applier owns what it applies;
whoever else changes a field by an update takes it over; an applier that would change another's
field gets a conflict unless it forces; what an applier no longer applies goes away unless
somebody else owns it. Must not know kinds, storage, or HTTP.
"""

from typing import NamedTuple

import orjson

from cluster.api.ownership_managers import (
    APPLY,
    UPDATE,
    Entry,
    Identity,
    Managed,
    decode_managed,
    encode_managed,
    identity,
)
from cluster.api.ownership_sets import (
    FieldSet,
    difference,
    intersection,
    paths,
    union,
    with_named_parents,
)
from cluster.api.ownership_values import Changes, check_lists, compare, field_set, merge, remove
from cluster.api.patches import copy_json
from cluster.api.schema_node import SchemaNode
from cluster.api.status import Cause, bad_request, status_error
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object
from cluster.errors import StatusError

BEFORE_FIRST_APPLY = "before-first-apply"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# The manager kubectl applies as: it may take over what kubectl's client-side apply wrote.
KUBECTL = "kubectl"
# Characters that all annotations of an object may have together (as Kubernetes).
ANNOTATIONS_MAX = 256 * 1024

# Nobody's: identity and what the server writes.
_SERVER_METADATA = ("creationTimestamp", "generation", "managedFields", "selfLink")
_NOBODYS: FieldSet = {
    "f:apiVersion": {},
    "f:kind": {},
    "f:metadata": {
        ".": {},
        "f:name": {},
        "f:namespace": {},
        "f:resourceVersion": {},
        "f:uid": {},
        **{f"f:{name}": {} for name in _SERVER_METADATA},
    },
}


class Scope(NamedTuple):
    """Which part of an object a request writes: ``subresource`` '' is the object itself, whose
    status it does not write if the kind has a status subresource."""

    subresource: str = ""
    status_subresource: bool = True

    def foreign(self) -> tuple[str, ...]:
        """Top-level fields the request does not write."""
        if self.subresource == "status":
            return ("spec",)
        return ("status",) if self.status_subresource and not self.subresource else ()


WHOLE = Scope()
NOTHING: Object = {}


def server_side_apply(
    live: Object | None,
    applied: Object,
    manager: str,
    force: bool,
    schema: SchemaNode | None,
    now: float,
    scope: Scope = WHOLE,
    bare: Object = NOTHING,
) -> Object:
    """The object after ``manager`` applied its configuration, with managedFields; shares nothing
    with the inputs. ``live`` None: it is created. ``now``: UNIX seconds. ``bare``: what every
    object of the kind holds by itself (``bare_objects``). What is applied as null is null in it,
    and empty what is applied so: an object to be held to its schema yet.

    Raises StatusError: 400 for a configuration that is none, 409 with a FieldManagerConflict cause
    per field if it would change fields that others own and ``force`` is not set.
    """
    config = _configuration(applied, scope)
    check_lists(config, schema)
    base = _without_managed(live or {})
    managed = _managed_before_apply(live, base, schema, now, scope, bare)
    who = identity(manager, APPLY, "", scope.subresource)
    before = managed.get(who)
    said = field_set(config, schema)
    fields = difference(said, _NOBODYS)
    time = before.time if before is not None else rfc3339(now)
    managed[who] = Entry(fields, time, applied.get("apiVersion", ""))
    merged = merge(base, config, schema)
    if before is not None:
        # (Its name keeps the metadata there, though that is nobody's.)
        merged = _prune(merged, before.fields, said, managed, schema)
    changes = _own_changes(base, merged, schema, scope, bare)
    _settle(base, config, managed, who, changes, force, schema)
    if changes or before is None or before.fields != fields:
        managed[who] = managed[who]._replace(time=rfc3339(now))
    result: Object = copy_json(merged)
    if manager == KUBECTL:
        _renew_last_applied(result, applied)
    _set_managed(result, managed)
    return result


def update_managed_fields(
    live: Object | None,
    new: Object,
    manager: str,
    schema: SchemaNode | None,
    now: float,
    scope: Scope = WHOLE,
    bare: Object = NOTHING,
) -> None:
    """Write ``new``'s managedFields, after a create (``live`` None), update or patch by
    ``manager``: it takes over each field it added or changed. ``now``: UNIX seconds. ``bare``: as
    above.

    A client may set managedFields itself, to ``[]`` or ``[{}]`` to reset them; null or nonsense is
    ignored. While an object that exists has none, nobody's updates are recorded: an apply begins
    that again.
    """
    managed = _managed_of_update(live, new, scope)
    if live is not None and not managed:
        _set_managed(new, managed)
        return
    changes = _own_changes(_without_managed(live or {}), _without_managed(new), schema, scope, bare)
    taken = union(changes.added, changes.modified)
    api_version = new.get("apiVersion", "")
    who = identity(manager, UPDATE, api_version, scope.subresource)
    for other, entry in managed.items():
        if other != who:
            fields = difference(difference(entry.fields, taken), changes.removed)
            managed[other] = entry._replace(fields=fields)
    before = managed.get(who, Entry({}, "", api_version))
    fields = union(difference(before.fields, changes.removed), taken)
    time = rfc3339(now) if taken else before.time
    managed[who] = Entry(fields, time, api_version)
    _set_managed(new, managed)


def _set_managed(obj: Object, managed: Managed) -> None:
    metadata, entries = obj.setdefault("metadata", {}), encode_managed(managed)
    if entries:
        metadata["managedFields"] = entries
    else:
        metadata.pop("managedFields", None)


def _configuration(applied: Object, scope: Scope) -> Object:
    metadata = applied.get("metadata")
    if not isinstance(metadata, dict):
        raise bad_request("metadata: the applied configuration has none")
    if metadata.get("managedFields") is not None:
        raise bad_request("metadata.managedFields must be nil")
    config = {key: value for key, value in applied.items() if key not in scope.foreign()}
    config["metadata"] = {
        key: value for key, value in metadata.items() if key not in _SERVER_METADATA
    }
    return config


def _without_managed(obj: Object) -> Object:
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict) or "managedFields" not in metadata:
        return obj
    bare = {key: value for key, value in metadata.items() if key != "managedFields"}
    return {**obj, "metadata": bare}


def _managed_before_apply(
    live: Object | None,
    base: Object,
    schema: SchemaNode | None,
    now: float,
    scope: Scope,
    bare: Object,
) -> Managed:
    if live is None:
        return {}
    managed = decode_managed(live.get("metadata", {}).get("managedFields"), trusted=True) or {}
    if managed:
        return managed
    version = live.get("apiVersion", "")
    fields = _own_changes({}, base, schema, scope, bare).added
    first = identity(BEFORE_FIRST_APPLY, UPDATE, version, "")
    return {first: Entry(fields, rfc3339(now), version)}


def _managed_of_update(live: Object | None, new: Object, scope: Scope) -> Managed:
    stored = (live or {}).get("metadata", {}).get("managedFields")
    given = new.get("metadata", {}).get("managedFields")
    if not scope.subresource and given != stored:
        if given in ([], [{}]):
            return {}
        managed = decode_managed(given)
        if managed:
            return managed
    return decode_managed(stored, trusted=True) or {}


def _own_changes(
    old: Object, new: Object, schema: SchemaNode | None, scope: Scope, bare: Object
) -> Changes:
    changes = compare(old, new, schema, bare)
    for name in scope.foreign():
        for fields in changes:
            fields.pop(f"f:{name}", None)
    return Changes(*(difference(fields, _NOBODYS) for fields in changes))


def _prune(
    merged: Object, last: FieldSet, said: FieldSet, managed: Managed, schema: SchemaNode | None
) -> Object:
    """Takes out what the applier applied last time, does not say now, and nobody owns."""
    owned = said
    for entry in managed.values():
        owned = union(owned, entry.fields)
    gone = difference(with_named_parents(last), with_named_parents(owned))
    return remove(merged, gone, schema) if gone else merged


def _settle(
    base: Object,
    config: Object,
    managed: Managed,
    who: Identity,
    changes: Changes,
    force: bool,
    schema: SchemaNode | None,
) -> None:
    """Others lose what the applier changes; without ``force`` that is a conflict."""
    changed = union(changes.modified, changes.added)
    conflicts: dict[Identity, FieldSet] = {}
    for other, entry in managed.items():
        common = intersection(entry.fields, changed) if other != who else {}
        if common:
            conflicts[other] = common
    if conflicts and not force:
        if who.manager == KUBECTL:
            mine = _applied_by_client(base, schema)
            conflicts = {other: difference(common, mine) for other, common in conflicts.items()}
        conflicts = {other: common for other, common in conflicts.items() if common}
        if conflicts:
            raise conflict_error(conflicts)
    for other, entry in managed.items():
        if other != who:
            fields = difference(difference(entry.fields, changed), changes.removed)
            managed[other] = entry._replace(fields=fields)


def _applied_by_client(live: Object, schema: SchemaNode | None) -> FieldSet:
    """What kubectl's client-side apply set, as its annotation says, and is still so."""
    annotations = live.get("metadata", {}).get("annotations") or {}
    try:
        last = orjson.loads(annotations.get(LAST_APPLIED, ""))
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(last, dict):
        return {}
    return difference(field_set(last, schema), compare(last, live, schema).modified)


def _renew_last_applied(obj: Object, applied: Object) -> None:
    """Keep the annotation of kubectl's client-side apply true, so that one can go back to it."""
    annotations = obj.get("metadata", {}).get("annotations") or {}
    if LAST_APPLIED not in annotations:
        return
    own = {**(applied["metadata"].get("annotations") or {})}
    own.pop(LAST_APPLIED, None)
    config = {**applied, "metadata": {**applied["metadata"], "annotations": own}}
    annotations[LAST_APPLIED] = orjson.dumps(config, option=orjson.OPT_SORT_KEYS).decode() + "\n"
    if sum(len(key) + len(text) for key, text in annotations.items()) > ANNOTATIONS_MAX:
        del annotations[LAST_APPLIED]


def conflict_error(conflicts: dict[Identity, FieldSet]) -> StatusError:
    """409 that names each manager and field, with the causes kubectl explains."""
    found = [
        (who.text(), path) for who, fields in sorted(conflicts.items()) for path in paths(fields)
    ]
    causes = [Cause(path, "FieldManagerConflict", f"conflict with {who}") for who, path in found]
    if len(found) == 1:
        who, path = found[0]
        text = f"Apply failed with 1 conflict: conflict with {who}: {path}"
    else:
        parts = []
        for name in sorted({who for who, _ in found}):
            lines = "\n".join(f"- {path}" for who, path in found if who == name)
            parts.append(f"conflicts with {name}:\n{lines}")
        text = f"Apply failed with {len(found)} conflicts: " + "\n".join(parts)
    return status_error(409, "Conflict", text, causes=causes)
