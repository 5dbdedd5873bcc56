"""Bootstrap tokens: a Secret of kube-system by which a new node proves itself before it has more.

Source: docs "Authenticating with Bootstrap Tokens". Must not know: HTTP, how secrets are kept.
"""

import base64
import hmac
import re
from collections.abc import Awaitable, Callable

from actors.apiserver.call import Caller
from cluster.api.timestamps import seconds_of
from cluster.api.types import Object

TYPE = "bootstrap.kubernetes.io/token"
GROUP = "system:bootstrappers"
_TOKEN = re.compile(r"([a-z0-9]{6})\.([a-z0-9]{16})")
_GROUP = re.compile(r"system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]")

# A Secret of kube-system by its name, None if there is none.
FindSecret = Callable[[str], Awaitable[Object | None]]


async def bootstrap_caller(find: FindSecret, token: str, now: float) -> Caller | None:
    """Whom the token proves; None if it is no bootstrap token, or proves nothing (any more)."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return None
    secret = await find(f"bootstrap-token-{parts[1]}")
    if secret is None:
        return None
    groups = granted(secret, parts[1], parts[2], now)
    return None if groups is None else Caller(f"system:bootstrap:{parts[1]}", groups)


def granted(secret: Object, token_id: str, token_secret: str, now: float) -> tuple[str, ...] | None:
    """The groups that a Secret gives to who knows it; None if it gives nothing. ``now``: UNIX
    seconds."""
    if secret.get("type") != TYPE or secret["metadata"].get("deletionTimestamp"):
        return None
    data = {key: _text(value) for key, value in (secret.get("data") or {}).items()}
    if not hmac.compare_digest(data.get("token-secret", "").encode(), token_secret.encode()):
        return None
    if data.get("token-id") != token_id or data.get("usage-bootstrap-authentication") != "true":
        return None
    if data.get("expiration") and _expired(data["expiration"], now):
        return None
    more = [name for name in data.get("auth-extra-groups", "").split(",") if name]
    if any(_GROUP.fullmatch(name) is None for name in more):
        return None
    return tuple(sorted({GROUP, *more}))


def _text(value: object) -> str:
    try:
        return base64.b64decode(str(value)).decode()
    except ValueError:
        return ""


def _expired(text: str, now: float) -> bool:
    """A time that cannot be read has passed (RFC 3339)."""
    try:
        return seconds_of(text) <= now
    except ValueError:
        return True
