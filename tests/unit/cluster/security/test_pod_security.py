"""Each rule of the Pod Security Standards, kept and broken."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.security.pod_security import LATEST, LEVELS, RULES, minor_of, told, violations

Json = dict[str, Any]
GOOD: Json = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "a",
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            },
        }
    ],
    "volumes": [{"name": "v", "configMap": {"name": "c"}}],
}


def pod(
    change: Json | None = None,
    context: Json | None = None,
    security: Json | None = None,
    **container: Any,
) -> Json:
    spec = copy.deepcopy(GOOD)
    spec.update(change or {})
    spec["securityContext"].update(security or {})
    spec["containers"][0].update(container)
    spec["containers"][0]["securityContext"].update(context or {})
    return spec


def broken(level: Any, spec: Json, version: str = "latest", **annotations: str) -> str:
    return told(violations(level, {"annotations": annotations}, spec, version))


def test_a_good_pod_breaks_nothing() -> None:
    for level in LEVELS:
        assert broken(level, pod()) == ""


def test_nothing_is_forbidden_to_the_privileged() -> None:
    assert broken("privileged", pod({"hostPID": True}, context={"privileged": True})) == ""


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (pod({"hostNetwork": True, "hostIPC": True}),
         "host namespaces (hostNetwork=true, hostIPC=true)"),
        (pod(context={"privileged": True}),
         'privileged (container "a" must not set securityContext.privileged=true)'),
        (pod(context={"capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN", "CHOWN"]}}),
         'non-default capabilities (container "a" must not include "NET_ADMIN" in '
         "securityContext.capabilities.add)"),
        (pod({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}),
         'hostPath volumes (volume "v")'),
        (pod(ports=[{"hostPort": 80}, {"hostPort": 81}, {"containerPort": 1}]),
         'hostPort (container "a" uses hostPorts 80, 81)'),
        (pod(livenessProbe={"httpGet": {"host": "1.2.3.4"}}),
         'probe or lifecycle host (container "a" uses probe or lifecycle host "1.2.3.4")'),
        (pod(security={"appArmorProfile": {"type": "Unconfined"}}),
         'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")'),
        (pod(context={"seLinuxOptions": {"type": "spc_t", "user": "u"}}),
         'seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: type '
         '"spc_t"; user may not be set)'),
        (pod(context={"procMount": "Unmasked"}),
         'procMount (container "a" must not set securityContext.procMount to "Unmasked")'),
        (pod(security={"seccompProfile": {"type": "Unconfined"}}),
         'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")'),
        (pod(security={"sysctls": [{"name": "kernel.x"}, {"name": "net.ipv4.tcp_syncookies"}]}),
         "forbidden sysctls (kernel.x)"),
        (pod(security={"windowsOptions": {"hostProcess": True}}),
         "hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)"),
    ],
)  # fmt: skip
def test_baseline(spec: Json, text: str) -> None:
    assert broken("baseline", spec) == text
    # What is forbidden more strictly is told of once.
    stricter = text.startswith(("non-default capabilities", "hostPath"))
    assert (text in broken("restricted", spec)) != stricter
    assert broken("restricted", spec)


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (pod({"volumes": [{"name": "v", "nfs": {}}, {"name": "w", "iscsi": {}}]}),
         'restricted volume types (volumes "v", "w" use restricted volume types "iscsi", "nfs")'),
        (pod(context={"allowPrivilegeEscalation": True}),
         'allowPrivilegeEscalation != false (container "a" must set '
         "securityContext.allowPrivilegeEscalation=false)"),
        (pod(context={"capabilities": {"add": ["CHOWN"]}}),
         'unrestricted capabilities (container "a" must set '
         'securityContext.capabilities.drop=["ALL"]; container "a" must not include "CHOWN" in '
         "securityContext.capabilities.add)"),
        (pod(security={"runAsNonRoot": None}),
         'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)'),
        (pod(context={"runAsNonRoot": False}),
         'runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false)'),
        (pod(security={"runAsUser": 0}), "runAsUser=0 (pod must not set runAsUser=0)"),
        (pod(security={"seccompProfile": None}),
         'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to '
         '"RuntimeDefault" or "Localhost")'),
    ],
)  # fmt: skip
def test_restricted(spec: Json, text: str) -> None:
    assert broken("baseline", spec) == ""
    assert broken("restricted", spec) == text


def test_all_containers_count() -> None:
    spec = pod({"initContainers": [{"name": "i"}], "ephemeralContainers": [{"name": "e"}]})
    assert broken("restricted", spec) == (
        'allowPrivilegeEscalation != false (containers "i", "e" must set '
        "securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (containers "
        '"i", "e" must set securityContext.capabilities.drop=["ALL"])'
    )


def test_annotations_of_apparmor() -> None:
    key = "container.apparmor.security.beta.kubernetes.io/a"
    assert broken("baseline", pod(), **{key: "runtime/default"}) == ""
    assert broken("baseline", pod(), **{key: "unconfined"}) == (
        f'forbidden AppArmor profile (annotation {key}="unconfined")'
    )


def test_windows_pods_need_no_linux_settings() -> None:
    spec = pod({"os": {"name": "windows"}}, security={"seccompProfile": None})
    spec["containers"][0]["securityContext"] = {}
    assert broken("restricted", spec) == ""


@given(st.sets(st.sampled_from(["hostPID", "hostIPC", "hostNetwork"])), st.booleans())
def test_a_stricter_level_forbids_no_less(fields: set[str], privileged: bool) -> None:
    spec = pod(dict.fromkeys(fields, True), context={"privileged": privileged})
    mild, strict = violations("baseline", {}, spec), violations("restricted", {}, spec)
    assert set(mild) <= set(strict)


OWN_USERS = {"hostUsers": False}
WINDOWS = {"os": {"name": "windows"}}


@pytest.mark.parametrize(
    ("level", "spec", "old", "new", "reason"),
    [
        # (the last version that says the one, the first that says the other)
        ("baseline", pod(security={"sysctls": [{"name": "net.ipv4.ip_local_reserved_ports"}]}),
         True, 27, "forbidden sysctls"),
        ("baseline", pod(security={"sysctls": [{"name": "net.ipv4.tcp_fin_timeout"}]}),
         True, 29, "forbidden sysctls"),
        ("baseline", pod(security={"sysctls": [{"name": "net.ipv4.tcp_wmem"}]}),
         True, 32, "forbidden sysctls"),
        ("baseline", pod(context={"seLinuxOptions": {"type": "container_engine_t"}}),
         True, 31, "seLinuxOptions"),
        ("baseline", pod(OWN_USERS, context={"procMount": "Unmasked"}), True, 35, "procMount"),
        ("baseline", pod(livenessProbe={"httpGet": {"host": "127.0.0.1"}}),
         False, 34, "probe or lifecycle host"),
        ("baseline", pod(security={"seccompProfile": {"type": "Unconfined"}}),
         False, 19, "seccompProfile"),
        ("restricted", pod(security={"seccompProfile": None}), False, 19, "seccompProfile"),
        ("restricted", pod(context={"allowPrivilegeEscalation": True}),
         False, 8, "allowPrivilegeEscalation != false"),
        ("restricted", pod(context={"capabilities": {}}), False, 22, "unrestricted capabilities"),
        ("restricted", pod(security={"runAsUser": 0}), False, 23, "runAsUser=0"),
        ("restricted", pod(OWN_USERS, security={"runAsUser": 0}),
         True, 35, "runAsUser=0"),
        ("restricted", pod(OWN_USERS, security={"runAsNonRoot": False}),
         True, 35, "runAsNonRoot != true"),
        ("restricted", pod(WINDOWS, context={"capabilities": {}}),
         True, 25, "unrestricted capabilities"),
        ("restricted", pod(WINDOWS, context={"allowPrivilegeEscalation": None}),
         True, 25, "allowPrivilegeEscalation != false"),
        ("restricted", pod(WINDOWS, security={"seccompProfile": None}),
         True, 25, "seccompProfile"),
    ],
)  # fmt: skip
def test_versions(level: Any, spec: Json, old: bool, new: int, reason: str) -> None:
    def says(version: str) -> bool:
        return any(one.reason == reason for one in violations(level, {}, spec, version))

    assert says(f"v1.{new - 1}") is old
    assert says(f"v1.{new}") is not old
    assert says("latest") is says("v1.99") is not old


def test_users_of_their_own_do_not_unmask_in_restricted_pods() -> None:
    spec = pod(OWN_USERS, context={"procMount": "Unmasked"})
    for version in ("v1.34", "v1.35", "latest"):
        assert broken("restricted", spec, version).startswith("procMount (")


def test_annotations_of_seccomp_counted_once() -> None:
    keys = {
        "seccomp.security.alpha.kubernetes.io/pod": "unconfined",
        "container.seccomp.security.alpha.kubernetes.io/a": "docker/default",
        "container.seccomp.security.alpha.kubernetes.io/other": "unconfined",
    }
    assert broken("baseline", pod(), "v1.18", **keys) == (
        "seccompProfile (forbidden annotation "
        'seccomp.security.alpha.kubernetes.io/pod="unconfined")'
    )
    assert broken("baseline", pod(), "v1.19", **keys) == ""


def test_the_capabilities_of_restricted_pods_before_they_had_to_drop_all() -> None:
    spec = pod(context={"capabilities": {"add": ["NET_ADMIN"]}})
    assert broken("restricted", spec, "v1.21").startswith("non-default capabilities (")
    assert broken("restricted", spec, "v1.22").startswith("unrestricted capabilities (")


def test_what_is_told_is_in_order() -> None:
    spec = pod(
        {"hostPID": True, "volumes": [{"name": "v", "hostPath": {"path": "/"}}]},
        context={"privileged": True, "capabilities": {"add": ["X"]}, "runAsNonRoot": False},
        security={"sysctls": [{"name": "kernel.x"}], "appArmorProfile": {"type": "Unconfined"}},
    )
    assert [one.reason for one in violations("restricted", {}, spec)] == [
        "forbidden AppArmor profile", "host namespaces", "privileged", "forbidden sysctls",
        "unrestricted capabilities", "restricted volume types", "runAsNonRoot != true",
    ]  # fmt: skip
    names = [rule.name for rule in RULES]
    baseline = [rule.name for rule in RULES if rule.level == "baseline"]
    assert names == sorted(baseline) + sorted(set(names) - set(baseline))
    assert {rule.instead for rule in RULES} - {""} <= set(names)


def test_types_and_hosts_are_told_together() -> None:
    spec = pod(
        context={"seLinuxOptions": {"type": "b_t"}},
        security={"seLinuxOptions": {"type": "a_t"}},
        lifecycle={"preStop": {"httpGet": {"host": "b"}}},
        readinessProbe={"tcpSocket": {"host": "a"}},
    )
    assert broken("baseline", spec) == (
        'probe or lifecycle host (container "a" uses probe or lifecycle hosts "a", "b"), '
        'seLinuxOptions (pod and container "a" set forbidden securityContext.seLinuxOptions: '
        'types "a_t", "b_t")'
    )


def test_minor_versions() -> None:
    found = [minor_of(version) for version in ("latest", "v1.0", "v1.25", "v1.38", "v2.0")]
    assert found == [LATEST, 0, 25, LATEST, LATEST]


def test_what_has_no_name_is_told_of_all_the_same() -> None:
    """Validation, which comes later, says that it must have one."""
    spec = pod({"volumes": [{"hostPath": {"path": "/"}}]}, {"privileged": True})
    spec["containers"][0] = {"securityContext": {"privileged": True}, "ports": [{"hostPort": 1}]}
    spec["securityContext"]["sysctls"] = [{"value": "1"}]
    for level in LEVELS[1:]:
        assert violations(level, {}, spec)
