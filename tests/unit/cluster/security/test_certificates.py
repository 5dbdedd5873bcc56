"""Certificates: who they speak for, what for, how long, and that they chain."""

import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cluster.security import certificates as certs

CA_KEY = ec.derive_private_key(1, ec.SECP256R1())
KEY = ec.derive_private_key(2, ec.SECP256R1())
BEGIN, END = 1_700_000_000.0, 1_800_000_000.0
CA = certs.authority(CA_KEY, "test-ca", 7, BEGIN, END)


def issue(*hosts: str) -> x509.Certificate:
    name = certs.subject("system:node:n1", ["system:nodes", "other"])
    return certs.certificate(KEY, name, CA, CA_KEY, 8, BEGIN, END, hosts)


def test_the_subject_is_the_user_and_its_groups() -> None:
    fields = [(item.oid, item.value) for item in issue().subject]
    assert fields == [
        (NameOID.ORGANIZATION_NAME, "system:nodes"),
        (NameOID.ORGANIZATION_NAME, "other"),
        (NameOID.COMMON_NAME, "system:node:n1"),
    ]


def test_it_chains_to_its_authority() -> None:
    issue().verify_directly_issued_by(CA)
    constraints = CA.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value.ca
    leaf = issue().extensions.get_extension_for_class(x509.BasicConstraints)
    assert not leaf.value.ca


def test_serial_and_times_are_as_given() -> None:
    certificate = issue()
    assert certificate.serial_number == 8
    assert certificate.not_valid_before_utc.timestamp() == BEGIN
    assert certificate.not_valid_after_utc.timestamp() == END


def test_servers_have_names_and_clients_have_none() -> None:
    def uses(certificate: x509.Certificate) -> list[x509.ObjectIdentifier]:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        return list(found.value)

    assert uses(issue()) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    server = issue("127.0.0.1", "kubernetes.default")
    assert ExtendedKeyUsageOID.SERVER_AUTH in uses(server)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1")]
    assert names.get_values_for_type(x509.DNSName) == ["kubernetes.default"]


def test_pem_there_and_back() -> None:
    assert certs.load_certificate(certs.certificate_pem(CA)) == CA
    assert certs.load_key(certs.key_pem(KEY)).private_numbers() == KEY.private_numbers()
    with pytest.raises(ValueError, match="elliptic"):
        certs.load_key(certs.key_pem(rsa.generate_private_key(65537, 2048)))  # type: ignore[arg-type]
