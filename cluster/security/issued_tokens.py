"""Tokens of other issuers: JSON Web Tokens, held against their keys and mapped to a user.

Source: docs "Authenticating", OpenID Connect tokens, Using Authentication Configuration; RFC 7519,
RFC 7517. Pure: keys and time come as arguments. Must not know: where keys are published.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jwt
import orjson

from cluster.api.authentication_configuration import ClaimMappings, JwtAuthenticator
from cluster.security.tokens import SKEW_SECONDS, TOKEN_CHARS_MAX, InvalidToken

# Signatures by keys that are published; never by a shared secret, never none.
ALGORITHMS = tuple(f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512))
_JWS = jwt.PyJWS(algorithms=ALGORITHMS)


class Key(NamedTuple):
    """A published key. ``name``: its kid, '' if it has none."""

    name: str
    key: Any


class User(NamedTuple):
    """Whom a token speaks for, in the words of its claims and the prefixes of the mapping."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, str], ...] = ()


def issuer_of(token: str) -> str:
    """The issuer that a token claims, unverified; '' if it is no such token."""
    if len(token) > TOKEN_CHARS_MAX or token.count(".") != 2:
        return ""
    try:
        claims = orjson.loads(_decode(token.split(".")[1]))
    except ValueError:
        return ""
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    return issuer if isinstance(issuer, str) else ""


def key_name(token: str) -> str:
    """The kid in a token's header, unverified; '' if it names none."""
    try:
        name = jwt.get_unverified_header(token).get("kid")
    except (jwt.PyJWTError, ValueError):
        return ""
    return name if isinstance(name, str) else ""


def published_keys(document: object) -> tuple[Key, ...]:
    """The keys of a JSON Web Key Set that signatures may be held against; others are left out."""
    listed = document.get("keys") if isinstance(document, dict) else None
    found = []
    for item in listed if isinstance(listed, list) else ():
        if not isinstance(item, dict) or item.get("kty") not in ("RSA", "EC"):
            continue
        if item.get("use") not in (None, "sig"):
            continue
        try:
            key = jwt.PyJWK(item).key
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        if not hasattr(key, "private_bytes"):
            found.append(Key(str(item.get("kid") or ""), key))
    return tuple(found)


def verify(authenticator: JwtAuthenticator, keys: Sequence[Key], token: str, now: float) -> User:
    """Whom the token speaks for. ``now``: UNIX seconds. Raises InvalidToken."""
    claims = _claims(keys, token)
    issuer = authenticator.issuer
    if claims.get("iss") != issuer.url:
        raise InvalidToken("token of another issuer")
    _check_times(claims, now)
    meant = claims.get("aud")
    meant = [meant] if isinstance(meant, str) else meant
    if not isinstance(meant, list) or not set(map(str, meant)) & set(issuer.audiences):
        raise InvalidToken("token is not meant for this audience")
    for rule in authenticator.claim_validation_rules:
        if claims.get(rule.claim) != rule.required_value:
            raise InvalidToken(f"required claim {rule.claim} has another value")
    return _user(claims, authenticator.claim_mappings)


def _claims(keys: Sequence[Key], token: str) -> dict[str, Any]:
    if len(token) > TOKEN_CHARS_MAX:
        raise InvalidToken("token is too long")
    name = key_name(token)
    for key in keys:
        if name and key.name and key.name != name:
            continue
        try:
            payload = _JWS.decode_complete(token, key.key, algorithms=list(ALGORITHMS))["payload"]
            claims = orjson.loads(payload)
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        if isinstance(claims, dict):
            return claims
    raise InvalidToken("token signature is not of this issuer")


def _check_times(claims: dict[str, Any], now: float) -> None:
    expires, begins = claims.get("exp"), claims.get("nbf", 0)
    for moment in (expires, begins):
        if not isinstance(moment, int | float) or isinstance(moment, bool):
            raise InvalidToken("token has no validity")
    assert expires is not None
    if now >= expires:
        raise InvalidToken("token has expired")
    if now + SKEW_SECONDS < begins:
        raise InvalidToken("token is not valid yet")


def _user(claims: dict[str, Any], mappings: ClaimMappings) -> User:
    claim = mappings.username.claim
    name = claims.get(claim)
    if not isinstance(name, str) or not name:
        raise InvalidToken(f"claim {claim} is no text")
    # Whoever may claim an address that is not theirs would be somebody else.
    if claim == "email" and claims.get("email_verified", True) is not True:
        raise InvalidToken("email not verified")
    groups = claims.get(mappings.groups.claim) if mappings.groups.claim else None
    listed = [groups] if isinstance(groups, str) else groups or []
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise InvalidToken(f"claim {mappings.groups.claim} is no list of texts")
    uid = claims.get(mappings.uid.claim, "") if mappings.uid.claim else ""
    if not isinstance(uid, str):
        raise InvalidToken(f"claim {mappings.uid.claim} is no text")
    extra: tuple[tuple[str, str], ...] = ()
    if isinstance(claims.get("jti"), str) and claims["jti"]:
        extra = (("authentication.kubernetes.io/credential-id", f"JTI={claims['jti']}"),)
    prefix = mappings.groups.prefix or ""
    return User(
        f"{mappings.username.prefix or ''}{name}",
        tuple(f"{prefix}{group}" for group in listed),
        uid,
        extra,
    )


def _decode(part: str) -> bytes:
    return bytes(jwt.utils.base64url_decode(part))
