"""Channels of a WebSocket: the subprotocols of Kubernetes."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.errors import PeerFault
from cluster.wire import channels
from cluster.wire.channels import ALL, V4, V4_BASE64, V5, Piece, choose, decode, encode


@given(st.sampled_from(ALL), st.integers(0, 9), st.binary(max_size=100))
def test_what_is_encoded_is_decoded(
    protocol: channels.Subprotocol, channel: int, data: bytes
) -> None:
    assert decode(protocol, encode(protocol, channel, data)) == Piece(channel, data)


def test_the_clients_order_decides() -> None:
    assert choose(["v4.channel.k8s.io", "v5.channel.k8s.io"]) == V4
    assert choose(["v6.channel.k8s.io", "v5.channel.k8s.io"]) == V5
    assert choose(["soap"]) is None
    oldest = choose([])
    assert oldest is not None and not oldest.statuses and not oldest.base64


def test_the_close_signal_is_of_version_5() -> None:
    assert decode(V5, b"\xff\x00") == Piece(0, closed=True)
    assert decode(V4, b"\xff\x00") == Piece(255, b"\x00")
    for wrong in (b"\xff", b"\xff\x00\x00"):
        with pytest.raises(PeerFault):
            decode(V5, wrong)


def test_text_messages() -> None:
    assert decode(V4, "\x00ls\n") == Piece(0, b"ls\n")
    assert decode(V4_BASE64, "0" + base64.b64encode(b"ls\n").decode()) == Piece(0, b"ls\n")
    assert decode(V4, b"") is None
    for wrong in ("x", "0!!", "?QQ=="):
        with pytest.raises(PeerFault):
            decode(V4_BASE64, wrong)
