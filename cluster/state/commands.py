"""What the replicated log's entries say, in binary.

Job: the commands and their encoding. Must not know: terms, indexes, how entries are replicated.

``now``, where a command has it, is the time of the log in milliseconds: only the leader stamps it,
so that no replica's own clock decides anything. Evolution: fields are added at the end of a record,
with a default; a new command gets a new tag. Old logs must decode for ever.
"""

import msgspec

from cluster.messages.store import TxnRecord


class TxnsCommand(msgspec.Struct, frozen=True, array_like=True, tag="txns", gc=False):
    """Transactions that came together, each at its own revision, in order."""

    records: tuple[TxnRecord, ...]


class CompactCommand(msgspec.Struct, frozen=True, array_like=True, tag="compact", gc=False):
    """Forget history before ``revision``."""

    revision: int


class LeaseGrantCommand(msgspec.Struct, frozen=True, array_like=True, tag="grant", gc=False):
    """Make the lease ``id`` (never 0: the leader has picked one) of ``ttl`` seconds."""

    id: int
    ttl: int
    now: int


class LeaseKeepAliveCommand(msgspec.Struct, frozen=True, array_like=True, tag="keep", gc=False):
    """Begin the time of these leases anew."""

    ids: tuple[int, ...]
    now: int


class LeaseRevokeCommand(msgspec.Struct, frozen=True, array_like=True, tag="revoke", gc=False):
    """End a lease and delete its keys."""

    id: int


class LeaseExpireCommand(msgspec.Struct, frozen=True, array_like=True, tag="expire", gc=False):
    """End the leases whose time is over at ``now``. Also how the log's time is moved on."""

    now: int


class AlarmCommand(msgspec.Struct, frozen=True, array_like=True, tag="alarm", gc=False):
    """Something is wrong with ``member``, as ``text`` says; '' : no longer."""

    member: str
    text: str


Command = (
    TxnsCommand
    | CompactCommand
    | LeaseGrantCommand
    | LeaseKeepAliveCommand
    | LeaseRevokeCommand
    | LeaseExpireCommand
    | AlarmCommand
)

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)


def encode_command(command: Command) -> bytes:
    """msgpack; never empty."""
    return _encoder.encode(command)


def decode_command(data: bytes) -> Command:
    """Raises ValueError if it is no command this version knows."""
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise ValueError(f"not a command: {error}") from error
