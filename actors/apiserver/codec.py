"""Objects as a kind shows them, to and from the bytes that are stored. Pure.

For nearly all kinds these are the same; events of events.k8s.io/v1 are stored as core/v1 events.
Must not know: the store.
"""

import orjson

from cluster.api import events
from cluster.api.encoding import decode, encode_for_store
from cluster.api.index import make_index
from cluster.api.kinds import Kind
from cluster.api.types import Object


def load(kind: Kind, value: bytes) -> Object:
    """Stored bytes as an object of ``kind``."""
    obj = decode(value)
    return events.from_core(obj) if events.is_new_form(kind) else obj


def dump(kind: Kind, obj: Object) -> tuple[bytes, int, bytes]:
    """(bytes to store, stamp offset, index) of an object of ``kind``."""
    stored = events.to_core(obj) if events.is_new_form(kind) else obj
    data, stamp = encode_for_store(stored)
    return data, stamp, make_index(kind, stored)


def shown(kind: Kind, value: bytes) -> bytes:
    """Stored bytes as JSON of ``kind``: the very same bytes wherever that is possible."""
    return orjson.dumps(load(kind, value)) if events.is_new_form(kind) else value
