"""Objects to the bytes that are stored, sent and shared, and the stamp they carry.

The revision of a write is known only when the store applies it, so the bytes leave a gap for it:
``"metadata":{"resourceVersion":""`` with the offset of the gap (``messages.store.Put.stamp``).
Must not know the store.
"""

from functools import lru_cache

import orjson

from cluster.api.types import Object

_GAP = b'"metadata":{"resourceVersion":"'


def encode(obj: Object) -> bytes:
    """Any object or document as compact JSON. Raises TypeError if it holds what JSON cannot."""
    return orjson.dumps(obj)


def encode_for_store(obj: Object) -> tuple[bytes, int]:
    """The object's JSON and the offset at which the decimal revision is to be inserted.

    Keys come as apiVersion, kind, metadata (resourceVersion first), then the rest in their order.
    The object is not changed; a resourceVersion it had is left out.
    """
    metadata: Object = {"resourceVersion": ""}
    metadata.update(obj.get("metadata") or {})
    metadata["resourceVersion"] = ""
    ordered: Object = {
        "apiVersion": obj.get("apiVersion", ""),
        "kind": obj.get("kind", ""),
        "metadata": metadata,
    }
    for key, value in obj.items():
        if key not in ordered:
            ordered[key] = value
    data = orjson.dumps(ordered)
    # apiVersion and kind cannot hold the gap's text: a quote inside a string is escaped.
    return data, data.index(_GAP) + len(_GAP)


def stamped(data: bytes, offset: int, revision: int) -> bytes:
    """What the store makes of the value: the bytes with the revision inserted."""
    return b"%b%d%b" % (data[:offset], revision, data[offset:])


def gap_of(data: bytes) -> tuple[bytes, int]:
    """The inverse of ``stamped``: the value with its gap, and the gap's offset; -1 if the value
    carries no revision."""
    found = data.find(_GAP)
    if found < 0:
        return data, -1
    offset = found + len(_GAP)
    return data[:offset] + data[data.index(b'"', offset) :], offset


def unstamped(data: bytes, offset: int) -> bytes:
    """The value without its gap: what is shown of an object that is not stored (a dry run)."""
    start = offset - len(b'"resourceVersion":"')
    end = offset + len(b'"')
    return data[:start] + data[end:].removeprefix(b",")


def decode(data: bytes) -> Object:
    """Stored bytes back to an object. Raises ValueError if they are not a JSON object."""
    obj = orjson.loads(data)
    if not isinstance(obj, dict):
        raise ValueError("not a JSON object")
    return obj


@lru_cache(maxsize=256)
def decode_shared(data: bytes) -> Object:
    """As ``decode``, for what is looked at again and again, as the namespace that is written to:
    the same object for all who ask, not to be changed. (The hash of bytes is made once.)"""
    return decode(data)
