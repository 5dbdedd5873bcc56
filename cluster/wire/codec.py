"""Bytes and back: messages and envelopes as msgpack. All that can be wrong with them is PeerFault.

Must not know: any message type; the registry comes as an argument. The ``type`` entry of an
encoded message is the class name, by which the registry finds the class.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgpack
import msgspec

from cluster.errors import PeerFault
from cluster.limits import FRAME_BYTES_MAX
from cluster.wire.envelope import Envelope

M = TypeVar("M", bound=msgspec.Struct)

# Claimed lengths are allocated before their items are read, so they are bounded apart from bytes.
ITEMS_MAX = 1 << 20
TYPE_FIELD = "type"

_BYTES = (bytes,)
_DECODE_ERRORS = (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException)


def encode_message(message: msgspec.Struct) -> bytes:
    """A message as a msgpack map."""
    encoded: bytes = msgpack.packb(msgspec.to_builtins(message, builtin_types=_BYTES))
    return encoded


def decode_message(payload: bytes, registry: Mapping[str, type[M]]) -> M:
    """The message. Raises PeerFault if it is malformed, of unknown type, or has wrong fields."""
    raw = _unpack(payload)
    name = raw.get(TYPE_FIELD) if isinstance(raw, dict) else None
    kind = registry.get(name) if isinstance(name, str) else None
    if kind is None:
        raise PeerFault(f"a message of unknown type {name!r:.80}")
    try:
        return msgspec.convert(raw, kind, builtin_types=_BYTES)
    except (msgspec.ValidationError, *_DECODE_ERRORS) as error:
        raise PeerFault(f"a malformed {name}: {error}") from error


def encode_envelope(envelope: Envelope) -> bytes:
    """An envelope as a msgpack array."""
    encoded: bytes = msgpack.packb(
        (
            envelope.kind,
            envelope.to,
            envelope.sender,
            envelope.id,
            envelope.trace,
            envelope.hlc,
            envelope.deadline,
            envelope.credit,
            envelope.payload,
        )
    )
    return encoded


def decode_envelope(data: bytes) -> Envelope:
    """The envelope. Raises PeerFault."""
    try:
        return msgspec.convert(_unpack(data), Envelope, builtin_types=_BYTES)
    except (msgspec.ValidationError, *_DECODE_ERRORS) as error:
        raise PeerFault(f"a malformed envelope: {error}") from error


def _unpack(data: bytes) -> Any:
    if len(data) > FRAME_BYTES_MAX:
        raise PeerFault(f"{len(data)} bytes are more than {FRAME_BYTES_MAX}")
    bound = min(len(data), ITEMS_MAX)
    try:
        return msgpack.unpackb(data, max_array_len=bound, max_map_len=bound, strict_map_key=False)
    except _DECODE_ERRORS as error:
        raise PeerFault(f"not msgpack: {error}") from error
