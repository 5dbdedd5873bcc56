"""A pod calls the API server as its ServiceAccount, with what it finds in its own files."""

import json

import pytest

from tests.support.kubectl import Kubectl

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

PODS = """
apiVersion: v1
kind: Pod
metadata: {name: caller}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - {name: main, image: "steersman/busybox:v1", command: [sleep, "1000000"]}
---
apiVersion: v1
kind: Pod
metadata: {name: mute}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 1
  containers:
    - {name: main, image: "steersman/busybox:v1", command: [sleep, "1000000"]}
"""
FILES = "/var/run/secrets/kubernetes.io/serviceaccount"


def test_a_pod_is_somebody(kubectl: Kubectl) -> None:
    kubectl("create", "namespace", "identity")
    try:
        kubectl("apply", "-n", "identity", "-f", "-", stdin=PODS)
        kubectl("wait", "-n", "identity", "--for=condition=Ready", "pod", "--all", "--timeout=60s")
        inside = ("exec", "-n", "identity", "caller", "--")
        assert kubectl(*inside, "cat", f"{FILES}/namespace") == "identity"
        assert "BEGIN CERTIFICATE" in kubectl(*inside, "cat", f"{FILES}/ca.crt")
        token = kubectl(*inside, "cat", f"{FILES}/token")
        said = json.loads(kubectl("auth", "whoami", f"--token={token}", "-o", "json"))
        # The administrator's certificate is in the kubeconfig too: the token counts.
        info = said["status"]["userInfo"]
        assert info["username"] == "system:serviceaccount:identity:default"
        assert info["extra"]["authentication.kubernetes.io/pod-name"] == ["caller"]
        # The server's Service, by the name and the port every in-cluster client uses.
        reach = "nc -w 5 kubernetes.default.svc.cluster.local 443 < /dev/null"
        kubectl(*inside, "sh", "-c", reach)
        assert kubectl.run("exec", "-n", "identity", "mute", "--", "ls", FILES).returncode != 0
    finally:
        kubectl("delete", "namespace", "identity", "--wait=false")
