"""kubectl 1.34 and 1.31, which people still have: the commands they use, with what these print."""

import contextlib
import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kubectl import Kubectl, extract
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

POD = """
apiVersion: v1
kind: Pod
metadata: {name: box, labels: {app: box}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: steersman/busybox:v1
      command: [sh, -c, "mkdir /www; echo hello > /www/index.html; httpd -p 8080 -h /www; echo up;
                trap 'exit 0' TERM; while :; do sleep 1; done"]
"""
APP = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  replicas: 1
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - {name: main, image: "steersman/busybox:v1", command: [sleep, "1000000"]}
"""


@pytest.fixture(params=[34, 31])
def kubectl(real: RealCluster, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kubectl]:
    """In a namespace of its own."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(Path(real.kubectl.environment["KUBECONFIG"]).read_text())
    old = Kubectl(extract(str(tmp_path), request.param)["kubectl"], str(kubeconfig), str(tmp_path))
    name = f"old-{request.param}"
    old("create", "namespace", name)
    old("config", "set-context", "--current", f"--namespace={name}")
    yield old
    old("delete", "namespace", name, "--wait=false")


def test_older_kubectl(kubectl: Kubectl, tmp_path: Path) -> None:
    versions = kubectl.json("version")
    assert versions["serverVersion"]["minor"].startswith("37")
    assert versions["clientVersion"]["minor"] in ("34", "31")
    objects(kubectl)
    workloads(kubectl)
    streams(kubectl, tmp_path)


def objects(kubectl: Kubectl) -> None:
    assert "configmaps" in kubectl("api-resources") and "apps/v1" in kubectl("api-versions")
    assert "KIND:       Pod" in kubectl("explain", "pod.spec.containers.image")
    assert kubectl("create", "configmap", "c", "--from-literal=a=1") == "configmap/c created\n"
    assert kubectl("get", "configmap", "c", "-o", "jsonpath={.data.a}") == "1"
    assert kubectl("get", "cm", "c", "-o", "custom-columns=N:.metadata.name") == "N\nc\n"
    assert "Data\n====" in kubectl("describe", "configmap", "c")
    assert kubectl("label", "cm", "c", "x=y") == "configmap/c labeled\n"
    assert kubectl("annotate", "cm", "c", "n=m") == "configmap/c annotated\n"
    for kind, patch in (
        ("merge", '{"data":{"a":"2"}}'),
        ("strategic", '{"data":{"b":"3"}}'),
        ("json", '[{"op":"remove","path":"/data/b"}]'),
    ):
        assert kubectl("patch", "cm", "c", f"--type={kind}", "-p", patch) == (
            "configmap/c patched\n"
        )
    kubectl.environment["KUBE_EDITOR"] = "sed -i 's/a: .2./a: three/'"
    assert kubectl("edit", "cm", "c") == "configmap/c edited\n"
    assert kubectl.json("get", "cm", "c")["data"] == {"a": "three"}
    applied = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "d"},
                          "data": {"k": "v"}})  # fmt: skip
    assert kubectl("apply", "-f", "-", stdin=applied) == "configmap/d created\n"
    assert kubectl("apply", "-f", "-", stdin=applied) == "configmap/d unchanged\n"
    assert kubectl("apply", "--server-side", "-f", "-", stdin=applied) == (
        "configmap/d serverside-applied\n"
    )
    changed = kubectl.run("diff", "-f", "-", stdin=applied.replace('"v"', '"w"'))
    assert changed.returncode == 1 and "+  k: w" in changed.stdout
    assert kubectl("auth", "can-i", "delete", "nodes") == "yes\n"
    assert kubectl.run("auth", "can-i", "get", "pods", "--as=jane").stdout == "no\n"
    assert kubectl("create", "token", "default").count(".") == 2
    assert kubectl("delete", "cm", "c", "d").count("deleted") == 2
    refused = kubectl.run("get", "cm", "none")
    assert 'Error from server (NotFound): configmaps "none" not found' in refused.stderr


def workloads(kubectl: Kubectl) -> None:
    assert kubectl("apply", "-f", "-", stdin=APP) == "deployment.apps/app created\n"
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/app")
    assert kubectl("scale", "deployment/app", "--replicas=2") == "deployment.apps/app scaled\n"
    assert "condition met" in kubectl(
        "wait", "--for=jsonpath={.status.readyReplicas}=2", "deployment/app", "--timeout=60s"
    )
    kubectl("set", "env", "deployment/app", "A=1")
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/app")
    assert "REVISION" in kubectl("rollout", "history", "deployment/app")
    assert "rolled back" in kubectl("rollout", "undo", "deployment/app")
    assert "exposed" in kubectl("expose", "deployment/app", "--port=80")
    header = kubectl("get", "deployments,services,endpointslices").split()
    assert header[:5] == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert "Replicas:" in kubectl("describe", "deployment", "app")
    assert "ScalingReplicaSet" in kubectl("events")
    assert "deployment.apps" in kubectl("delete", "deployment,service", "app")
    top = kubectl.run("top", "pods")
    assert top.returncode == 1 and "Metrics API not available" in top.stderr
    assert "cordoned" in kubectl("cordon", "node-1")
    assert "uncordoned" in kubectl("uncordon", "node-1")


def streams(kubectl: Kubectl, tmp_path: Path) -> None:
    kubectl("apply", "-f", "-", stdin=POD)
    kubectl("wait", "--for=condition=Ready", "pod/box", "--timeout=60s")
    assert kubectl("logs", "box") == "up\n"
    assert kubectl("exec", "-i", "box", "--", "cat", stdin="in") == "in"
    assert kubectl.run("exec", "box", "--", "sh", "-c", "exit 3").returncode == 3
    source = tmp_path / "file"
    source.write_bytes(b"x" * 200_000)
    kubectl("cp", str(source), "box:/tmp/file")
    kubectl("cp", "box:/tmp/file", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    forward = kubectl.start("port-forward", "--address=127.0.0.1", "pod/box", ":8080")
    try:
        assert forward.stdout is not None
        place = re.findall(r"127.0.0.1:[0-9]+", forward.stdout.readline())[0]
        with contextlib.closing(urllib.request.urlopen(f"http://{place}/", timeout=10)) as answer:
            assert answer.read() == b"hello\n"
    finally:
        forward.terminate()
        forward.communicate()
    assert "Defaulting debug container name" in kubectl(
        "debug", "box", "--image=steersman/busybox:v1", "--attach=false", "--", "true"
    )
    assert 'pod "box" deleted' in kubectl("delete", "pod", "box")
