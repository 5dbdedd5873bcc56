"""Admission webhooks as people meet them: kubectl sees mutations, warnings and denials, on three
replicas without Docker."""

import base64
import contextlib
import json
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import pki
from tests.support.kubectl import Kubectl
from tests.support.real_cluster import RealCluster
from tests.support.store_cluster import certify
from tests.support.webhook_server import allowed, denied, patched, rules

pytestmark = pytest.mark.timeout(180)
Json = dict[str, Any]
OWNER = {"matchLabels": {"kubernetes.io/metadata.name": "default"}}


def label(asked: Json) -> Json:
    """Mutates: what has no owner gets one."""
    found = asked["object"]["metadata"].get("labels") or {}
    return patched({"op": "add", "path": "/metadata/labels", "value": {**found, "owner": "us"}})


def judge(asked: Json) -> Json:
    """Validates: secret data is refused, much data warned of."""
    if asked["operation"] == "DELETE" and asked["name"] == "kept":
        return denied("it is to be kept", code=403, reason="Forbidden")
    if asked["operation"] == "CONNECT":
        return denied(f"no {asked['object']['kind']} here")
    data = (asked["object"] or {}).get("data") or {}
    if "secret" in data:
        return denied("secrets are no configuration")
    return allowed(warnings=["half of it would do"] if len(data) > 1 else [])


class Webhooks(BaseHTTPRequestHandler):
    """Both webhooks, by path."""

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        review = json.loads(self.rfile.read(length))
        asked = review.pop("request")
        found = (label if self.path.startswith("/label") else judge)(asked)
        body = json.dumps({**review, "response": {"uid": asked["uid"], **found}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing is written."""


@contextlib.contextmanager
def served(cluster: RealCluster) -> Iterator[int]:
    """The port they listen on, in a thread: kubectl blocks the test's."""
    certify(cluster.settings, "hooks")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(
        pki.path(cluster.settings, "hooks.crt"), pki.path(cluster.settings, "hooks.key")
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), Webhooks) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def configuration(kind: str, path: str, port: int, bundle: str, rule: Json) -> Json:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": f"{kind}WebhookConfiguration",
        "metadata": {"name": path},
        "webhooks": [
            {
                "name": f"{path}.hooks.example.com",
                "rules": [rule],
                "namespaceSelector": OWNER,
                "clientConfig": {"url": f"https://127.0.0.1:{port}/{path}", "caBundle": bundle},
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }
        ],
    }


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    folder = tmp_path_factory.mktemp("hooks")
    cluster = RealCluster(str(folder), "hooks", number=12, replicas=3, nodes=1, runtime="memory")
    with contextlib.ExitStack() as stack:
        stack.callback(_down, cluster)
        cluster.up()
        port = stack.enter_context(served(cluster))
        authority = Path(pki.path(cluster.settings, "ca.crt")).read_bytes()
        bundle = base64.b64encode(authority).decode()
        maps = rules("configmaps", operations=("CREATE", "UPDATE"))
        judged = {**rules("configmaps", "pods/exec")}
        text = yaml.safe_dump_all(
            [
                configuration("Mutating", "label", port, bundle, maps),
                configuration("Validating", "judge", port, bundle, judged),
            ]
        )
        said = cluster.kubectl("apply", "-f", "-", stdin=text)
        assert "validatingwebhookconfiguration.admissionregistration.k8s.io/judge created" in said
        _until_all_replicas_know(cluster.kubectl)
        yield cluster.kubectl


def _down(cluster: RealCluster) -> None:
    with contextlib.suppress(FileNotFoundError):
        cluster.down()


def _until_all_replicas_know(kubectl: Kubectl) -> None:
    """kubectl's connections go to any replica."""
    known = 0
    for _ in range(100):
        result = kubectl.run("create", "configmap", "probe", "--from-literal=secret=x",
                             "--dry-run=server")  # fmt: skip
        known = known + 1 if "denied" in result.stderr else 0
        if known == 6:
            return
        time.sleep(0.05)
    raise AssertionError("the webhooks are not asked")


def test_what_is_mutated_and_warned_of(kubectl: Kubectl) -> None:
    result = kubectl.run("create", "configmap", "m", "--from-literal=a=1", "--from-literal=b=2")
    assert result.stdout == "configmap/m created\n"
    assert result.stderr == "Warning: half of it would do\n"
    assert kubectl.json("get", "configmap", "m")["metadata"]["labels"] == {"owner": "us"}
    assert kubectl("label", "configmap", "m", "x=y") == "configmap/m labeled\n"
    assert kubectl.json("get", "configmap", "m")["metadata"]["labels"] == {"owner": "us", "x": "y"}


def test_what_is_denied(kubectl: Kubectl) -> None:
    result = kubectl.run("create", "configmap", "n", "--from-literal=secret=x")
    assert result.returncode == 1
    said = 'admission webhook "judge.hooks.example.com" denied the request: '
    assert f"{said}secrets are no configuration" in result.stderr
    manifest = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "n"},
            "data": {"secret": "x"},
        }
    )
    for options in (("--server-side",), ("--dry-run=server",), ()):
        result = kubectl.run("apply", *options, "-f", "-", stdin=manifest)
        assert result.returncode == 1 and said in result.stderr
    assert "NotFound" in kubectl.run("get", "configmap", "n").stderr


def test_deletes_and_streams(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "kept")
    result = kubectl.run("delete", "configmap", "kept")
    assert result.stderr == (
        'Error from server (Forbidden): admission webhook "judge.hooks.example.com" denied the '
        "request: it is to be kept\n"
    )
    kubectl("run", "p", "--image=busybox:1")
    kubectl("wait", "--for=condition=Ready", "pod/p", "--timeout=30s")
    assert "no PodExecOptions here" in kubectl.run("exec", "p", "--", "true").stderr


def test_other_namespaces_are_left_alone(kubectl: Kubectl) -> None:
    kubectl("create", "namespace", "apart")
    kubectl("create", "configmap", "m", "-n", "apart", "--from-literal=secret=x")
    assert "labels" not in kubectl.json("get", "configmap", "m", "-n", "apart")["metadata"]


def test_what_is_there_is_listed(kubectl: Kubectl) -> None:
    header, row = kubectl("get", "validatingwebhookconfigurations").splitlines()
    assert header.split() == ["NAME", "WEBHOOKS", "AGE"]
    assert row.split()[:2] == ["judge", "1"]
    assert "Timeout Seconds:  10" in " ".join(
        kubectl("describe", "mutatingwebhookconfiguration", "label").split("\n")
    )
