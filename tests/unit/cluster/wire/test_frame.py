"""Frames: any cut of the bytes gives the same frames; wrong ones are refused before allocation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.errors import PeerFault
from cluster.wire import frame
from cluster.wire.frame import CHUNK_BYTES, Frame, FrameDecoder, chunks, encode_frame


@given(st.lists(st.binary(max_size=50), max_size=10), st.integers(1, 40))
def test_any_cut_of_the_bytes_gives_the_same_frames(bodies: list[bytes], step: int) -> None:
    data = b"".join(encode_frame(frame.ENVELOPE, body) for body in bodies)
    decoder = FrameDecoder()
    got = [
        item
        for start in range(0, len(data), step)
        for item in decoder.feed(data[start : start + step])
    ]
    assert got == [Frame(frame.ENVELOPE, body) for body in bodies]


def test_long_envelopes_come_together_with_others_between_their_parts() -> None:
    one, two = b"1" * (3 * CHUNK_BYTES + 7), b"2" * (2 * CHUNK_BYTES)
    first, second = list(chunks(one, 1)), list(chunks(two, 2))
    assert len(first) == 1 + 4
    between = encode_frame(frame.PING)
    decoder = FrameDecoder()
    got: list[Frame] = []
    while first or second:
        for queue in (first, second):
            if queue:
                got += decoder.feed(queue.pop(0) + between)
    whole = [item.body for item in got if item.kind == frame.ENVELOPE]
    assert whole == [two, one]
    assert sum(item.kind == frame.PING for item in got) == 8


@pytest.mark.parametrize(
    "data",
    [
        frame.HEADER.pack(CHUNK_BYTES + 1, frame.ENVELOPE, 0),
        frame.HEADER.pack(2**32 - 1, frame.ENVELOPE, 0),
        frame.HEADER.pack(0, 0, 0),
        frame.HEADER.pack(0, 99, 0),
        encode_frame(frame.PART, b"x", 3),
        encode_frame(frame.FIRST, b"xx"),
        encode_frame(frame.FIRST, frame.TOTAL.pack(2**32 - 1)),
        encode_frame(frame.FIRST, frame.TOTAL.pack(0)),
        encode_frame(frame.FIRST, frame.TOTAL.pack(5)) * 2,
        encode_frame(frame.FIRST, frame.TOTAL.pack(5)) + encode_frame(frame.PART, b"123456"),
        encode_frame(frame.FIRST, frame.TOTAL.pack(5)) + encode_frame(frame.PART, b""),
    ],
)
def test_wrong_frames_are_peer_faults(data: bytes) -> None:
    with pytest.raises(PeerFault):
        FrameDecoder().feed(data)


def test_all_that_is_under_way_counts_against_the_limit() -> None:
    decoder = FrameDecoder(limit=1000)
    decoder.feed(encode_frame(frame.FIRST, frame.TOTAL.pack(600), 1))
    with pytest.raises(PeerFault):
        decoder.feed(encode_frame(frame.FIRST, frame.TOTAL.pack(600), 2))


@given(st.binary(max_size=200))
def test_garbage_is_frames_or_a_peer_fault(data: bytes) -> None:
    try:
        FrameDecoder().feed(data)
    except PeerFault:
        pass
