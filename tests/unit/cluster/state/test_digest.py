"""Every part of an effect counts, and so does the order."""

import pytest

from cluster.messages.store import KeyValue, StoreEvent
from cluster.state.digest import DIGEST_BYTES, EventDigest

ITEM = KeyValue("k", b"value", 2, 3, 2, b"index", 7)


def of(*events: StoreEvent) -> bytes:
    digest = EventDigest()
    digest.add_events(events)
    return digest.value


@pytest.mark.parametrize(
    "other",
    [
        KeyValue("l", b"value", 2, 3, 2, b"index", 7),
        KeyValue("k", b"walue", 2, 3, 2, b"index", 7),
        KeyValue("k", b"value", 1, 3, 2, b"index", 7),
        KeyValue("k", b"value", 2, 4, 2, b"index", 7),
        KeyValue("k", b"value", 2, 3, 3, b"index", 7),
        KeyValue("k", b"value", 2, 3, 2, b"indey", 7),
        KeyValue("k", b"value", 2, 3, 2, b"index", 0),
        KeyValue("k", b"valuei", 2, 3, 2, b"ndex", 7),
    ],
)
def test_every_field_counts(other: KeyValue) -> None:
    assert of(StoreEvent("put", ITEM, None)) != of(StoreEvent("put", other, None))


def test_kind_and_order_count_and_what_history_adds_does_not() -> None:
    put, delete = StoreEvent("put", ITEM, None), StoreEvent("delete", ITEM, ITEM)
    assert of(put) != of(delete)
    assert of(put, delete) != of(delete, put)
    # A restored event may have lost its previous version's bytes, never its own.
    assert of(put) == of(StoreEvent("put", ITEM, ITEM, "trace"))


def test_it_goes_on_from_where_it_stood() -> None:
    one = EventDigest()
    one.add("grant", 1, 10, 1000)
    two = EventDigest(one.value)
    for digest in (one, two):
        digest.add_events([StoreEvent("put", ITEM, None)])
    assert one.hex() == two.hex() != EventDigest().hex()
    assert len(one.value) == DIGEST_BYTES
