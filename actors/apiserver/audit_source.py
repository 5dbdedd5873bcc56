"""Where a request came from, as the audit log tells it.

Source: audit.k8s.io/v1 Event: sourceIPs, userAgent, auditID. Must not know: what is asked.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from actors.kit.world.entropy import Entropy

# How much is kept of a name that a client gave (kube-apiserver: 64).
AUDIT_ID_MAX = 64
AGENT_MAX = 1024
_CUT = "...TRUNCATED"
# Addresses that a client may name before its own.
FORWARDED_MAX = 64


@dataclass(frozen=True)
class Source:
    """``uri``: the request's path and query as they were sent. ``addresses``: all but the last are
    what the client says. ``audit_id``: what its answer says that it is called by, '' if it says
    nothing."""

    uri: str
    addresses: tuple[str, ...] = ()
    agent: str = ""
    audit_id: str = ""


def audit_id(given: str, entropy: Entropy) -> str:
    """What a request is called by: as its client said in the header Audit-ID, else a new name."""
    wanted = given.strip()[:AUDIT_ID_MAX]
    return wanted if wanted and wanted.isascii() and wanted.isprintable() else entropy.uuid()


def agent_of(headers: Mapping[str, str]) -> str:
    """Its client's program, of bounded length."""
    agent = headers.get("User-Agent", "")
    return agent if len(agent) <= AGENT_MAX else agent[:AGENT_MAX] + _CUT


def addresses_of(headers: Mapping[str, str], peer: str) -> tuple[str, ...]:
    """X-Forwarded-For, X-Real-Ip if that does not name it, and who is connected, if it is not the
    last of them. What is no address is left out."""
    forwarded = headers.get("X-Forwarded-For", "").split(",")[:FORWARDED_MAX]
    found = [address for text in forwarded if (address := _address(text))]
    real = _address(headers.get("X-Real-Ip", ""))
    if real and real not in found:
        found.append(real)
    last = _address(peer)
    if last and found[-1:] != [last]:
        found.append(last)
    return tuple(found)


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return ""
