"""What a user does with the real kubectl."""

import json
import time

import pytest

from tests.support.kubectl import Kubectl
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {team: blue}}
data: {colour: red}
"""
IDLE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: idle}
spec:
  replicas: 1
  selector: {matchLabels: {app: idle}}
  template:
    metadata: {labels: {app: idle}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: idle
          image: steersman/busybox:v1
          command: [sh, -c, "echo started; trap 'exit 0' TERM; while :; do sleep 1; done"]
"""


def test_get_shows_the_columns_people_know(kubectl: Kubectl) -> None:
    columns = {
        "nodes": "NAME STATUS ROLES AGE VERSION INTERNAL-IP EXTERNAL-IP OS-IMAGE",
        "pods": "NAMESPACE NAME READY STATUS RESTARTS AGE IP NODE",
        "deploy": "NAMESPACE NAME READY UP-TO-DATE AVAILABLE AGE CONTAINERS IMAGES SELECTOR",
        "rs": "NAMESPACE NAME DESIRED CURRENT READY AGE CONTAINERS IMAGES SELECTOR",
        "svc": "NAMESPACE NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE SELECTOR",
        "endpointslices": "NAMESPACE NAME ADDRESSTYPE PORTS ENDPOINTS AGE",
    }
    for kind, wanted in columns.items():
        printed = kubectl("get", kind, "-A", "-o", "wide").splitlines()
        assert " ".join(printed[0].split()).startswith(wanted), printed[0]
        assert len(printed) > 1
    together = kubectl("get", "nodes,pods,deploy,rs,svc,endpointslices", "-A", "-o", "wide")
    assert "node/node-1" in together
    assert "deployment.apps/web" in together


def test_every_replica_answers(real: RealCluster, kubectl: Kubectl) -> None:
    for replica in real.settings.replicas:
        context = f"{real.name}-{replica.name}"
        assert "web" in kubectl("get", "deployments", context=context)


def test_output_formats(kubectl: Kubectl) -> None:
    assert kubectl.json("get", "deployment", "web")["spec"]["replicas"] == 3
    assert "replicas: 3" in kubectl("get", "deployment", "web", "-o", "yaml")
    path = "jsonpath={.spec.template.spec.containers[0].image}"
    assert kubectl("get", "deployment", "web", "-o", path).startswith("steersman/web:v")
    assert kubectl("get", "deployment", "web", "-o", "name").strip() == "deployment.apps/web"


def test_apply_on_both_sides_and_conflicts(kubectl: Kubectl) -> None:
    assert "created" in kubectl("apply", "-f", "-", stdin=CONFIG)
    assert "unchanged" in kubectl("apply", "-f", "-", stdin=CONFIG)
    changed = CONFIG.replace("red", "green")
    assert "configured" in kubectl("apply", "-f", "-", stdin=changed)
    other = kubectl.run("apply", "--server-side", "--field-manager", "other", "-f", "-",
                        stdin=CONFIG)  # fmt: skip
    assert other.returncode != 0
    assert "conflict" in other.stderr
    forced = kubectl("apply", "--server-side", "--field-manager", "other", "--force-conflicts",
                     "-f", "-", stdin=CONFIG)  # fmt: skip
    assert "serverside-applied" in forced
    assert kubectl.json("get", "configmap", "settings")["data"] == {"colour": "red"}
    assert "deleted" in kubectl("delete", "configmap", "settings")


def test_create_label_describe_delete(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "made", "--from-literal=a=1")
    kubectl("label", "configmap", "made", "team=red")
    assert "made" in kubectl("get", "configmap", "-l", "team=red")
    assert "No resources found" in kubectl.run("get", "configmap", "-l", "team=none").stderr
    assert "team=red" in kubectl("describe", "configmap", "made")
    kubectl("delete", "configmap", "-l", "team=red")
    assert kubectl.run("get", "configmap", "made").returncode != 0
    for kind, name in (("node", "node-1"), ("deployment", "web"), ("service", "web")):
        assert name in kubectl("describe", kind, name)
    pod = kubectl("get", "pods", "-l", "app=web", "-o", "name").splitlines()[0]
    described = kubectl("describe", pod)
    assert "Successfully assigned" in described
    assert "Started container" in described


def test_watch_sees_changes(kubectl: Kubectl) -> None:
    process = kubectl.start("get", "configmap", "-l", "seen=yes", "-w", "-o", "name")
    try:
        time.sleep(1)
        kubectl("create", "configmap", "watched")
        kubectl("label", "configmap", "watched", "seen=yes")
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "configmap/watched"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
        kubectl("delete", "configmap", "watched")


def test_scale_logs_wait_and_rollout(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=IDLE)
    kubectl("rollout", "status", "deployment/idle", "--timeout=60s")
    kubectl("scale", "deployment/idle", "--replicas=2")
    kubectl("wait", "deployment/idle", "--for=jsonpath={.status.readyReplicas}=2", "--timeout=60s")
    assert "started" in kubectl("logs", "deployment/idle")
    following = kubectl.start("logs", "-f", "deployment/idle")
    assert following.stdout is not None
    assert following.stdout.readline().startswith(("started", "Found"))
    following.terminate()
    following.wait()
    following.stdout.close()
    kubectl("set", "env", "deployment/idle", "STEP=2")
    kubectl("rollout", "status", "deployment/idle", "--timeout=60s")
    history = kubectl("rollout", "history", "deployment/idle")
    assert [line.split()[0] for line in history.splitlines()[2:4]] == ["1", "2"]
    kubectl("rollout", "undo", "deployment/idle")
    kubectl("rollout", "status", "deployment/idle", "--timeout=60s")
    containers = kubectl.json("get", "deployment", "idle")["spec"]["template"]["spec"]["containers"]
    assert "env" not in containers[0]
    kubectl("delete", "deployment", "idle", "--cascade=foreground", "--timeout=60s")
    kubectl("wait", "pods", "-l", "app=idle", "--for=delete", "--timeout=60s")


def test_explain_reads_the_published_schema(kubectl: Kubectl) -> None:
    assert "terminationGracePeriodSeconds" in kubectl("explain", "pod.spec")
    assert "maxSurge" in kubectl("explain", "deployment.spec.strategy", "--recursive")
    assert kubectl.run("explain", "pod.nothing").returncode != 0


def test_who_may_do_what(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "create", "pods").strip() == "yes"
    denied = kubectl.run("auth", "can-i", "create", "pods", "--as", "jane")
    assert denied.returncode != 0 or denied.stdout.strip() == "no"


def test_version_and_cluster_info(kubectl: Kubectl) -> None:
    version = json.loads(kubectl("version", "-o", "json"))["serverVersion"]
    assert (version["major"], version["minor"]) == ("1", "37")
    assert "control plane" in kubectl("cluster-info")
    assert "deployments" in kubectl("api-resources")
