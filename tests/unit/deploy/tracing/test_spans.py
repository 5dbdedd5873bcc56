"""deploy.tracing.spans: whole messages from records in any order, at once or as they come."""

import random

from hypothesis import given
from hypothesis import strategies as st

from deploy.tracing import spans
from deploy.tracing.spans import Assembler, Message
from tests.unit.deploy.tracing.histories import TRACE, History


def shape(items: list[spans.Item]) -> list[str]:
    return sorted(repr(item) for item in items)


@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(seed: int, draw: random.Random) -> None:
    records = History(seed).records
    mixed = records[:]
    draw.shuffle(mixed)
    assert shape(spans.items(mixed)) == shape(spans.items(records))


@given(st.integers(0, 10_000))
def test_what_comes_bit_by_bit_makes_the_same_once(seed: int) -> None:
    records = History(seed).records
    assembler, found, now = Assembler(), [], 0.0
    for start in range(0, len(records), 7):
        assembler.take(records[start : start + 7], now)
        found += assembler.ready(now)
        now += 0.2
    for _ in range(100):
        now += 0.2
        found += assembler.ready(now)
    assert shape(found) == shape(spans.items(records))
    assert not assembler.is_waiting


def test_a_message_waits_for_the_other_process_but_not_for_ever() -> None:
    base = {"trace": TRACE, "span": "a" * 16, "msg": "Txn", "process": "p"}
    sent = {**base, "event": "sent", "ts": 1.0}
    handled = {**base, "event": "handled", "ts": 1.2, "ms": 3.0, "outcome": "ok"}
    assembler = Assembler()
    assembler.take([sent], 0.0)
    assert assembler.ready(spans.LINGER_SECONDS) == []
    assembler.take([handled], 3.0)
    assert assembler.ready(3.5) == []
    [message] = assembler.ready(3.0 + spans.LINGER_SECONDS)
    assert isinstance(message, Message)
    assert (message.begin, message.end, message.outcome) == (1.0, 1.2, "ok")
    # What comes later still makes no second span of it.
    assembler.take([handled], 5.0)
    assert assembler.rest() == []
    assembler.take([{**sent, "span": "b" * 16}], 5.0)
    assert assembler.ready(5.0 + spans.OPEN_SECONDS - 0.1) == []
    assert len(assembler.ready(5.0 + spans.OPEN_SECONDS)) == 1


def test_what_is_at_hand_at_the_end_is_given() -> None:
    assembler = Assembler()
    assembler.take(History(1).records, 0.0)
    assert shape(assembler.rest()) == shape(spans.items(History(1).records))


def test_counts_of_lost_records_are_no_messages() -> None:
    assert spans.items([{"event": "dropped", "ts": 1.0, "count": 7}, {"event": "missed"}]) == []
