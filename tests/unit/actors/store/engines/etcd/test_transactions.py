"""One record as etcd's transaction, and what its answers mean."""

import pytest

from actors.store.engines.etcd import messages as etcd
from actors.store.engines.etcd.layout import Layout, pack
from actors.store.engines.etcd.markers import Fate, decode_marker
from actors.store.engines.etcd.transactions import (
    OPERATIONS_MAX,
    Lane,
    Moved,
    build,
    check_size,
    outcome,
    recall,
    recalled,
    wrote_marker,
)
from cluster.errors import Fenced, StoreError
from cluster.messages.store import Compare, Delete, KeyValue, Put, TxnRecord, TxnResult

LAYOUT = Layout("c")
A, B = LAYOUT.key("a"), LAYOUT.key("b")
LANE = LAYOUT.lane("s", 1)
MARKER = etcd.KeyValue(LANE, 3, 9, 4, b"")


def record(*success: Put | Delete, **more: object) -> TxnRecord:
    return TxnRecord((Compare("a", "mod", 5, "<"),), success, sequence=7, **more)  # type: ignore[arg-type]


def lane() -> Lane:
    return Lane(LANE, lease=77, mod=9)


def answer(succeeded: bool, *responses: etcd.ResponseOp, revision: int = 30) -> etcd.TxnResponse:
    return etcd.TxnResponse(etcd.Header(revision=revision), succeeded, responses)


def found(*kept: etcd.KeyValue) -> etcd.ResponseOp:
    return etcd.ResponseOp(range=etcd.RangeResponse(kvs=kept, count=len(kept)))


PUT = etcd.ResponseOp(put=etcd.PutResponse())


def test_the_marker_is_compared_and_written_with_the_rest() -> None:
    request = build(LAYOUT, record(Put("b", b"v", lease=3)), lane(), insist=False)
    assert request.compare == (
        etcd.Compare(A, etcd.LESS, etcd.MOD, mod_revision=5),
        etcd.Compare(LANE, etcd.EQUAL, etcd.MOD, mod_revision=9),
    )
    put, mark = (operation.put for operation in request.success)
    assert put == etcd.PutRequest(B, pack(Put("b", b"v")), 3, prev_kv=True)
    assert mark is not None and (mark.key, mark.lease) == (LANE, 77)
    assert decode_marker(mark.value).fates == (Fate(7, True),)
    assert [each.range.key for each in request.failure if each.range] == [A, LANE]


def test_a_fence_is_the_creation_of_the_leaders_key() -> None:
    request = build(LAYOUT, record(fence=12), lane(), insist=False)
    fence = etcd.Compare(LAYOUT.leader, target=etcd.CREATE, create_revision=12)
    assert request.compare[-1] == fence
    assert request.failure[-1].range == etcd.RangeRequest(LAYOUT.leader)


def test_a_second_attempt_marks_a_refusal_too() -> None:
    request = build(LAYOUT, record(Put("b", b"v")), lane(), insist=True)
    inner = request.failure[-1].txn
    assert inner is not None
    assert [compare.key for compare in inner.compare] == [LANE]
    assert inner.success[0].put is not None
    assert decode_marker(inner.success[0].put.value).fates == (Fate(7, False),)


def test_deletes_alone_change_nothing_unless_something_is_there() -> None:
    request = build(LAYOUT, record(Delete("a"), Delete("b")), lane(), insist=False)
    (only,) = request.success
    assert only.txn is not None
    assert only.txn.compare == (etcd.Compare(A), etcd.Compare(B))
    assert only.txn.success == ()
    assert [bool(each.delete) for each in only.txn.failure] == [True, True, False]
    again = build(LAYOUT, record(Delete("a")), lane(), insist=True)
    assert again.success[0].txn is not None
    assert [bool(each.put) for each in again.success[0].txn.success] == [True]


def test_results_of_puts_and_deletes() -> None:
    old = etcd.KeyValue(A, 2, 4, 3, pack(Put("a", b"old")))
    gone = etcd.DeleteRangeResponse(deleted=1, prev_kvs=(old,))
    reply = answer(True, PUT, etcd.ResponseOp(delete=gone), PUT)
    asked = record(Put("b", b"x", stamp=0), Delete("a"))
    assert outcome(LAYOUT, asked, lane(), reply) == TxnResult(
        True, 30, (KeyValue("b", b"30x", 30, 30, 1), KeyValue("a", b"old", 2, 4, 3))
    )
    assert wrote_marker(reply)


def test_results_of_deletes_alone() -> None:
    nothing = answer(True, etcd.ResponseOp(txn=etcd.TxnResponse(succeeded=True)))
    asked = record(Delete("a"), Delete("b"))
    assert outcome(LAYOUT, asked, lane(), nothing) == TxnResult(True, 30, (None, None))
    assert not wrote_marker(nothing)
    old = etcd.KeyValue(A, 2, 4, 3, pack(Put("a", b"old")))
    one = etcd.ResponseOp(delete=etcd.DeleteRangeResponse(deleted=1, prev_kvs=(old,)))
    none = etcd.ResponseOp(delete=etcd.DeleteRangeResponse())
    some = answer(True, etcd.ResponseOp(txn=etcd.TxnResponse(responses=(one, none, PUT))))
    items = (KeyValue("a", b"old", 2, 4, 3), None)
    assert outcome(LAYOUT, asked, lane(), some) == TxnResult(True, 30, items)
    assert wrote_marker(some)


def test_a_refusal_tells_what_is_there() -> None:
    old = etcd.KeyValue(A, 2, 4, 3, pack(Put("a", b"old")))
    reply = answer(False, found(old), found(MARKER))
    wanted = TxnResult(False, 30, (KeyValue("a", b"old", 2, 4, 3),))
    assert outcome(LAYOUT, record(), lane(), reply) == wanted


def test_a_marker_that_moved_comes_before_everything() -> None:
    moved = etcd.KeyValue(LANE, 3, 20, 5, b"")
    reply = answer(False, found(), found(moved), found())
    assert outcome(LAYOUT, record(fence=12), lane(), reply) == Moved(moved)
    gone = answer(False, found(), found(), found())
    assert outcome(LAYOUT, record(fence=12), lane(), gone) == Moved(None)


def test_a_fence_that_is_over_comes_before_the_compares() -> None:
    leader = etcd.KeyValue(LAYOUT.leader, 13, 13, 1)
    with pytest.raises(Fenced, match="12 is over, this is 13"):
        reply = answer(False, found(), found(MARKER), found(leader))
        outcome(LAYOUT, record(fence=12), lane(), reply)


def test_what_was_applied_is_read_at_its_revision() -> None:
    asked = record(Put("b", b"x"), Delete("a"))
    request = recall(LAYOUT, asked, Fate(7, True, 20))
    reads = [(each.range.key, each.range.revision) for each in request.success if each.range]
    assert reads == [(B, 20), (A, 19)]
    b = etcd.KeyValue(B, 20, 20, 1, pack(Put("b", b"x")))
    told = recalled(LAYOUT, asked, Fate(7, True, 20), answer(True, found(b), found()))
    assert told == TxnResult(True, 20, (KeyValue("b", b"x", 20, 20, 1), None))


def test_what_was_refused_is_refused_again_for_the_same_reason() -> None:
    asked = record(Put("b", b"x"), fence=12)
    request = recall(LAYOUT, asked, Fate(7, False, 20))
    reads = [(each.range.key, each.range.revision) for each in request.success if each.range]
    assert reads == [(A, 20), (LAYOUT.leader, 20)]
    leader = etcd.KeyValue(LAYOUT.leader, 12, 12, 1)
    held = recalled(LAYOUT, asked, Fate(7, False, 20), answer(True, found(), found(leader)))
    assert held == TxnResult(False, 20, (None,))
    with pytest.raises(Fenced):
        recalled(LAYOUT, asked, Fate(7, False, 20), answer(True, found(), found()))


def test_more_than_etcd_takes_is_refused() -> None:
    fits = TxnRecord((), tuple(Delete(str(n)) for n in range(OPERATIONS_MAX)))
    check_size(fits)
    with pytest.raises(StoreError, match="at most 125"):
        check_size(TxnRecord((Compare("a", "mod", 0),), fits.success))
