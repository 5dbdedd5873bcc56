"""A kubelet with real containers and real network namespaces: what simulation cannot show."""

import asyncio
import os
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from actors.kit.world.real import real_world
from actors.kubelet.labels import CLUSTER
from actors.kubelet.networks.veth import VethNetwork
from actors.kubelet.runtimes.docker import DockerRuntime
from cluster.api.resources import PODS
from tests.support.busybox import ensure_busybox
from tests.unit.actors.kubelet.bench import NodeBench, container, make_settings, node_bench, pod

pytestmark = pytest.mark.docker

READ_SHARED = "sleep 0.5; cat /scratch/file; wget -q -O- localhost:8080; "
FOREVER = "trap 'exit 0' TERM; while :; do sleep 0.1; done"


@pytest.fixture
async def bench(docker_socket: str, tmp_path: Path) -> AsyncIterator[NodeBench]:
    ensure_busybox(docker_socket)
    settings = make_settings(str(tmp_path / "data"), "docker")
    runtime, world = DockerRuntime(docker_socket), real_world(tmp_path / "world")
    cleaner = DockerRuntime(docker_socket)
    try:
        async with node_bench(settings, runtime, VethNetwork(), None, world) as made:
            yield made
    finally:
        await cleaner.open(world.clock.now)
        for item in await cleaner.list({CLUSTER: settings.name}):
            await cleaner.remove(item.id)
        await cleaner.close()
        for mount in subprocess.run(["mount"], capture_output=True, text=True).stdout.splitlines():
            if str(tmp_path) in mount:
                subprocess.run(["umount", mount.split(" ")[2]], check=False)


def script(text: str, **fields: Any) -> dict[str, Any]:
    return container(command=["sh", "-c", text], **fields)


async def test_a_pod_from_start_to_end(bench: NodeBench) -> None:
    bench.config_map("settings", colour="blue", **{"page.html": "hello"})
    bench.secret("login", password="c2VjcmV0")
    web = script(
        "echo $COLOUR $PASSWORD $POD_IP; cat /config/page.html /etc/podinfo/name; echo; "
        "mkdir -p /www; echo served > /www/index.html; httpd -p 8080 -h /www; "
        "echo bye > /dev/termination-log; echo shared > /scratch/file; " + FOREVER,
        env=[
            {
                "name": "COLOUR",
                "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "colour"}},
            },
            {
                "name": "PASSWORD",
                "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}},
            },
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        ],
        volumeMounts=[
            {"name": "config", "mountPath": "/config"},
            {"name": "info", "mountPath": "/etc/podinfo"},
            {"name": "scratch", "mountPath": "/scratch"},
        ],
        readinessProbe={"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
        livenessProbe={"exec": {"command": ["test", "-f", "/www/index.html"]}},
        resources={"limits": {"memory": "64Mi", "cpu": "200m"}, "requests": {"cpu": "100m"}},
    )
    helper = container(
        "helper",
        command=[
            "sh",
            "-c",
            "sleep 0.5; cat /scratch/file; wget -q -O- localhost:8080; " + FOREVER,
        ],
        volumeMounts=[{"name": "scratch", "mountPath": "/scratch", "readOnly": True}],
    )
    info = [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]
    volumes = [
        {"name": "config", "configMap": {"name": "settings"}},
        {"name": "info", "downwardAPI": {"items": info}},
        {"name": "scratch", "emptyDir": {"medium": "Memory"}},
    ]
    bench.create(pod(containers=[web, helper], volumes=volumes))
    await bench.running(seconds=20)
    status = bench.status()
    assert status["qosClass"] == "Burstable"
    _, writer = await asyncio.open_connection(status["podIP"], 8080)
    writer.close()
    await asyncio.sleep(1)
    log = await bench.logs(container="main")
    assert log == f"blue secret {status['podIP']}\nhelloweb\n".encode()
    assert await bench.logs(container="helper") == b"shared\nserved\n"
    bench.delete()
    await bench.until(lambda: bench.pod() is None, 20)
    assert await bench.runtime.list({CLUSTER: "test"}) == []
    assert os.listdir(f"{bench.settings.data_dir}/nodes/node-1/pods") == []


async def test_killed_containers_and_sandboxes_come_back(bench: NodeBench) -> None:
    bench.create(pod(containers=[script(FOREVER)]))
    await bench.running(seconds=20)
    address = bench.status()["podIP"]
    await bench.runtime.kill(bench.container()["containerID"].partition("//")[2])
    await bench.until(lambda: bench.container()["restartCount"] == 1, 20)
    await bench.running(seconds=20)
    assert bench.container()["lastState"]["terminated"]["exitCode"] == 137
    found = await bench.runtime.list({CLUSTER: "test"})
    sandbox = next(item for item in found if item.name.startswith("k8s_POD"))
    await bench.runtime.kill(sandbox.id)
    await bench.until(lambda: bench.container()["restartCount"] == 2, 30)
    await bench.running(seconds=20)
    assert bench.status()["podIP"] == address
    found = await bench.runtime.list({CLUSTER: "test"})
    assert len([item for item in found if item.state == "running"]) == 2


async def test_a_restarted_kubelet_leaves_containers_alone(bench: NodeBench) -> None:
    bench.create(pod(containers=[script(FOREVER)]))
    await bench.running(seconds=20)
    status = bench.status()
    await bench.stop_kubelet()
    await bench.start_kubelet()
    await asyncio.sleep(2)
    assert bench.status() == status
    config = bench.create(pod("second", [script(FOREVER)], hostNetwork=True))
    await bench.running("second", seconds=20)
    assert bench.status("second")["podIP"] == "10.245.0.1"
    assert config["spec"]["hostNetwork"]


async def test_orphans_are_ended(bench: NodeBench) -> None:
    bench.create(pod(containers=[script(FOREVER)]))
    await bench.running(seconds=20)
    await bench.stop_kubelet()
    bench.state.remove(PODS, "default", "web")
    await bench.start_kubelet()
    for _ in range(100):
        if not await bench.runtime.list({CLUSTER: "test"}):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("containers of a pod that is no more are left")


async def test_what_cannot_run_says_why(bench: NodeBench) -> None:
    bench.create(pod("typo", [container(command=["/nosuch"])]))
    never = container(image="steersman/absent:v1", imagePullPolicy="Never")
    bench.create(pod("absent", [never]))
    message = script("echo because > /dev/termination-log; exit 3")
    bench.create(pod("ends", [message], restartPolicy="Never"))
    await bench.until(lambda: bench.status("ends")["phase"] == "Failed", 20)
    ended = bench.container("ends")["state"]["terminated"]
    assert ended["exitCode"] == 3 and ended["message"] == "because\n"
    await bench.until(lambda: "lastState" in bench.container("typo"), 20)
    await bench.until(lambda: bench.container("typo")["lastState"].get("terminated"), 20)
    assert bench.container("typo")["lastState"]["terminated"]["reason"] == "StartError"
    waiting = bench.container("absent")["state"]["waiting"]
    assert waiting["reason"] == "ErrImageNeverPull"


async def test_a_pods_containers_share_network_and_memory(bench: NodeBench) -> None:
    first = script("echo x > /dev/shm/mark; nc -l -p 9000 -e echo answered & " + FOREVER)
    second = container(
        "second",
        command=["sh", "-c", "sleep 0.7; cat /dev/shm/mark; hostname; " + FOREVER],
        securityContext={"runAsUser": 1000, "readOnlyRootFilesystem": True},
    )
    bench.create(pod(containers=[first, second], hostname="named"))
    await bench.running(seconds=20)
    await asyncio.sleep(1)
    assert await bench.logs(container="second") == b"x\nnamed\n"
    with socket.create_connection((bench.status()["podIP"], 9000), timeout=5) as connection:
        assert connection.recv(100) == b"answered\n"
