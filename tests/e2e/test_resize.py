"""In-place resize on real containers: what the kernel holds them to."""

import glob
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.kubectl import Kubectl

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]
POD = """
apiVersion: v1
kind: Pod
metadata: {name: sized}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: steersman/busybox:v1
      command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 1; done"]
      resizePolicy: [{resourceName: memory, restartPolicy: NotRequired}]
      resources:
        requests: {cpu: 100m, memory: 32Mi}
        limits: {cpu: 200m, memory: 64Mi}
"""
# The container's own cgroup: version 1, else version 2.
LOOK = """
cd /sys/fs/cgroup
cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us 2>/dev/null || cat memory.max cpu.max
"""


TOGETHER = """
apiVersion: v1
kind: Pod
metadata: {name: together}
spec:
  terminationGracePeriodSeconds: 1
  resources:
    requests: {cpu: 100m, memory: 64Mi}
    limits: {cpu: 400m, memory: 128Mi}
  containers:
    - name: main
      image: steersman/busybox:v1
      command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 1; done"]
    - name: side
      image: steersman/busybox:v1
      command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 1; done"]
      resources:
        requests: {cpu: 50m, memory: 16Mi}
        limits: {cpu: 100m, memory: 32Mi}
"""


def resize(kubectl: Kubectl, **parts: Any) -> None:
    body = {"spec": {"containers": [{"name": "main", "resources": parts}]}}
    kubectl("patch", "pod", "sized", "--subresource", "resize", "--patch", json.dumps(body))


def status(kubectl: Kubectl, pod: str = "sized") -> Any:
    return kubectl.json("get", "pod", pod)["status"]


def in_force(kubectl: Kubectl, pod: str = "sized", container: str = "main") -> list[int]:
    """Bytes of memory, microseconds of CPU in 100 ms."""
    words = kubectl("exec", pod, "-c", container, "--", "sh", "-c", LOOK).split()
    return [int(word) for word in words[:2]]


def of_the_pod(uid: str) -> list[int]:
    """The same of all of the pod, as this machine's kernel has it."""
    pattern = "/sys/fs/cgroup/{}steersman-e2e/*/burstable/pod{}/{}"
    for kinds in (
        [("memory/", "memory.limit_in_bytes"), ("cpu/", "cpu.cfs_quota_us")],
        [("", "memory.max"), ("", "cpu.max")],
    ):
        found = [
            path for kind in kinds for path in glob.glob(pattern.format(kind[0], uid, kind[1]))
        ]
        if found:
            return [int(Path(path).read_text().split()[0]) for path in found]
    raise AssertionError("the pod has no cgroup")


def until(kubectl: Kubectl, **limits: str) -> Any:
    for _ in range(100):
        found = status(kubectl)
        if found["containerStatuses"][0]["resources"]["limits"] == limits and not any(
            item["type"] == "PodResizeInProgress" for item in found["conditions"]
        ):
            return found["containerStatuses"][0]
        time.sleep(0.1)
    raise AssertionError(found)


def test_a_resize_without_a_restart(kubectl: Kubectl) -> None:
    try:
        kubectl("apply", "-f", "-", stdin=POD)
        kubectl("wait", "--for=condition=Ready", "pod/sized", "--timeout=60s")
        before = status(kubectl)["containerStatuses"][0]
        uid = kubectl("get", "pod", "sized", "-o", "jsonpath={.metadata.uid}")
        assert in_force(kubectl) == [64 << 20, 20_000]
        resize(kubectl, requests={"cpu": "300m"}, limits={"cpu": "500m", "memory": "96Mi"})
        after = until(kubectl, cpu="500m", memory="96Mi")
        assert in_force(kubectl) == of_the_pod(uid) == [96 << 20, 50_000]
        assert after["allocatedResources"] == {"cpu": "300m", "memory": "32Mi"}
        resize(kubectl, limits={"cpu": "300m", "memory": "48Mi"})
        after = until(kubectl, cpu="300m", memory="48Mi")
        assert in_force(kubectl) == of_the_pod(uid) == [48 << 20, 30_000]
        assert (after["containerID"], after["restartCount"]) == (before["containerID"], 0)
        resize(kubectl, requests={"cpu": "999"}, limits={"cpu": "999"})
        kubectl(
            "wait", "--for=jsonpath={.status.conditions[?(@.type=='PodResizePending')].reason}"
            "=Infeasible", "pod/sized", "--timeout=20s",
        )  # fmt: skip
        assert in_force(kubectl) == [48 << 20, 30_000]
        told = kubectl("get", "events", "--field-selector", "involvedObject.name=sized")
        for reason in ("ResizeStarted", "ResizeCompleted", "ResizeInfeasible"):
            assert reason in told
    finally:
        kubectl("delete", "pod", "sized", "--ignore-not-found", "--wait=false")


def test_a_resize_of_what_the_pod_states(kubectl: Kubectl) -> None:
    """KEP-5419: the pod's cgroup, and the container that has no limit itself; not the other one."""
    try:
        kubectl("apply", "-f", "-", stdin=TOGETHER)
        kubectl("wait", "--for=condition=Ready", "pod/together", "--timeout=60s")
        before = status(kubectl, "together")["containerStatuses"]
        uid = kubectl("get", "pod", "together", "-o", "jsonpath={.metadata.uid}")
        assert in_force(kubectl, "together") == of_the_pod(uid) == [128 << 20, 40_000]
        side = in_force(kubectl, "together", "side")
        assert side == [32 << 20, 10_000]
        for cpu, memory, kernel in (
            ("800m", "192Mi", [192 << 20, 80_000]),
            ("200m", "64Mi", [64 << 20, 20_000]),
        ):
            limits = {"cpu": cpu, "memory": memory}
            body = json.dumps({"spec": {"resources": {"limits": limits}}})
            kubectl("patch", "pod", "together", "--subresource", "resize", "--patch", body)
            found = until_together(kubectl, limits)
            assert in_force(kubectl, "together") == of_the_pod(uid) == kernel
            assert found["allocatedResources"] == {"cpu": "100m", "memory": "64Mi"}
        assert in_force(kubectl, "together", "side") == side
        after = status(kubectl, "together")["containerStatuses"]
        assert [(one["containerID"], one["restartCount"]) for one in after] == [
            (one["containerID"], 0) for one in before
        ]
    finally:
        kubectl("delete", "pod", "together", "--ignore-not-found", "--wait=false")


def until_together(kubectl: Kubectl, limits: Any) -> Any:
    for _ in range(100):
        found = status(kubectl, "together")
        going = [item for item in found["conditions"] if item["type"] == "PodResizeInProgress"]
        if found["resources"]["limits"] == limits and not going:
            return found
        time.sleep(0.1)
    raise AssertionError(found)
