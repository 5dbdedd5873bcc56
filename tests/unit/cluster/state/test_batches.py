"""Batches of transactions and of outcomes: there and back, and what is malformed."""

import pytest

from cluster.errors import Fenced, PeerFault, StoreError
from cluster.messages.store import (
    Compare,
    KeyValue,
    Put,
    Txn,
    TxnBatch,
    TxnBatchResult,
    TxnRecord,
    TxnResult,
)
from cluster.state.batches import (
    check_batch,
    decode_outcomes,
    decode_records,
    encode_batch,
    encode_outcomes,
    record_of,
)

RECORDS = (
    TxnRecord((Compare("a", "mod", 0),), (Put("a", b"\x00v", 1, b"i"),), 3, "me", 4, "t", 2, True),
    TxnRecord((), ()),
)


def test_records_survive_the_round_trip() -> None:
    batch = encode_batch(RECORDS, brief=True)
    assert decode_records(batch) == RECORDS
    assert batch.brief and batch.subject() == "2 transactions"


@pytest.mark.parametrize("payload", [b"", b"\xc1", b"\x91\x01", encode_batch(RECORDS).payload])
def test_what_is_malformed_is_the_peers_fault(payload: bytes) -> None:
    with pytest.raises(PeerFault):
        decode_records(TxnBatch(payload, 3))


def test_a_record_of_a_foreign_session_ends_those_before_it() -> None:
    txn = Txn((), (Put("a", b""),), client="them", sequence=9)
    record = record_of(txn, "t")
    assert (record.client, record.sequence, record.done_below) == ("them", 9, 9)
    assert record_of(Txn(), "").done_below == 0


def test_a_batch_is_refused_whole_for_one_bad_transaction() -> None:
    twice = TxnRecord((), (Put("a", b""), Put("a", b"")))
    with pytest.raises(StoreError, match="at most once"):
        check_batch((RECORDS[0], twice))


def test_outcomes_survive_the_round_trip_errors_as_errors() -> None:
    item = KeyValue("a", b"value", 2, 3, 4, b"index", 5)
    outcomes = [TxnResult(True, 7, (item, None)), Fenced("term 3 is over")]
    whole = decode_outcomes(encode_outcomes(outcomes))
    assert whole[0] == outcomes[0]
    assert isinstance(whole[1], Fenced) and str(whole[1]) == "term 3 is over"
    brief = decode_outcomes(encode_outcomes(outcomes, brief=True))[0]
    assert isinstance(brief, TxnResult)
    assert brief.items == (KeyValue("a", b"", 2, 3, 4, b"", 5), None)


def test_an_unknown_error_is_a_store_error_and_malformed_outcomes_are_refused() -> None:
    class Strange(StoreError):
        pass

    (outcome,) = decode_outcomes(encode_outcomes([Strange("odd")]))
    assert type(outcome) is StoreError and str(outcome) == "odd"
    with pytest.raises(PeerFault):
        decode_outcomes(TxnBatchResult(b"\x91\x91\x01"))
