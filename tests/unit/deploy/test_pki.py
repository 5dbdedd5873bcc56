"""Keys and certificates: who a process is stays, where it is may change."""

import ssl
from pathlib import Path

import msgspec

from cluster.security import certificates
from cluster.settings import ClusterSettings
from deploy import pki
from deploy.topology import Topology, build_settings


def read(settings: ClusterSettings, name: str) -> bytes:
    return Path(pki.path(settings, name)).read_bytes()


def test_new_addresses_get_a_new_certificate_for_the_same_key(tmp_path: Path) -> None:
    settings = build_settings(Topology(runtime="memory", nodes=1), str(tmp_path))
    assert pki.ensure(settings) == "6 made"
    assert pki.ensure(settings) == "there"
    files = [path.name for path in (tmp_path / "pki").iterdir()]
    before = {name: read(settings, name) for name in files}
    old = settings.replicas[1]
    moved = msgspec.structs.replace(
        old, peer_address="127.0.0.9:7000", api_addresses=("127.0.0.9:6000",)
    )
    replicas = (settings.replicas[0], moved, settings.replicas[2])
    settings = msgspec.structs.replace(settings, replicas=replicas)
    assert pki.ensure(settings) == "1 made"
    changed = [name for name in files if read(settings, name) != before[name]]
    assert changed == ["replica-2.crt"]
    certificate = certificates.load_certificate(read(settings, "replica-2.crt"))
    assert "127.0.0.9" in certificates.hosts(certificate)
    key = certificates.load_key(read(settings, "replica-2.key"))
    assert certificate.public_key() == key.public_key()
    names = {part.value for part in certificate.subject}
    assert "system:replica:replica-2" in names
    ssl.create_default_context(cafile=pki.path(settings, "ca.crt")).load_cert_chain(
        pki.path(settings, "replica-2.crt"), pki.path(settings, "replica-2.key")
    )
    assert pki.ensure(settings) == "there"


def test_a_launcher_killed_between_key_and_certificate_is_made_good(tmp_path: Path) -> None:
    settings = build_settings(Topology(runtime="memory", nodes=0), str(tmp_path))
    pki.ensure(settings)
    Path(pki.path(settings, "replica-1.crt")).unlink()
    key = read(settings, "replica-1.key")
    assert pki.ensure(settings) == "1 made"
    assert read(settings, "replica-1.key") == key
