"""Other clients than kubectl: helm with a chart; kubernetes_asyncio lists, watches, patches."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes_asyncio import client, config, watch
from kubernetes_asyncio.client.rest import ApiException

from tests.support.kubectl import Kubectl
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

CHART = {
    "Chart.yaml": "apiVersion: v2\nname: small\nversion: 0.1.0\n",
    "values.yaml": "replicas: 1\ncolour: red\n",
    "templates/all.yaml": """
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data: {colour: {{ .Values.colour }}}
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec: {selector: {app: {{ .Release.Name }}}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: steersman/busybox:v1
          command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 1; done"]
          env: [{name: COLOUR, value: {{ .Values.colour }}}]
""",
}


@pytest.fixture
def helm(real: RealCluster) -> Kubectl:
    return Kubectl(
        real.helm, real.kubectl.environment["KUBECONFIG"], real.kubectl.environment["HOME"]
    )


@pytest.fixture
def chart(tmp_path: Path) -> str:
    for name, text in CHART.items():
        path = tmp_path / "small" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return os.fspath(tmp_path / "small")


@pytest.fixture
async def api(real: RealCluster, kubectl: Kubectl) -> AsyncIterator[client.CoreV1Api]:
    """kubernetes_asyncio with a namespace "aio" to itself."""
    await config.load_kube_config(kubectl.environment["KUBECONFIG"])
    async with client.ApiClient() as connection:
        found = client.CoreV1Api(connection)
        metadata = client.V1ObjectMeta(name="aio")
        await found.create_namespace(client.V1Namespace(metadata=metadata))
        yield found
        await found.delete_namespace("aio")
    kubectl("wait", "namespace/aio", "--for=delete", "--timeout=30s")


def config_map(name: str, **data: str) -> client.V1ConfigMap:
    metadata = client.V1ObjectMeta(name=name, labels={"name": name})
    return client.V1ConfigMap(metadata=metadata, data=data)


def refusal(error: pytest.ExceptionInfo[ApiException]) -> tuple[int | None, Any]:
    """The code and the Status."""
    return error.value.status, json.loads(error.value.body or "{}")


def test_helm_installs_upgrades_rolls_back_and_uninstalls(
    helm: Kubectl, kubectl: Kubectl, chart: str
) -> None:
    wait = ("--wait", "--timeout", "40s", "-n", "charts")
    helm("install", "small", chart, "--create-namespace", *wait)
    helm("upgrade", "small", chart, "--set", "colour=blue,replicas=2", *wait)
    assert kubectl.json("get", "configmap", "small", "-n", "charts")["data"] == {"colour": "blue"}
    assert kubectl.json("get", "deploy", "small", "-n", "charts")["status"]["readyReplicas"] == 2
    refused = helm.run("upgrade", "small", chart, "--set", "replicas=many", "-n", "charts")
    assert "spec.replicas" in refused.stderr
    helm("rollback", "small", "1", "-n", "charts")
    assert kubectl.json("get", "configmap", "small", "-n", "charts")["data"] == {"colour": "red"}
    listed = json.loads(helm("list", "-n", "charts", "-o", "json"))
    assert [(item["name"], item["status"]) for item in listed] == [("small", "deployed")]
    helm("uninstall", "small", "-n", "charts")
    kubectl("wait", "pods", "--all", "-n", "charts", "--for=delete", "--timeout=30s")
    left = kubectl("get", "all,configmaps,secrets", "-n", "charts", "-o", "name").split()
    assert left == ["configmap/kube-root-ca.crt"]
    kubectl("delete", "namespace", "charts", "--timeout=30s")


async def test_lists_page_and_watches_resume(api: client.CoreV1Api) -> None:
    start = (await api.list_namespaced_config_map("aio")).metadata.resource_version
    for name in "abcde":
        await api.create_namespaced_config_map("aio", config_map(name))
    page = await api.list_namespaced_config_map("aio", limit=2)
    await api.delete_namespaced_config_map("d", "aio")
    rest = await api.list_namespaced_config_map("aio", _continue=page.metadata._continue)
    names = [item.metadata.name for item in (*page.items, *rest.items)]
    assert names[:5] == ["a", "b", "c", "d", "e"], "all pages are of one revision"
    assert page.metadata.resource_version == rest.metadata.resource_version
    watcher = watch.Watch()
    seen = []
    options = {"resource_version": start, "label_selector": "name in (a, d)"}
    async with watcher.stream(
        api.list_namespaced_config_map, "aio", timeout_seconds=10, **options
    ) as events:
        async for event in events:
            seen.append((event["type"], event["object"].metadata.name))
            if event["type"] == "DELETED":
                break
    assert seen == [("ADDED", "a"), ("ADDED", "d"), ("DELETED", "d")]


async def test_a_stream_begins_with_what_there_is_and_marks_its_end(api: client.CoreV1Api) -> None:
    await api.create_namespaced_config_map("aio", config_map("a"))
    watcher = watch.Watch()
    kinds = []
    async with watcher.stream(
        api.list_namespaced_config_map, "aio", timeout_seconds=10, label_selector="name=a",
        send_initial_events=True, allow_watch_bookmarks=True,
        resource_version_match="NotOlderThan",
    ) as events:  # fmt: skip
        async for event in events:
            kinds.append(event["type"])
            marks = event["raw_object"]["metadata"].get("annotations") or {}
            if event["type"] == "BOOKMARK" and marks.get("k8s.io/initial-events-end") == "true":
                break
    assert kinds == ["ADDED", "BOOKMARK"]


async def test_patches_conflicts_and_preconditions(api: client.CoreV1Api) -> None:
    first = await api.create_namespaced_config_map("aio", config_map("a", x="1"))
    patches: dict[str, Any] = {
        "application/merge-patch+json": {"data": {"b": "2"}},
        "application/json-patch+json": [{"op": "add", "path": "/data/c", "value": "3"}],
        "application/strategic-merge-patch+json": {"data": {"x": None}},
    }
    send: Any = api.patch_namespaced_config_map  # its types do not know of the content type
    for kind, patch in patches.items():
        await send("a", "aio", patch, _content_type=kind)
    applied = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"d": "4"}}
    found = await send(
        "a", "aio", applied, _content_type="application/apply-patch+yaml", field_manager="me"
    )
    assert found.data == {"b": "2", "c": "3", "d": "4"}
    first.data = {"lost": "update"}
    with pytest.raises(ApiException) as conflict:
        await api.replace_namespaced_config_map("a", "aio", first)
    code, status = refusal(conflict)
    assert (code, status["reason"]) == (409, "Conflict")
    with pytest.raises(ApiException) as mistaken:
        other = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid="another"))
        await api.delete_namespaced_config_map("a", "aio", body=other)
    assert refusal(mistaken)[0] == 409
    with pytest.raises(ApiException) as early:
        await api.list_namespaced_config_map("aio", resource_version="999999999999")
    code, status = refusal(early)
    assert (code, status["details"]["causes"][0]["reason"]) == (504, "ResourceVersionTooLarge")


async def test_every_replica_answers_with_every_write(
    real: RealCluster, kubectl: Kubectl, api: client.CoreV1Api
) -> None:
    for replica in real.settings.replicas:
        context = f"{real.settings.name}-{replica.name}"
        await api.create_namespaced_config_map("aio", config_map(replica.name))
        found = kubectl("get", "configmaps", "-n", "aio", "-o", "name", context=context)
        assert f"configmap/{replica.name}" in found.split()
        kubectl("delete", "configmap", replica.name, "-n", "aio", context=context)
    left = await api.list_namespaced_config_map("aio")
    assert [item.metadata.name for item in left.items] == ["kube-root-ca.crt"]


HOOK = """
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-NAME
  annotations:
    helm.sh/hook: EVENTS
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  containers:
    - {name: main, image: "steersman/busybox:v1", command: [sh, -c, "SCRIPT"]}
"""


def hook(name: str, events: str, script: str) -> str:
    text = HOOK.replace("-NAME", f"-{name}").replace("EVENTS", events).replace("SCRIPT", script)
    return text


def test_helm_hooks_and_tests(helm: Kubectl, kubectl: Kubectl, tmp_path: Path) -> None:
    """Hooks run in their order and are waited for; `helm test` shows what its pod printed."""
    files = {
        "Chart.yaml": "apiVersion: v2\nname: hooked\nversion: 0.1.0\n",
        "templates/config.yaml": CHART["templates/all.yaml"].partition("---")[0],
        "values.yaml": "colour: red\n",
        "templates/before.yaml": hook("before", "pre-install,pre-upgrade", "echo before"),
        "templates/after.yaml": hook("after", "post-install", "echo after"),
        "templates/test.yaml": hook("test", "test", "echo tested {{ .Values.colour }}"),
        "templates/fails.yaml": "{{ if .Values.fails }}"
        + hook("fails", "pre-upgrade", "exit 1")
        + "{{ end }}",
    }
    for name, text in files.items():
        path = tmp_path / "hooked" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    chart = str(tmp_path / "hooked")
    helm("install", "hooked", chart, "--wait", "--timeout=60s")
    assert kubectl("logs", "hooked-before") == "before\n"
    assert kubectl("logs", "hooked-after") == "after\n"
    began = {
        name: kubectl("get", "pod", name, "-o", "jsonpath={.metadata.creationTimestamp}")
        for name in ("hooked-before", "hooked-after")
    }
    config_made = kubectl("get", "cm", "hooked", "-o", "jsonpath={.metadata.creationTimestamp}")
    assert began["hooked-before"] <= config_made <= began["hooked-after"]
    tested = helm("test", "hooked", "--logs", "--timeout=60s")
    assert "Succeeded" in tested and "tested red" in tested
    refused = helm.run("upgrade", "hooked", chart, "--set", "fails=true", "--timeout=60s")
    assert refused.returncode == 1 and "pre-upgrade hooks failed" in refused.stderr
    assert json.loads(helm("history", "hooked", "-o", "json"))[-1]["status"] == "failed"
    helm("rollback", "hooked", "1", "--wait", "--timeout=60s")
    helm("upgrade", "hooked", chart, "--set", "colour=blue", "--rollback-on-failure", "--wait")
    assert kubectl("get", "cm", "hooked", "-o", "jsonpath={.data.colour}") == "blue"
    helm("uninstall", "hooked", "--wait")
    assert kubectl.run("get", "cm", "hooked").returncode == 1
    kubectl("delete", "pod", "hooked-before", "hooked-after", "hooked-test", "--ignore-not-found")
