"""Objects as a kind shows them, to and from the bytes that are stored. Pure.

For nearly all kinds these are the same; events of events.k8s.io/v1 are stored as core/v1 events,
autoscalers of autoscaling/v1 as v2. Must not know: the store.
"""

import orjson

from cluster.api import autoscaling, events
from cluster.api.encoding import decode, encode_for_store
from cluster.api.index import make_index
from cluster.api.kinds import Kind
from cluster.api.types import Object


def load(kind: Kind, value: bytes) -> Object:
    """Stored bytes as an object of ``kind``."""
    obj = decode(value)
    if autoscaling.is_old_form(kind):
        return autoscaling.to_v1(obj)
    return events.from_core(obj) if events.is_new_form(kind) else obj


def dump(kind: Kind, obj: Object) -> tuple[bytes, int, bytes]:
    """(bytes to store, stamp offset, index) of an object of ``kind``."""
    if autoscaling.is_old_form(kind):
        stored = autoscaling.to_v2(obj)
    else:
        stored = events.to_core(obj) if events.is_new_form(kind) else obj
    data, stamp = encode_for_store(stored)
    return data, stamp, make_index(kind, stored)


def turned(obj: Object, given: Kind, wanted: Kind) -> Object:
    """An object of one version of a built-in kind as another version of it."""
    if autoscaling.is_old_form(wanted):
        return autoscaling.to_v1(autoscaling.without_told(obj))
    if autoscaling.is_old_form(given):
        return autoscaling.to_v2(obj)
    return events.from_core(obj) if events.is_new_form(wanted) else events.to_core(obj)


def shown(kind: Kind, value: bytes) -> bytes:
    """Stored bytes as JSON of ``kind``: the very same bytes wherever that is possible."""
    return value if is_stored_form(kind) else orjson.dumps(load(kind, value))


def is_stored_form(kind: Kind) -> bool:
    """Whether what is stored is what ``kind`` shows."""
    return not autoscaling.is_old_form(kind) and not events.is_new_form(kind)
