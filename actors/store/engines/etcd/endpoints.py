"""Where etcd answers: URLs as ``https://host:2379?ca=FILE&cert=FILE&key=FILE``. Pure.

Job: parse them. Must not know: connections, files' contents.
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

DEFAULT_PORT = 2379
_FILES = ("ca", "cert", "key")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``target``: host:port. ``ca``, ``cert``, ``key``: PEM files, '' where there is none: without
    ``ca`` the machine's own authorities are trusted."""

    target: str
    tls: bool = False
    ca: str = ""
    cert: str = ""
    key: str = ""


def parse_endpoints(text: str) -> tuple[Endpoint, ...]:
    """URLs joined by commas. Raises ValueError naming what is wrong."""
    found = tuple(_parse(part.strip()) for part in text.split(",") if part.strip())
    if not found:
        raise ValueError("etcd: no endpoint is named")
    return found


def _parse(url: str) -> Endpoint:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"etcd: {url!r} is not http://host:port or https://host:port")
    if parts.username or parts.path not in ("", "/"):
        raise ValueError(f"etcd: {parts.hostname}: users and paths are not supported in endpoints")
    try:
        port = parts.port or DEFAULT_PORT
    except ValueError as error:
        raise ValueError(f"etcd: {url!r}: {error}") from error
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    files = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := [name for name in files if name not in _FILES]:
        raise ValueError(f"etcd: {url!r}: {unknown[0]} is not one of ca, cert, key")
    if files and parts.scheme == "http":
        raise ValueError(f"etcd: {url!r}: certificates go with https")
    if ("cert" in files) != ("key" in files):
        raise ValueError(f"etcd: {url!r}: cert and key go together")
    return Endpoint(f"{host}:{port}", parts.scheme == "https", **files)
