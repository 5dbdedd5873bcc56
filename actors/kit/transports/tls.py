"""TLS for connections between processes: 1.3 only, and both sides show a certificate.

Names are checked against the process's name in ``hello``, not against DNS: a process's identity is
a key, never an address. Must not know: connections.
"""

import ssl
from pathlib import Path


def server_context(certificate: Path, key: Path, authority: Path) -> ssl.SSLContext:
    """For accepting: PEM files of the own certificate and key, and of the authority that must have
    signed the peer's. Raises OSError or ssl.SSLError if a file is missing or malformed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # Connections last: resumption tickets would only be memory.
    context.num_tickets = 0
    return _with_files(context, certificate, key, authority)


def client_context(certificate: Path, key: Path, authority: Path) -> ssl.SSLContext:
    """For dialling: as ``server_context``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    return _with_files(context, certificate, key, authority)


def _with_files(
    context: ssl.SSLContext, certificate: Path, key: Path, authority: Path
) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority)
    context.load_cert_chain(certificate, key)
    return context
