"""Tokens of ServiceAccounts that are kept in Secrets: without end, until the Secret goes.

Source: docs "Managing Service Accounts", manual management of Secrets for ServiceAccounts; for what
is kept about their use, KEP-2799. Must not know: whether the Secret and the account still exist
(the caller asks the store).
"""

from collections.abc import Sequence
from typing import Any

from cluster.api.timestamps import rfc3339, seconds_of
from cluster.api.types import Object
from cluster.api.validation.configuration import ACCOUNT_NAME
from cluster.security import tokens
from cluster.security.accounts import service_account_user
from cluster.security.tokens import Account, BoundObject, InvalidToken

# An annotation beside the account's name.
ACCOUNT_UID = "kubernetes.io/service-account.uid"
# Labels, both a day: the token counts no longer; it was last used.
INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since"
LAST_USED = "kubernetes.io/legacy-token-last-used"
# The ConfigMap in kube-system, and its key, that say since which day LAST_USED is kept.
TRACKING = "kube-apiserver-legacy-service-account-token-tracking"
SINCE = "since"
DAY_SECONDS = 86400.0
ISSUER = "kubernetes/serviceaccount"
_CLAIM = "kubernetes.io/serviceaccount/"


def account_of(secret: Object) -> tuple[str, str]:
    """Name and uid of the account that a Secret is for; '' for what it does not say."""
    annotations = secret["metadata"].get("annotations") or {}
    return annotations.get(ACCOUNT_NAME) or "", annotations.get(ACCOUNT_UID) or ""


def day_of(now: float) -> str:
    """The day (UTC) of UNIX seconds, as labels say it: "2026-01-02"."""
    return rfc3339(now)[:10]


def start_of(day: str) -> float | None:
    """UNIX seconds at which a day begins; None for what is none."""
    try:
        start = seconds_of(f"{day}T00:00:00Z")
    except ValueError:
        return None
    return start if day_of(start) == day else None


def is_use_noted(secret: Object, now: float) -> bool:
    """Whether the label says that the token was used today. Another replica's clock may be a bit
    ahead: tomorrow counts as today."""
    said = (secret["metadata"].get("labels") or {}).get(LAST_USED)
    return said in (day_of(now), day_of(now + DAY_SECONDS))


def issue(key: tokens.PrivateKey, namespace: str, name: str, uid: str, secret: str) -> str:
    """The token of the account for a Secret of that name: always the same one."""
    claims = {
        "iss": ISSUER,
        f"{_CLAIM}namespace": namespace,
        f"{_CLAIM}secret.name": secret,
        f"{_CLAIM}service-account.name": name,
        f"{_CLAIM}service-account.uid": uid,
        "sub": service_account_user(namespace, name),
    }
    return tokens.sign(key, claims)


def verify(keys: Sequence[tokens.PublicKey], token: str) -> Account:
    """Whom it speaks for, and the Secret that must hold it (without uid). Raises InvalidToken."""
    claims = tokens.signed_claims(keys, token)
    if claims.get("iss") != ISSUER:
        raise InvalidToken("token of another issuer")
    account = Account(
        _text(claims, "namespace"),
        _text(claims, "service-account.name"),
        _text(claims, "service-account.uid"),
        secret=BoundObject(_text(claims, "secret.name"), ""),
    )
    if claims.get("sub") != account.user():
        raise InvalidToken("token subject and account differ")
    return account


def _text(claims: dict[str, Any], name: str) -> str:
    found = claims.get(_CLAIM + name)
    if not isinstance(found, str) or not found:
        raise InvalidToken(f"token does not say {name}")
    return found
