"""The log's encoding: golden bytes, so that an old log decodes for ever."""

import pytest

from cluster.messages.store import Compare, Delete, Put, TxnRecord
from cluster.state.commands import (
    AlarmCommand,
    Command,
    CompactCommand,
    LeaseExpireCommand,
    LeaseGrantCommand,
    LeaseKeepAliveCommand,
    LeaseRevokeCommand,
    TxnsCommand,
    decode_command,
    encode_command,
)

RECORD = TxnRecord(
    (Compare("a", "mod", 0),), (Put("a", b"v", 1, b"i", 5), Delete("b")), 3, "c", 4, "t", 2, True
)
GOLDEN: list[tuple[Command, str]] = [
    (
        TxnsCommand((RECORD,)),
        "92a474786e7391989194a161a36d6f6400a13d9296a3707574a161c4017601c401690592a664656c657465a162"
        "03a16304a17402c3",
    ),
    (CompactCommand(9), "92a7636f6d7061637409"),
    (LeaseGrantCommand(1, 10, 1000), "94a56772616e74010acd03e8"),
    (LeaseKeepAliveCommand((1, 2), 1000), "93a46b656570920102cd03e8"),
    (LeaseRevokeCommand(1), "92a67265766f6b6501"),
    (LeaseExpireCommand(1000), "92a6657870697265cd03e8"),
    (AlarmCommand("m", "x"), "93a5616c61726da16da178"),
]


@pytest.mark.parametrize(("command", "golden"), GOLDEN, ids=lambda value: type(value).__name__)
def test_the_bytes_are_what_they_were(command: Command, golden: str) -> None:
    assert encode_command(command).hex() == golden
    assert decode_command(bytes.fromhex(golden)) == command


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x91\xa3new", b"\x92\xa7compact\xa1x", b"\xc1"])
def test_what_is_no_command_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a command"):
        decode_command(data)
