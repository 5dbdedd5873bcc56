"""Docker's answers as records."""

from actors.kubelet.runtimes import docker_records

INSPECT = {
    "Id": "abc",
    "Name": "/web",
    "Created": "2026-01-01T00:00:00.123456789Z",
    "Image": "sha256:1",
    "Config": {"Image": "web:1", "Labels": None},
    "State": {
        "Status": "exited",
        "Pid": 0,
        "ExitCode": 137,
        "Error": "",
        "OOMKilled": True,
        "StartedAt": "2026-01-01T00:00:01Z",
        "FinishedAt": "2026-01-01T00:00:02.5Z",
    },
}


def test_container() -> None:
    found = docker_records.container(INSPECT)
    assert (found.name, found.state, found.exit_code, found.oom_killed) == (
        "web", "exited", 137, True,
    )  # fmt: skip
    assert found.finished_at - found.started_at == 1.5 and found.labels == {}


def test_never_started() -> None:
    never = "0001-01-01T00:00:00Z"
    state = {**INSPECT["State"], "Status": "created", "StartedAt": never, "FinishedAt": never}  # type: ignore[dict-item]
    found = docker_records.container({**INSPECT, "State": state})
    assert found.state == "created" and found.started_at == found.finished_at == 0.0


def test_states() -> None:
    for status, expected in (("paused", "running"), ("dead", "exited"), ("removing", "exited")):
        state = {**INSPECT["State"], "Status": status}  # type: ignore[dict-item]
        assert docker_records.container({**INSPECT, "State": state}).state == expected


def test_events() -> None:
    actor = {"ID": "abc", "Attributes": {"a": "b"}}
    found = docker_records.event({"Action": "die", "Actor": actor})
    assert found is not None and (found.kind, found.container) == ("died", "abc")
    assert docker_records.event({"Action": "exec_die", "Actor": actor}) is None
    assert docker_records.event({"Action": "die"}) is None


def test_info() -> None:
    podman = {"Version": "4.3", "Components": [{"Name": "Podman Engine"}]}
    assert docker_records.runtime_info(podman, {}).name == "podman"
    info = docker_records.runtime_info({"Version": "20"}, {"CgroupVersion": "2"})
    assert (info.name, info.cgroup_version, info.cgroup_driver) == ("docker", 2, "cgroupfs")
