"""Headers of a proxied request and of its answer. Pure.

Source: RFC 9110 section 7.6.1 (hop-by-hop); the headers that Kubernetes' proxy adds.
Must not know: bodies, connections.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from actors.apiserver.authentication import TOKEN_PROTOCOL

Pairs = list[tuple[str, str]]

HOP_BY_HOP = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
        "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
# The caller's credentials are the API server's business, not the pod's, and it is this server that
# has told the caller to send its body.
OURS = frozenset(
    {"authorization", "expect", "host", "x-forwarded-uri", "x-forwarded-host", "x-forwarded-proto"}
)


def connection_tokens(headers: Iterable[tuple[str, str]]) -> set[str]:
    """What the Connection header names."""
    found: set[str] = set()
    for name, value in headers:
        if name.lower() == "connection":
            found |= {token.strip().lower() for token in value.split(",") if token.strip()}
    return found


def request_headers(headers: Pairs, peer: str, host: str, prefix_path: str, upgrade: bool) -> Pairs:
    """For the pod. ``host``: its own name for itself; ``prefix_path``: the path that the client
    asked this server for; ``upgrade``: the connection is to become another protocol's."""
    dropped = HOP_BY_HOP | OURS | connection_tokens(headers)
    kept = [
        (name, value)
        for name, value in headers
        if name.lower() not in dropped and not name.lower().startswith("impersonate-")
    ]
    kept = _without_token(kept)
    before = [value for name, value in kept if name.lower() == "x-forwarded-for"]
    kept = [(name, value) for name, value in kept if name.lower() != "x-forwarded-for"]
    asked = next((value for name, value in headers if name.lower() == "host"), "")
    kept += [("Host", host), ("X-Forwarded-For", ", ".join([*before, peer]))]
    kept += [("X-Forwarded-Uri", prefix_path), ("X-Forwarded-Host", asked)]
    kept.append(("X-Forwarded-Proto", "https"))
    if upgrade:
        wanted = next((value for name, value in headers if name.lower() == "upgrade"), "")
        kept += [("Connection", "Upgrade"), ("Upgrade", wanted)]
    return kept


def _without_token(headers: Pairs) -> Pairs:
    """Of the subprotocols that a client offers, those that are no credential."""
    found: Pairs = []
    for name, value in headers:
        if name.lower() == "sec-websocket-protocol":
            offered = [item.strip() for item in value.split(",")]
            value = ", ".join(item for item in offered if not item.startswith(TOKEN_PROTOCOL))
            if not value:
                continue
        found.append((name, value))
    return found


def answer_headers(headers: Pairs, prefix: str, hosts: frozenset[str]) -> Pairs:
    """For the client: redirects lead through the proxy."""
    dropped = HOP_BY_HOP | connection_tokens(headers)
    return [
        (name, rewritten(value, prefix, hosts) if name.lower() == "location" else value)
        for name, value in headers
        if name.lower() not in dropped
    ]


def rewritten(url: str, prefix: str, hosts: frozenset[str]) -> str:
    """A link of the pod's, as it leads through the proxy; of others, and relative ones, as it is.

    ``prefix``: path of the proxy, without a slash at its end; ``hosts``: names of the pod and of
    this server.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if (parts.netloc and parts.netloc not in hosts) or not parts.path.startswith("/"):
        return url
    if parts.scheme not in ("", "http", "https") or parts.path.startswith(prefix + "/"):
        return url
    return urlunsplit(("", "", prefix + parts.path, parts.query, parts.fragment))
