"""Into containers and back: exec, attach, cp, port-forward, proxy, with the clients people use."""

from collections.abc import Iterator

import pytest

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
