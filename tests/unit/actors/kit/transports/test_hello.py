"""Who a peer is, by its hello and its certificate."""

import msgpack
import pytest

from actors.kit.transports.hello import Hello, check_hello, decode_hello, encode_hello, subject_of
from cluster.errors import PeerFault

OWN = Hello("replica-1", "demo")


def _certificate(user: str, *groups: str) -> dict[str, object]:
    names = [("commonName", user), *(("organizationName", group) for group in groups)]
    return {"subject": tuple((name,) for name in names)}


def test_a_hello_survives_the_round_trip() -> None:
    hello = Hello("node-1", "demo", "u", ("g", "h"))
    assert decode_hello(encode_hello(hello)) == hello


@pytest.mark.parametrize(
    "body", [b"", b"\xc1", msgpack.packb({"process": 5}), msgpack.packb([1]), b"\x80\x80"]
)
def test_malformed_hellos_are_peer_faults(body: bytes) -> None:
    with pytest.raises(PeerFault):
        decode_hello(body)


def test_the_certificate_says_who_the_peer_is() -> None:
    certificate = _certificate("system:node:node-1", "system:nodes", "more")
    hello = Hello("node-1", "demo", "system:masters", ("system:masters",))
    principal = check_hello(hello, OWN, certificate)
    assert principal.process == "node-1"
    assert principal.user == "system:node:node-1"
    assert principal.groups == ("system:nodes", "more")
    assert not principal.local


@pytest.mark.parametrize(
    ("hello", "user"),
    [
        (Hello("node-1", "other"), "system:node:node-1"),
        (Hello("node-1", "demo", protocol=9), "system:node:node-1"),
        (Hello("replica-1", "demo"), "system:replica:replica-1"),
        (Hello("node-1", "demo"), "system:node:node-2"),
        (Hello("node-1", "demo"), "kubernetes-admin"),
        (Hello("node-1", "demo"), "node-1"),
        (Hello("", "demo"), ""),
        (Hello("", "demo"), "system:node:"),
    ],
)
def test_impostors_and_strangers_are_peer_faults(hello: Hello, user: str) -> None:
    with pytest.raises(PeerFault):
        check_hello(hello, OWN, _certificate(user))


def test_a_certificate_speaks_for_one_user_or_for_none() -> None:
    assert subject_of(_certificate("admin", "a", "b")) == ("admin", ("a", "b"))
    two = {"subject": ((("commonName", "admin"),), (("commonName", "other"),))}
    assert subject_of(two) == ("", ())
    assert subject_of({}) == ("", ())


def test_without_a_certificate_the_hello_is_believed() -> None:
    hello = Hello("node-1", "demo", "u", ("g",))
    assert check_hello(hello, OWN, None).groups == ("g",)
