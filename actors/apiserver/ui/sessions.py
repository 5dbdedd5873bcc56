"""What a browser's cookie holds: the user's own token, or a session sealed by the replicas. Pure.

A bearer token goes into the cookie as it is, and is verified at each request: what ends it ends the
session. Who came with a certificate has no token: such a session holds the user's name and groups
until it is over or was ended (``endings``), sealed with a key that all replicas share. Must not
know: HTTP.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable

import msgspec

from cluster.messages.ui import Identity

SESSION_SECONDS = 8 * 3600
VERSION = 2
MAC_BYTES = 32
# Browsers keep no longer cookie than 4096 bytes with its name and attributes.
TOKEN_CHARS_MAX = 3800
_TOKEN, _SEALED = "t.", "s."


class Session(msgspec.Struct, frozen=True, array_like=True):
    """``ends``: UNIX seconds. ``ending``: of this user's, the last that was known at its start."""

    version: int
    ends: float
    identity: Identity
    ending: int


class Sessions:
    """Seals with a key derived from ``secret`` (any bytes that all replicas share). ``ending``: the
    last one that is about a user."""

    def __init__(self, secret: bytes, ending: Callable[[str], int] = lambda user: 0) -> None:
        self._ending = ending
        self._key = hashlib.sha256(b"steersman ui session\x00" + secret).digest()
        self._decoder = msgspec.json.Decoder(Session)

    def of_identity(self, identity: Identity, now: float) -> str:
        """The cookie's value. ``now``: UNIX seconds."""
        ending = self._ending(identity.user)
        body = msgspec.json.encode(Session(VERSION, now + SESSION_SECONDS, identity, ending))
        return _SEALED + base64.urlsafe_b64encode(self._mac(body) + body).rstrip(b"=").decode()

    def identity(self, cookie: str, now: float) -> Identity | None:
        """Whom a sealed cookie stands for; None if it is not ours, over, or ended."""
        if not cookie.startswith(_SEALED):
            return None
        text = cookie.removeprefix(_SEALED)
        try:
            raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
            mac, body = raw[:MAC_BYTES], raw[MAC_BYTES:]
            if not hmac.compare_digest(mac, self._mac(body)):
                return None
            session = self._decoder.decode(body)
        except (ValueError, binascii.Error, msgspec.DecodeError):
            return None
        if session.version != VERSION or now >= session.ends:
            return None
        user = session.identity.user
        return session.identity if session.ending >= self._ending(user) else None

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).digest()


def of_token(token: str) -> str:
    """The cookie's value for a bearer token."""
    return _TOKEN + token


def token(cookie: str) -> str:
    """The bearer token in a cookie, '' if it holds none."""
    return cookie.removeprefix(_TOKEN) if cookie.startswith(_TOKEN) else ""


def cookie_name(cluster: str) -> str:
    """Cookies of one host are shared by all its ports: clusters on one machine must differ."""
    kept = "".join(one if one.isascii() and one.isalnum() else "-" for one in cluster)
    return f"__Secure-steersman-ui-{kept}"
