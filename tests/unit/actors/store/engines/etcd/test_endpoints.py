"""URLs of etcd."""

import pytest

from actors.store.engines.etcd.endpoints import Endpoint, parse_endpoints


def test_several_with_and_without_tls() -> None:
    text = "http://127.0.0.1:2379, https://etcd.example?ca=/ca.pem&cert=/c.pem&key=/k.pem"
    assert parse_endpoints(text) == (
        Endpoint("127.0.0.1:2379"),
        Endpoint("etcd.example:2379", True, "/ca.pem", "/c.pem", "/k.pem"),
    )
    assert parse_endpoints("https://[::1]:1/") == (Endpoint("[::1]:1", True),)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no endpoint"),
        ("127.0.0.1:2379", "is not http"),
        ("ftp://a", "is not http"),
        ("http://u:p@a", "users"),
        ("http://a/path", "paths"),
        ("http://a:port", "a:port"),
        ("http://a?ca=/x", "go with https"),
        ("https://a?cert=/x", "go together"),
        ("https://a?wrong=1", "wrong is not one of"),
    ],
)
def test_what_is_wrong_is_named(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_endpoints(text)
