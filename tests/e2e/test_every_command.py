"""Every command of kubectl 1.37: ``commands_of_kubectl.py``, on simulated containers."""

import base64
import re
import shlex
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.commands_of_kubectl import COMMANDS, ELSEWHERE, NOT_THE_CLUSTERS, SETUP, Row
from tests.support.kubectl import Kubectl
from tests.support.real_cluster import RealCluster

pytestmark = pytest.mark.timeout(180)
NAMESPACE = "every"
# Tested below, not by the table: they need files, or run until they are ended.
BELOW = frozenset({"kustomize", "proxy"})


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    folder = tmp_path_factory.mktemp("every")
    cluster = RealCluster(str(folder), "every", number=13, replicas=1, nodes=2, runtime="memory")
    try:
        cluster.up("--no-demo")
        cluster.kubectl.environment["KUBE_EDITOR"] = "sed -i s/before/after/;s/111m/222m/"
        for row in SETUP:
            check(cluster.kubectl, row)
        yield cluster.kubectl
    finally:
        cluster.down()


def named(text: str) -> str:
    return re.sub(r"\bNS\b", NAMESPACE, text)


def check(kubectl: Kubectl, row: Row) -> None:
    words = shlex.split(named(row.words))
    done = kubectl.run(*words, stdin=named(row.given) or None)
    printed = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == row.code, f"{row.words}: {printed}"
    wanted = " ".join(named(row.prints).split())
    pattern = re.sub(r"\ *…\ *", ".*", re.escape(wanted).replace("\\ ", " "))
    assert re.fullmatch(pattern, printed), f"{row.words} printed {printed!r}, not {wanted!r}"


@pytest.mark.parametrize("command", COMMANDS)
def test_command(kubectl: Kubectl, command: str) -> None:
    for row in COMMANDS[command]:
        check(kubectl, row)


ACCOUNT_SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: keeper-token, annotations: {kubernetes.io/service-account.name: keeper}}
type: kubernetes.io/service-account-token
"""


def test_a_secret_gets_the_token_of_its_account_and_goes_with_it(kubectl: Kubectl) -> None:
    kubectl("create", "serviceaccount", "keeper")
    kubectl("apply", "-f", "-", stdin=ACCOUNT_SECRET)
    kubectl("wait", "secret/keeper-token", "--for=jsonpath={.data.token}", "--timeout=10s")
    token = kubectl("get", "secret", "keeper-token", "-o", "jsonpath={.data.token}")
    told = kubectl("auth", "whoami", f"--token={base64.b64decode(token).decode()}")
    assert "system:serviceaccount:every:keeper" in told
    kubectl("delete", "serviceaccount", "keeper")
    kubectl("wait", "secret/keeper-token", "--for=delete", "--timeout=10s")


def test_kustomize(kubectl: Kubectl, tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("namePrefix: x-\nresources: [c.yaml]\n")
    (tmp_path / "c.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: k}\n")
    assert kubectl("kustomize", str(tmp_path)).endswith("metadata:\n  name: x-k\n")
    assert kubectl("apply", "-k", str(tmp_path)) == "configmap/x-k created\n"
    assert "deleted" in kubectl("delete", "-k", str(tmp_path))


def test_proxy(kubectl: Kubectl) -> None:
    process = kubectl.start("proxy", "--port=0")
    try:
        assert process.stdout is not None
        place = process.stdout.readline().split()[-1]
        with urllib.request.urlopen(f"http://{place}/version", timeout=10) as answer:
            assert b'"minor"' in answer.read()
    finally:
        process.terminate()
        process.communicate()


def test_no_command_is_missing(kubectl: Kubectl) -> None:
    listed = subprocess.run([kubectl.binary, "--help"], capture_output=True, text=True, check=True)
    commands = set(re.findall(r"(?m)^  ([a-z-]+) {2,}\S", listed.stdout))
    assert len(commands) > 35
    assert commands == COMMANDS.keys() | ELSEWHERE.keys() | BELOW | NOT_THE_CLUSTERS
    for command, name in ELSEWHERE.items():
        assert re.search(rf"\b{command}\b", Path(__file__).with_name(name).read_text()), command
