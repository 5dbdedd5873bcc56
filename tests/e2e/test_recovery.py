"""Containers, sandboxes and kubelets that die: the pod is as its spec says again."""

import time
from typing import Any

import pytest

from actors.kubelet import labels
from deploy import processes
from tests.support import docker
from tests.support.kubectl import Kubectl
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]

POD = """
apiVersion: v1
kind: Pod
metadata: {name: victim, labels: {app: victim}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: one
      image: steersman/busybox:v1
      command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 1; done"]
    - name: two
      image: steersman/busybox:v1
      command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 1; done"]
"""


@pytest.fixture
def victim(kubectl: Kubectl) -> Any:
    kubectl("apply", "-f", "-", stdin=POD)
    kubectl("wait", "pod/victim", "--for=condition=Ready", "--timeout=60s")
    yield lambda: kubectl.json("get", "pod", "victim")
    kubectl("delete", "pod", "victim", "--now")


def containers(uid: str, kind: str) -> list[str]:
    """Ids of the pod's running containers: kind podsandbox or container."""
    return docker.running(f"{labels.POD_UID}={uid}", f"{labels.TYPE}={kind}")


def restarts(pod: dict[str, Any]) -> dict[str, int]:
    return {item["name"]: item["restartCount"] for item in pod["status"]["containerStatuses"]}


def eventually(check: Any, seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.2)


def ready(pod: dict[str, Any]) -> bool:
    return any(
        item["type"] == "Ready" and item["status"] == "True" for item in pod["status"]["conditions"]
    )


def test_a_killed_container_comes_back_alone(victim: Any) -> None:
    pod = victim()
    by_name = {item["name"]: item["containerID"] for item in pod["status"]["containerStatuses"]}
    docker.kill(by_name["one"].removeprefix("docker://"))
    eventually(lambda: restarts(victim()) == {"one": 1, "two": 0} and ready(victim()))
    status = {item["name"]: item for item in victim()["status"]["containerStatuses"]}
    assert status["two"]["containerID"] == by_name["two"]
    assert status["one"]["lastState"]["terminated"]["exitCode"] == 137
    assert victim()["status"]["podIP"] == pod["status"]["podIP"]


def test_a_killed_sandbox_brings_the_whole_pod_back(victim: Any) -> None:
    before = victim()
    uid = before["metadata"]["uid"]
    [sandbox] = containers(uid, "podsandbox")
    docker.kill(sandbox)
    eventually(lambda: ready(victim()) and containers(uid, "podsandbox") not in ([], [sandbox]))
    eventually(lambda: restarts(victim()) == {"one": 1, "two": 1} and ready(victim()))
    assert victim()["metadata"]["uid"] == uid


def test_a_restarted_kubelet_adopts_what_runs(real: RealCluster, victim: Any) -> None:
    before = victim()
    node = before["spec"]["nodeName"]
    assert processes.kill(real.settings, node) is not None
    real.do("node", "start", node)
    time.sleep(2)
    after = victim()
    assert restarts(after) == restarts(before)
    ids = [item["containerID"] for item in before["status"]["containerStatuses"]]
    assert [item["containerID"] for item in after["status"]["containerStatuses"]] == ids


def test_a_pod_deleted_while_its_kubelet_is_down_leaves_no_orphan(
    real: RealCluster, kubectl: Kubectl
) -> None:
    kubectl("apply", "-f", "-", stdin=POD.replace("victim", "orphan"))
    kubectl("wait", "pod/orphan", "--for=condition=Ready", "--timeout=60s")
    pod = kubectl.json("get", "pod", "orphan")
    node, uid = pod["spec"]["nodeName"], pod["metadata"]["uid"]
    assert processes.kill(real.settings, node) is not None
    kubectl("delete", "pod", "orphan", "--force", "--grace-period=0")
    assert containers(uid, "container")
    real.do("node", "start", node)
    eventually(lambda: not containers(uid, "container") and not containers(uid, "podsandbox"))
