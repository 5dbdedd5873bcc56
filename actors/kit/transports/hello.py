"""The first words on a connection: who speaks, and whether the certificate says so too. Pure.

A certificate of a process has the common name ``system:replica:<process>`` or
``system:node:<process>`` and its groups as organizations, as Kubernetes reads client certificates.
Must not know: sockets.
"""

from collections.abc import Mapping
from typing import Any

import msgpack
import msgspec

from actors.kit.mailbox import Principal
from cluster import names
from cluster.errors import PeerFault

PROTOCOL = 1
USER_PREFIXES = ("system:replica:", names.USER_NODE_PREFIX)


class Hello(msgspec.Struct, frozen=True):
    """``user`` and ``groups`` count only where there is no certificate (tests without TLS).
    ``connection``: the dialler's name for it, which both ends use in their traces."""

    process: str
    cluster: str
    user: str = ""
    groups: tuple[str, ...] = ()
    protocol: int = PROTOCOL
    connection: str = ""


def encode_hello(hello: Hello) -> bytes:
    """As a msgpack map."""
    encoded: bytes = msgpack.packb(msgspec.to_builtins(hello))
    return encoded


def decode_hello(body: bytes) -> Hello:
    """Raises PeerFault."""
    try:
        return msgspec.convert(msgpack.unpackb(body), Hello)
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise PeerFault(f"a malformed hello: {error}") from error


def check_hello(hello: Hello, own: Hello, certificate: dict[str, Any] | None) -> Principal:
    """Who the peer is. ``certificate``: as ``ssl.SSLSocket.getpeercert`` gives it, None without
    TLS. Raises PeerFault if it is of another cluster, or is not who it says it is."""
    if hello.protocol != own.protocol:
        raise PeerFault(f"{hello.process} speaks protocol {hello.protocol}, not {own.protocol}")
    if hello.cluster != own.cluster:
        raise PeerFault(f"{hello.process} is of the cluster {hello.cluster!r}")
    if not hello.process or "@" in hello.process:
        raise PeerFault(f"{hello.process!r} is no process name")
    if hello.process == own.process:
        raise PeerFault(f"{hello.process} is this process's own name")
    if certificate is None:
        return Principal(hello.process, hello.user, hello.groups, False)
    user, groups = subject_of(certificate)
    if user not in tuple(prefix + hello.process for prefix in USER_PREFIXES):
        raise PeerFault(f"the certificate of {user!r} does not speak for {hello.process!r}")
    return Principal(hello.process, user, groups, False)


def subject_of(certificate: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """(user, groups) that a certificate speaks for: its common name ('' if it has none, or
    several) and its organizations. Source: Kubernetes docs, "X.509 client certificates"."""
    fields = [field for entry in certificate.get("subject", ()) for field in entry]
    users = [value for name, value in fields if name == "commonName"]
    groups = tuple(value for name, value in fields if name == "organizationName")
    return (users[0] if len(users) == 1 else ""), groups
