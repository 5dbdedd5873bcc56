"""The engine on raftos, as far as it needs no raftos."""

from actors.store.engines.raftos import COMMAND_BYTES_MAX, parts
from cluster.messages.store import Put, TxnRecord
from cluster.state.commands import TxnsCommand, encode_command


def record(size: int) -> TxnRecord:
    return TxnRecord((), (Put("k", b"x" * size),))


def test_records_are_grouped_so_that_each_command_fits() -> None:
    records = [record(size) for size in (10_000, 10_000, 10_000, 10_000, 40_000, 1, 2)]
    groups = parts(records)
    assert [one for group in groups for one in group] == records
    assert [len(group) for group in groups] == [3, 1, 1, 2]
    for group in groups:
        size = len(encode_command(TxnsCommand(group)))
        assert size <= COMMAND_BYTES_MAX or len(group) == 1
    assert parts([]) == []
