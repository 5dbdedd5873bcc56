"""managedFields entries: read, written, sorted, bounded. Must not know objects or schemas.

Source: metav1.ManagedFieldsEntry and KEP-555.
"""

from typing import NamedTuple, TypeAlias

from cluster.api.ownership_sets import FieldSet, is_well_formed, union
from cluster.api.types import Object

APPLY = "Apply"
UPDATE = "Update"
# Update entries one object keeps (kube-apiserver: 10); the oldest merge into one of this name.
UPDATE_ENTRIES_MAX = 10
ANCIENT = "ancient-changes"


class Identity(NamedTuple):
    """Whose entry it is. ``api_version`` is '' for Apply: an applier is one, whatever version."""

    manager: str
    operation: str
    api_version: str
    subresource: str

    def text(self) -> str:
        """As conflicts name it: ``"kubectl" with subresource "status" using apps/v1``."""
        shown = f'"{self.manager}"'
        if self.subresource:
            shown += f' with subresource "{self.subresource}"'
        return f"{shown} using {self.api_version}" if self.operation == UPDATE else shown


class Entry(NamedTuple):
    """``time``: RFC 3339 in UTC, of the last change of ``fields``."""

    fields: FieldSet
    time: str
    api_version: str


Managed: TypeAlias = dict[Identity, Entry]


def identity(manager: str, operation: str, api_version: str, subresource: str) -> Identity:
    """The key of one manager's entry."""
    version = api_version if operation == UPDATE else ""
    return Identity(manager, operation, version, subresource)


def decode_managed(entries: object, trusted: bool = False) -> Managed | None:
    """None if it is no list of well-formed entries. ``trusted``: what we stored ourselves, and
    need not look through again."""
    if entries is None:
        return {}
    if not isinstance(entries, list):
        return None
    managed: Managed = {}
    for entry in entries:
        if not trusted and not _is_entry(entry):
            return None
        version = entry.get("apiVersion") or ""
        who = identity(
            entry.get("manager") or "",
            entry["operation"],
            version,
            entry.get("subresource") or "",
        )
        fields: FieldSet = entry.get("fieldsV1") or {}
        if who in managed:
            fields = union(managed[who].fields, fields)
        managed[who] = Entry(fields, entry.get("time") or "", version)
    return managed


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or entry.get("operation") not in (APPLY, UPDATE):
        return False
    texts = ("manager", "apiVersion", "subresource", "time")
    return (
        all(isinstance(entry.get(key), str | None) for key in texts)
        and entry.get("fieldsType", "FieldsV1") == "FieldsV1"
        and is_well_formed(entry.get("fieldsV1") or {})
    )


def encode_managed(managed: Managed) -> list[Object]:
    """The list as stored: Apply before Update, then by time; empty entries are dropped."""
    entries: list[Object] = []
    listed = sorted(_bounded(managed).items(), key=lambda pair: _order(*pair))
    for who, entry in listed:
        encoded: Object = {
            "manager": who.manager,
            "operation": who.operation,
            "apiVersion": entry.api_version,
        }
        if entry.time:
            encoded["time"] = entry.time
        encoded["fieldsType"] = "FieldsV1"
        encoded["fieldsV1"] = entry.fields
        if who.subresource:
            encoded["subresource"] = who.subresource
        entries.append(encoded)
    return entries


def only_times_differ(old: Object, new: Object) -> bool:
    """Whether a write would change nothing but when fields were last written: it is then none.

    Defaults and normal forms come after the merge of an apply, so that what it took for a change
    may turn out to be none.
    """
    before, after = old.get("metadata", {}), new.get("metadata", {})
    return (
        _less(old, "metadata") == _less(new, "metadata")
        and _less(before, "managedFields") == _less(after, "managedFields")
        and _timeless(before.get("managedFields", [])) == _timeless(after.get("managedFields", []))
    )


def _less(obj: Object, field: str) -> Object:
    return {key: value for key, value in obj.items() if key != field}


def _timeless(entries: list[Object]) -> list[Object]:
    """The entries without their times, in an order that does not come from them."""
    kept = [_less(entry, "time") for entry in entries]
    names = ("operation", "manager", "apiVersion", "subresource")
    return sorted(kept, key=lambda entry: [str(entry.get(name, "")) for name in names])


def _order(who: Identity, entry: Entry) -> tuple[str, ...]:
    return (who.operation, entry.time, who.manager, entry.api_version, who.subresource)


def _bounded(managed: Managed) -> Managed:
    kept = {who: entry for who, entry in managed.items() if entry.fields}
    updates = [who for who in kept if who.operation == UPDATE]
    if len(updates) <= UPDATE_ENTRIES_MAX:
        return kept
    updates.sort(key=lambda who: (who.manager != ANCIENT, *_order(who, kept[who])))
    for who in updates[: len(updates) - UPDATE_ENTRIES_MAX + 1]:
        entry = kept.pop(who)
        target = identity(ANCIENT, UPDATE, entry.api_version, "")
        before = kept.get(target, Entry({}, "", entry.api_version))
        fields = union(before.fields, entry.fields)
        kept[target] = Entry(fields, max(before.time, entry.time), entry.api_version)
    return kept
