"""An operator written with kopf: finalizers, status, timers; killed and started anew."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.kubectl import Kubectl
from tests.support.real_cluster import RealCluster
from tests.support.widgets import definition, version, widget

pytestmark = pytest.mark.timeout(180)
SCRIPT = Path(__file__).with_name("operator_of_widgets.py")


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    folder = tmp_path_factory.mktemp("operator")
    cluster = RealCluster(str(folder), "operator", number=13, replicas=3, nodes=1, runtime="memory")
    try:
        cluster.up("--no-demo")
        made = definition(version())
        made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"] = {
            "type": "object",
            "x-kubernetes-preserve-unknown-fields": True,
        }
        cluster.kubectl("apply", "-f", "-", stdin=json.dumps(made))
        cluster.kubectl("wait", "--for=condition=Established", "crd/widgets.example.com")
        yield cluster.kubectl
    finally:
        cluster.down()


class Operator:
    """The process. Its output goes to a file, shown when a test fails."""

    def __init__(self, kubectl: Kubectl, log: Path) -> None:
        self._log = log
        self._file = log.open("ab")
        words = ["-m", "kopf", "run", "--standalone", "--namespace=default", "--verbose", SCRIPT]
        self.process = subprocess.Popen(
            [sys.executable, *words],
            env={**os.environ, **kubectl.environment},
            stdout=self._file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._file.close()

    def told(self) -> str:
        return self._log.read_text()[-6000:]


@pytest.fixture
def operators(kubectl: Kubectl, tmp_path: Path) -> Iterator[Callable[[], Operator]]:
    started: list[Operator] = []

    def start() -> Operator:
        started.append(Operator(kubectl, tmp_path / "operator.log"))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.kill()


def until(operator: Operator, what: str, seen: Callable[[], bool]) -> None:
    """Fails with what the operator said if it does not come to pass."""
    deadline = time.monotonic() + 30
    while not seen():
        assert time.monotonic() < deadline, f"not seen: {what}\n{operator.told()}"
        assert operator.process.poll() is None, operator.told()
        time.sleep(0.1)


def test_an_operator(kubectl: Kubectl, operators: Callable[[], Operator]) -> None:
    def read(kind: str, name: str) -> dict[str, Any]:
        result = kubectl.run("get", kind, name, "-o", "json")
        return json.loads(result.stdout) if result.returncode == 0 else {}

    def color() -> str:
        return str(read("configmap", "w-config").get("data", {}).get("color", ""))

    def count() -> int:
        return int(read("widget", "w").get("status", {}).get("replicas", 0))

    first = operators()
    kubectl("create", "-f", "-", stdin=json.dumps(widget(color="red")))
    until(first, "a config map", lambda: color() == "red")
    until(first, "the phase", lambda: read("widget", "w")["status"].get("phase") == "red")
    made = read("widget", "w")
    assert made["metadata"]["finalizers"] == ["kopf.zalando.org/KopfFinalizerMarker"]
    owner = read("configmap", "w-config")["metadata"]["ownerReferences"][0]
    assert owner["uid"] == made["metadata"]["uid"]
    until(first, "three turns of the timer", lambda: count() >= 3)
    first.kill()

    # What happens while it is away is found when it comes back.
    kubectl("patch", "widget", "w", "--type=merge", "-p", '{"spec":{"color":"blue"}}')
    kubectl("delete", "widget", "w", "--wait=false")
    assert read("widget", "w")["metadata"]["deletionTimestamp"]
    second = operators()
    until(second, "the widget gone", lambda: not read("widget", "w"))
    assert read("configmap", "w-gone")
    until(second, "what it owned gone", lambda: not read("configmap", "w-config"))
    kubectl("create", "-f", "-", stdin=json.dumps(widget("again", color="red")))
    until(second, "another", lambda: bool(read("configmap", "again-config")))
    kubectl("patch", "widget", "again", "--type=merge", "-p", '{"spec":{"color":"blue"}}')
    until(second, "its colour",
          lambda: read("configmap", "again-config")["data"]["color"] == "blue")  # fmt: skip
    kubectl("delete", "widget", "again", "--timeout=30s")
