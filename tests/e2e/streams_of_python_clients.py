"""Logs, exec and port-forward with Python clients. Run by ``test_streaming.py``, in a process of
its own as ``cases_of_python_clients.py``, on its pod "box"."""

import contextlib
import os
import urllib.request

import kr8s
import kubernetes
import lightkube
import pytest
from kr8s.asyncio.objects import Pod as AsyncPod
from kr8s.objects import Pod
from kubernetes import client as official
from kubernetes.stream import portforward, stream

pytestmark = pytest.mark.timeout(60)
KUBECONFIG = os.environ["KUBECONFIG"]


def test_kubernetes() -> None:
    kubernetes.config.load_kube_config(KUBECONFIG)
    core = official.CoreV1Api()
    assert core.read_namespaced_pod_log("box", "default") == "up\n"
    said = stream(
        core.connect_get_namespaced_pod_exec, "box", "default", command=["echo", "a b"],
        stdout=True, stderr=True, stdin=False, tty=False,
    )  # fmt: skip
    assert said == "a b\n"
    # Streams change the client they are called on: another one.
    core = official.CoreV1Api(official.ApiClient())
    shell = stream(
        core.connect_get_namespaced_pod_exec, "box", "default", command=["sh"],
        stdout=True, stderr=True, stdin=True, tty=False, _preload_content=False,
    )  # fmt: skip
    shell.write_stdin("echo out; echo err >&2; exit 3\n")
    shell.run_forever(timeout=20)
    assert (shell.read_stdout(), shell.read_stderr()) == ("out\n", "err\n")
    assert shell.returncode == 3
    core = official.CoreV1Api(official.ApiClient())
    with pytest.raises(official.ApiException) as refused:
        stream(core.connect_get_namespaced_pod_exec, "none", "default", command=["ls"], stdout=True)
    assert "404" in str(refused.value)
    core = official.CoreV1Api(official.ApiClient())
    forward = portforward(
        core.connect_get_namespaced_pod_portforward, "box", "default", ports="8080"
    )
    with contextlib.closing(forward.socket(8080)) as socket:
        socket.settimeout(20)
        socket.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b""
        while chunk := socket.recv(65536):
            answer += chunk
    assert answer.endswith(b"\r\n\r\nhello\n")
    assert forward.error(8080) is None


def test_lightkube() -> None:
    client = lightkube.Client(config=lightkube.KubeConfig.from_file(KUBECONFIG))
    assert list(client.log("box")) == ["up\n"]


def test_kr8s() -> None:
    api = kr8s.api(kubeconfig=KUBECONFIG)
    pod = Pod.get("box", namespace="default", api=api)
    assert list(pod.logs()) == ["up"]
    done = pod.exec(["sh", "-c", "echo out; echo err >&2"])
    assert (done.stdout, done.stderr, done.returncode) == (b"out\n", b"err\n", 0)
    assert pod.exec(["sh", "-c", "exit 3"], check=False).returncode == 3
    with (
        pod.portforward(remote_port=8080) as port,
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer,
    ):
        assert answer.read() == b"hello\n"


async def test_kr8s_async() -> None:
    api = await kr8s.asyncio.api(kubeconfig=KUBECONFIG)
    pod = await AsyncPod.get("box", namespace="default", api=api)
    assert [line async for line in pod.logs()] == ["up"]
    done = await pod.exec(["cat", "/www/index.html"])
    assert done.stdout == b"hello\n"
