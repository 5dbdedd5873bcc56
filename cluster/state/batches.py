"""Transactions and outcomes in their compact forms, as batches of them travel.

Job: between the messages' payloads and the records. Must not know: logs, members.
"""

from collections.abc import Sequence

import msgspec

from cluster.errors import BY_NAME, PeerFault, StoreError
from cluster.messages.store import (
    KeyValue,
    OutcomeRecord,
    Txn,
    TxnBatch,
    TxnBatchResult,
    TxnRecord,
    TxnResult,
)
from cluster.state.checks import check_txn

_encoder = msgspec.msgpack.Encoder()
_records: msgspec.msgpack.Decoder[tuple[TxnRecord, ...]] = msgspec.msgpack.Decoder(
    tuple[TxnRecord, ...]
)
_outcomes: msgspec.msgpack.Decoder[tuple[OutcomeRecord, ...]] = msgspec.msgpack.Decoder(
    tuple[OutcomeRecord, ...]
)


def record_of(txn: Txn, trace: str) -> TxnRecord:
    """The compact form. A foreign session has one transaction at a time: those before it are
    answered."""
    return TxnRecord(
        txn.compare,
        txn.success,
        txn.fence,
        txn.client,
        txn.sequence,
        trace,
        done_below=txn.sequence if txn.client else 0,
    )


def encode_batch(records: Sequence[TxnRecord], brief: bool = False) -> TxnBatch:
    """The message."""
    return TxnBatch(_encoder.encode(records), len(records), brief)


def decode_records(batch: TxnBatch) -> tuple[TxnRecord, ...]:
    """Raises PeerFault if they are malformed."""
    try:
        records = _records.decode(batch.payload)
    except msgspec.DecodeError as error:
        raise PeerFault(f"a malformed TxnBatch: {error}") from error
    if len(records) != batch.count:
        raise PeerFault(f"{len(records)} transactions in a TxnBatch of {batch.count}")
    return records


def check_batch(records: Sequence[TxnRecord]) -> None:
    """Refuse what must not enter the log. Raises StoreError naming the rule broken."""
    for record in records:
        check_txn(record)


def encode_outcomes(
    outcomes: Sequence[TxnResult | StoreError], brief: bool = False
) -> TxnBatchResult:
    """The reply. ``brief``: without values and indexes."""
    return TxnBatchResult(_encoder.encode([_record(outcome, brief) for outcome in outcomes]))


def _record(outcome: TxnResult | StoreError, brief: bool) -> OutcomeRecord:
    if isinstance(outcome, StoreError):
        return OutcomeRecord(False, 0, (), type(outcome).__name__, str(outcome))
    items = tuple(_bare(item) for item in outcome.items) if brief else outcome.items
    return OutcomeRecord(outcome.succeeded, outcome.revision, items)


def _bare(item: KeyValue | None) -> KeyValue | None:
    if item is None:
        return None
    return KeyValue(
        item.key, b"", item.create_revision, item.mod_revision, item.version, b"", item.lease
    )


def decode_outcomes(result: TxnBatchResult) -> list[TxnResult | StoreError]:
    """Raises PeerFault if they are malformed."""
    try:
        found = _outcomes.decode(result.payload)
    except msgspec.DecodeError as error:
        raise PeerFault(f"a malformed TxnBatchResult: {error}") from error
    return [_outcome(record) for record in found]


def _outcome(record: OutcomeRecord) -> TxnResult | StoreError:
    if not record.error:
        return TxnResult(record.succeeded, record.revision, record.items)
    kind = BY_NAME.get(record.error, StoreError)
    error = kind(record.text)
    return error if isinstance(error, StoreError) else StoreError(record.text)
