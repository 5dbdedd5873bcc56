"""What the replicated log's entries say, in binary.

Job: the commands and their encoding. Must not know: terms, indexes, how entries are replicated.

Evolution: fields are added at the end of a record, with a default; a new command gets a new tag.
Old logs must decode for ever.
"""

import msgspec

from cluster.messages.store import Txn


class TxnCommand(msgspec.Struct, frozen=True, array_like=True, tag="txn", gc=False):
    """One transaction. ``trace``: context of the ask that carried it.

    ``txn.client``/``txn.sequence``: session. ``done_below``: results of this client's sequences
    below it are no longer wanted, and a late copy of one of them must not be applied any more.
    ``established``: the client has had an answer in this session before.
    """

    txn: Txn
    trace: str = ""
    done_below: int = 0
    established: bool = False


class CompactCommand(msgspec.Struct, frozen=True, array_like=True, tag="compact", gc=False):
    """Forget history before ``revision``."""

    revision: int


Command = TxnCommand | CompactCommand

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
