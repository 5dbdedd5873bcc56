"""What the API server shows to webhooks to prove who it is, over real TLS."""

import base64
import json
import ssl
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from actors.apiserver.admission.hooks import CallFailed
from actors.apiserver.webhook_client import WebhookClient
from actors.catalog import read_webhook_credentials
from actors.kit.tracing import MemoryTracer
from cluster.api.admission_configuration import MUTATING, VALIDATING, BadAdmissionConfiguration
from cluster.errors import StatusError
from cluster.security import certificates
from cluster.security.server_credentials import Credential, ServerCredentials
from tests.support.control_plane import control_plane, free_port
from tests.support.webhook_server import rules, webhook_server
from tests.unit.actors.apiserver.test_dialling import SERVICE, Loopback, serve

SECRET = "hunter2-not-for-logs"


class Ca:
    """Signs for servers and clients."""

    def __init__(self) -> None:
        self._now = time.time()
        self._key = ec.generate_private_key(ec.SECP256R1())
        serial = x509.random_serial_number()
        self.certificate = certificates.authority(
            self._key, "ca", serial, self._now - 300, self._now + 3600
        )

    @property
    def pem(self) -> bytes:
        return certificates.certificate_pem(self.certificate)

    def sign(self, name: str, hosts: tuple[str, ...] = ()) -> tuple[bytes, bytes]:
        """(certificate, key)"""
        own = ec.generate_private_key(ec.SECP256R1())
        made = certificates.certificate(
            own,
            certificates.subject(name),
            self.certificate,
            self._key,
            x509.random_serial_number(),
            self._now - 300,
            self._now + 3600,
            hosts,
        )
        return certificates.certificate_pem(made), certificates.key_pem(own)


def server_context(ca: Ca, folder: Path, host: str) -> ssl.SSLContext:
    """Wants a certificate of its clients."""
    certificate, key = ca.sign("hook", (host,))
    (folder / "server.pem").write_bytes(certificate + key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=ca.pem.decode())
    context.load_cert_chain(folder / "server.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


async def test_a_client_certificate_and_a_token_by_the_name_of_the_service(tmp_path: Path) -> None:
    ca, port = Ca(), free_port()
    seen: list[tuple[Any, str]] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        peer = request.transport.get_extra_info("peercert")
        seen.append((dict(part[0] for part in peer["subject"]), request.headers["Authorization"]))
        return web.json_response({})

    runner = await serve(server_context(ca, tmp_path, "hook.default.svc"), port, answer)
    shown = Credential("Bearer one", *ca.sign("kube-apiserver"))
    client = WebhookClient(Loopback(port))
    bundle = base64.b64encode(ca.pem).decode()
    asked = {"service": SERVICE, "caBundle": bundle}
    try:
        showing = client.showing(ServerCredentials({"hook.default.svc": shown}))
        assert await showing.post(asked, {}, 5.0) == {}
        assert seen == [({"commonName": "kube-apiserver"}, "Bearer one")]
        # Whoever shows nothing, or something for another, is not let in; nor by a kept connection.
        others = ServerCredentials({"other.default.svc": shown, "*": Credential("Basic x")})
        for stranger in (client, client.showing(others)):
            with pytest.raises(CallFailed):
                await stranger.post(asked, {}, 5.0)
        assert len(seen) == 1
    finally:
        await client.close()
        await runner.cleanup()


def write(folder: Path, users: list[Any], plugin: str = MUTATING) -> Path:
    """An admission-config.yaml with a kubeconfig for one plugin."""
    (folder / "hooks.yaml").write_text(yaml.safe_dump({"kind": "Config", "users": users}))
    version = "apiserver.config.k8s.io/v1"
    configuration = {"apiVersion": version, "kind": "WebhookAdmissionConfiguration",
                     "kubeConfigFile": str(folder / "hooks.yaml")}  # fmt: skip
    plugins = [{"name": plugin, "configuration": configuration}]
    document = {"apiVersion": version, "kind": "AdmissionConfiguration", "plugins": plugins}
    file = folder / "admission-config.yaml"
    file.write_text(yaml.safe_dump(document))
    return file


async def test_each_plugin_shows_its_own(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Through the whole chain; and no answer, trace or log tells of it."""
    file = write(tmp_path, [{"name": "*", "user": {"username": "api", "password": SECRET}}])
    shown = read_webhook_credentials(file)
    async with (
        control_plane(tmp_path, mutating=shown[MUTATING], validating=shown[VALIDATING]) as plane,
        webhook_server(plane) as server,
    ):
        maps = rules("configmaps")
        await server.register("mutating", server.hook("m", maps), name="a")
        await server.register("validating", server.hook("v", maps), name="b")
        server.shown.clear()
        server.answers["/m"] = lambda _: web.Response(status=401, text="who are you")
        with pytest.raises(StatusError) as refused:
            await plane.create("configmaps", {"metadata": {"name": "one"}}, "default")
        server.answers.clear()
        await plane.create("configmaps", {"metadata": {"name": "two"}}, "default")
        pair = base64.b64encode(f"api:{SECRET}".encode()).decode()
        assert server.shown == {"/m": [f"Basic {pair}"] * 2, "/v": [""]}
        said = json.dumps(refused.value.status)
        assert "asked for the client to provide credentials" in said
        tracer = plane.system.recorder.tracer
        assert isinstance(tracer, MemoryTracer) and tracer.records
        for told in (said, repr(tracer.records), caplog.text):
            assert SECRET not in told and pair not in told


def test_files_are_found_beside_the_kubeconfig(tmp_path: Path) -> None:
    certificate, key = Ca().sign("kube-apiserver")
    (tmp_path / "crt").write_bytes(certificate)
    (tmp_path / "key").write_bytes(key)
    user = {"client-certificate": "crt", "client-key": str(tmp_path / "key")}
    found = read_webhook_credentials(write(tmp_path, [{"name": "*", "user": user}], VALIDATING))
    assert found[VALIDATING].of("x:443").certificate == certificate
    assert found[MUTATING].users == {}
    nothing = read_webhook_credentials(tmp_path / "none.yaml")
    assert [one.users for one in nothing.values()] == [{}, {}]


@pytest.mark.parametrize("part", ["client-certificate-data", "client-key-data"])
def test_what_cannot_be_shown_is_refused_at_the_start(tmp_path: Path, part: str) -> None:
    certificate, key = Ca().sign("kube-apiserver")
    _, other = Ca().sign("kube-apiserver")
    pair = {"client-certificate-data": certificate, "client-key-data": key}
    pair[part] = SECRET.encode() if part.startswith("client-cert") else other
    user = {name: base64.b64encode(data).decode() for name, data in pair.items()}
    with pytest.raises(BadAdmissionConfiguration) as refused:
        read_webhook_credentials(write(tmp_path, [{"name": "*", "user": user}]))
    assert str(refused.value) == (
        f"{tmp_path / 'hooks.yaml'}: the client certificate and its key cannot be used"
    )


def test_a_file_that_is_wrong_is_named(tmp_path: Path) -> None:
    file = write(tmp_path, [{"name": "*", "user": {"token": SECRET, "username": "x"}}])
    with pytest.raises(BadAdmissionConfiguration) as refused:
        read_webhook_credentials(file)
    assert str(refused.value).startswith(f"{tmp_path / 'hooks.yaml'}: users[0].user: ")
    assert SECRET not in str(refused.value)
    file.write_text("plugins: {")
    with pytest.raises(BadAdmissionConfiguration, match=r"admission-config.yaml: no YAML in line"):
        read_webhook_credentials(file)
