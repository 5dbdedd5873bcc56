"""The multi-tier demo: reachable every way, updated without a dropped request, rolled back."""

import threading
import time
import urllib.request

import pytest

from tests.support.kubectl import Kubectl
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

ASKER = """
apiVersion: v1
kind: Pod
metadata: {name: asker}
spec:
  terminationGracePeriodSeconds: 0
  restartPolicy: Never
  containers:
    - name: asker
      image: steersman/busybox:v1
      command: [sh, -c, "wget -q -O - http://web/ && nslookup web.default.svc.cluster.local && \
wget -q -O - http://CLUSTER_IP/"]
"""


def fetch(url: str) -> str:
    with OPENER.open(url, timeout=3) as response:
        return str(response.read().decode())


def load_balancer(kubectl: Kubectl) -> str:
    status = kubectl.json("get", "service", "web")["status"]
    return f"http://{status['loadBalancer']['ingress'][0]['ip']}/"


class Client(threading.Thread):
    """Asks for a page without pause; keeps what failed."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.answers: dict[str, int] = {}
        self.failures: list[str] = []
        self.stop = threading.Event()

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                page = fetch(self.url)
            except OSError as error:
                self.failures.append(f"{time.strftime('%X')} {error}")
            else:
                version = page.partition("<tr><th>version</th><td>")[2].partition("<")[0]
                self.answers[version] = self.answers.get(version, 0) + 1
            time.sleep(0.01)


def test_pods_are_spread_over_the_zones(real: RealCluster, kubectl: Kubectl) -> None:
    pods = kubectl.json("get", "pods", "-l", "app=web")["items"]
    zones = {real.settings.zone_of(pod["spec"]["nodeName"]) for pod in pods}
    assert zones == {"a", "b", "c"}


def test_the_page_answers_from_the_host(real: RealCluster, kubectl: Kubectl) -> None:
    assert "Hello from Steersman" in fetch(load_balancer(kubectl))
    for node in real.settings.nodes:
        assert "Hello from Steersman" in fetch(f"http://{node.address}:30080/")


def test_the_page_answers_by_name_and_cluster_ip_in_a_pod(kubectl: Kubectl) -> None:
    address = kubectl.json("get", "service", "web")["spec"]["clusterIP"]
    kubectl("apply", "-f", "-", stdin=ASKER.replace("CLUSTER_IP", address))
    try:
        kubectl("wait", "pod/asker", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")
        log = kubectl("logs", "asker")
        assert log.count("Hello from Steersman") == 2
        assert address in log
    finally:
        kubectl("delete", "pod", "asker", "--now")


def test_redis_counts_visits_behind_its_service(kubectl: Kubectl) -> None:
    first = fetch(load_balancer(kubectl)).partition("<th>visits</th><td>")[2].partition("<")[0]
    second = fetch(load_balancer(kubectl)).partition("<th>visits</th><td>")[2].partition("<")[0]
    assert int(second) > int(first)


def test_a_rolling_update_drops_no_request(kubectl: Kubectl) -> None:
    client = Client(load_balancer(kubectl))
    client.start()
    try:
        kubectl("set", "image", "deployment/web", "web=steersman/web:v2")
        kubectl("rollout", "status", "deployment/web", "--timeout=120s")
        time.sleep(1)
    finally:
        client.stop.set()
        client.join()
    print(f"rolling update: {client.answers}, {len(client.failures)} failed")
    assert not client.failures
    assert client.answers["v1"] > 0
    assert client.answers["v2"] > 0


def test_a_broken_image_stalls_safely_and_undo_repairs(kubectl: Kubectl) -> None:
    kubectl("set", "image", "deployment/web", "web=steersman/web:missing")
    stalled = kubectl.run("rollout", "status", "deployment/web", "--timeout=8s")
    assert stalled.returncode != 0
    pods = kubectl("get", "pods", "-l", "app=web")
    assert "ErrImage" in pods or "ImagePullBackOff" in pods
    assert kubectl.json("get", "deployment", "web")["status"]["availableReplicas"] == 3
    assert "Hello" in fetch(load_balancer(kubectl))
    kubectl("rollout", "undo", "deployment/web")
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    # A rollout does not wait for pods that are being deleted already.
    deadline = time.monotonic() + 30
    while "missing" in kubectl("get", "pods", "-l", "app=web", "-o", "yaml"):
        assert time.monotonic() < deadline, "the broken pod never went"
        time.sleep(0.1)
