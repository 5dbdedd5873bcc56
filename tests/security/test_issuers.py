"""A real issuer behind HTTPS: its tokens come in, those of others do not, keys change under way."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

from actors.apiserver import issuers
from cluster.api.authentication_configuration import AuthenticationConfiguration, parse
from cluster.security import certificates
from tests.security.door import NOBODY, Door, bearer
from tests.support.control_plane import control_plane, free_port

WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


@dataclass
class Issuer:
    """Publishes ``keys``; ``says``: the issuer in its document."""

    url: str
    authority: str
    says: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    asked: int = 0

    def token(self, kid: str, **claims: Any) -> str:
        made = {"iss": self.url, "aud": "cluster", "sub": "jane", "exp": time.time() + 60}
        payload = json.dumps({**made, **claims}).encode()
        return jwt.PyJWS().encode(payload, self.keys[kid], "ES256", headers={"kid": kid})

    async def serve(self, request: web.BaseRequest) -> web.Response:
        if request.path != "/keys":
            said = {"issuer": self.says or self.url, "jwks_uri": f"{self.url}/keys"}
            return web.json_response(said)
        self.asked += 1
        public = [
            {**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key())), "kid": kid}
            for kid, key in self.keys.items()
        ]
        return web.json_response({"keys": public})


@pytest.fixture
async def issuer(tmp_path: Path) -> AsyncIterator[Issuer]:
    now, key = time.time(), ec.generate_private_key(ec.SECP256R1())
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = certificates.authority(ca_key, "issuers", 1, now - 60, now + 3600)
    name = certificates.subject("issuer")
    made = certificates.certificate(
        key, name, ca, ca_key, 2, now - 60, now + 3600, hosts=("127.0.0.1",)
    )
    (tmp_path / "i.crt").write_bytes(certificates.certificate_pem(made))
    (tmp_path / "i.key").write_bytes(certificates.key_pem(key))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "i.crt", tmp_path / "i.key")
    port = free_port()
    found = Issuer(f"https://127.0.0.1:{port}", certificates.certificate_pem(ca).decode())
    found.keys["one"] = ec.generate_private_key(ec.SECP256R1())
    runner = web.ServerRunner(web.Server(found.serve))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
    yield found
    await runner.cleanup()


def configuration(issuer: Issuer, **more: Any) -> AuthenticationConfiguration:
    document = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "jwt": [
            {
                "issuer": {
                    "url": issuer.url,
                    "audiences": ["cluster"],
                    "certificateAuthority": issuer.authority,
                },
                "claimMappings": {
                    "username": {"claim": "sub", "prefix": "oidc:"},
                    "groups": {"claim": "groups", "prefix": "oidc:"},
                },
            }
        ],
        **more,
    }
    return parse(json.dumps(document).encode(), "https://own")


async def test_tokens_of_an_issuer(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuers, "PAUSE_SECONDS", 0.0)
    anonymous = {"enabled": True, "conditions": [{"path": "/livez"}, {"path": "/readyz"}]}
    made = configuration(issuer, anonymous=anonymous)
    async with (
        control_plane(tmp_path, http=True, authentication=made) as plane,
        Door.opened(plane) as door,
    ):
        token = issuer.token("one", groups=["devs", "system:masters"])
        info = (await door.must("POST", WHO, {}, who=bearer(token)))["status"]["userInfo"]
        assert info["username"] == "oidc:jane"
        # The prefix keeps a claim from being a group of the cluster's own.
        assert info["groups"] == ["oidc:devs", "oidc:system:masters", "system:authenticated"]
        refused = await door.ask(bearer(token), "GET", "/api/v1/nodes")
        assert 'User "oidc:jane" cannot list' in refused.message
        assert issuer.asked == 1
        # A new key is found when a token of it comes; the old one stays good as it is published.
        issuer.keys["two"] = ec.generate_private_key(ec.SECP256R1())
        for kid in ("two", "one", "two"):
            assert (await door.ask(bearer(issuer.token(kid)), "POST", WHO, {})).code == 201
        assert issuer.asked == 2
        stranger = Issuer(issuer.url, "", keys={"one": ec.generate_private_key(ec.SECP256R1())})
        for forged in (
            stranger.token("one"),
            issuer.token("one", aud="elsewhere"),
            issuer.token("one", exp=time.time() - 1),
            issuer.token("one", iss="https://elsewhere.example.com"),
            issuer.token("one", iss="https://kubernetes.default.svc.cluster.local"),
        ):
            assert (await door.ask(bearer(forged), "POST", WHO, {})).code == 401
        # The unknown, where the configuration lets them in.
        assert (await door.ask(NOBODY, "GET", "/livez")).code == 200
        for path in ("/version", "/api/v1/nodes", "/livez/ping", "/api/v1/livez"):
            assert (await door.ask(NOBODY, "GET", path)).code == 401


async def test_an_issuer_that_is_another_or_away(issuer: Issuer, tmp_path: Path) -> None:
    clock, log = time.monotonic, _Log()
    issuer.says = "https://elsewhere.example.com"
    found = issuers.Issuers(configuration(issuer), time.time, clock, log)  # type: ignore[arg-type]  # what is used of a logger
    token = issuer.token("one")
    assert await found.caller(token) is None
    assert "another issuer" in log.said[0]
    # Not asked again for each of many tokens.
    await asyncio.gather(*(found.caller(token) for _ in range(20)))
    assert len(log.said) == 1
    untrusted = Issuer(issuer.url, _other_authority(), keys=issuer.keys)
    found = issuers.Issuers(configuration(untrusted), time.time, clock, log)  # type: ignore[arg-type]  # what is used of a logger
    issuer.says = ""
    assert await found.caller(token) is None
    assert "certificate verify failed" in log.said[1]


class _Log:
    def __init__(self) -> None:
        self.said: list[str] = []

    def warning(self, event: str, **fields: Any) -> None:
        self.said.append(f"{event}: {fields['error']}")


def _other_authority() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    made = certificates.authority(key, "others", 1, time.time() - 60, time.time() + 60)
    return certificates.certificate_pem(made).decode()
