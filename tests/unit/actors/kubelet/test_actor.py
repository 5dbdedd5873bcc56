"""The kubelet's whole way with pods, on simulated containers and virtual time."""

import asyncio
from typing import Any

import pytest

from actors.kit.actor import Delivery, Principal, Sink
from actors.kit.world.containers import ExecResult
from actors.kubelet.actor import KubeletActor
from actors.kubelet.runtimes.memory import Behaviour
from cluster.api.resources import LEASES, NODES, PODS
from cluster.errors import PeerFault, StatusError
from cluster.messages.kubelet import ReadLogs
from tests.unit.actors.kubelet.bench import NodeBench, container, pod, simulated

HTTP = {"httpGet": {"path": "/healthz", "port": 8080}}


def state_of(bench: NodeBench, name: str = "main") -> str:
    found: dict[str, Any] = bench.container(container=name).get("state", {})
    return next(iter(found), "")


def reason_of(bench: NodeBench, name: str = "main") -> str:
    found: dict[str, dict[str, Any]] = bench.container(container=name).get("state", {})
    return str(next((state.get("reason", "") for state in found.values()), ""))


@simulated
async def test_node_is_registered_with_its_share_and_a_lease(bench: NodeBench) -> None:
    await bench.until(lambda: bench.state.all(NODES) and bench.node().get("status"))
    await bench.until(lambda: bench.node()["status"]["conditions"][-1]["status"] == "True")
    node = bench.node()
    assert node["spec"]["podCIDR"] == "10.244.1.0/24"
    assert node["metadata"]["labels"]["topology.kubernetes.io/zone"] == "a"
    assert node["status"]["capacity"]["cpu"] == "2"
    assert node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"] == 7101
    await bench.until(lambda: bench.state.all(LEASES))
    before = bench.state.all(LEASES)[0]["spec"]["renewTime"]
    writes = len(bench.state.writes(resource=NODES))
    await asyncio.sleep(60)
    assert bench.state.all(LEASES)[0]["spec"]["renewTime"] > before
    assert len(bench.state.writes(resource=NODES)) == writes, "heartbeats do not write the Node"


@simulated
async def test_pod_runs_and_tells_its_status(bench: NodeBench) -> None:
    bench.create(pod())
    await bench.running()
    status = bench.status()
    assert status["phase"] == "Running"
    assert status["podIP"] == "10.244.1.2" and status["hostIP"] == "10.245.0.1"
    assert status["qosClass"] == "BestEffort"
    main = bench.container()
    assert main["ready"] and main["started"] and main["restartCount"] == 0
    assert main["containerID"].startswith("memory://")
    kinds = [item["type"] for item in status["conditions"]]
    assert kinds == [
        "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled",
    ]  # fmt: skip
    await bench.until(lambda: len(bench.reasons()) == 3)
    assert bench.reasons() == ["Pulled", "Created", "Started"]


@simulated
async def test_deletion_is_graceful_and_leaves_nothing(bench: NodeBench) -> None:
    bench.runtime.behave("main", Behaviour(stop_seconds=5))
    bench.create(pod())
    await bench.running()
    began = asyncio.get_running_loop().time()
    bench.delete()
    await bench.until(lambda: bench.pod() is None)
    assert 5 <= asyncio.get_running_loop().time() - began < 7
    assert await bench.runtime.list({}) == []
    assert bench.network.attached == {}
    assert await bench.files.pods() == []


@simulated
async def test_a_container_that_ignores_the_signal_is_killed_after_its_grace(
    bench: NodeBench,
) -> None:
    bench.runtime.behave("main", Behaviour(stop_seconds=None))
    bench.create(pod())
    await bench.running()
    began = asyncio.get_running_loop().time()
    bench.delete(grace=10)
    await bench.until(lambda: bench.pod() is None)
    assert 10 <= asyncio.get_running_loop().time() - began < 12


@simulated
async def test_a_second_deletion_can_cut_the_grace_short(bench: NodeBench) -> None:
    bench.runtime.behave("main", Behaviour(stop_seconds=None))
    bench.create(pod())
    await bench.running()
    began = asyncio.get_running_loop().time()
    bench.delete(grace=600)
    await asyncio.sleep(3)
    bench.delete(grace=0)
    await bench.until(lambda: bench.pod() is None)
    assert asyncio.get_running_loop().time() - began < 5


@simulated
async def test_a_pod_deleted_while_its_image_is_pulled_goes_at_once(bench: NodeBench) -> None:
    bench.runtime._pull_seconds = 500
    bench.create(pod(containers=[container(image="example.org/slow:1")]))
    await bench.until(lambda: "Pulling" in bench.reasons())
    bench.delete()
    await bench.until(lambda: bench.pod() is None, seconds=10)
    assert await bench.runtime.list({}) == []


@simulated
async def test_force_deletion_ends_containers_of_a_pod_that_is_no_more(bench: NodeBench) -> None:
    bench.create(pod())
    await bench.running()
    bench.state.remove(PODS, "default", "web")
    await asyncio.sleep(40)
    assert await bench.runtime.list({}) == []
    assert await bench.files.pods() == []


@simulated
async def test_a_crashed_container_restarts_with_backoff(bench: NodeBench) -> None:
    bench.create(pod())
    await bench.running()
    first = bench.container()["containerID"].partition("//")[2]
    bench.runtime.behave("main", Behaviour(runs_for=1, exit_code=3))
    bench.runtime.crash(first, 2)
    await bench.until(lambda: bench.container()["restartCount"] == 1)
    assert bench.container()["lastState"]["terminated"]["exitCode"] == 2
    await bench.until(lambda: reason_of(bench) == "CrashLoopBackOff")
    last = bench.container()["lastState"]["terminated"]
    assert last["exitCode"] == 3 and last["reason"] == "Error"
    assert "back-off 10s" in bench.container()["state"]["waiting"]["message"]
    began = asyncio.get_running_loop().time()
    tracer = bench.system.recorder.tracer
    note, later = tracer.find(msg="container.exited")[:2]  # type: ignore[attr-defined]
    assert (note["container"], note["attempt"], note["code"]) == ("main", 0, 2)
    assert (later["attempt"], later["code"], later["reason"]) == (1, 3, "Error")
    assert note["trace"] == tracer.find(msg="container.started")[0]["trace"]  # type: ignore[attr-defined]
    await bench.until(lambda: bench.container()["restartCount"] == 2)
    assert 8 < asyncio.get_running_loop().time() - began < 12
    await bench.until(lambda: bench.container()["restartCount"] == 3, 90)
    assert bench.status()["phase"] == "Running"
    assert "BackOff" in bench.reasons()
    assert len(await bench.runtime.list({})) <= 3, "old attempts are removed"


@simulated
async def test_restart_policies(bench: NodeBench) -> None:
    bench.runtime.behave("good", Behaviour(runs_for=1))
    bench.runtime.behave("bad", Behaviour(runs_for=1, exit_code=1))
    good, bad = [container("good")], [container("bad")]
    bench.create(pod("never-good", good, restartPolicy="Never"))
    bench.create(pod("never-bad", bad, restartPolicy="Never"))
    bench.create(pod("onfailure-good", good, restartPolicy="OnFailure"))
    bench.create(pod("onfailure-bad", bad, restartPolicy="OnFailure"))
    await asyncio.sleep(30)
    assert bench.status("never-good")["phase"] == "Succeeded"
    assert bench.condition("Ready", "never-good") == "False"
    assert bench.status("never-bad")["phase"] == "Failed"
    assert bench.status("onfailure-good")["phase"] == "Succeeded"
    assert bench.container("onfailure-bad", "bad")["restartCount"] >= 2
    alive = [item for item in await bench.runtime.list({}) if item.state == "running"]
    names = {item.labels["io.kubernetes.pod.name"] for item in alive}
    assert names == {"onfailure-bad"}, "the sandbox of an ended pod is stopped"


@simulated
async def test_init_containers_run_in_order_and_sidecars_stay(bench: NodeBench) -> None:
    bench.runtime.behave("first", Behaviour(runs_for=2))
    bench.runtime.behave("last", Behaviour(runs_for=2))
    init = [container("first"), container("side", restartPolicy="Always"), container("last")]
    bench.create(pod(initContainers=init))
    await bench.until(lambda: state_of(bench, "first") == "running")
    assert reason_of(bench) == "PodInitializing" and bench.status()["phase"] == "Pending"
    assert bench.condition("Initialized") == "False"
    await bench.until(lambda: state_of(bench, "last") == "running")
    assert state_of(bench, "side") == "running" and state_of(bench, "main") == "waiting"
    await bench.running()
    assert bench.container(container="first")["state"]["terminated"]["reason"] == "Completed"
    assert bench.container(container="first")["ready"]
    side = bench.container(container="side")["containerID"].partition("//")[2]
    bench.runtime.crash(side)
    await bench.until(lambda: bench.container(container="side")["restartCount"] == 1)
    assert bench.container()["restartCount"] == 0


@simulated
async def test_sidecars_end_after_the_containers(bench: NodeBench) -> None:
    bench.runtime.behave("main", Behaviour(stop_seconds=3))
    side = [container(name, restartPolicy="Always") for name in ("side-1", "side-2")]
    bench.create(pod(initContainers=side))
    await bench.running()
    bench.delete()
    await bench.until(lambda: bench.pod() is None)
    tracer = bench.system.recorder.tracer
    ends = [r["container"] for r in tracer.find(msg="container.stopped")]  # type: ignore[attr-defined]
    assert ends == ["main", "side-2", "side-1"]


@simulated
async def test_a_job_with_a_sidecar_completes(bench: NodeBench) -> None:
    bench.runtime.behave("main", Behaviour(runs_for=2))
    side = [container("side", restartPolicy="Always")]
    bench.create(pod(initContainers=side, restartPolicy="Never"))
    await bench.until(lambda: bench.status()["phase"] == "Succeeded")
    await asyncio.sleep(5)
    assert not [item for item in await bench.runtime.list({}) if item.state == "running"]
    assert bench.status()["phase"] == "Succeeded"


@simulated
async def test_a_failed_init_container_fails_a_pod_that_never_restarts(bench: NodeBench) -> None:
    bench.runtime.behave("first", Behaviour(runs_for=1, exit_code=1))
    bench.create(pod(initContainers=[container("first")], restartPolicy="Never"))
    await bench.until(lambda: bench.status()["phase"] == "Failed")
    assert state_of(bench) == "waiting"


@simulated
async def test_a_dead_sandbox_makes_a_new_one_and_counts_restarts(bench: NodeBench) -> None:
    bench.create(pod())
    await bench.running()
    sandbox = next(item for item in await bench.runtime.list({}) if item.name.startswith("k8s_POD"))
    bench.runtime.crash(sandbox.id, 137)
    await bench.until(lambda: bench.container()["restartCount"] == 1)
    await bench.running()
    assert bench.container()["lastState"]["terminated"]["exitCode"] == 137
    sandboxes = [i for i in await bench.runtime.list({}) if i.name.startswith("k8s_POD")]
    assert [item.name.rpartition("_")[2] for item in sandboxes] == ["1"]
    assert bench.status()["podIP"] == "10.244.1.2"


@simulated
async def test_a_restarted_kubelet_adopts_what_runs(bench: NodeBench) -> None:
    bench.create(pod())
    bench.create(pod("other"))
    await bench.running()
    await bench.running("other")
    before = {item.id: item.started_at for item in await bench.runtime.list({})}
    status = bench.status()
    await bench.stop_kubelet()
    bench.delete("other")
    await asyncio.sleep(5)
    writes = len(bench.state.writes("patch", PODS))
    await bench.start_kubelet()
    await bench.until(lambda: bench.pod("other") is None)
    await asyncio.sleep(5)
    after = {item.id: item.started_at for item in await bench.runtime.list({})}
    assert after.items() <= before.items() and len(after) == 2
    assert bench.status() == status, "nothing about an adopted pod has changed"
    patches = bench.state.writes("patch", PODS)[writes:]
    assert [request.name for request in patches if request.name == "web"] == []
    bench.create(pod("third"))
    await bench.running("third")
    assert bench.status("third")["podIP"] != bench.status()["podIP"]


@simulated
async def test_a_restarted_kubelet_removes_orphans(bench: NodeBench) -> None:
    bench.create(pod())
    await bench.running()
    await bench.stop_kubelet()
    bench.state.remove(PODS, "default", "web")
    await bench.start_kubelet()
    await asyncio.sleep(40)
    assert await bench.runtime.list({}) == []
    assert await bench.files.pods() == []


@simulated
async def test_a_container_removed_behind_its_back_counts_as_a_restart(bench: NodeBench) -> None:
    bench.create(pod())
    await bench.running()
    await bench.runtime.remove(bench.container()["containerID"].partition("//")[2])
    await bench.until(lambda: bench.container()["restartCount"] == 1)
    await bench.running()


@simulated
async def test_readiness_and_liveness(bench: NodeBench) -> None:
    readiness = {**HTTP, "periodSeconds": 1, "failureThreshold": 2}
    liveness = {"tcpSocket": {"port": 8080}, "periodSeconds": 1, "failureThreshold": 3}
    bench.network.statuses["10.244.1.2", 8080] = 503
    probed = container(readinessProbe=readiness, livenessProbe=liveness)
    bench.create(pod(containers=[probed]))
    await bench.until(lambda: state_of(bench) == "running")
    await asyncio.sleep(5)
    assert bench.condition("Ready") == "False" and bench.status()["phase"] == "Running"
    assert "Unhealthy" in bench.reasons()
    bench.network.statuses.clear()
    await bench.running()
    bench.network.refused.add(("10.244.1.2", 8080))
    await bench.until(lambda: bench.condition("Ready") == "False")
    await bench.until(lambda: bench.container()["restartCount"] == 1)
    assert ("Killing", "Container main failed liveness probe, will be restarted") in bench.events()
    tracer = bench.system.recorder.tracer
    stops = tracer.find(msg="container.stopping")  # type: ignore[attr-defined]
    assert stops[0]["why"] == "Container main failed liveness probe, will be restarted"
    verdicts = tracer.find(msg="probe.liveness", healthy=False)  # type: ignore[attr-defined]
    assert (verdicts[0]["handler"], verdicts[0]["row"]) == ("tcpSocket", 3)
    bench.network.refused.clear()
    await bench.running()


@simulated
async def test_startup_probe_holds_the_others_back(bench: NodeBench) -> None:
    answers = {"healthy": False}
    calls: list[str] = []

    def run(name: str, command: Any) -> ExecResult:
        calls.append(command[0])
        return ExecResult(0 if answers["healthy"] else 1, b"not yet")

    bench.runtime.on_exec = run
    startup = {"exec": {"command": ["startup"]}, "periodSeconds": 1, "failureThreshold": 30}
    liveness = {"exec": {"command": ["liveness"]}, "periodSeconds": 1}
    bench.create(pod(containers=[container(startupProbe=startup, livenessProbe=liveness)]))
    await asyncio.sleep(10)
    assert set(calls) == {"startup"}
    assert bench.container()["started"] is False and bench.condition("Ready") == "False"
    answers["healthy"] = True
    await bench.running()
    await asyncio.sleep(3)
    assert "liveness" in calls
    assert bench.container()["restartCount"] == 0


@simulated
async def test_images_that_cannot_be_had(bench: NodeBench) -> None:
    bench.runtime.missing.add("example.org/none:1")
    pull = container("pull", image="example.org/none:1")
    bench.create(pod("pull", [pull]))
    never = container("never", image="absent:1", imagePullPolicy="Never")
    bench.create(pod("never", [never]))
    bench.create(pod("wrong", [container("wrong", image="UPPER/case:1")]))

    def reason(name: str) -> str:
        state = bench.container(name, name).get("state") or {}
        return str((state.get("waiting") or {}).get("reason"))

    await bench.until(lambda: reason("pull") == "ErrImagePull")
    await bench.until(lambda: reason("pull") == "ImagePullBackOff")
    await bench.until(lambda: reason("never") == "ErrImageNeverPull")
    await bench.until(lambda: reason("wrong") == "InvalidImageName")
    bench.runtime.missing.clear()
    await bench.running("pull")


@simulated
async def test_a_command_that_cannot_run(bench: NodeBench) -> None:
    bench.runtime.behave("main", Behaviour(start_error='exec: "/nosuch": no such file'))
    bench.create(pod())
    await bench.until(lambda: reason_of(bench) in ("RunContainerError", "CrashLoopBackOff"))
    last = bench.container()["lastState"]["terminated"]
    assert last["reason"] == "StartError" and last["exitCode"] == 127
    assert "no such file" in last["message"]
    await asyncio.sleep(25)
    assert 1 <= bench.container()["restartCount"] <= 3


@simulated
async def test_config_maps_and_secrets(bench: NodeBench) -> None:
    bench.service("redis", "10.96.0.77", 6379)
    env = [
        {"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "colour"}}},
        {"name": "GREETING", "value": "$(COLOUR) at $(REDIS_SERVICE_HOST)"},
    ]
    volumes = [{"name": "config", "configMap": {"name": "files"}}]
    mounts = [{"name": "config", "mountPath": "/config"}]
    bench.create(pod(containers=[container(env=env, volumeMounts=mounts)], volumes=volumes))
    await bench.until(lambda: "FailedMount" in bench.reasons())
    assert bench.status()["phase"] == "Pending"
    bench.config_map("files", greeting="hello")
    await bench.until(lambda: reason_of(bench) == "CreateContainerConfigError", 10)
    bench.config_map("settings", colour="blue")
    await bench.running(seconds=5)
    made = [s for s in bench.runtime._containers.values() if "main" in s.record.name]
    assert "GREETING=blue at 10.96.0.77" in made[0].config["Env"]
    uid = bench.pod()["metadata"]["uid"]  # type: ignore[index]
    key = (uid, "kubernetes.io~configmap", "config")
    assert bench.files.volumes[key]["greeting"].data == b"hello"
    bench.config_map("files", greeting="goodbye")
    await bench.until(lambda: bench.files.volumes[key]["greeting"].data == b"goodbye", 5)
    assert bench.container()["restartCount"] == 0


@simulated
async def test_account_tokens_are_projected(bench: NodeBench) -> None:
    bench.config_map("kube-root-ca.crt", **{"ca.crt": "certificate"})
    sources = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {
            "downwardAPI": {
                "items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]
            }
        },
    ]
    volumes = [{"name": "access", "projected": {"sources": sources}}]
    bench.create(pod(volumes=volumes, serviceAccountName="default"))
    await bench.running()
    uid = bench.pod()["metadata"]["uid"]  # type: ignore[index]
    files = bench.files.volumes[uid, "kubernetes.io~projected", "access"]
    assert {name: entry.data for name, entry in files.items()} == {
        "token": b"token-of-default",
        "ca.crt": b"certificate",
        "namespace": b"default",
    }


@simulated
async def test_lifecycle_hooks(bench: NodeBench) -> None:
    calls: list[str] = []

    def run(name: str, command: Any) -> ExecResult:
        calls.append(command[0])
        return ExecResult(0, b"")

    bench.runtime.on_exec = run
    hooks = {"postStart": {"exec": {"command": ["post"]}}, "preStop": {"sleep": {"seconds": 4}}}
    bench.create(pod(containers=[container(lifecycle=hooks)]))
    await bench.running()
    assert calls == ["post"]
    began = asyncio.get_running_loop().time()
    bench.delete()
    await bench.until(lambda: bench.pod() is None)
    assert 4 <= asyncio.get_running_loop().time() - began < 6


@simulated
async def test_a_failed_post_start_hook_restarts_the_container(bench: NodeBench) -> None:
    bench.runtime.on_exec = lambda name, command: ExecResult(1, b"no")
    hooks = {"postStart": {"exec": {"command": ["post"]}}}
    bench.create(pod(containers=[container(lifecycle=hooks)]))
    await bench.until(lambda: bench.container() and bench.container()["restartCount"] >= 1)
    assert "FailedPostStartHook" in bench.reasons()


@simulated
async def test_active_deadline(bench: NodeBench) -> None:
    bench.create(pod(activeDeadlineSeconds=20))
    await bench.running()
    await bench.until(lambda: bench.status()["phase"] == "Failed")
    assert bench.status()["reason"] == "DeadlineExceeded"
    await asyncio.sleep(5)
    assert not [item for item in await bench.runtime.list({}) if item.state == "running"]


@simulated
async def test_an_image_change_restarts_the_container(bench: NodeBench) -> None:
    bench.runtime.add_image("steersman/busybox:v2")
    created = bench.create(pod())
    await bench.running()
    changed = {**created["spec"], "containers": [container(image="steersman/busybox:v2")]}
    bench.state.put(PODS, {**bench.pod(), "spec": changed})  # type: ignore[dict-item]
    await bench.until(lambda: bench.container()["restartCount"] == 1)
    await bench.running()


@simulated
async def test_the_engine_goes_away_and_comes_back(bench: NodeBench) -> None:
    bench.create(pod())
    await bench.running()
    bench.runtime.go_down()
    await bench.until(lambda: bench.node()["status"]["conditions"][-1]["status"] == "False")
    bench.create(pod("later"))
    await asyncio.sleep(10)
    bench.runtime.come_up()
    await bench.running("later")
    assert bench.container()["restartCount"] == 0
    await bench.until(lambda: bench.node()["status"]["conditions"][-1]["status"] == "True")


@simulated
async def test_logs(bench: NodeBench) -> None:
    bench.runtime.behave("main", Behaviour(log=b"first\n"))
    bench.create(pod())
    await bench.running()
    identity = bench.container()["containerID"].partition("//")[2]
    bench.runtime.write_log(identity, b"second\n")
    assert await bench.logs() == b"first\nsecond\n"
    assert await bench.logs(tail=1) == b"second\n"
    assert await bench.logs(limit_bytes=3) == b"fir"
    following = asyncio.create_task(bench.logs(follow=True))
    await asyncio.sleep(1)
    bench.runtime.write_log(identity, b"third\n")
    bench.runtime.crash(identity)
    assert await following == b"first\nsecond\nthird\n"
    await bench.until(lambda: bench.container()["restartCount"] == 1)
    await bench.running()
    assert (await bench.logs(previous=True)).endswith(b"third\n")
    assert await bench.logs() == b"first\n"


@simulated
async def test_logs_are_not_for_other_nodes(bench: NodeBench) -> None:
    other = Principal("node-2", "system:node:node-2", ("system:nodes",), False)
    kubelet = KubeletActor(bench.settings, "node-1", bench.runtime, bench.network, ("a@replica-1",))
    nowhere = Sink(1, outlet=None)  # type: ignore[arg-type]  # nothing is to be sent
    with pytest.raises(PeerFault, match="past the API server"):
        await kubelet.serve(
            ReadLogs("default", "web"), nowhere, Delivery("a@node-2", other, "", None)
        )


@simulated
async def test_logs_that_are_not_there(bench: NodeBench) -> None:
    bench.runtime.missing.add("example.org/none:1")
    bench.create(pod(containers=[container(image="example.org/none:1")]))
    await bench.until(lambda: reason_of(bench) == "ImagePullBackOff")
    with pytest.raises(StatusError, match="is waiting to start"):
        await bench.logs()
    with pytest.raises(StatusError, match="not valid for pod"):
        await bench.logs(container="other")
    with pytest.raises(StatusError, match='pods "none" not found'):
        await bench.logs("none")


@simulated
async def test_two_pods_of_one_name_in_turn(bench: NodeBench) -> None:
    bench.create(pod())
    await bench.running()
    bench.state.remove(PODS, "default", "web")
    bench.create(pod())
    await asyncio.sleep(60)
    await bench.running()
    uids = {item.labels["io.kubernetes.pod.uid"] for item in await bench.runtime.list({})}
    assert uids == {bench.pod()["metadata"]["uid"]}  # type: ignore[index]


@simulated
async def test_host_network_pods_have_the_nodes_address(bench: NodeBench) -> None:
    bench.create(pod(hostNetwork=True))
    await bench.running()
    assert bench.status()["podIP"] == "10.245.0.1"
    assert bench.network.attached == {}


@simulated
async def test_idle_pods_cost_nothing(bench: NodeBench) -> None:
    bench.create(pod())
    await bench.running()
    await asyncio.sleep(2)
    before = len(bench.state.requests)
    await asyncio.sleep(100)
    renewals = len(bench.state.writes("update", LEASES))
    assert len(bench.state.requests) - before <= 22 and renewals


def set_ready(obj: dict[str, Any], value: str) -> dict[str, Any]:
    """As the node controller marks an unreachable node and its pods."""
    conditions = [
        {**item, "status": value} if item["type"] == "Ready" else item
        for item in obj["status"]["conditions"]
    ]
    return {**obj, "status": {**obj["status"], "conditions": conditions}}


@simulated
async def test_what_others_said_of_its_health_is_corrected(bench: NodeBench) -> None:
    bench.create(pod())
    await bench.running()
    found = bench.pod()
    assert found is not None
    extra = {"type": "DisruptionTarget", "status": "True"}
    marked = set_ready(found, "False")
    marked["status"]["conditions"].append(extra)
    bench.state.put(PODS, marked)
    bench.state.put(NODES, set_ready(bench.node(), "Unknown"))
    await bench.running(seconds=5)
    assert bench.condition("DisruptionTarget") == "True"
    await bench.until(lambda: bench.node()["status"]["conditions"][-1]["status"] == "True", 5)
    writes = len(bench.state.writes())
    await asyncio.sleep(30)
    assert len(bench.state.writes()) - writes <= 6, "only lease renewals follow"


@simulated
async def test_a_restart_never_shows_the_node_unready(bench: NodeBench) -> None:
    await bench.until(lambda: bench.state.all(NODES) and bench.node().get("status"))
    await bench.until(lambda: bench.node()["status"]["conditions"][-1]["status"] == "True")
    await bench.stop_kubelet()
    writes = len(bench.state.writes("patch", NODES))
    await bench.start_kubelet()
    await asyncio.sleep(20)
    for request in bench.state.writes("patch", NODES)[writes:]:
        assert b"KubeletNotReady" not in request.body


@simulated
async def test_a_deleted_node_stays_deleted(bench: NodeBench) -> None:
    await bench.until(lambda: bench.state.all(NODES) and bench.state.all(LEASES))
    bench.state.remove(NODES, "", "node-1")
    bench.state.remove(LEASES, "kube-node-lease", "node-1")
    await asyncio.sleep(400)
    assert bench.state.all(NODES) == [] and bench.state.all(LEASES) == []


@simulated
async def test_a_pod_that_makes_no_sense_does_not_harm_the_node(bench: NodeBench) -> None:
    wrong = container(resources={"limits": {"cpu": "many"}})
    bench.create(pod("wrong", [wrong]))
    volumes = [{"name": "v", "emptyDir": {"medium": "Memory", "sizeLimit": "large"}}]
    bench.create(pod("odd", volumes=volumes))
    bench.create(pod())
    await bench.running()
    await bench.until(lambda: bench.reasons().count("FailedMount") >= 1)
    tracer = bench.system.recorder.tracer
    assert not tracer.find(msg="crash")  # type: ignore[attr-defined]
    bench.delete("wrong")
    bench.delete("odd")
    await bench.until(lambda: not bench.pod("wrong") and not bench.pod("odd"))
