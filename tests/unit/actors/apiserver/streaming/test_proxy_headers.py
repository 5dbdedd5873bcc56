"""Headers of proxied requests: credentials stay here."""

from actors.apiserver.streaming.proxy_headers import Pairs, request_headers

TOKEN = "base64url.bearer.authorization.k8s.io.c2VjcmV0"


def sent(*headers: tuple[str, str]) -> Pairs:
    return request_headers(list(headers), "10.0.0.9", "10.0.0.1:80", "/p", upgrade=True)


def test_a_token_among_subprotocols_stays_here() -> None:
    name = "Sec-WebSocket-Protocol"
    assert (name, "v5.channel.k8s.io, a") in sent((name, f"v5.channel.k8s.io, {TOKEN}, a"))
    assert name not in dict(sent((name, TOKEN)))


def test_other_credentials_stay_here() -> None:
    given = [("Authorization", "Bearer x"), ("Impersonate-User", "bob"), ("X-Empty", "")]
    found = dict(sent(*given))
    assert "Authorization" not in found and "Impersonate-User" not in found
    assert found["X-Empty"] == ""
