"""Docker's create JSON from pods."""

from typing import Any

import pytest

from actors.kit.world.containers import Image
from actors.kubelet import container_spec
from actors.kubelet.container_spec import ContainerInputs, EngineFacts, Mount
from actors.kubelet.downward import ConfigFault
from cluster.api.types import Object

ENGINE = EngineFacts(memory=1 << 30, cgroup_root="/steersman-c/n")
INPUTS = ContainerInputs({"l": "x"}, "sandbox", {"A": "b"}, (), Image("sha256:1"))


def pod(container: Object | None = None, **spec: Any) -> Object:
    containers = [{"name": "main", "image": "web", **(container or {})}]
    meta = {"name": "web", "namespace": "shop", "uid": "u-1"}
    return {"metadata": meta, "spec": {"containers": containers, **spec}}


def config_of(container: Object, engine: EngineFacts = ENGINE, **spec: Any) -> Object:
    made = pod(container, **spec)
    return container_spec.container_config(made, made["spec"]["containers"][0], INPUTS, engine)


def test_command_and_arguments_are_expanded() -> None:
    found = config_of({"command": ["run", "$(A)"], "args": ["$(B)", "$$(A)"], "workingDir": "/w"})
    assert found["Entrypoint"] == ["run", "b"] and found["Cmd"] == ["$(B)", "$(A)"]
    assert found["WorkingDir"] == "/w" and found["Env"] == ["A=b"]
    plain = config_of({})
    assert "Entrypoint" not in plain and "Cmd" not in plain
    assert plain["HostConfig"]["NetworkMode"] == "container:sandbox"
    assert "PidMode" not in plain["HostConfig"]


def test_resources() -> None:
    limits = {"cpu": "500m", "memory": "64Mi"}
    host = config_of({"resources": {"limits": limits, "requests": {"cpu": "250m"}}})["HostConfig"]
    assert host["Memory"] == 64 << 20 and host["CpuShares"] == 256
    assert host["CpuQuota"] == 50_000 and host["CpuPeriod"] == 100_000
    assert config_of({})["HostConfig"]["CpuShares"] == 2
    with pytest.raises(ConfigFault, match="Minimum memory"):
        config_of({"resources": {"limits": {"memory": "1Mi"}}})


@pytest.mark.parametrize(
    ("resources", "score"),
    [
        ({}, 1000),
        ({"requests": {"memory": "512Mi"}}, 500),
        ({"requests": {"memory": "4Gi"}}, 3),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, -997),
    ],
)
def test_oom_score(resources: Object, score: int) -> None:
    made = pod({"resources": resources})
    able = EngineFacts(1 << 30, "/x", can_lower_oom_score=True)
    spec = made["spec"]["containers"][0]
    assert container_spec.oom_score(made, spec, able) == score
    assert container_spec.oom_score(made, spec, ENGINE) == max(score, 0)


def test_what_the_pod_asks_for_beyond_its_containers_is_shared() -> None:
    made = pod({"resources": {"requests": {"memory": "256Mi"}}})
    made["spec"]["containers"].append({"name": "other"})
    made["spec"]["resources"] = {"requests": {"memory": "768Mi"}}
    first, second = made["spec"]["containers"]
    assert container_spec.oom_score(made, first, ENGINE) == 500
    assert container_spec.oom_score(made, second, ENGINE) == 750


def test_sandbox() -> None:
    found = container_spec.sandbox_config(pod(hostname="h"), "pause", {}, ENGINE, "")
    host = found["HostConfig"]
    assert host["NetworkMode"] == "none" and host["IpcMode"] == "shareable"
    assert host["CgroupParent"] == "/steersman-c/n/besteffort/podu-1"
    assert found["Hostname"] == "h"
    own = container_spec.sandbox_config(pod(hostNetwork=True), "pause", {}, ENGINE, "")
    assert own["HostConfig"]["NetworkMode"] == "host" and "Hostname" not in own
    netns = container_spec.sandbox_config(pod(hostNetwork=True), "pause", {}, ENGINE, "/run/n")
    assert netns["HostConfig"]["Binds"] == ["/run/n:/node-netns:ro"]
    assert netns["HostConfig"]["NetworkMode"] == "none"


def test_systemd_cgroups_are_slices() -> None:
    engine = EngineFacts(1, "/steersman-c/n", cgroup_driver="systemd")
    assert container_spec.cgroup_parent(pod(), engine) == "steersman-c-n-podu_1.slice"


def test_mounts() -> None:
    mount = container_spec.mount_json(Mount("/a", "/b", True, "rslave"))
    assert mount["ReadOnly"] and mount["BindOptions"] == {"Propagation": "rslave"}
    assert container_spec.mount_json(Mount("/a", "/b")) == {
        "Type": "bind",
        "Source": "/a",
        "Target": "/b",
    }


def test_namespaces() -> None:
    shared = config_of({}, shareProcessNamespace=True)["HostConfig"]
    assert shared["PidMode"] == "container:sandbox"
    assert config_of({}, hostPID=True)["HostConfig"]["PidMode"] == "host"
