"""Tokens of other issuers: what proves a user, and the many things that do not."""

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cluster.api.authentication_configuration import parse
from cluster.security.issued_tokens import (
    Key,
    User,
    issuer_of,
    key_name,
    published_keys,
    verify,
)
from cluster.security.tokens import InvalidToken

NOW = 1_800_000_000
URL = "https://issuer.example.com"
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)
KEYS = (Key("ec", EC_KEY.public_key()), Key("rsa", RSA_KEY.public_key()))


def authenticator(**more: Any) -> Any:
    document = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "jwt": [
            {
                "issuer": {
                    "url": URL,
                    "audiences": ["cluster", "other"],
                    "audienceMatchPolicy": "MatchAny",
                },
                "claimMappings": {
                    "username": {"claim": more.get("username", "sub"), "prefix": "oidc:"},
                    "groups": {"claim": "groups", "prefix": "g:"},
                    "uid": {"claim": "id"},
                },
                "claimValidationRules": more.get("rules", []),
            }
        ],
    }
    return parse(json.dumps(document).encode(), "https://own").jwt[0]


PLAIN = authenticator()


def token(key: Any = EC_KEY, algorithm: str = "ES256", kid: str = "ec", **claims: Any) -> str:
    payload = {
        "iss": URL,
        "aud": "cluster",
        "sub": "jane",
        "exp": NOW + 60,
        **claims,
    }
    kept = {name: value for name, value in payload.items() if value is not ...}
    headers = {"kid": kid} if kid else {}
    return jwt.PyJWS().encode(json.dumps(kept).encode(), key, algorithm, headers=headers)


def user(text: str, which: Any = PLAIN) -> User:
    return verify(which, KEYS, text, NOW)


def test_who_it_is() -> None:
    assert user(token()) == User("oidc:jane")
    assert user(token(groups="devs")).groups == ("g:devs",)
    found = user(token(groups=["a", "b"], id="7", jti="x", aud=["no", "other"]))
    assert found == User(
        "oidc:jane",
        ("g:a", "g:b"),
        "7",
        (("authentication.kubernetes.io/credential-id", "JTI=x"),),
    )


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS512"])
def test_signatures_of_all_kinds(algorithm: str) -> None:
    assert user(token(RSA_KEY, algorithm, "rsa")).name == "oidc:jane"
    assert user(token(RSA_KEY, algorithm, "")).name == "oidc:jane"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other"},
        {"iss": ...},
        {"aud": "elsewhere"},
        {"aud": []},
        {"aud": ...},
        {"aud": {"cluster": 1}},
        {"exp": NOW},
        {"exp": ...},
        {"exp": str(NOW + 60)},
        {"exp": True},
        {"nbf": NOW + 120},
        {"nbf": "now"},
        {"sub": ...},
        {"sub": ""},
        {"sub": 7},
        {"sub": ["jane"]},
        {"groups": 7},
        {"groups": [7]},
        {"groups": {"a": "b"}},
        {"id": 7},
    ],
)
def test_claims_that_prove_nothing(claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        user(token(**claims))


def test_an_address_must_be_verified() -> None:
    by_mail = authenticator(username="email")
    assert user(token(email="j@x"), by_mail).name == "oidc:j@x"
    assert user(token(email="j@x", email_verified=True), by_mail).name == "oidc:j@x"
    for verified in (False, "true", None, 1):
        with pytest.raises(InvalidToken):
            user(token(email="j@x", email_verified=verified), by_mail)


def test_required_claims() -> None:
    strict = authenticator(rules=[{"claim": "hd", "requiredValue": "example.com"}])
    assert user(token(hd="example.com"), strict)
    for value in ("example.org", ..., ["example.com"]):
        with pytest.raises(InvalidToken):
            user(token(hd=value), strict)


def test_forged_signatures() -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    pem = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head, claims, _ = token().split(".")
    signature = token(sub="eve").rpartition(".")[2]
    for forged in (
        token(stranger),
        token(stranger, kid=""),
        token(EC_KEY, kid="rsa"),
        token(b"x" * 32, "HS256", ""),
        jwt.PyJWS().encode(json.dumps({"iss": URL}).encode(), None, "none"),
        f"{head}.{claims}.",
        f"{head}.{claims}.{signature}",
        token() + ".x",
        "x" * 9000,
    ):
        with pytest.raises(InvalidToken):
            user(forged)
    # The public key as a shared secret: pyjwt refuses to sign so, an attacker would not.
    weak = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"rsa"}').rstrip(b"=").decode()
    made = hmac.new(pem, f"{weak}.{claims}".encode(), hashlib.sha256).digest()
    with pytest.raises(InvalidToken):
        user(f"{weak}.{claims}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}")


def test_what_a_token_says_before_it_is_verified() -> None:
    assert (issuer_of(token()), key_name(token())) == (URL, "ec")
    for text in ("", "a.b", "a.b.c", "a.e30.c", "a.W10.c", f"{token()}.x", "." * 9000):
        assert issuer_of(text) == ""
    assert key_name("a.b.c") == key_name(token(kid="")) == ""


def test_published_keys() -> None:
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(EC_KEY.public_key()))
    private = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(EC_KEY))
    secret = {"kty": "oct", "k": "AAAA", "kid": "s"}
    listed = [
        {**public, "kid": "a"},
        {**public, "kid": "b", "use": "enc"},
        {**private, "kid": "c"},
        secret,
        {"kty": "EC"},
        "x",
    ]
    assert [key.name for key in published_keys({"keys": listed})] == ["a"]
    for document in ({}, [], None, {"keys": {}}):
        assert published_keys(document) == ()
