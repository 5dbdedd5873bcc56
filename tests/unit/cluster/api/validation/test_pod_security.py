"""Security contexts, and what only Windows has."""

from typing import Any

import pytest

from cluster.api.status import Cause
from cluster.api.validation.pod_security import check_pod_security, check_security
from cluster.api.validation.windows import (
    check_host_process,
    check_system,
    check_windows_options,
)


def fields(causes: list[Cause]) -> list[str]:
    return [cause.field for cause in causes]


@pytest.mark.parametrize(
    ("context", "wrong"),
    [({"runAsUser": 0, "runAsGroup": 2**31 - 1, "procMount": "Default"}, []),
     ({"runAsUser": 2**31}, ["s.runAsUser"]),
     ({"procMount": "Mine"}, ["s.procMount"]), ({"procMount": "Unmasked"}, ["s.procMount"]),
     ({"allowPrivilegeEscalation": False, "capabilities": {"add": ["CAP_SYS_ADMIN"]}}, ["s"]),
     ({"allowPrivilegeEscalation": False, "privileged": True}, ["s"]),
     ({"seccompProfile": {"type": "RuntimeDefault"}}, []),
     ({"seccompProfile": {}}, ["s.seccompProfile.type"]),
     ({"seccompProfile": {"type": "Mine"}}, ["s.seccompProfile.type"]),
     ({"seccompProfile": {"type": "Localhost"}}, ["s.seccompProfile.localhostProfile"]),
     ({"seccompProfile": {"type": "Localhost", "localhostProfile": "../x"}},
      ["s.seccompProfile.localhostProfile"]),
     ({"seccompProfile": {"type": "Unconfined", "localhostProfile": "x"}},
      ["s.seccompProfile.localhostProfile"]),
     ({"appArmorProfile": {"type": "Localhost", "localhostProfile": "a"}}, []),
     ({"appArmorProfile": {"type": "Localhost", "localhostProfile": " a"}},
      ["s.appArmorProfile.localhostProfile"]),
     ({"appArmorProfile": {"type": "RuntimeDefault", "localhostProfile": "a"}},
      ["s.appArmorProfile.localhostProfile"]),
     ({"appArmorProfile": {}}, ["s.appArmorProfile.type"])],
)  # fmt: skip
def test_a_containers_context(context: dict[str, Any], wrong: list[str]) -> None:
    causes: list[Cause] = []
    check_security("s", context, False, causes)
    assert fields(causes) == wrong


def test_users_of_its_own_may_see_all_of_proc() -> None:
    causes: list[Cause] = []
    check_security("s", {"procMount": "Unmasked"}, True, causes)
    assert causes == []


@pytest.mark.parametrize(
    ("context", "spec", "wrong"),
    [({"fsGroup": 1, "supplementalGroups": [1], "fsGroupChangePolicy": "Always",
       "sysctls": [{"name": "kernel.shm_rmid_forced", "value": "1"}, {"name": "net/ipv4/x"}]},
      {}, []),
     ({"fsGroup": 2**31}, {}, ["s.securityContext.fsGroup"]),
     ({"supplementalGroups": [1, -1]}, {}, ["s.securityContext.supplementalGroups[1]"]),
     ({"fsGroupChangePolicy": ""}, {}, ["s.securityContext.fsGroupChangePolicy"]),
     ({"supplementalGroupsPolicy": "X"}, {}, ["s.securityContext.supplementalGroupsPolicy"]),
     ({"sysctls": [{}]}, {}, ["s.securityContext.sysctls[0].name"]),
     ({"sysctls": [{"name": "A"}]}, {}, ["s.securityContext.sysctls[0].name"]),
     ({"sysctls": [{"name": "a.b"}] * 2}, {}, ["s.securityContext.sysctls[1].name"]),
     ({"sysctls": [{"name": "net.x"}]}, {"hostNetwork": True},
      ["s.securityContext.sysctls[0].name"]),
     ({"sysctls": [{"name": "kernel.sem"}]}, {"hostIPC": True},
      ["s.securityContext.sysctls[0].name"]),
     ({}, {"hostPID": True, "shareProcessNamespace": True},
      ["s.securityContext.shareProcessNamespace"]),
     ({}, {"hostUsers": False, "hostNetwork": True, "hostIPC": True},
      ["s.hostNetwork", "s.HostIPC"])],
)  # fmt: skip
def test_a_pods_context(context: dict[str, Any], spec: dict[str, Any], wrong: list[str]) -> None:
    causes: list[Cause] = []
    check_pod_security("s", {"securityContext": context, **spec}, causes)
    assert fields(causes) == wrong


@pytest.mark.parametrize(
    ("user", "right"),
    [("user", True), ("DOMAIN\\user", True), ("a.example.com\\user", True), ("", False),
     ("a\\b\\c", False), ("a\tb", False), ("..", False), ("a@b", False), ("x\\", False),
     ("?\\user", False), ("u" * 105, False)],
)  # fmt: skip
def test_windows_users(user: str, right: bool) -> None:
    causes: list[Cause] = []
    check_windows_options("w", {"runAsUserName": user}, causes)
    assert (causes == []) == right
    assert {cause.field for cause in causes} <= {"w.runAsUserName"}


def test_each_system_has_its_own() -> None:
    causes: list[Cause] = []
    context = {"windowsOptions": {"runAsUserName": "a"}, "runAsUser": 1}
    containers = [{"securityContext": {"privileged": True}}]
    spec: dict[str, Any] = {"securityContext": context, "containers": containers}
    check_system("s", {**spec, "os": {"name": "linux"}}, causes)
    check_system("s", {**spec, "os": {"name": "windows"}, "hostPID": True}, causes)
    check_system("s", {**spec, "os": {}}, causes)
    assert fields(causes) == [
        "s.securityContext.windowsOptions",
        "s.hostPID",
        "s.securityContext.runAsUser",
        "s.containers[0].securityContext.privileged",
        "s.os.name",
    ]


def test_all_containers_are_processes_of_the_host_or_none() -> None:
    def found(*values: bool | None, **spec: Any) -> list[str]:
        causes: list[Cause] = []
        containers = [
            {"securityContext": {"windowsOptions": {"hostProcess": value}}} for value in values
        ]
        check_host_process("s", {"containers": containers, **spec}, causes)
        return fields(causes)

    own = {"securityContext": {"windowsOptions": {"hostProcess": True}}}
    assert found(None, None) == []
    assert found(None, True, hostNetwork=True, **own) == []
    assert found(True, None, hostNetwork=True) == ["s"]
    assert found(True) == ["s.hostNetwork"]
    place = "s.containers[0].securityContext.windowsOptions.hostProcess"
    assert found(False, hostNetwork=True, **own) == [place]
