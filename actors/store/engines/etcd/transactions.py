"""Transactions in etcd's terms, and what its answers mean. Pure.

Job: one record ↔ one etcd transaction. Must not know: retries, connections.

The failure branch reads what explains the failure: the compared keys, the leader's key (the fence),
the marker. From the second attempt on (``insist``) a refusal, too, is written to the marker, so
that an attempt that is still on its way cannot be applied after the refusal was told. Deletes alone
take no revision if nothing is there, as everywhere: they stand in a transaction within, taken
only if one of the keys is present.
"""

from dataclasses import dataclass

from actors.store.engines.etcd import messages as etcd
from actors.store.engines.etcd.layout import Layout, pack
from actors.store.engines.etcd.markers import Fate, Marker, encode_marker, following
from cluster import limits
from cluster.errors import Fenced, StoreError
from cluster.messages.store import Compare, Delete, KeyValue, Put, TxnRecord, TxnResult

# Of etcd's operations per transaction: the marker (compared, written) and the leader's key.
OWN_OPERATIONS = 3
OPERATIONS_MAX = limits.TXN_OPERATIONS_MAX - OWN_OPERATIONS
_RELATIONS = {"=": etcd.EQUAL, "!=": etcd.NOT_EQUAL, ">": etcd.GREATER, "<": etcd.LESS}


@dataclass(slots=True)
class Lane:
    """``mod``: revision of the marker now (0: none yet), and what it says (foreign ones only).
    ``lease``: what the next marker goes with."""

    key: bytes
    lease: int
    mod: int = 0
    marker: Marker | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """The marker is not the one expected: another attempt, or another's transaction, came first."""

    marker: etcd.KeyValue | None


def check_size(record: TxnRecord) -> None:
    """Raises StoreError if it is more than etcd takes."""
    if len(record.compare) + len(record.success) > OPERATIONS_MAX:
        raise StoreError(f"on etcd a transaction takes at most {OPERATIONS_MAX} operations")


def build(layout: Layout, record: TxnRecord, lane: Lane, insist: bool) -> etcd.TxnRequest:
    """The transaction for one attempt."""
    compare = [_compare(layout, item) for item in record.compare]
    untouched = etcd.Compare(lane.key, target=etcd.MOD, mod_revision=lane.mod)
    compare.append(untouched)
    failure = [_range(layout.key(item.key)) for item in record.compare]
    failure.append(_range(lane.key))
    if record.fence:
        compare.append(
            etcd.Compare(layout.leader, target=etcd.CREATE, create_revision=record.fence)
        )
        failure.append(_range(layout.leader))
    if insist:
        refused = etcd.TxnRequest((untouched,), (_mark(record, lane, applied=False),))
        failure.append(etcd.RequestOp(txn=refused))
    return etcd.TxnRequest(tuple(compare), _success(layout, record, lane, insist), tuple(failure))


def _success(
    layout: Layout, record: TxnRecord, lane: Lane, insist: bool
) -> tuple[etcd.RequestOp, ...]:
    if not record.success:
        return ()
    mark = _mark(record, lane, applied=True)
    operations = tuple(_operation(layout, item) for item in record.success)
    if any(isinstance(item, Put) for item in record.success):
        return (*operations, mark)
    absent = tuple(etcd.Compare(layout.key(item.key)) for item in record.success)
    inner = etcd.TxnRequest(absent, (mark,) if insist else (), (*operations, mark))
    return (etcd.RequestOp(txn=inner),)


def _compare(layout: Layout, item: Compare) -> etcd.Compare:
    key, result = layout.key(item.key), _RELATIONS[item.op]
    if item.target == "mod":
        return etcd.Compare(key, result, etcd.MOD, mod_revision=item.value)
    if item.target == "create":
        return etcd.Compare(key, result, etcd.CREATE, create_revision=item.value)
    return etcd.Compare(key, result, etcd.VERSION, version=item.value)


def _range(key: bytes, revision: int = 0) -> etcd.RequestOp:
    return etcd.RequestOp(range=etcd.RangeRequest(key, revision=revision))


def _operation(layout: Layout, item: Put | Delete) -> etcd.RequestOp:
    key = layout.key(item.key)
    if isinstance(item, Put):
        return etcd.RequestOp(put=etcd.PutRequest(key, pack(item), item.lease, prev_kv=True))
    return etcd.RequestOp(delete=etcd.DeleteRangeRequest(key, prev_kv=True))


def _mark(record: TxnRecord, lane: Lane, applied: bool) -> etcd.RequestOp:
    fate = Fate(record.sequence, applied)
    marker = following(lane.marker, lane.mod, fate, record.done_below, record.trace)
    return etcd.RequestOp(put=etcd.PutRequest(lane.key, encode_marker(marker), lane.lease))


# -- answers ------------------------------------------------------------------------------------


def outcome(
    layout: Layout, record: TxnRecord, lane: Lane, answer: etcd.TxnResponse
) -> TxnResult | Moved:
    """What the attempt's answer says. Raises Fenced."""
    revision = answer.header.revision
    if answer.succeeded:
        return TxnResult(True, revision, _changed(layout, record, answer.responses, revision))
    found = [_single(response) for response in answer.responses[: len(record.compare) + 2]]
    marker = found[len(record.compare)]
    if (marker.mod_revision if marker else 0) != lane.mod:
        return Moved(marker)
    if record.fence:
        check_fence(record, found[len(record.compare) + 1])
    compared = found[: len(record.compare)]
    return TxnResult(False, revision, tuple(layout.item(kv) if kv else None for kv in compared))


def wrote_marker(answer: etcd.TxnResponse) -> bool:
    """Whether the lane's marker was written by this attempt."""
    if not answer.responses:
        return False
    last = answer.responses[-1]
    inner = last.txn
    return last.put is not None or (inner is not None and bool(inner.responses))


def check_fence(record: TxnRecord, leader: etcd.KeyValue | None) -> None:
    """Raises Fenced if the term of the record is over by the leader's key."""
    term = leader.create_revision if leader else 0
    if record.fence and term != record.fence:
        raise Fenced(f"term {record.fence} is over, this is {term}")


def _changed(
    layout: Layout, record: TxnRecord, responses: tuple[etcd.ResponseOp, ...], revision: int
) -> tuple[KeyValue | None, ...]:
    if responses and (inner := responses[0].txn) is not None:
        if inner.succeeded:
            return (None,) * len(record.success)
        responses = inner.responses
    return tuple(
        layout.put_item(item, response.put.prev_kv if response.put else None, revision)
        if isinstance(item, Put)
        else _removed(layout, response)
        for item, response in zip(record.success, responses, strict=False)
    )


def _removed(layout: Layout, response: etcd.ResponseOp) -> KeyValue | None:
    gone = response.delete.prev_kvs if response.delete else ()
    return layout.item(gone[0]) if gone else None


def _single(response: etcd.ResponseOp) -> etcd.KeyValue | None:
    found = response.range.kvs if response.range else ()
    return found[0] if found else None


# -- results told again -------------------------------------------------------------------------


def recall(layout: Layout, record: TxnRecord, fate: Fate) -> etcd.TxnRequest:
    """Read what the transaction saw and made, at the revision when it was applied or refused."""
    if fate.applied:
        reads = [
            _range(layout.key(item.key), fate.revision - isinstance(item, Delete))
            for item in record.success
        ]
    else:
        reads = [_range(layout.key(item.key), fate.revision) for item in record.compare]
        reads.append(_range(layout.leader, fate.revision))
    return etcd.TxnRequest(success=tuple(reads))


def recalled(layout: Layout, record: TxnRecord, fate: Fate, answer: etcd.TxnResponse) -> TxnResult:
    """The result as it was. Raises Fenced if that is what it was refused for."""
    found = [_single(response) for response in answer.responses]
    if not fate.applied:
        check_fence(record, found.pop())
    items = tuple(layout.item(kv) if kv else None for kv in found)
    return TxnResult(fate.applied, fate.revision, items)
