"""Commands as one entry each: batches cut to size, and what another replica may propose."""

from collections.abc import Callable

import pytest

from actors.store.writes import split, trace_of
from cluster import limits
from cluster.errors import PeerFault, StoreError
from cluster.messages.store import Delete, Propose, Proposed, Put, TxnRecord
from cluster.state.commands import (
    Command,
    CompactCommand,
    LeaseExpireCommand,
    LeaseGrantCommand,
    LeaseKeepAliveCommand,
    TxnsCommand,
    encode_command,
)
from tests.unit.actors.store.lone_leader import RECORD, LoneLeader


def sized(size: int) -> TxnRecord:
    return TxnRecord((), (Put("a", b"x" * size), Delete("b")))


def test_a_batch_is_cut_by_number_and_by_bytes_in_order() -> None:
    most, size = limits.RAFT_BATCH_TXNS_MAX, limits.RAFT_BATCH_BYTES_MAX
    cases: list[tuple[list[TxnRecord], list[int]]] = [
        ([RECORD], [1]),
        ([RECORD] * most, [most]),
        ([RECORD] * (2 * most + 1), [most, most, 1]),
        ([sized(size // 2)] * 3, [2, 1]),
        ([sized(size // 2), sized(size // 2 + 1)], [1, 1]),
        ([sized(size + 1), RECORD, RECORD], [1, 2]),
    ]
    for records, lengths in cases:
        parts = split(records)
        assert [len(part) for part in parts] == lengths
        assert [record for part in parts for record in part] == records


def test_the_trace_of_a_command_is_the_first_there_is() -> None:
    traced = [TxnRecord((), (), trace=trace) for trace in ("", "one", "two")]
    assert trace_of(TxnsCommand(tuple(traced))) == "one"
    assert trace_of(TxnsCommand((RECORD,))) == trace_of(CompactCommand(1)) == ""


def test_what_another_replica_proposes_is_named_and_waited_for_there() -> None:
    leader = LoneLeader()
    payload = encode_command(TxnsCommand((RECORD,)))
    assert leader.writes.accept(Propose(payload, "t")) == Proposed(5, 42)
    assert leader.proposed == [(TxnsCommand((RECORD,)), payload, "t", False)]


@pytest.mark.parametrize(
    "stamped",
    [lambda now: LeaseGrantCommand(7, 60, now), lambda now: LeaseKeepAliveCommand((7,), now)],
)
def test_only_the_leader_tells_the_time(stamped: Callable[[int], Command]) -> None:
    leader = LoneLeader()
    leader.writes.accept(Propose(encode_command(stamped(123_456))))
    ((command, data, _, _),) = leader.proposed
    assert command == stamped(777) and data == encode_command(command)


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"\xc1", PeerFault),
        (encode_command(LeaseExpireCommand(1)), PeerFault),
        (encode_command(TxnsCommand((TxnRecord((), (Put("", b""),)),))), StoreError),
        (encode_command(LeaseGrantCommand(7, 0, 0)), StoreError),
    ],
    ids=["malformed", "expire", "no key", "no time"],
)
def test_what_must_not_enter_the_log_is_refused(payload: bytes, error: type[Exception]) -> None:
    leader = LoneLeader()
    with pytest.raises(error):
        leader.writes.accept(Propose(payload))
    assert leader.proposed == []
