"""Secrets whose certificate and private key are no pair.

Source: docs "Secrets", TLS Secrets; the words are those of Go's crypto/tls, which kube-apiserver
asks. Must not know who serves with them.
"""

import base64

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from cluster.api.types import Object
from cluster.api.validation.signing import pem_blocks

_KINDS = (
    (RSAPublicKey, RSAPrivateKey),
    (EllipticCurvePublicKey, EllipticCurvePrivateKey),
    (Ed25519PublicKey, Ed25519PrivateKey),
)
_FAULTS = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)
_NO_DATA = "tls: failed to find any PEM data in {} input"
_SKIPPED = "after skipping PEM blocks of the following types: [{}]"
_SWITCHED = (
    "tls: failed to find certificate PEM data in certificate input, but did find a private key; "
    "PEM inputs may have been switched"
)


def secret_warnings(obj: Object) -> list[str]:
    """Of a Secret, whenever it is written."""
    if obj.get("type") != "kubernetes.io/tls":
        return []
    data = obj.get("data") or {}
    wrong = pair_error(_raw(data.get("tls.crt")), _raw(data.get("tls.key")))
    return [wrong] if wrong else []


def pair_error(certificate: bytes, key: bytes) -> str:
    """What is wrong with the pair (PEM), '' if nothing."""
    found, wrong = _certificate(certificate)
    if found is None:
        return wrong
    der, wrong = _key(key)
    if wrong:
        return wrong
    try:
        public = x509.load_der_x509_certificate(found).public_key()
    except _FAULTS:
        return "x509: malformed certificate"
    try:
        private = load_der_private_key(der, None)
    except _FAULTS:
        return "tls: failed to parse private key"
    for public_kind, private_kind in _KINDS:
        if isinstance(public, public_kind):
            if not isinstance(private, private_kind):
                return "tls: private key type does not match public key type"
            same = private.public_key() == public
            return "" if same else "tls: private key does not match public key"
    return "tls: unknown public key algorithm"


def _certificate(data: bytes) -> tuple[bytes | None, str]:
    """The first (DER), or what is wrong."""
    skipped = []
    for kind, der in pem_blocks(data):
        if kind == "CERTIFICATE":
            return der, ""
        skipped.append(kind)
    if not skipped:
        return None, _NO_DATA.format("certificate")
    if len(skipped) == 1 and skipped[0].endswith("PRIVATE KEY"):
        return None, _SWITCHED
    text = 'tls: failed to find "CERTIFICATE" PEM block in certificate input'
    return None, f"{text} {_SKIPPED.format(' '.join(skipped))}"


def _key(data: bytes) -> tuple[bytes, str]:
    """The first (DER), or what is wrong."""
    skipped = []
    for kind, der in pem_blocks(data):
        if kind == "PRIVATE KEY" or kind.endswith(" PRIVATE KEY"):
            return der, ""
        skipped.append(kind)
    if not skipped:
        return b"", _NO_DATA.format("key")
    if skipped == ["CERTIFICATE"]:
        return b"", "tls: found a certificate rather than a key in the PEM for the private key"
    text = 'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input'
    return b"", f"{text} {_SKIPPED.format(' '.join(skipped))}"


def _raw(encoded: str | None) -> bytes:
    try:
        return base64.b64decode(encoded or "")
    except ValueError:
        return b""
