"""A StatefulSet with real containers: names, order, updates, and one pod at most for each name."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from actors.kubelet import labels
from deploy import processes
from tests.support import docker
from tests.support.kubectl import Kubectl
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

NAMESPACE = "stateful"
MANIFEST = """
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 3
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: steersman/busybox:v1
          command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.2; done"]
          env: [{name: VERSION, value: "1"}]
"""


class Set:
    """The set, through kubectl."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl

    def __call__(self, *words: str, stdin: str | None = None) -> str:
        return self._kubectl("-n", NAMESPACE, *words, stdin=stdin)

    def roll(self) -> str:
        """Wait for the rollout, and until all are ready; returns its last line."""
        told = self("rollout", "status", "statefulset/db", "--timeout=60s").splitlines()[-1]
        until(lambda: self.status().get("readyReplicas") == self.status()["replicas"] == 3)
        return told

    def pods(self) -> dict[str, Any]:
        """By name."""
        found = self._kubectl.json("-n", NAMESPACE, "get", "pods", "-l", "app=db")["items"]
        return {pod["metadata"]["name"]: pod for pod in found}

    def versions(self) -> dict[str, str]:
        """What each pod was made with."""
        return {
            name: pod["spec"]["containers"][0]["env"][0]["value"]
            for name, pod in self.pods().items()
        }

    def status(self) -> Any:
        """The set's own."""
        return self._kubectl.json("-n", NAMESPACE, "get", "statefulset", "db")["status"]

    def patch(self, spec: str) -> None:
        """Of the set's spec, as JSON."""
        self("patch", "statefulset", "db", "--type=merge", "-p", f'{{"spec": {spec}}}')


@pytest.fixture
def db(kubectl: Kubectl) -> Iterator[Set]:
    kubectl("create", "namespace", NAMESPACE)
    made = Set(kubectl)
    try:
        made("apply", "-f", "-", stdin=MANIFEST)
        made.roll()
        yield made
    finally:
        kubectl("delete", "namespace", NAMESPACE)


def until(condition: Callable[[], Any], seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.1)


def uid(pod: Any) -> str:
    return str(pod["metadata"]["uid"])


def running(pod: Any) -> list[str]:
    return docker.running(f"{labels.POD_UID}={uid(pod)}", f"{labels.TYPE}={labels.TYPE_CONTAINER}")


def test_names_order_and_updates(db: Set) -> None:
    created = {name: pod["status"]["startTime"] for name, pod in db.pods().items()}
    assert sorted(created) == ["db-0", "db-1", "db-2"]
    assert created["db-0"] <= created["db-1"] <= created["db-2"]
    assert db("exec", "db-1", "--", "hostname").strip() == "db-1"
    asked = db("exec", "db-1", "--", "nslookup", "db-0.db.stateful.svc.cluster.local")
    assert db.pods()["db-0"]["status"]["podIP"] in asked

    before = {name: uid(pod) for name, pod in db.pods().items()}
    db("scale", "statefulset", "db", "--replicas=1")
    until(lambda: db.status()["replicas"] == 1 and list(db.pods()) == ["db-0"])
    db("scale", "statefulset", "db", "--replicas=3")
    db.roll()
    after = {name: uid(pod) for name, pod in db.pods().items()}
    assert sorted(after) == sorted(before)
    assert [name for name in sorted(after) if after[name] == before[name]] == ["db-0"]

    db.patch('{"updateStrategy": {"rollingUpdate": {"partition": 2}}}')
    db("set", "env", "statefulset/db", "VERSION=2")
    assert db.roll().startswith("partitioned roll out complete: 1 new pods")
    assert db.versions() == {"db-0": "1", "db-1": "1", "db-2": "2"}
    db.patch('{"updateStrategy": {"rollingUpdate": {"partition": 0}}}')
    assert db.roll().startswith("partitioned roll out complete: 3 new pods")
    assert set(db.versions().values()) == {"2"}
    assert len(db("rollout", "history", "statefulset/db").strip().splitlines()) == 4
    db("rollout", "undo", "statefulset/db")
    db.roll()
    assert set(db.versions().values()) == {"1"}
    until(lambda: db.status()["currentRevision"] == db.status()["updateRevision"])


def replaced(lost: dict[str, Any], now: dict[str, Any] | None) -> bool:
    """Whether another pod of its name is there. (Between two looks it may come and go.)"""
    return now is not None and uid(now) != uid(lost)


def test_a_pod_on_a_lost_node_has_no_second(real: RealCluster, db: Set) -> None:
    lost = db.pods()["db-1"]
    node = lost["spec"]["nodeName"]
    assert processes.kill(real.settings, node) is not None
    try:
        db("delete", "pod", "db-1", "--wait=false")
        # Three times as long as the pod may take to end, and its container is still there.
        ends = time.monotonic() + 3.0
        while time.monotonic() < ends:
            assert uid(db.pods()["db-1"]) == uid(lost)
            time.sleep(0.2)
        assert running(lost)
        real.do("node", "start", node)
        until(lambda: replaced(lost, db.pods().get("db-1")))
        assert not running(lost), "it was let go before it had ended"
        db.roll()

        lost = db.pods()["db-1"]
        node = lost["spec"]["nodeName"]
        assert processes.kill(real.settings, node) is not None
        db("delete", "pod", "db-1", "--force", "--grace-period=0")
        until(lambda: replaced(lost, db.pods().get("db-1")))
        assert running(lost), "what was forced away ends only when its node is back"
    finally:
        real.do("node", "start", node)
    until(lambda: not running(lost))
    db.roll()
