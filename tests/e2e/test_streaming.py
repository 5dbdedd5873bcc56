"""Into containers and back: exec, attach, cp, port-forward, proxy, with the clients people use."""

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import termios
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client_cases import run_cases
from tests.support.kubectl import Kubectl
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]

POD = """
apiVersion: v1
kind: Pod
metadata: {name: box, labels: {app: box}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: steersman/busybox:v1
      command:
        - sh
        - -c
        - |
          mkdir -p /www/sub && echo hello > /www/index.html && echo deep > /www/sub/index.html
          httpd -p 8080 -h /www
          echo up
          trap 'exit 0' TERM; while :; do sleep 1; done
      ports: [{name: http, containerPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: box}
spec:
  selector: {app: box}
  ports: [{name: web, port: 80, targetPort: http}]
"""
# What makes kubectl 1.37 speak as older ones do.
SPDY = {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false", "KUBECTL_PORT_FORWARD_WEBSOCKETS": "false"}


@pytest.fixture(scope="module")
def kubectl(docker_socket: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """On a small cluster with one pod and one Service."""
    folder = str(tmp_path_factory.mktemp("streaming"))
    cluster = RealCluster(folder, "stream", number=3, replicas=1, nodes=1)
    try:
        print(cluster.up("--no-demo"))
        cluster.kubectl("apply", "-f", "-", stdin=POD)
        cluster.kubectl("wait", "--for=condition=Ready", "pod/box", "--timeout=60s")
        yield cluster.kubectl
    finally:
        cluster.down()


def test_exec(kubectl: Kubectl) -> None:
    assert kubectl("exec", "box", "--", "echo", "a b") == "a b\n"
    result = kubectl.run("exec", "box", "--", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert result.returncode == 3
    assert result.stdout == "out\n"
    assert result.stderr == "err\ncommand terminated with exit code 3\n"
    assert kubectl("exec", "-i", "box", "--", "wc", "-c", stdin="x" * 1_000_000) == "1000000\n"


def test_exec_over_spdy(kubectl: Kubectl) -> None:
    kubectl.environment.update(SPDY)
    try:
        result = kubectl.run(
            "exec", "-i", "box", "--", "sh", "-c", "cat; exit 4", stdin="x" * 500_000
        )
        assert (result.returncode, result.stdout) == (4, "x" * 500_000), result.stderr
    finally:
        for name in SPDY:
            del kubectl.environment[name]


def test_a_terminal(kubectl: Kubectl) -> None:
    said, code = in_terminal(kubectl, ["exec", "-it", "box", "--", "sh"], "stty size; exit 5\n")
    assert "30 100" in said
    assert "command terminated with exit code 5" in said and code == 5


def test_run_attached(kubectl: Kubectl) -> None:
    words = ["run", "-it", "--rm", "once", "--image=steersman/busybox:v1", "--restart=Never"]
    said, code = in_terminal(kubectl, [*words, "--", "sh"], "echo he''llo\nexit 0\n", wait=4.0)
    assert "hello" in said and 'pod "once" deleted' in said
    assert code == 0


def test_copies(kubectl: Kubectl, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "big").write_bytes(os.urandom(3_000_000))
    (source / "sub" / "small").write_text("small")
    kubectl("cp", str(source), "box:/tmp/copied")
    kubectl("cp", "box:/tmp/copied", str(tmp_path / "back"))
    assert (tmp_path / "back" / "big").read_bytes() == (source / "big").read_bytes()
    assert (tmp_path / "back" / "sub" / "small").read_text() == "small"


@pytest.mark.parametrize("target", ["pod/box", "service/box"])
@pytest.mark.parametrize("spdy", [False, True])
def test_port_forward(kubectl: Kubectl, target: str, spdy: bool) -> None:
    if spdy:
        kubectl.environment.update(SPDY)
    port = "8080" if target.startswith("pod") else "80"
    process = kubectl.start("port-forward", "--address=127.0.0.1", target, f":{port}")
    try:
        assert process.stdout is not None
        local = process.stdout.readline().split()[2]
        for _ in range(3):
            with urllib.request.urlopen(f"http://{local}/", timeout=10) as answer:
                assert answer.read() == b"hello\n"
    finally:
        process.terminate()
        process.communicate()
        for name in SPDY if spdy else ():
            del kubectl.environment[name]


def test_python_clients(kubectl: Kubectl) -> None:
    run_cases("streams_of_python_clients.py", kubectl)


def in_terminal(
    kubectl: Kubectl, words: list[str], typed: str, wait: float = 1.0
) -> tuple[str, int]:
    """Run it in a terminal of 100 x 30 characters, and type; what was said, and the exit code."""
    leader, follower = pty.openpty()
    fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = subprocess.Popen(
        [kubectl.binary, *words], stdin=follower, stdout=follower, stderr=follower,
        env=kubectl.environment, start_new_session=True,
    )  # fmt: skip
    os.close(follower)
    time.sleep(wait)
    os.write(leader, typed.encode())
    said = b""
    with contextlib.suppress(OSError):
        while piece := os.read(leader, 4096):
            said += piece
    os.close(leader)
    return said.decode(), process.wait(30)


def test_proxy(kubectl: Kubectl) -> None:
    base = "/api/v1/namespaces/default"
    for path in ("pods/box/proxy/", "pods/box:8080/proxy/", "services/box/proxy/"):
        assert kubectl("get", "--raw", f"{base}/{path}") == "hello\n"
    for port in ("web", "80"):
        path = f"{base}/services/http:box:{port}/proxy/sub/index.html"
        assert kubectl("get", "--raw", path) == "deep\n"
    refused = kubectl.run("get", "--raw", f"{base}/pods/box:9/proxy/")
    assert "error trying to reach service: dial tcp" in refused.stderr
    assert kubectl("get", "--raw", "/api/v1/nodes/node-1/proxy/healthz") == "ok"


def test_debug(kubectl: Kubectl) -> None:
    words = ["debug", "-it", "box", "--image=steersman/busybox:v1", "--target=main", "-c", "look"]
    said, code = in_terminal(kubectl, [*words, "--", "sh"], "ps\nexit 0\n", wait=4.0)
    assert "httpd" in said, said
    assert code == 0
