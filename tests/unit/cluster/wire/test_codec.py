"""Messages and envelopes as bytes: whole round trips, and nothing but PeerFault for the rest."""

from typing import Literal

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.errors import PeerFault
from cluster.messages.apiserver import ApiRequest, WatchBatch, WatchEvent
from cluster.messages.base import Message
from cluster.messages.registry import all_messages
from cluster.messages.store import Compare, Delete, Propose, Put, Txn
from cluster.wire.codec import MessageDecoder, decode_envelope, encode_envelope, encode_message
from cluster.wire.envelope import Envelope

OF_ALL = MessageDecoder(all_messages())


class Sample(Message, frozen=True):
    text: str
    data: bytes
    number: int
    flag: bool
    nested: tuple[Compare | None, ...] = ()
    table: dict[str, float] = msgspec.field(default_factory=dict)
    choice: Literal["a", "b"] = "a"


OF_SAMPLE = MessageDecoder({"Sample": Sample})
SAMPLES = st.builds(
    Sample,
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(max_size=200),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.lists(st.none() | st.builds(Compare, st.text("abc"), st.just("mod"), st.integers(0, 9))).map(
        tuple
    ),
    st.dictionaries(st.text("xyz"), st.floats(allow_nan=False)),
    st.sampled_from(["a", "b"]),
)


@given(SAMPLES)
def test_messages_survive_the_round_trip(sample: Sample) -> None:
    assert OF_SAMPLE.decode(encode_message(sample)) == sample


@given(SAMPLES)
def test_what_travels_is_plain_msgpack_as_any_other_library_writes_it(sample: Sample) -> None:
    plain = msgspec.to_builtins(sample, builtin_types=(bytes,))
    assert encode_message(sample) == msgpack.packb(plain)
    assert msgpack.unpackb(encode_message(sample), use_list=True) == msgpack.unpackb(
        msgpack.packb(plain)
    )


@pytest.mark.parametrize(
    "message",
    [
        Txn((Compare("k", "mod", 0),), (Put("k", b"v", 3), Delete("q")), 7),
        Propose(b"\x00command", "trace"),
        ApiRequest("get", "pods", query={"limit": "5"}, body=b"\x00\xff"),
        WatchBatch((WatchEvent("ADDED", b"{}", 5, "t"),)),
    ],
)
def test_the_systems_messages_survive_the_round_trip(message: Message) -> None:
    assert OF_ALL.decode(encode_message(message)) == message


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xc1",
        msgpack.packb(None),
        msgpack.packb({"type": "Nonsense"}),
        msgpack.packb({"type": ["Txn"]}),
        msgpack.packb({"no": "type"}),
        msgpack.packb({"type": "Range"}),
        msgpack.packb({"type": "Range", "key": 5}),
        msgpack.packb({"type": "Range", "key": "k", "limit": 2**63}) + b"more",
        msgpack.packb({"type": "Range", "key": "k", "limit": "5"}),
        msgpack.packb({"type": "RaftMessage", "payload": "text, not bytes"}),
        msgpack.packb({"type": "RaftMessage", "payload": msgpack.Timestamp(1)}),
        b"\x81\xa4type\xa5\xff\xff\xff\xff\xff",
        b"\x91" * 2000,
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
    ],
)
def test_bad_payloads_are_peer_faults(payload: bytes) -> None:
    with pytest.raises(PeerFault):
        OF_ALL.decode(payload)


@given(st.binary(max_size=300))
def test_garbage_is_a_peer_fault(data: bytes) -> None:
    for decode in (lambda: OF_ALL.decode(data), lambda: decode_envelope(data)):
        try:
            decode()
        except PeerFault:
            pass


@given(SAMPLES, st.data())
def test_a_flipped_byte_decodes_or_is_a_peer_fault(sample: Sample, data: st.DataObject) -> None:
    encoded = bytearray(encode_message(sample))
    position = data.draw(st.integers(0, len(encoded) - 1))
    encoded[position] = data.draw(st.integers(0, 255))
    try:
        OF_SAMPLE.decode(bytes(encoded))
    except PeerFault:
        pass


@given(
    st.builds(
        Envelope,
        st.sampled_from(["tell", "ask", "reply", "error", "open", "item", "credit", "end"]),
        st.just("a@b"),
        st.just("c@d"),
        st.integers(0, 2**63 - 1),
        st.text("0123456789abcdef-"),
        st.integers(0, 2**63 - 1),
        st.floats(0, 1e6),
        st.integers(0, 1000),
        st.binary(max_size=100),
    )
)
def test_envelopes_survive_the_round_trip(envelope: Envelope) -> None:
    assert decode_envelope(encode_envelope(envelope)) == envelope


@pytest.mark.parametrize(
    "fields",
    [
        ["shout", "a@b", "c@d", 1],
        ["tell", "a@b", "c@d"],
        ["tell", "a@b", "c@d", "1"],
        ["tell", 5, "c@d", 1],
        ["tell", "a@b", "c@d", 1, "", 0, "soon"],
        {"kind": "tell"},
    ],
)
def test_bad_envelopes_are_peer_faults(fields: object) -> None:
    with pytest.raises(PeerFault):
        decode_envelope(msgpack.packb(fields))
