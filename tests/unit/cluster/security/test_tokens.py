"""ServiceAccount tokens: what is issued is verified, and nothing else is."""

import base64
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cluster.security import tokens
from cluster.security.tokens import Account, BoundObject, InvalidToken

KEY = ec.derive_private_key(12345, ec.SECP256R1())
OTHER = ec.derive_private_key(54321, ec.SECP256R1())
ISSUER = "https://kubernetes.default.svc"
NOW = 1_700_000_000.0
ACCOUNT = Account("default", "builder", "u-1", BoundObject("p", "u-2"), BoundObject("n", "u-3"))


def issue(key: ec.EllipticCurvePrivateKey = KEY, seconds: float = 600) -> str:
    account = ACCOUNT._replace(token_id="id-1")
    return tokens.issue(key, ISSUER, account, ["api", "vault"], NOW, seconds)


def verify(token: str, now: float = NOW, audiences: tuple[str, ...] = ("api",)) -> Account:
    return tokens.verify([OTHER.public_key(), KEY.public_key()], token, ISSUER, audiences, now)


def test_a_token_proves_its_account_and_what_it_is_bound_to() -> None:
    account = verify(issue(), audiences=("x", "vault"))
    assert account == ACCOUNT._replace(expires=NOW + 600, token_id="id-1", audiences=("vault",))
    assert account.user() == "system:serviceaccount:default:builder"
    assert account.groups() == ("system:serviceaccounts", "system:serviceaccounts:default")
    assert account.extra() == {
        "authentication.kubernetes.io/credential-id": ["JTI=id-1"],
        "authentication.kubernetes.io/pod-name": ["p"],
        "authentication.kubernetes.io/pod-uid": ["u-2"],
        "authentication.kubernetes.io/node-name": ["n"],
        "authentication.kubernetes.io/node-uid": ["u-3"],
    }


def test_the_same_arguments_make_the_same_token() -> None:
    assert issue() == issue()


def test_others_read_it_with_the_published_keys() -> None:
    document = tokens.key_set([OTHER.public_key(), KEY.public_key()])
    keys = jwt.PyJWKSet.from_dict(document)
    kid = jwt.get_unverified_header(issue())["kid"]
    claims = jwt.decode(
        issue(), keys[kid].key, ["ES256"], audience="api", options={"verify_exp": False}
    )
    assert claims["kubernetes.io"]["serviceaccount"] == {"name": "builder", "uid": "u-1"}


@pytest.mark.parametrize(
    ("now", "why"), [(NOW + 600, "expired"), (NOW + 10**6, "expired"), (NOW - 61, "not valid yet")]
)
def test_times_are_checked_against_the_given_now(now: float, why: str) -> None:
    with pytest.raises(InvalidToken, match=why):
        verify(issue(), now)


def test_wrong_key_audience_and_issuer() -> None:
    with pytest.raises(InvalidToken, match="audience"):
        verify(issue(), audiences=("other",))
    with pytest.raises(InvalidToken, match="signature"):
        tokens.verify([OTHER.public_key()], issue(), ISSUER, ["api"], NOW)
    with pytest.raises(InvalidToken, match="issuer"):
        tokens.verify([KEY.public_key()], issue(), "https://else", ["api"], NOW)
    with pytest.raises(InvalidToken, match="signature"):
        tokens.verify([], issue(), ISSUER, ["api"], NOW)


def forged(header: dict[str, Any], claims: Any, signature: bytes = b"") -> str:
    parts = [orjson.dumps(header), orjson.dumps(claims), signature]
    return ".".join(base64.urlsafe_b64encode(p).rstrip(b"=").decode() for p in parts)


def test_the_algorithm_is_pinned() -> None:
    claims = jwt.decode(issue(), options={"verify_signature": False})
    public = tokens.key_set([KEY.public_key()])["keys"][0]["x"]
    rsa_key = rsa.generate_private_key(65537, 2048)
    forgeries = [
        forged({"alg": "none"}, claims),
        forged({"alg": "ES256"}, claims, b"0" * 64),
        forged({"alg": "ES256"}, claims, b""),
        forged({}, claims),
        jwt.encode(claims, public * 2, algorithm="HS256"),
        jwt.encode(claims, rsa_key, algorithm="RS256"),
        jwt.encode(claims, ec.generate_private_key(ec.SECP384R1()), algorithm="ES384"),
    ]
    for token in forgeries:
        with pytest.raises(InvalidToken):
            verify(token)


@pytest.mark.parametrize("token", ["", "a.b.c", "....", "é.b.c", "x" * 9000, "{}.{}.{}"])
def test_nonsense_is_invalid_and_never_quoted(token: str) -> None:
    with pytest.raises(InvalidToken) as caught:
        verify(token)
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"sub": "system:serviceaccount:default:admin"},
        {"kubernetes.io": None},
        {"kubernetes.io": {"namespace": 1, "serviceaccount": {"name": "a", "uid": "b"}}},
        {"kubernetes.io": []},
        {"exp": None},
        {"exp": "never"},
        {"nbf": "x"},
        {"aud": None},
        {"jti": 7},
    ],
)
def test_claims_must_be_those_of_an_account(change: dict[str, Any]) -> None:
    claims = {**jwt.decode(issue(), options={"verify_signature": False}), **change}
    token = jwt.PyJWS().encode(orjson.dumps(claims), KEY, algorithm="ES256")
    with pytest.raises(InvalidToken):
        verify(token)


def test_claims_must_be_an_object() -> None:
    for payload in (b"[]", b"\xff"):
        with pytest.raises(InvalidToken):
            verify(jwt.PyJWS().encode(payload, KEY, algorithm="ES256"))
