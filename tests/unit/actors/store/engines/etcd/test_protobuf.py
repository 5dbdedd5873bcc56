"""Protocol buffers on the wire: by hand-made bytes of the format's description, and by property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.store.engines.etcd import messages as etcd
from actors.store.engines.etcd.protobuf import ProtobufDamaged, decode, encode

INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
KEPT = st.builds(etcd.KeyValue, st.binary(), INT64, INT64, INT64, st.binary(), INT64)
PUTS = st.builds(etcd.PutRequest, st.binary(), st.binary(), INT64, st.booleans())
OPERATIONS = st.recursive(
    st.builds(etcd.RequestOp, put=PUTS),
    lambda inner: st.builds(
        etcd.RequestOp,
        txn=st.builds(etcd.TxnRequest, success=st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=5,
)


def test_a_range_request_is_these_bytes() -> None:
    request = etcd.RangeRequest(b"a", b"b", limit=300, serializable=True)
    assert encode(request) == b"\x0a\x01a\x12\x01b\x18\xac\x02\x38\x01"


def test_negative_numbers_take_ten_bytes() -> None:
    request = etcd.LeaseRequest(-1)
    assert encode(request) == b"\x08" + b"\xff" * 9 + b"\x01"
    assert decode(etcd.LeaseRequest, encode(request)) == request


def test_an_empty_message_is_there_and_an_absent_one_is_not() -> None:
    assert encode(etcd.RequestOp(txn=etcd.TxnRequest())) == b"\x22\x00"
    assert encode(etcd.RequestOp()) == b""


def test_unknown_fields_of_every_wire_type_are_skipped() -> None:
    unknown = b"\xf8\x01\x05" + b"\xf9\x01" + b"8" * 8 + b"\xfa\x01\x02hi" + b"\xfd\x01" + b"4" * 4
    assert decode(etcd.LeaseId, unknown + b"\x08\x07" + unknown) == etcd.LeaseId(7)


@pytest.mark.parametrize(
    "data",
    [b"\x08", b"\x08" + b"\x80" * 11, b"\x0a\x05ab", b"\x0b\x01", b"\x0a", b"\x08\x01\x0d\x00"],
)
def test_damage_is_told(data: bytes) -> None:
    with pytest.raises(ProtobufDamaged):
        decode(etcd.KeyValue, data)
        decode(etcd.LeaseId, data)


@given(KEPT)
def test_a_version_comes_back_as_it_was(kept: etcd.KeyValue) -> None:
    assert decode(etcd.KeyValue, encode(kept)) == kept


@given(st.lists(OPERATIONS, max_size=3).map(tuple))
def test_transactions_come_back_as_they_were(operations: tuple[etcd.RequestOp, ...]) -> None:
    request = etcd.TxnRequest((etcd.Compare(b"k", etcd.LESS),), operations, operations)
    assert decode(etcd.TxnRequest, encode(request)) == request


@given(st.binary(max_size=60))
def test_any_bytes_decode_or_are_damaged(data: bytes) -> None:
    for kind in (etcd.TxnResponse, etcd.WatchResponse, etcd.StatusResponse):
        try:
            decode(kind, data)
        except ProtobufDamaged:
            pass
