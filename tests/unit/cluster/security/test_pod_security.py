"""Each rule of the Pod Security Standards, kept and broken."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.security.pod_security import LEVELS, told, violations

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


def broken(level: Any, spec: Json, **annotations: str) -> str:
    return told(violations(level, {"annotations": annotations}, spec))


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
    assert text in broken("restricted", spec)


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


def test_what_has_no_name_is_told_of_all_the_same() -> None:
    """Validation, which comes later, says that it must have one."""
    spec = pod({"volumes": [{"hostPath": {"path": "/"}}]}, {"privileged": True})
    spec["containers"][0] = {"securityContext": {"privileged": True}, "ports": [{"hostPort": 1}]}
    spec["securityContext"]["sysctls"] = [{"value": "1"}]
    for level in LEVELS[1:]:
        assert violations(level, {}, spec)
