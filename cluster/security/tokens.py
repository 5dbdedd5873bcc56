"""ServiceAccount tokens: JSON Web Tokens signed with ES256, and only with that.

Source: docs "Managing Service Accounts" (bound tokens), RFC 7519, RFC 7518 section 3.4.
Keys, time and ids come as arguments; signatures are deterministic (RFC 6979), so the same
arguments make the same token. Must not know: whether the account or pod still exists (the caller
asks the store), or where keys are kept.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import jwt
import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from jwt.algorithms import ECAlgorithm

from cluster.security.accounts import service_account_groups, service_account_user

PrivateKey = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey
ALGORITHM = "ES256"
# Far above any token we issue; what is longer is refused before it is parsed.
TOKEN_CHARS_MAX = 8192
# Clocks of two machines may differ by so much for "not before".
SKEW_SECONDS = 60


class InvalidToken(ValueError):
    """The token proves nothing. The text says why, and never quotes the token."""


class BoundObject(NamedTuple):
    """What a token dies with: a pod, a secret, a node."""

    name: str
    uid: str


class Account(NamedTuple):
    """Whom a token speaks for. ``expires``: UNIX seconds. ``token_id``: the jti claim."""

    namespace: str
    name: str
    uid: str
    pod: BoundObject | None = None
    node: BoundObject | None = None
    secret: BoundObject | None = None
    expires: float = 0.0
    token_id: str = ""
    audiences: tuple[str, ...] = ()

    def user(self) -> str:
        """``system:serviceaccount:default:builder``."""
        return service_account_user(self.namespace, self.name)

    def groups(self) -> tuple[str, ...]:
        """Without ``system:authenticated``."""
        return service_account_groups(self.namespace)

    def extra(self) -> dict[str, list[str]]:
        """UserInfo's extra, as kube-apiserver fills it from a bound token."""
        prefix = "authentication.kubernetes.io/"
        extra = {f"{prefix}credential-id": [f"JTI={self.token_id}"]} if self.token_id else {}
        for kind, bound in (("pod", self.pod), ("node", self.node)):
            if bound is not None:
                extra[f"{prefix}{kind}-name"] = [bound.name]
                if bound.uid:
                    extra[f"{prefix}{kind}-uid"] = [bound.uid]
        return extra


class _Deterministic(ECAlgorithm):
    """ES256 whose signatures need no randomness (RFC 6979)."""

    def sign(self, msg: bytes, key: PrivateKey) -> bytes:
        der = key.sign(msg, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        r, s = utils.decode_dss_signature(der)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _signer() -> jwt.PyJWS:
    signer = jwt.PyJWS(algorithms=[ALGORITHM])
    signer.unregister_algorithm(ALGORITHM)
    signer.register_algorithm(ALGORITHM, _Deterministic(_Deterministic.SHA256, ec.SECP256R1))
    return signer


_JWS = _signer()


def key_id(key: PublicKey) -> str:
    """Names a key in tokens and in the published key set: a digest of the key."""
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return _base64(hashlib.sha256(der).digest())


def issue(
    key: PrivateKey,
    issuer: str,
    account: Account,
    audiences: Sequence[str],
    now: float,
    seconds: float,
) -> str:
    """A token for ``account`` (its ``expires`` and ``audiences`` are not read), valid from ``now``
    (UNIX seconds) for ``seconds``."""
    bound: dict[str, Any] = {
        "namespace": account.namespace,
        "serviceaccount": {"name": account.name, "uid": account.uid},
    }
    for kind in ("pod", "node", "secret"):
        found: BoundObject | None = getattr(account, kind)
        if found is not None:
            bound[kind] = {"name": found.name, "uid": found.uid}
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": account.user(),
        "aud": list(audiences),
        "iat": int(now),
        "nbf": int(now),
        "exp": int(now + seconds),
        "kubernetes.io": bound,
    }
    if account.token_id:
        claims["jti"] = account.token_id
    return sign(key, claims)


def sign(key: PrivateKey, claims: dict[str, Any]) -> str:
    """A token that makes these claims."""
    headers = {"kid": key_id(key.public_key())}
    return _JWS.encode(orjson.dumps(claims), key, algorithm=ALGORITHM, headers=headers)


def verify(
    keys: Sequence[PublicKey], token: str, issuer: str, audiences: Sequence[str], now: float
) -> Account:
    """Whom the token proves. ``audiences``: it must be meant for at least one of them; those it is
    meant for are in the answer. Raises InvalidToken."""
    claims = signed_claims(keys, token)
    if claims.get("iss") != issuer:
        raise InvalidToken("token of another issuer")
    _check_times(claims, now)
    meant = claims.get("aud")
    meant = [meant] if isinstance(meant, str) else meant
    if not isinstance(meant, list):
        raise InvalidToken("token has no audience")
    common = tuple(audience for audience in audiences if audience in meant)
    if not common:
        raise InvalidToken("token is not meant for this audience")
    account = _account(claims)._replace(expires=float(claims["exp"]), audiences=common)
    if claims.get("sub") != account.user():
        raise InvalidToken("token subject and account differ")
    return account


def signed_claims(keys: Sequence[PublicKey], token: str) -> dict[str, Any]:
    """What a token claims that one of the keys has signed. Raises InvalidToken."""
    if len(token) > TOKEN_CHARS_MAX:
        raise InvalidToken("token is too long")
    payload: bytes | None = None
    for key in keys:
        try:
            payload = _JWS.decode_complete(token, key, algorithms=[ALGORITHM])["payload"]
            break
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise InvalidToken(f"malformed token: {type(error).__name__}") from None
    if payload is None:
        raise InvalidToken("token signature is not of this cluster")
    try:
        claims = orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise InvalidToken("token claims are not JSON") from None
    if not isinstance(claims, dict):
        raise InvalidToken("token claims are no object")
    return claims


def _check_times(claims: dict[str, Any], now: float) -> None:
    expires, begins = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(expires, int) or not isinstance(begins, int):
        raise InvalidToken("token has no validity")
    if now >= expires:
        raise InvalidToken("token has expired")
    if now + SKEW_SECONDS < begins:
        raise InvalidToken("token is not valid yet")


def _account(claims: dict[str, Any]) -> Account:
    try:
        bound = claims["kubernetes.io"]
        account = bound["serviceaccount"]
        return Account(
            _text(bound["namespace"]),
            _text(account["name"]),
            _text(account["uid"]),
            _bound(bound, "pod"),
            _bound(bound, "node"),
            _bound(bound, "secret"),
            token_id=_text(claims.get("jti", "")),
        )
    except (KeyError, TypeError, AttributeError):
        raise InvalidToken("token is not of a ServiceAccount") from None


def _bound(claims: dict[str, Any], kind: str) -> BoundObject | None:
    found = claims.get(kind)
    return BoundObject(_text(found["name"]), _text(found["uid"])) if found else None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def key_set(keys: Sequence[PublicKey]) -> dict[str, Any]:
    """The JSON Web Key Set that ``/openid/v1/jwks`` serves (RFC 7517)."""
    listed = []
    for key in keys:
        numbers = key.public_numbers()
        listed.append(
            {
                "use": "sig",
                "kty": "EC",
                "kid": key_id(key),
                "crv": "P-256",
                "alg": ALGORITHM,
                "x": _base64(numbers.x.to_bytes(32, "big")),
                "y": _base64(numbers.y.to_bytes(32, "big")),
            }
        )
    return {"keys": listed}


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
