"""Every rule refuses what breaks it, and nothing that keeps it, in both forms of a transaction."""

import msgspec
import pytest

from cluster import limits
from cluster.errors import StoreError
from cluster.messages.store import Compare, Delete, Put, Txn, TxnRecord
from cluster.state.checks import check_grant, check_txn
from cluster.state.commands import TxnsCommand, decode_command, encode_command

LARGE = bytes(limits.OBJECT_BYTES_MAX)
BROKEN = [
    (Txn(success=tuple(Delete(str(n)) for n in range(129))), "at most 128"),
    (Txn(compare=(Compare("a", "mod", 0),), success=(Delete("a"), Put("a", b""))), "once"),
    (Txn(success=(Put("a", LARGE + b"x"),)), "value over"),
    (Txn(success=(Put("a", b"", index=bytes(limits.INDEX_BYTES_MAX + 1)),)), "index over"),
    (Txn(success=(Put("a", LARGE), Put("b", LARGE), Delete("c"))), "bytes, not"),
    (Txn(success=(Put("a", b"", stamp=1),)), "stamp"),
    (Txn(success=(Put("a", b"", stamp=-2),)), "stamp"),
    (Txn(success=(Put("a", b"", lease=-1),)), "no lease"),
    (Txn(success=(Put("a", b"", lease=1 << 63),)), "no lease"),
    (Txn(success=(Put("", b""),)), "not empty"),
    (Txn(success=(Delete("k" * (limits.KEY_BYTES_MAX + 1)),)), "key over"),
    (Txn(success=(Delete("\u00fc" * (limits.KEY_BYTES_MAX // 2 + 1)),)), "key over"),
    (Txn(success=(Delete("\ud800"),)), "not Unicode"),
    (Txn(compare=(Compare("", "mod", 0),)), "not empty"),
    (Txn(compare=(Compare("a", "mod", 1 << 63),)), "value"),
    (Txn(fence=-1), "fence"),
    (Txn(fence=1 << 63), "fence"),
    (Txn(client="c"), "sequence"),
    (Txn(client="c" * (limits.CLIENT_CHARS_MAX + 1), sequence=1), "name over"),
    (Txn(sequence=-1), "sequence"),
]


@pytest.mark.parametrize(("txn", "text"), BROKEN)
def test_what_breaks_a_rule_is_refused(txn: Txn, text: str) -> None:
    form = TxnRecord(txn.compare, txn.success, txn.fence, txn.client, txn.sequence)
    for either in (txn, form):
        with pytest.raises(StoreError, match=text):
            check_txn(either)


def test_rules_of_a_record_alone() -> None:
    with pytest.raises(StoreError, match="trace over"):
        check_txn(TxnRecord((), (), trace="t" * (limits.TRACE_CHARS_MAX + 1)))
    with pytest.raises(StoreError, match="done_below"):
        check_txn(TxnRecord((), (), done_below=-1))


def test_the_largest_of_everything_is_taken_and_can_be_encoded() -> None:
    key = "\u00fc" * (limits.KEY_BYTES_MAX // 2)
    index = bytes(limits.INDEX_BYTES_MAX)
    put = Put(key, LARGE, len(LARGE), index, limits.LEASE_ID_MAX)
    top = (1 << 63) - 1
    record = TxnRecord((Compare("a", "mod", top),), (put,), top, "c", top, "t" * 256, top, True)
    check_txn(record)
    check_txn(Txn(record.compare, record.success, top, "c", top))
    command = TxnsCommand((record,))
    encoded = encode_command(command)
    assert decode_command(encoded) == command
    assert len(encoded) < limits.RAFT_APPEND_BYTES_MAX
    check_txn(msgspec.structs.replace(record, success=tuple(Delete(str(n)) for n in range(127))))


def test_leases_to_be_granted() -> None:
    check_grant(0, 1)
    check_grant(limits.LEASE_ID_MAX, limits.LEASE_TTL_SECONDS_MAX)
    for lease, ttl in ((-1, 1), (1 << 63, 1), (1, 0), (1, -5), (1, 9_000_000_001)):
        with pytest.raises(StoreError, match="between"):
            check_grant(lease, ttl)
