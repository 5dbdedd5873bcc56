"""What must not enter the log: refused by whoever proposes, so that applying never has to.

Job: the rules. Must not know: the present state (what depends on it is decided when applied).
"""

from cluster import limits
from cluster.errors import StoreError, TooLarge
from cluster.messages.store import Compare, Delete, Put, Txn, TxnRecord
from cluster.state.leases import lease_rule_broken

# What the log's encoding carries.
INTEGER_MAX = (1 << 63) - 1


def check_txn(txn: Txn | TxnRecord) -> None:
    """Raises StoreError naming the rule broken."""
    if len(txn.success) + len(txn.compare) > limits.TXN_OPERATIONS_MAX:
        raise StoreError(f"a transaction takes at most {limits.TXN_OPERATIONS_MAX} operations")
    if len(txn.success) > 1 and len({operation.key for operation in txn.success}) != len(
        txn.success
    ):
        raise StoreError("a transaction changes each key at most once")
    size = 0
    for compare in txn.compare:
        size += _compare_size(compare)
    for operation in txn.success:
        size += _operation_size(operation)
    if size > limits.TXN_BYTES_MAX:
        raise TooLarge(f"a transaction takes at most {limits.TXN_BYTES_MAX} bytes, not {size}")
    _check_number("fence", txn.fence)
    _check_session(txn)


def check_grant(lease: int, ttl: int) -> None:
    """``lease`` 0: the leader will pick one. Raises StoreError naming the rule broken."""
    broken = lease_rule_broken(lease or 1, ttl)
    if broken:
        raise StoreError(broken)


def _compare_size(compare: Compare) -> int:
    # The text for an error is made only if there is one: this runs for every write.
    if not -INTEGER_MAX <= compare.value <= INTEGER_MAX:
        _check_number(f"{compare.key}: value", compare.value, least=-INTEGER_MAX)
    return _key_size(compare.key)


def _operation_size(operation: Put | Delete) -> int:
    key = operation.key
    size = _key_size(key)
    if isinstance(operation, Delete):
        return size
    if len(operation.value) > limits.OBJECT_BYTES_MAX:
        raise TooLarge(f"{key}: value over {limits.OBJECT_BYTES_MAX} bytes")
    if len(operation.index) > limits.INDEX_BYTES_MAX:
        raise TooLarge(f"{key}: index over {limits.INDEX_BYTES_MAX} bytes")
    if not -1 <= operation.stamp <= len(operation.value):
        raise StoreError(f"{key}: stamp outside the value")
    if not 0 <= operation.lease <= limits.LEASE_ID_MAX:
        raise StoreError(f"{key}: {operation.lease} is no lease")
    return size + len(operation.value) + len(operation.index)


def _key_size(key: str) -> int:
    if not key:
        raise StoreError("a key is not empty")
    size = len(key) if key.isascii() else _encoded_size(key)
    if size > limits.KEY_BYTES_MAX:
        raise StoreError(f"{key:.80}...: key over {limits.KEY_BYTES_MAX} bytes")
    return size


def _encoded_size(key: str) -> int:
    try:
        return len(key.encode())
    except UnicodeEncodeError as error:
        raise StoreError(f"{key!r:.80} is not Unicode") from error


def _check_session(txn: Txn | TxnRecord) -> None:
    if len(txn.client) > limits.CLIENT_CHARS_MAX:
        raise StoreError(f"a client's name over {limits.CLIENT_CHARS_MAX} characters")
    _check_number("sequence", txn.sequence, least=1 if txn.client else 0)
    if isinstance(txn, TxnRecord):
        _check_number("done_below", txn.done_below)
        if len(txn.trace) > limits.TRACE_CHARS_MAX:
            raise StoreError(f"a trace over {limits.TRACE_CHARS_MAX} characters")


def _check_number(what: str, number: int, least: int = 0) -> None:
    if not least <= number <= INTEGER_MAX:
        raise StoreError(f"{what} is between {least} and {INTEGER_MAX}, not {number}")
