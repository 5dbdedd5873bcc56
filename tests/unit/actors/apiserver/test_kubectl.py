"""The real kubectl against the HTTPS door: what it does first must keep working."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.control_plane import control_plane
from tests.support.kubectl import Kubectl, extract

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""


class Shell:
    """kubectl in a thread: the server it talks to lives on this loop."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl

    async def __call__(self, *words: str, stdin: str | None = None) -> str:
        return await asyncio.to_thread(self._kubectl, *words, stdin=stdin)

    async def result(
        self, *words: str, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(self._kubectl.run, *words, stdin=stdin)

    async def fails(self, *words: str, stdin: str | None = None) -> str:
        result = await self.result(*words, stdin=stdin)
        assert result.returncode != 0
        return result.stderr


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> str:
    return extract(str(tmp_path_factory.mktemp("kubectl")))["kubectl"]


@pytest.fixture
async def kubectl(binary: str, tmp_path: Path) -> AsyncIterator[Shell]:
    async with control_plane(tmp_path / "cluster", http=True) as plane:
        yield Shell(Kubectl(binary, plane.kubeconfig, str(tmp_path)))


async def test_a_session(kubectl: Shell) -> None:
    assert "Server Version: v1.37" in await kubectl("version")
    created = await kubectl("apply", "-f", "-", stdin=MANIFEST)
    assert created == "deployment.apps/web created\nservice/web created\n"
    unchanged = await kubectl("apply", "-f", "-", stdin=MANIFEST)
    assert unchanged == "deployment.apps/web unchanged\nservice/web unchanged\n"
    await kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=MANIFEST)
    await kubectl("scale", "deployment/web", "--replicas=3")
    await kubectl("set", "image", "deployment/web", "c=nginx:2")
    wide = await kubectl("get", "deploy,svc", "-o", "wide")
    assert "READY   UP-TO-DATE   AVAILABLE" in wide
    assert "nginx:2" in wide
    assert "app=web" in await kubectl("describe", "service", "web")
    assert "rollingUpdate" in await kubectl("explain", "deployment.spec.strategy")
    assert "deployments" in await kubectl("api-resources")
    await kubectl("delete", "-f", "-", stdin=MANIFEST)
    assert (await kubectl("get", "deploy", "-o", "name")) == ""


async def test_typed_clients_speak_protobuf(kubectl: Shell) -> None:
    assert await kubectl("auth", "can-i", "create", "pods") == "yes\n"
    await kubectl("create", "deployment", "d", "--image=x", "--replicas=0")
    replicas = await kubectl("get", "deploy", "d", "-o", "jsonpath={.spec.replicas}")
    assert replicas == "0"
    await kubectl("create", "serviceaccount", "bot")
    token = (await kubectl("create", "token", "bot")).strip()
    who = await kubectl("--token", token, "auth", "whoami")
    # The client certificate of the kubeconfig is not looked at beside a token.
    assert "system:serviceaccount:default:bot" in who


async def test_errors_as_people_know_them(kubectl: Shell) -> None:
    misspelt = MANIFEST.replace("replicas: 2", "replicsa: 2")
    said = await kubectl.fails("create", "-f", "-", stdin=misspelt)
    assert 'strict decoding error: unknown field "spec.replicsa"' in said
    assert await kubectl.fails("get", "pods", "p") == (
        'Error from server (NotFound): pods "p" not found\n'
    )
    said = await kubectl.fails("get", "secrets", "--as=bob")
    assert 'User "bob" cannot list resource "secrets"' in said
