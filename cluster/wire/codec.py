"""Bytes and back: messages and envelopes as msgpack. All that can be wrong with them is PeerFault.

Must not know: any message type; the registry comes as an argument. The ``type`` entry of an
encoded message is the class name, by which the registry finds the class. Decoding goes straight
from bytes to the typed record, in one pass; a claimed length is never allocated before its items
are there.
"""

from collections.abc import Mapping
from typing import Generic, TypeVar, Union

import msgspec

from cluster.errors import PeerFault
from cluster.limits import FRAME_BYTES_MAX
from cluster.wire.envelope import Envelope

M = TypeVar("M", bound=msgspec.Struct)

_ERRORS = (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError)
_encode = msgspec.msgpack.Encoder().encode
_decode_envelope = msgspec.msgpack.Decoder(Envelope).decode


def encode_message(message: msgspec.Struct) -> bytes:
    """A message as a msgpack map."""
    return _encode(message)


class _Nothing(msgspec.Struct, tag_field="type", tag=""):
    """Stands for the messages of an empty registry."""


class MessageDecoder(Generic[M]):
    """Decodes the messages of one registry (name of the class to class)."""

    def __init__(self, registry: Mapping[str, type[M]]) -> None:
        # A tagged union: msgspec looks at the ``type`` entry, then decodes that class.
        classes = (*registry.values(), _Nothing)
        union = Union[classes]  # type: ignore[valid-type]  # noqa: UP007  # made here
        self._decode = msgspec.msgpack.Decoder(union).decode

    def decode(self, payload: bytes) -> M:
        """The message. Raises PeerFault if it is malformed, of unknown type, or has wrong
        fields."""
        if len(payload) > FRAME_BYTES_MAX:
            raise _too_long(payload)
        try:
            message: M = self._decode(payload)
        except _ERRORS as error:
            raise PeerFault(f"a malformed message: {error}") from error
        return message


def encode_envelope(envelope: Envelope) -> bytes:
    """An envelope as a msgpack array."""
    return _encode(envelope)


def decode_envelope(data: bytes) -> Envelope:
    """The envelope. Raises PeerFault."""
    if len(data) > FRAME_BYTES_MAX:
        raise _too_long(data)
    try:
        return _decode_envelope(data)
    except _ERRORS as error:
        raise PeerFault(f"a malformed envelope: {error}") from error


def _too_long(data: bytes) -> PeerFault:
    return PeerFault(f"{len(data)} bytes are more than {FRAME_BYTES_MAX}")
