"""The queue to a peer: bounds, order, and short before long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.kit.transports.outbox import Outbox
from cluster.errors import Overloaded
from cluster.wire.frame import CHUNK_BYTES, FrameDecoder

LONG = CHUNK_BYTES * 3


def _drain(outbox: Outbox) -> list[bytes]:
    decoder = FrameDecoder()
    got: list[bytes] = []
    while data := outbox.take_short() or outbox.take_chunk():
        got += [item.body for item in decoder.feed(data)]
    return got


def test_short_ones_pass_a_long_one_of_another_lane() -> None:
    outbox = Outbox()
    outbox.put("bulk", b"L" * LONG, routine=False)
    first = outbox.take_chunk()
    assert first
    outbox.put("a", b"short", routine=False)
    assert b"short" in outbox.take_short()


def test_a_lane_keeps_its_order_but_for_routine() -> None:
    outbox = Outbox()
    outbox.put("a", b"1" * LONG, routine=False)
    outbox.put("a", b"2", routine=False)
    outbox.put("b", b"other", routine=False)
    outbox.put("a", b"beat", routine=True)
    assert [body[:5] for body in _drain(outbox)] == [b"other", b"beat", b"11111", b"2"]
    outbox.put("a", b"3", routine=False)
    assert _drain(outbox) == [b"3"]


def test_much_leaves_in_slices_and_nothing_overtakes() -> None:
    outbox, decoder = Outbox(), FrameDecoder()
    for number in range(100):
        outbox.put("a", b"%3d" % number + b"x" * 997, routine=False)
    outbox.put("a", b"L" * LONG, routine=False)
    first = outbox.take_short(10_000)
    assert [body.body[:3] for body in decoder.feed(first)] == [b"%3d" % n for n in range(10)]
    assert outbox.short
    assert len(outbox) == 91
    rest = outbox.take_short()
    assert len(decoder.feed(rest)) == 90
    assert not outbox.short
    assert _drain(outbox) == [b"L" * LONG]
    assert outbox.take_short() == b""


def test_too_many_messages_or_bytes_are_refused() -> None:
    outbox = Outbox(bytes_max=100, messages_max=3)
    outbox.put("a", b"x" * 500, routine=False)  # one may always wait, however long
    with pytest.raises(Overloaded):
        outbox.put("a", b"x", routine=False)
    _drain(outbox)
    for _ in range(3):
        outbox.put("a", b"x", routine=False)
    with pytest.raises(Overloaded):
        outbox.put("a", b"x", routine=False)
    outbox.take_short()
    outbox.put("a", b"x", routine=False)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([3, CHUNK_BYTES, LONG + 1]))),
    st.data(),
)
def test_each_lane_arrives_whole_and_in_order(
    items: list[tuple[str, int]], data: st.DataObject
) -> None:
    outbox, decoder = Outbox(), FrameDecoder()
    sent: dict[str, list[bytes]] = {}
    got: dict[str, list[bytes]] = {}

    def take(frames: bytes) -> None:
        for item in decoder.feed(frames):
            got.setdefault(chr(item.body[0]), []).append(item.body)

    for number, (lane, size) in enumerate(items):
        body = (f"{lane}{number} " + "x" * size)[:size].encode()
        sent.setdefault(lane, []).append(body)
        outbox.put(lane, body, routine=False)
        for _ in range(data.draw(st.integers(0, 2))):
            take(outbox.take_short() or outbox.take_chunk())
    while frames := outbox.take_short() or outbox.take_chunk():
        take(frames)
    assert got == sent
    assert len(outbox) == 0
