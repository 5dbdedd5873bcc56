"""Certificates and keys that are no pair."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from cluster.api.warnings.secrets import pair_error, secret_warnings

CURVE = ec.SECP256R1()
ONE = ec.derive_private_key(12345, CURVE)
ANOTHER = ec.derive_private_key(54321, CURVE)
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a")])
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def certificate(public: Any) -> bytes:
    builder = x509.CertificateBuilder().subject_name(NAME).issuer_name(NAME).serial_number(1)
    builder = builder.not_valid_before(BEGIN).not_valid_after(BEGIN + timedelta(days=1))
    return builder.public_key(public).sign(ONE, SHA256()).public_bytes(Encoding.PEM)


def pem(key: Any, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    made: bytes = key.private_bytes(Encoding.PEM, form, NoEncryption())
    return made


CERTIFICATE = certificate(ONE.public_key())
REQUEST = b"-----BEGIN CERTIFICATE REQUEST-----\nYQ==\n-----END CERTIFICATE REQUEST-----\n"
BROKEN = b"-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n"
BROKEN_KEY = b"-----BEGIN PRIVATE KEY-----\nYQ==\n-----END PRIVATE KEY-----\n"


def test_pairs() -> None:
    assert pair_error(CERTIFICATE, pem(ONE)) == ""
    assert pair_error(REQUEST + CERTIFICATE, REQUEST + pem(ONE)) == ""
    assert pair_error(CERTIFICATE, pem(ONE, PrivateFormat.TraditionalOpenSSL)) == ""
    edwards = ed25519.Ed25519PrivateKey.generate()
    assert pair_error(certificate(edwards.public_key()), pem(edwards)) == ""
    big = rsa.generate_private_key(65537, 2048)
    assert pair_error(certificate(big.public_key()), pem(big)) == ""


def test_what_is_no_pair() -> None:
    for crt, key, text in (
        (b"", b"", "tls: failed to find any PEM data in certificate input"),
        (CERTIFICATE, b"a", "tls: failed to find any PEM data in key input"),
        (pem(ONE), CERTIFICATE, "PEM inputs may have been switched"),
        (REQUEST, pem(ONE), "blocks of the following types: [CERTIFICATE REQUEST]"),
        (CERTIFICATE, CERTIFICATE, "tls: found a certificate rather than a key"),
        (CERTIFICATE, REQUEST + REQUEST, "types: [CERTIFICATE REQUEST CERTIFICATE REQUEST]"),
        (BROKEN, pem(ONE), "x509: malformed certificate"),
        (CERTIFICATE, BROKEN_KEY, "tls: failed to parse private key"),
        (CERTIFICATE, pem(ANOTHER), "tls: private key does not match public key"),
        (
            CERTIFICATE,
            pem(ed25519.Ed25519PrivateKey.generate()),
            "tls: private key type does not match public key type",
        ),
        (
            certificate(dsa.generate_private_key(1024).public_key()),
            pem(ONE),
            "tls: unknown public key algorithm",
        ),
    ):
        assert text in pair_error(crt, key)


def test_of_which_secrets() -> None:
    encoded = base64.b64encode(CERTIFICATE).decode()
    data = {"tls.crt": encoded, "tls.key": encoded}
    assert len(secret_warnings({"type": "kubernetes.io/tls", "data": data})) == 1
    assert len(secret_warnings({"type": "kubernetes.io/tls"})) == 1
    assert secret_warnings({"type": "Opaque", "data": data}) == []
