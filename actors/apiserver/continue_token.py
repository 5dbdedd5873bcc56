"""Continue tokens of paged lists: opaque to clients, authenticated, the same on all replicas.

Job: seal and open (revision, next key, since when). Must not know: the store.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable

import msgspec

from cluster.api import status

TOKEN_VERSION = 2
MAC_BYTES = 16
# In place of a revision: go on at the newest state, consistent with nothing seen before.
NEWEST = -1
_WRONG = "invalid continue token: continue key is not valid"
# A list may go on at its revision for so long after its first page (kube-apiserver: until etcd is
# compacted, which is every five minutes). History may be kept for longer: clients are not to rely
# on it.
LIFETIME_SECONDS = 300


class Position(msgspec.Struct, frozen=True, array_like=True):
    """Where a list goes on. ``revision`` NEWEST for an inconsistent continuation; ``since``: unix
    seconds of the first page."""

    version: int
    revision: int
    start: str
    since: int


class ContinueTokens:
    """Seals with a key derived from ``secret`` (any bytes that all replicas share). ``now``: unix
    seconds; the clocks of two replicas may differ, which makes a token's life that much longer or
    shorter."""

    def __init__(self, secret: bytes, now: Callable[[], float]) -> None:
        self._now = now
        self._key = hashlib.sha256(b"steersman continue token\x00" + secret).digest()
        self._decoder = msgspec.json.Decoder(Position)

    def seal(self, revision: int, start: str, since: int | None = None) -> str:
        """A URL-safe token. ``since``: of the list's earlier pages, None for its first."""
        begun = int(self._now()) if since is None else since
        body = msgspec.json.encode(Position(TOKEN_VERSION, revision, start, begun))
        return base64.urlsafe_b64encode(self._mac(body) + body).rstrip(b"=").decode()

    def open(self, token: str, prefix: str) -> Position:
        """Raises StatusError 400 for a token that is not ours or of another list."""
        try:
            raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
            mac, body = raw[:MAC_BYTES], raw[MAC_BYTES:]
            if not hmac.compare_digest(mac, self._mac(body)):
                raise ValueError("wrong seal")
            position = self._decoder.decode(body)
        except (ValueError, binascii.Error, UnicodeEncodeError, msgspec.DecodeError) as error:
            raise status.bad_request(_WRONG) from error
        if position.version != TOKEN_VERSION or not position.start.startswith(prefix):
            raise status.bad_request(_WRONG)
        return position

    def is_expired(self, position: Position) -> bool:
        """True if the list may not go on at its revision any more."""
        return position.revision != NEWEST and self._now() - position.since > LIFETIME_SECONDS

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).digest()[:MAC_BYTES]
