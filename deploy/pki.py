"""The cluster's keys and certificates as files: one authority, one certificate per process and one
for the administrator, one key that signs ServiceAccount tokens, the keys of what is encrypted at
rest. A second authority signs only what the API servers show to those they pass requests on to.

Existing files are kept (``up`` converges); keys are readable by their owner only. Who a process is
is its key and its name: when its addresses change it gets a new certificate for the same key. Must
not know: what the certificates are used for.
"""

import os
import time

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from cluster import names
from cluster.api.encryption_configuration import fresh
from cluster.security import certificates
from cluster.settings import ClusterSettings

DAY = 86_400.0
AUTHORITY_SECONDS = 3650 * DAY
CERTIFICATE_SECONDS = 825 * DAY
# Which resources are encrypted in the store, and the keys.
ENCRYPTION = "encryption.yaml"
# Of the authority, and of the certificate, that other API servers know this cluster's by.
FRONT_PROXY_CA = "front-proxy-ca"
FRONT_PROXY = "front-proxy-client"
SERVICE_NAMES = (
    "kubernetes", "kubernetes.default", "kubernetes.default.svc",
    f"kubernetes.default.svc.{names.CLUSTER_DOMAIN}", "localhost",
)  # fmt: skip


def path(settings: ClusterSettings, name: str) -> str:
    """Path of a file as ``ca.crt``, ``replica-1.key``, ``admin.crt``, ``service-account.key``."""
    return os.path.join(settings.data_dir, "pki", name)


def ensure(settings: ClusterSettings) -> str:
    """Make what is missing; return a note of how many certificates were made."""
    os.makedirs(os.path.join(settings.data_dir, "pki"), mode=0o700, exist_ok=True)
    now = time.time()
    if not any(os.path.exists(path(settings, name)) for name in ("ca.crt", ENCRYPTION)):
        # (Not for a cluster that runs already: its replicas would not know the key.)
        write_file(path(settings, ENCRYPTION), fresh(os.urandom(32)), 0o600)
    signers = {name: _authority(settings, name, now) for name in ("ca", FRONT_PROXY_CA)}
    if not os.path.exists(path(settings, "service-account.key")):
        _write(settings, "service-account.key", certificates.key_pem(_new_key()))
    made = 0
    for owner, subject, hosts in _wanted(settings):
        if _covered(settings, owner, hosts):
            continue
        key = _kept_key(settings, owner) or _new_key()
        issuer, issuer_key = signers[FRONT_PROXY_CA if owner == FRONT_PROXY else "ca"]
        certificate = certificates.certificate(
            key, subject, issuer, issuer_key, x509.random_serial_number(),
            now - 300, now + CERTIFICATE_SECONDS, hosts,
        )  # fmt: skip
        _write(settings, f"{owner}.key", certificates.key_pem(key))
        _write(settings, f"{owner}.crt", certificates.certificate_pem(certificate))
        made += 1
    return f"{made} made" if made else "there"


def _covered(settings: ClusterSettings, owner: str, hosts: list[str]) -> bool:
    """Whether there is a certificate of the owner that is good for all its hosts."""
    try:
        with open(path(settings, f"{owner}.crt"), "rb") as file:
            found = certificates.load_certificate(file.read())
    except FileNotFoundError:
        return False
    return set(certificates.hosts(found)) >= set(hosts)


def _kept_key(settings: ClusterSettings, owner: str) -> certificates.Key | None:
    try:
        with open(path(settings, f"{owner}.key"), "rb") as file:
            return certificates.load_key(file.read())
    except FileNotFoundError:
        return None


def forget(settings: ClusterSettings, name: str) -> None:
    """Remove the key and certificate of a process that is no more."""
    for file in (f"{name}.key", f"{name}.crt"):
        if os.path.exists(path(settings, file)):
            os.unlink(path(settings, file))


def _wanted(settings: ClusterSettings) -> list[tuple[str, x509.Name, list[str]]]:
    """(file name, subject, hosts) of every certificate."""
    shared = [settings.network.kubernetes_address, "127.0.0.1", *SERVICE_NAMES]
    admin = certificates.subject("kubernetes-admin", [names.GROUP_MASTERS])
    result: list[tuple[str, x509.Name, list[str]]] = [
        ("admin", admin, []),
        (FRONT_PROXY, certificates.subject(names.FRONT_PROXY_USER), []),
    ]
    for replica in settings.replicas:
        addresses = (replica.peer_address, *replica.api_addresses)
        hosts = sorted({address.rpartition(":")[0] for address in addresses} | set(shared))
        user = certificates.subject(f"system:replica:{replica.name}", [names.GROUP_REPLICAS])
        result.append((replica.name, user, hosts))
    for node in settings.nodes:
        user = certificates.subject(names.USER_NODE_PREFIX + node.name, [names.GROUP_NODES])
        result.append((node.name, user, sorted({node.address, node.name})))
    return result


def _authority(
    settings: ClusterSettings, name: str, now: float
) -> tuple[x509.Certificate, certificates.Key]:
    if os.path.exists(path(settings, f"{name}.crt")):
        with open(path(settings, f"{name}.crt"), "rb") as file:
            issuer = certificates.load_certificate(file.read())
        with open(path(settings, f"{name}.key"), "rb") as file:
            return issuer, certificates.load_key(file.read())
    key = _new_key()
    called, serial = f"{settings.name}-{name}", x509.random_serial_number()
    issuer = certificates.authority(key, called, serial, now - 300, now + AUTHORITY_SECONDS)
    _write(settings, f"{name}.key", certificates.key_pem(key))
    _write(settings, f"{name}.crt", certificates.certificate_pem(issuer))
    return issuer, key


def _new_key() -> certificates.Key:
    return ec.generate_private_key(ec.SECP256R1())


def _write(settings: ClusterSettings, name: str, data: bytes) -> None:
    write_file(path(settings, name), data, 0o600 if name.endswith(".key") else 0o644)


def write_file(target: str, data: bytes, mode: int) -> None:
    """Replace a file atomically: a launcher killed meanwhile leaves no half one."""
    partial = target + ".tmp"
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)
    os.replace(partial, target)
