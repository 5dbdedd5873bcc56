"""The launcher: it converges, repairs, refuses with advice, and leaves nothing behind.

A small cluster of its own; the tests build on each other's cluster but leave it as they found it.
"""

import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from actors.kit.world.netns import in_namespace
from actors.kubelet import cgroups, labels
from deploy import cli, engine, launch, lock, network, processes
from deploy.chaos import late
from deploy.distances import keepers
from deploy.distances.keeper import NAME
from tests.support.kubectl import Kubectl
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

OBJECTS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: kept}
data: {colour: red}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: idle}
spec:
  replicas: 2
  selector: {matchLabels: {app: idle}}
  template:
    metadata: {labels: {app: idle}}
    spec:
      terminationGracePeriodSeconds: 0
      tolerations:
        - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector: {matchLabels: {app: idle}}
      containers:
        - name: idle
          image: steersman/busybox:v1
          command: [sleep, "100000"]
          volumeMounts: [{name: memory, mountPath: /memory}]
      volumes: [{name: memory, emptyDir: {medium: Memory}}]
"""


@pytest.fixture(scope="module")
def own(docker_socket: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    """One replica, two nodes in zones that are apart, no demo."""
    folder = tmp_path_factory.mktemp("launch")
    rtt = '[rtt]\na-b = "40ms"'
    cluster = RealCluster(str(folder), "launch", number=2, replicas=1, nodes=2, more=rtt)
    try:
        cluster.up("--no-demo")
        cluster.kubectl("apply", "-f", "-", stdin=OBJECTS)
        settled(cluster)
        yield cluster
    finally:
        cluster.down()


@pytest.fixture
def kubectl(own: RealCluster) -> Kubectl:
    """kubectl on the module's cluster."""
    return own.kubectl


def settled(cluster: RealCluster, replicas: int = 2) -> None:
    """Wait until the Deployment runs."""
    wanted = f"--for=jsonpath={{.status.readyReplicas}}={replicas}"
    cluster.kubectl("wait", "deployment/idle", wanted, "--timeout=50s")


def pods(kubectl: Kubectl) -> dict[str, str]:
    """Node of each pod that is not on its way out."""
    items = kubectl.json("get", "pods", "-l", "app=idle")["items"]
    return {
        item["metadata"]["name"]: item["spec"].get("nodeName", "")
        for item in items
        if "deletionTimestamp" not in item["metadata"]
    }


def pids(cluster: RealCluster) -> dict[str, int]:
    """Pid of each process of the cluster; fails if one runs twice."""
    found = processes.find_all(cluster.settings)
    assert all(len(many) == 1 for many in found.values()), found
    return {name: many[0].pid for name, many in found.items()}


def uids(kubectl: Kubectl) -> list[str]:
    """Of one object of each sort."""
    objects = (("configmap", "kept"), ("deployment", "idle"), ("node", "node-1"))
    return [str(kubectl.json("get", *words)["metadata"]["uid"]) for words in objects]


def own_containers(cluster: RealCluster) -> list[str]:
    return engine.containers("/var/run/docker.sock", [f"{labels.CLUSTER}={cluster.name}"])


def eventually(check: Callable[[], bool], what: str, seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.1)


def here(place: str, *words: str) -> tuple[int, str, str]:
    """Run the command line in this process (a new one takes half a second of a core to start):
    exit code, output, errors. For commands that start no process."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["steersman", *words, "--data-dir", place]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli.main()
        code: object = 0
    except SystemExit as stop:
        code = stop.code
    finally:
        sys.argv = before
    return (code if isinstance(code, int) else 0), out.getvalue(), err.getvalue()


def do(cluster: RealCluster, *words: str) -> str:
    """What a command prints; fails the test if it fails."""
    code, out, err = here(cluster.data_dir, *words)
    assert code == 0, (words, out, err)
    return out


def refused(cluster: RealCluster, *words: str) -> str:
    """The one line that a command says when it fails."""
    code, out, err = here(cluster.data_dir, *words)
    assert code == 1, (words, out, err)
    lines = [line for line in err.splitlines() if line.strip()]
    assert len(lines) == 1, err
    assert lines[0].startswith("error: "), lines
    return lines[0]


def round_trip(cluster: RealCluster, one: str, other: str) -> float:
    """Milliseconds of the quickest of three between two nodes' namespaces."""
    origin, target = cluster.settings.node(one), cluster.settings.node(other)

    def trip() -> float:
        return late.round_trip(target.address, 5.0) or 5.0

    space = f"/run/netns/{origin.netns}"
    return 1000 * min(in_namespace(space, trip) for _ in range(3))


def apart(cluster: RealCluster) -> bool:
    """Whether packets between the nodes of zones a and b take as long as they must."""
    ways = (("node-1", "node-2"), ("node-2", "node-1"))
    return all(40.0 <= round_trip(cluster, *way) < 80.0 for way in ways)


def leftovers(cluster: RealCluster, net: Any) -> dict[str, list[str]]:
    """Everything of a cluster that is on the machine, by what it is. ``net``: its settings."""

    def grep(words: list[str], *wanted: str) -> list[str]:
        lines = network.run(*words, check=False).splitlines()
        return [line for line in lines if any(word in line for word in wanted)]

    name, socket_path = cluster.name, "/var/run/docker.sock"
    tables = name.replace("-", "_")
    octets = tuple(cidr.rpartition(".0.0/")[0] + "." for cidr in (net.pod_range, net.service_range))
    octets += (net.bridge_address.rpartition(".0.")[0] + ".",)
    found = {
        "processes": grep(
            ["ps", "-eo", "pid,args"],
            f"{cluster.data_dir}/cluster.json",
            f"{keepers.MODULE} {cluster.data_dir}",
        ),
        "containers": engine.containers(socket_path, [f"{labels.CLUSTER}={name}"]),
        "namespaces": [one for one in network.namespaces() if one.startswith(f"{name}-")],
        "links": [one for one in network.links() if one.startswith(net.bridge)],
        "tables": grep(["nft", "list", "tables"], f" {tables}_", f"_{tables}"),
        "iptables": grep(["nft", "list", "ruleset"], f'"{net.bridge}"'),
        "routes": grep(["ip", "route", "show", "table", "all"], *octets),
        "mounts": [one for one in launch.mount_points() if one.startswith(cluster.data_dir)],
        "cgroups": [str(p) for p in cgroups.paths(cgroups.cluster_root(name)) if p.exists()],
        "data": [cluster.data_dir] if os.path.exists(cluster.data_dir) else [],
    }
    return {kind: items for kind, items in found.items() if items}


def test_up_again_changes_nothing(own: RealCluster, kubectl: Kubectl) -> None:
    before = (pids(own), pods(kubectl), kubectl.json("get", "configmap", "kept")["metadata"])
    began = time.monotonic()
    printed = own.up("--no-demo")
    assert time.monotonic() - began < 8
    assert "0 started of 1 replicas" in printed
    assert "0 started of 2" in printed
    assert before == (
        pids(own), pods(kubectl), kubectl.json("get", "configmap", "kept")["metadata"],
    )  # fmt: skip


def test_output_is_whole_on_a_narrow_terminal(
    own: RealCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert own.settings.replicas[0].api_addresses[-1] in do(own, "replica", "list")
    # Without flags: the cluster that is there.
    printed = do(own, "up", "--no-demo")
    assert "0 started of 1 replicas" in printed
    assert f"  export KUBECONFIG={own.data_dir}/kubeconfig\n" in printed
    assert f"steersman down --data-dir {own.data_dir} " in printed
    assert all(line == line.rstrip() for line in printed.splitlines())


def test_status_counts_what_is_ready(own: RealCluster) -> None:
    printed = do(own, "status")
    assert "2 of 2 nodes ready, 2 of 2 pods running" in printed
    assert "round trips: a-b 40 ms; " in printed
    assert "packets of pods have waited" in printed
    assert "leader" in printed
    rows = do(own, "node", "list").splitlines()[2:]
    assert [row.split()[:2] for row in rows] == [["node-1", "a"], ["node-2", "b"]]
    assert all("Ready" in row for row in rows)


def test_kubeconfig_is_a_path_or_the_file(own: RealCluster) -> None:
    path = do(own, "kubeconfig").strip()
    assert path == f"{own.data_dir}/kubeconfig"
    assert os.stat(path).st_mode & 0o777 == 0o600
    shown = yaml.safe_load(do(own, "kubeconfig", "--show"))
    assert [one["name"] for one in shown["contexts"]] == ["launch", "launch-replica-1"]


def test_logs_of_a_process_and_of_a_component(own: RealCluster) -> None:
    assert "kubelet@node-1: node.registered" in do(own, "logs", "node-1")
    assert "pod.placed default/idle-" in do(own, "logs", "scheduler")
    assert len(do(own, "logs", "apiserver", "--tail", "3").splitlines()) == 3
    problem = refused(own, "logs", "nothing")
    assert "scheduler" in problem
    assert "replica-1" in problem


def test_trace_goes_from_the_request_to_the_container(own: RealCluster) -> None:
    lines = do(own, "trace", "deployment/idle").splitlines()
    assert lines[0].startswith("trace ")
    assert "POST /apis/apps/v1/namespaces/default/deployments 201" in lines[2]
    assert "kubernetes-admin" in lines[2]
    steps = ("create replicasets", "create pods idle-", "pod.placed", "/binding",
             "container.started")  # fmt: skip
    places = [next(i for i, line in enumerate(lines) if step in line) for step in steps]
    assert places == sorted(places)
    assert "POST /api/v1/namespaces/default/configmaps 201" in do(own, "trace", "cm/kept")
    assert "KIND/NAMESPACE/NAME" in refused(own, "trace", "idle")
    assert "no trace of pod/absent" in refused(own, "trace", "pod/absent")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["replica", "kill", "replica-9"], "'replica-9' is not one of: replica-1"),
        (["replica", "start", "replica-1"], "replica-1 runs already"),
        (["node", "remove", "node-9"], "'node-9' is not one of: node-1, node-2"),
        (["node", "kill", "nodule"], "is not one of: node-1, node-2"),
        (["node", "add", "--zone", "z"], "zone 'z' is not one of: a, b, c"),
        (["load", "/etc/passwd"], "/etc/passwd: not loaded"),
        (["load", "/absent.tar"], "/absent.tar: No such file"),
        (["load", "/etc"], "/etc: Is a directory"),
        (["up", "--replicas", "3"], "replicas: 1 there, 3 asked"),
        (["up", "--zones", "a,b"], "zones: ('a', 'b', 'c') there, ('a', 'b') asked"),
        (["up", "--replicas", "2"], "replicas must be 1, 3 or 5, not 2"),
        (["up", "--nodes", "999"], "nodes must be between 0 and 200, not 999"),
        (["up", "--runtime", "podman"], "runtime must be docker or memory, not 'podman'"),
        (["up", "--name", "No_Such"], "'No_Such' must be 1-24 lower-case letters"),
        (["up", "--config", "/absent.toml"], "/absent.toml: No such file"),
        (["up", "--config", "/etc/passwd"], "/etc/passwd: not TOML"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_line(own: RealCluster, words: list[str], said: str) -> None:
    assert said in refused(own, *words)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("replica = 3", "unknown field `replica`"),
        ("replicas = 'three'", "Expected `int`, got `str` - at `$.replicas`"),
        ("[network]\npods = '10.0.0.0/8'", "network has no pods; it has: pod_range"),
        ("[network]\npod_range = 'everything'", "pod_range: Expected 4 octets"),
        ("[network]\ndns_address = '10.1.1.1'", "dns_address 10.1.1.1 must lie in service_range"),
        ("[network]\nbridge = 'much-too-long-a-name'", "bridge 'much-too-long-a-name' must be"),
        ("[network]\nload_balancer_range = 'ROUTE'", "overlaps this machine's route to"),
        ("[network]\nbridge = 'launchbr'", "bridge launchbr belongs to the cluster 'launch'"),
        ("[network]\nbridge = 'lo'", "an interface lo is there that no cluster made"),
        ("[timing]\nheartbeats = 1", "timing has no heartbeats"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_in_a_line(
    own: RealCluster, text: str, said: str, tmp_path: Path
) -> None:
    if "ROUTE" in text:
        routes = json.loads(network.run("ip", "-j", "-4", "route", "show", "type", "unicast"))
        text = text.replace("ROUTE", next(one["dst"] for one in routes if "/" in one["dst"]))
    file = tmp_path / "other.toml"
    file.write_text(f'name = "other"\n{text}')
    place = tmp_path / "other"
    code, _, err = here(str(place), "up", "--config", str(file))
    assert code == 1
    assert said in err
    assert len(err.splitlines()) == 1
    assert not place.exists()


def test_a_taken_port_is_told_at_once(own: RealCluster, tmp_path: Path) -> None:
    place = tmp_path / "other"
    words = ("up", "--name", "other", "--runtime", "memory", "--port")
    with socket.socket() as other:
        port = 21443
        other.bind(("127.0.0.1", port))
        other.listen()
        began = time.monotonic()
        code, _, err = here(str(place), *words, str(port))
        assert time.monotonic() - began < 5
    assert code == 1
    assert f"127.0.0.1:{port} (HTTPS of all replicas) is in use" in err
    assert "--port" in err
    # The cluster that runs here has its ports too.
    code, _, err = here(str(place), *words, own.settings.network.shared_api.rpartition(":")[2])
    assert "is in use" in err
    assert not place.exists()


def test_a_command_at_a_time(own: RealCluster) -> None:
    with lock.held(own.data_dir):
        assert "another steersman command is at work" in refused(own, "up", "--no-demo")
        assert "another steersman command is at work" in refused(own, "node", "start", "node-1")


def test_real_containers_need_root() -> None:
    os.seteuid(65534)
    try:
        code, _, err = here("/tmp/steersman-nobody/other", "up")
    finally:
        os.seteuid(0)
    assert code == 1
    assert err == (
        "error: real containers need root (network namespaces): sudo ./deploy/up, or without "
        "containers: ./deploy/up --runtime memory\n"
    )


def test_replicas_are_killed_and_started(own: RealCluster) -> None:
    before = pids(own)
    assert "bring it back with: steersman replica start" in do(own, "replica", "kill", "replica-1")
    assert "down" in do(own, "replica", "list")
    assert "no API server answers" in refused(own, "status")
    assert "replica-1 does not run" in refused(own, "replica", "kill", "replica-1")
    assert "replica-1 is ready" in own.do("replica", "start", "replica-1")
    assert pids(own)["replica-1"] != before["replica-1"]
    own.kubectl("wait", "nodes", "--all", "--for=condition=Ready", "--timeout=30s")


def test_up_repairs_what_died(own: RealCluster, kubectl: Kubectl) -> None:
    before, containers = pids(own), engine.containers("/var/run/docker.sock", [])
    assert apart(own)
    for name in ("replica-1", "node-2", NAME):
        assert processes.kill(own.settings, name) is not None
    assert round_trip(own, "node-1", "node-2") < 40.0
    network.run("ip", "link", "del", own.settings.network.bridge)
    printed = own.up("--no-demo")
    assert "1 started of 1 replicas" in printed
    assert "packets of pods on 2 nodes too" in printed
    assert apart(own)
    after = pids(own)
    assert after["node-1"] == before["node-1"]
    assert after["node-2"] != before["node-2"]
    kubectl("wait", "nodes", "--all", "--for=condition=Ready", "--timeout=30s")
    assert set(engine.containers("/var/run/docker.sock", [])) >= set(containers)


def test_up_after_a_power_cut(own: RealCluster, kubectl: Kubectl) -> None:
    """What a restart of the machine leaves: the disk, and containers that have ended."""
    before, settings = uids(kubectl), own.settings
    for name in pids(own):
        processes.kill(settings, name)
    for identity in own_containers(own):
        engine.call("/var/run/docker.sock", "POST", f"/containers/{identity}/kill")
    network.down(settings)
    launch.unmount_all(own.data_dir)
    own.up("--no-demo")
    assert apart(own), "in namespaces that were made anew"
    assert uids(kubectl) == before
    kubectl("wait", "nodes", "--all", "--for=condition=Ready", "--timeout=30s")
    restarted = "--for=jsonpath={.status.containerStatuses[0].restartCount}=1"
    kubectl("wait", "pods", "-l", "app=idle", restarted, "--timeout=30s")
    settled(own)


def test_a_node_joins_and_leaves(own: RealCluster, kubectl: Kubectl) -> None:
    assert "node-3 added in zone b" in own.do("node", "add", "--zone", "b")
    kubectl("wait", "node/node-3", "--for=condition=Ready", "--timeout=30s")
    zone = kubectl.json("get", "node", "node-3")["metadata"]["labels"]
    assert zone["topology.kubernetes.io/zone"] == "b"
    assert 40.0 <= round_trip(own, "node-1", "node-3") < 80.0
    assert round_trip(own, "node-2", "node-3") < 40.0, "zone b is not apart from itself"
    kubectl("scale", "deployment/idle", "--replicas=3")
    settled(own, 3)
    assert sorted(pods(kubectl).values()) == ["node-1", "node-2", "node-3"]
    assert "0 started of 3" in own.up("--no-demo")
    assert "node-3 removed" in do(own, "node", "remove", "node-3")
    kubectl("scale", "deployment/idle", "--replicas=2")
    eventually(lambda: "node-3" not in pods(kubectl).values(), "pods move")
    settled(own)
    assert "node-3" not in kubectl("get", "nodes", "-o", "name")
    assert "launch-node-3" not in network.namespaces()
    assert not [one for one in network.links() if one == "launchbr-3"]
    assert not cgroups.present(cgroups.node_root("launch", "node-3"))
    assert "10.220.3.0" not in network.run("ip", "-n", "launch-node-1", "route")
    assert set(pids(own)) == {"replica-1", "node-1", "node-2"}


def test_objects_outlive_down_with_keep_data_and_killed_launchers(
    own: RealCluster, kubectl: Kubectl
) -> None:
    before, settings = uids(kubectl), own.settings
    assert own.data_dir in do(own, "down", "--keep-data")
    assert set(leftovers(own, settings.network)) == {"data"}
    assert "no API server answers" in refused(own, "status")
    moments: list[Callable[[], bool]] = [
        lambda: bool(processes.unrecorded(settings, set())),
        lambda: len(processes.find_all(settings)) == 3,
    ]
    for moment in moments:
        launcher = subprocess.Popen(
            [sys.executable, "-m", "deploy.cli", "up", "--no-demo", "--data-dir", own.data_dir],
            stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        eventually(moment, "the moment to kill the launcher")
        launcher.send_signal(signal.SIGKILL)
        launcher.wait()
    own.up("--no-demo")
    assert set(pids(own)) == {"replica-1", "node-1", "node-2"}
    assert uids(kubectl) == before
    eventually(lambda: len(own_containers(own)) == 4, "containers run again")
    settled(own)


def test_an_interrupted_up_is_cleaned_by_down(own: RealCluster) -> None:
    net = own.settings.network
    do(own, "down", "--keep-data")
    launcher = subprocess.Popen(
        [sys.executable, "-m", "deploy.cli", "up", "--data-dir", own.data_dir],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    # Not later: with kept data all is soon as it was, and the launcher has nothing to wait for.
    eventually(lambda: bool(processes.find_all(own.settings)), "a process")
    launcher.send_signal(signal.SIGINT)
    printed = launcher.communicate(timeout=20)
    assert launcher.returncode == 130
    assert "Traceback" not in printed[1]
    assert "steersman down" in printed[1]
    do(own, "down")
    assert leftovers(own, net) == {}


def test_five_replicas_and_nothing_is_left_of_them(own: RealCluster) -> None:
    """Last: the module's cluster is gone; its config, with more replicas, makes another."""
    printed = own.up("--no-demo", "--replicas", "5", "--nodes", "1")
    assert "5 started of 5 replicas" in printed
    rows = [row.split() for row in do(own, "replica", "list").splitlines()[2:]]
    assert [row[1] for row in rows] == ["a", "b", "c", "a", "b"]
    assert [row[4] for row in rows] == ["voter"] * 5
    assert sorted(row[5] for row in rows) == ["follower"] * 4 + ["leader"]
    do(own, "replica", "kill", "replica-2")
    do(own, "replica", "kill", "replica-3")
    eventually(lambda: here(own.data_dir, "status")[0] == 0, "three of five go on")
    own.kubectl("apply", "-f", "-", stdin=OBJECTS)
    settled(own)
    # What chaos leaves goes too, whoever forgot to heal it.
    assert "packets of pods dropped" in do(own, "chaos", "partition", "node-1")
    assert "is stopped" in do(own, "chaos", "pause", "node-1,replica-4")
    net = own.settings.network
    there = leftovers(own, net)
    kinds = ("processes", "containers", "namespaces", "links", "tables", "routes", "mounts",
             "cgroups", "data")  # fmt: skip
    assert [kind for kind in kinds if kind not in there] == []
    do(own, "down")
    assert leftovers(own, net) == {}
    assert "nothing to take down" in do(own, "down")
