"""What an informer knows: the objects of one resource, by name and by what controllers look for.

Job: keep each object's bytes, a small parsed index, and for a bounded number also the decoded
dict. Decoded dicts are shared by all readers and must not be changed.
Must not know: where the objects come from, who reads them; no input or output, no clock.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec
import orjson

from cluster.api.resources import Resource
from cluster.api.types import Object

# Inside the class "list" is the read.
Objects: TypeAlias = list[Object]
Keys: TypeAlias = list[tuple[str, str]]

# Decoded dicts kept; a pod's dict is five times its bytes, and slows garbage collection.
DECODED_MAX = 4096
# Decoded dicts that a process's caches find again in each other's work: those of the last events.
RECENT_MAX = 256
# Objects without an owner are indexed under this uid.
UNOWNED = ("",)


class OwnerHead(msgspec.Struct, gc=False):
    """What is indexed of an owner reference."""

    uid: str = ""


class MetadataHead(msgspec.Struct):
    """What is indexed of an object's metadata."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resourceVersion: str = ""
    ownerReferences: list[OwnerHead] | None = None


class SpecHead(msgspec.Struct, gc=False):
    """What is indexed of a spec: the node of a pod."""

    nodeName: str | None = None


class ObjectHead(msgspec.Struct):
    """The part of an object that is parsed to index it."""

    metadata: MetadataHead


class PodHead(msgspec.Struct):
    """The part of a pod that is parsed to index it."""

    metadata: MetadataHead
    spec: SpecHead = msgspec.field(default_factory=SpecHead)


_DECODE_HEAD = msgspec.json.Decoder(ObjectHead).decode
_DECODE_POD = msgspec.json.Decoder(PodHead).decode


class Recent:
    """The last objects that were decoded, by resource, uid and revision: controllers and scheduler
    of one process follow the same pods, and all readers share a decoded object anyway."""

    def __init__(self, most: int = RECENT_MAX) -> None:
        self._most = most
        self._objects: dict[tuple[Resource, str, int], tuple[bytes, Object]] = {}

    def decode(self, resource: Resource, entry: "Entry") -> Object:
        """The entry's object: not to be changed."""
        key = (resource, entry.uid, entry.revision)
        known = self._objects.get(key)
        # (The same bytes object for all who watch alike: compared at no cost.)
        if known is not None and known[0] == entry.data:
            return known[1]
        found: Object = orjson.loads(entry.data)
        # Items of a list may come without their type.
        found.setdefault("apiVersion", resource.api_version)
        found.setdefault("kind", resource.kind)
        self._objects[key] = (entry.data, found)
        if len(self._objects) > self._most:
            del self._objects[next(iter(self._objects))]
        return found


# Of this process.
_RECENT = Recent()


class Entry:
    """One version of one object. ``seen``: loop time at which this version arrived; ``trace``:
    context of the write that made it, '' if nobody knows."""

    __slots__ = (
        "_decoded",
        "data",
        "name",
        "namespace",
        "node",
        "owners",
        "revision",
        "seen",
        "trace",
        "uid",
    )

    def __init__(self, data: bytes, seen: float, is_pod: bool) -> None:
        """``data``: the whole object as JSON. Raises msgspec.DecodeError if it is none."""
        head = _DECODE_POD(data) if is_pod else _DECODE_HEAD(data)
        meta = head.metadata
        self.data = data
        self.trace = ""
        self.namespace = meta.namespace
        self.name = meta.name
        self.uid = meta.uid
        self.revision = int(meta.resourceVersion or 0)
        self.owners = tuple(owner.uid for owner in meta.ownerReferences or ())
        self.node = (head.spec.nodeName or "") if isinstance(head, PodHead) else ""
        self.seen = seen
        self._decoded: Object | None = None

    @property
    def key(self) -> tuple[str, str]:
        """(namespace, name)."""
        return self.namespace, self.name


class Cache:
    """The objects of one resource. Reads return decoded objects: shared, not to be changed."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        # Everything up to here has been seen.
        self.revision = 0
        self._is_pod = resource.plural == "pods" and not resource.group
        self._namespaces: dict[str, dict[str, Entry]] = {}
        self._owners: dict[str, dict[tuple[str, str], Entry]] = {}
        self._nodes: dict[str, dict[tuple[str, str], Entry]] = {}
        # In order of decoding; of those that are known still.
        self._decoded: dict[Entry, None] = {}

    def __len__(self) -> int:
        return sum(len(names) for names in self._namespaces.values())

    def get(self, namespace: str, name: str) -> Object | None:
        """The object, or None."""
        entry = self.entry(namespace, name)
        return None if entry is None else self.decode(entry)

    def entry(self, namespace: str, name: str) -> Entry | None:
        """The object's entry, or None."""
        return self._namespaces.get(namespace, {}).get(name)

    def list(self, namespace: str | None = None) -> Objects:
        """The objects of a namespace (None: of all), in order of arrival."""
        return [self.decode(entry) for entry in self.entries(namespace)]

    def entries(self, namespace: str | None = None) -> Iterator[Entry]:
        """The entries of a namespace (None: of all)."""
        if namespace is not None:
            yield from self._namespaces.get(namespace, {}).values()
            return
        for names in self._namespaces.values():
            yield from names.values()

    def by_owner(self, uid: str) -> Objects:
        """The objects with an owner reference to ``uid``; '' gives those without any owner."""
        return [self.decode(entry) for entry in self._owners.get(uid, {}).values()]

    def by_node(self, node: str) -> Objects:
        """The pods bound to a node."""
        return [self.decode(entry) for entry in self._nodes.get(node, {}).values()]

    def decode(self, entry: Entry) -> Object:
        """The entry's object as a dict: shared, not to be changed."""
        found = entry._decoded
        if found is None:
            found = entry._decoded = _RECENT.decode(self.resource, entry)
            # One that is replaced or gone goes with whoever still reads it.
            if self.entry(*entry.key) is entry:
                self._decoded[entry] = None
            if len(self._decoded) > DECODED_MAX:
                oldest = next(iter(self._decoded))
                del self._decoded[oldest]
                oldest._decoded = None
        return found

    def put(self, data: bytes, seen: float) -> tuple[Entry | None, Entry]:
        """Take a version in. Returns (old, new): the same entry twice if that is not news."""
        entry = Entry(data, seen, self._is_pod)
        old = self.entry(*entry.key)
        self.revision = max(self.revision, entry.revision)
        if old is not None and old.uid == entry.uid and old.revision >= entry.revision:
            return old, old
        if old is not None:
            self._unlink(old)
        self._namespaces.setdefault(entry.namespace, {})[entry.name] = entry
        for uid in entry.owners or UNOWNED:
            self._owners.setdefault(uid, {})[entry.key] = entry
        if entry.node:
            self._nodes.setdefault(entry.node, {})[entry.key] = entry
        return old, entry

    def remove(self, data: bytes, seen: float) -> Entry | None:
        """Take a deletion in; ``data`` is the last version. Returns what was known, or None."""
        gone = Entry(data, seen, self._is_pod)
        self.revision = max(self.revision, gone.revision)
        return self.discard(*gone.key)

    def discard(self, namespace: str, name: str) -> Entry | None:
        """Forget an object. Returns what was known of it, or None."""
        old = self.entry(namespace, name)
        if old is not None:
            self._unlink(old)
        return old

    def missing_from(self, keys: Iterable[tuple[str, str]]) -> Keys:
        """The (namespace, name) known here that are not among ``keys``."""
        present = set(keys)
        return [entry.key for entry in self.entries() if entry.key not in present]

    def _unlink(self, entry: Entry) -> None:
        self._decoded.pop(entry, None)
        names = self._namespaces[entry.namespace]
        del names[entry.name]
        if not names:
            del self._namespaces[entry.namespace]
        for uid in entry.owners or UNOWNED:
            _drop(self._owners, uid, entry.key)
        if entry.node:
            _drop(self._nodes, entry.node, entry.key)


def _drop(index: dict[str, dict[tuple[str, str], Entry]], value: str, key: tuple[str, str]) -> None:
    entries = index.get(value)
    if entries is not None:
        entries.pop(key, None)
        if not entries:
            del index[value]
