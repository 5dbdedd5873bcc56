"""SPDY/3.1 frames: bytes as the draft gives them, any cut of them, and what must not be taken."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.errors import PeerFault
from cluster.wire.spdy_dictionary import DICTIONARY
from cluster.wire.spdy_frames import (
    CONTROL_BYTES_MAX,
    Data,
    Decoder,
    Encoder,
    Frame,
    GoAway,
    Headers,
    Ping,
    RstStream,
    SynReply,
    SynStream,
)

NUMBERS = st.integers(1, 0x7FFFFFFF)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=20)
MAPS = st.dictionaries(NAMES, st.text(max_size=30), max_size=5)
FRAMES = st.one_of(
    st.builds(SynStream, NUMBERS, MAPS, st.booleans()),
    st.builds(SynReply, NUMBERS, MAPS, st.booleans()),
    st.builds(Headers, NUMBERS, MAPS, st.booleans()),
    st.builds(Data, NUMBERS, st.binary(max_size=200), st.booleans()),
    st.builds(RstStream, NUMBERS, st.integers(1, 11)),
    st.builds(Ping, NUMBERS),
    st.builds(GoAway, NUMBERS, st.integers(0, 2)),
)


def joined(frames: list[Frame]) -> list[Frame]:
    """With the pieces of one data frame put together."""
    found: list[Frame] = []
    for frame in frames:
        last = found[-1] if found else None
        whole = isinstance(frame, Data) and isinstance(last, Data) and not last.fin
        if whole and last.stream == frame.stream:  # type: ignore[union-attr]  # both are Data
            found[-1] = Data(frame.stream, last.data + frame.data, frame.fin)  # type: ignore[union-attr]  # both are Data
        else:
            found.append(frame)
    return found


@given(st.lists(FRAMES, max_size=8), st.integers(1, 50))
def test_any_cut_of_the_bytes_gives_the_same_frames(frames: list[Frame], size: int) -> None:
    encoder, decoder = Encoder(), Decoder()
    data = b"".join(encoder.encode(frame) for frame in frames)
    found: list[Frame] = []
    for start in range(0, len(data), size):
        found += decoder.feed(data[start : start + size])
    assert joined(found) == joined(frames)


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_frames_or_a_fault(data: bytes) -> None:
    decoder = Decoder()
    try:
        for _ in decoder.feed(data):
            pass
    except PeerFault:
        pass


def test_bytes_as_the_draft_draws_them() -> None:
    """Sections 2.2.1, 2.2.2, 2.6.3, 2.6.5, 2.6.6."""
    encoder = Encoder()
    assert encoder.encode(Data(5, b"ab", True)) == b"\x00\x00\x00\x05\x01\x00\x00\x02ab"
    assert encoder.encode(Ping(7)) == b"\x80\x03\x00\x06\x00\x00\x00\x04\x00\x00\x00\x07"
    reset = b"\x80\x03\x00\x03\x00\x00\x00\x08\x00\x00\x00\x09\x00\x00\x00\x05"
    assert encoder.encode(RstStream(9)) == reset
    away = b"\x80\x03\x00\x07\x00\x00\x00\x08\x00\x00\x00\x03\x00\x00\x00\x00"
    assert encoder.encode(GoAway(3)) == away


def test_a_foreign_encoders_blocks_are_read() -> None:
    """Another compression level, another flush, one context for the whole connection."""
    deflate = zlib.compressobj(9, zdict=DICTIONARY)
    data = b""
    for number in (1, 3):
        text = b"streamtype\x00\x00\x00\x04data"
        plain = struct.pack(">II", 1, 10) + text
        block = deflate.compress(plain) + deflate.flush(zlib.Z_SYNC_FLUSH)
        body = struct.pack(">IIH", number, 0, 0) + block
        data += struct.pack(">HHI", 0x8003, 1, len(body)) + body
    assert list(Decoder().feed(data)) == [
        SynStream(1, {"streamtype": "data"}),
        SynStream(3, {"streamtype": "data"}),
    ]


def test_frames_that_do_not_matter_are_left_out() -> None:
    settings = struct.pack(">HHI", 0x8003, 4, 4) + struct.pack(">I", 0)
    window = struct.pack(">HHI", 0x8003, 9, 8) + struct.pack(">II", 1, 1000)
    assert list(Decoder().feed(settings + window + Encoder().encode(Ping(1)))) == [Ping(1)]


def test_what_must_not_be_taken() -> None:
    encoder = Encoder()
    bomb = zlib.compressobj(zdict=DICTIONARY)
    plain = struct.pack(">II", 1, 1) + b"a" + struct.pack(">I", 10_000_000) + b"b" * 10_000_000
    block = bomb.compress(plain) + bomb.flush(zlib.Z_SYNC_FLUSH)
    double = zlib.compressobj(zdict=DICTIONARY)
    pairs = struct.pack(">I", 2) + b"\x00\x00\x00\x01a\x00\x00\x00\x01b" * 2
    twice = double.compress(pairs) + double.flush(zlib.Z_SYNC_FLUSH)
    wrong = [
        struct.pack(">HHI", 0x8003, 1, CONTROL_BYTES_MAX + 1),
        struct.pack(">HHI", 0x8002, 6, 4) + bytes(4),
        struct.pack(">HHI", 0x8003, 6, 2) + bytes(2),
        encoder.encode(SynStream(1, {"A": "b"})),
        struct.pack(">HHI", 0x8003, 8, 4 + len(block)) + bytes(4) + block,
        struct.pack(">HHI", 0x8003, 8, 4 + len(twice)) + bytes(4) + twice,
        struct.pack(">HHI", 0x8003, 8, 8) + bytes(4) + b"\x01\x02\x03\x04",
    ]
    for data in wrong:
        with pytest.raises(PeerFault):
            list(Decoder().feed(data))
