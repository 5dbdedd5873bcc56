"""Each check of the Pod Security Standards, in every form that it has had.

Job: from a pod's metadata and spec to violations, in the words of Kubernetes. Must not know: which
level and version has which check. Source: docs "Pod Security Standards", KEP-2579, KEP-127 (pods
with users of their own), KEP-4940 (hosts of probes).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cluster.api.types import Object

_CAPABILITIES = frozenset(
    (
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    )
)
# Which sysctls are safe, since which version.
SYSCTLS = {
    0: frozenset(
        (
            "kernel.shm_rmid_forced",
            "net.ipv4.ip_local_port_range",
            "net.ipv4.ip_unprivileged_port_start",
            "net.ipv4.ping_group_range",
            "net.ipv4.tcp_syncookies",
        )
    ),
    27: frozenset(("net.ipv4.ip_local_reserved_ports",)),
    29: frozenset(
        (
            "net.ipv4.tcp_fin_timeout",
            "net.ipv4.tcp_keepalive_intvl",
            "net.ipv4.tcp_keepalive_probes",
            "net.ipv4.tcp_keepalive_time",
        )
    ),
    32: frozenset(("net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem")),
}
SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t")
SELINUX_TYPES_31 = (*SELINUX_TYPES, "container_engine_t")
_VOLUMES = frozenset(
    (
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    )
)
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_SECCOMP = ("RuntimeDefault", "Localhost")
_SECCOMP_OF_POD = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_OF_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"


@dataclass(frozen=True)
class Violation:
    """``reason`` names the rule, ``detail`` what breaks it."""

    reason: str
    detail: str

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


class Pod:
    """A pod, or a workload's template, as the checks look at it."""

    def __init__(self, metadata: Object, spec: Object) -> None:
        self.annotations: Object = metadata.get("annotations") or {}
        self.spec = spec
        self.security: Object = spec.get("securityContext") or {}
        self.windows = (spec.get("os") or {}).get("name") == "windows"
        self.own_users = spec.get("hostUsers") is False
        self.containers: list[Object] = [
            container
            for name in ("initContainers", "containers", "ephemeralContainers")
            for container in spec.get(name) or ()
        ]

    def that(self, bad: Callable[[Object], Any]) -> list[str]:
        """Names of the containers whose securityContext is ``bad``."""
        return [
            one.get("name", "") for one in self.containers if bad(one.get("securityContext") or {})
        ]


def _named(word: str, names: Iterable[str]) -> str:
    """``container "a"``, ``containers "a", "b"``."""
    listed = list(names)
    plural = "s" if len(listed) > 1 else ""
    return f"{word}{plural} " + ", ".join(f'"{name}"' for name in listed)


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f'"{value}"' for value in dict.fromkeys(values))


# -- baseline -------------------------------------------------------------------------------------


def host_process(pod: Pod) -> Iterator[Violation]:
    """Windows containers that are processes of the host."""

    def bad(context: Object) -> Any:
        return (context.get("windowsOptions") or {}).get("hostProcess")

    setters = [_named("container", names)] if (names := pod.that(bad)) else []
    if bad(pod.security):
        setters.insert(0, "pod")
    if setters:
        text = f"{' and '.join(setters)} must not set securityContext.windowsOptions.hostProcess"
        yield Violation("hostProcess", f"{text}=true")


def host_namespaces(pod: Pod) -> Iterator[Violation]:
    """Namespaces of the host."""
    set_ = [f"{name}=true" for name in ("hostNetwork", "hostPID", "hostIPC") if pod.spec.get(name)]
    if set_:
        yield Violation("host namespaces", ", ".join(set_))


def privileged(pod: Pod) -> Iterator[Violation]:
    """Containers with all rights."""
    if names := pod.that(lambda context: context.get("privileged")):
        text = f"{_named('container', names)} must not set securityContext.privileged=true"
        yield Violation("privileged", text)


def _added(context: Object) -> list[str]:
    return list((context.get("capabilities") or {}).get("add") or ())


def capabilities(pod: Pod) -> Iterator[Violation]:
    """Capabilities beyond the usual ones."""
    names = pod.that(lambda context: set(_added(context)) - _CAPABILITIES)
    if names:
        values = sorted(
            value
            for one in pod.containers
            for value in _added(one.get("securityContext") or {})
            if value not in _CAPABILITIES
        )
        text = f"must not include {_listed(values)} in securityContext.capabilities.add"
        yield Violation("non-default capabilities", f"{_named('container', names)} {text}")


def host_path(pod: Pod) -> Iterator[Violation]:
    """Folders of the host."""
    names = [one.get("name", "") for one in pod.spec.get("volumes") or () if "hostPath" in one]
    if names:
        yield Violation("hostPath volumes", _named("volume", names))


def host_ports(pod: Pod) -> Iterator[Violation]:
    """Ports of the host."""
    used = {
        one.get("name", ""): [
            port["hostPort"] for port in one.get("ports") or () if port.get("hostPort")
        ]
        for one in pod.containers
    }
    names = [name for name, ports in used.items() if ports]
    ports = sorted({str(port) for found in used.values() for port in found})
    if names:
        verb = "use" if len(names) > 1 else "uses"
        plural = "s" if len(ports) > 1 else ""
        text = f"{verb} hostPort{plural} {', '.join(ports)}"
        yield Violation("hostPort", f"{_named('container', names)} {text}")


def _handlers(container: Object) -> Iterator[Object]:
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        yield container.get(name) or {}
    yield from (container.get("lifecycle") or {}).values()


def host_probes(pod: Pod) -> Iterator[Violation]:
    """Probes and hooks that ask somebody else."""
    hosts = {
        one.get("name", ""): [
            (handler.get(kind) or {}).get("host")
            for handler in _handlers(one)
            if handler
            for kind in ("httpGet", "tcpSocket")
        ]
        for one in pod.containers
    }
    bad = {name: [str(host) for host in found if host] for name, found in hosts.items()}
    names = sorted(name for name, found in bad.items() if found)
    if names:
        values = sorted({host for found in bad.values() for host in found})
        verb, plural = "use" if len(names) > 1 else "uses", "s" if len(values) > 1 else ""
        text = f"{verb} probe or lifecycle host{plural} {_listed(values)}"
        yield Violation("probe or lifecycle host", f"{_named('container', names)} {text}")


def apparmor(pod: Pod) -> Iterator[Violation]:
    """Profiles of AppArmor that are none."""

    def bad(context: Object) -> Any:
        return (context.get("appArmorProfile") or {}).get("type") == "Unconfined"

    setters = ["pod"] if bad(pod.security) else []
    if names := pod.that(bad):
        setters.append(_named("container", names))
    found = []
    if setters:
        text = 'must not set AppArmor profile type to "Unconfined"'
        found.append(f"{' and '.join(setters)} {text}")
    annotations = [
        f"{name}={_listed([str(value)])}"
        for name, value in sorted(pod.annotations.items())
        if name.startswith(_APPARMOR)
        and value not in ("", "runtime/default")
        and not str(value).startswith("localhost/")
    ]
    if annotations:
        plural = "s" if len(annotations) > 1 else ""
        found.append(f"annotation{plural} {', '.join(annotations)}")
    if found:
        plural = "s" if len(annotations) > 1 else ""
        yield Violation(f"forbidden AppArmor profile{plural}", ", ".join(found))


def selinux(pod: Pod, types: Sequence[str]) -> Iterator[Violation]:
    """Labels of SELinux but for ``types``."""

    def options(context: Object) -> Object:
        return context.get("seLinuxOptions") or {}

    def bad(context: Object) -> bool:
        found = options(context)
        forbidden = found.get("type", "") not in types
        return bool(forbidden or found.get("user") or found.get("role"))

    setters = ["pod"] if bad(pod.security) else []
    if names := pod.that(bad):
        setters.append(_named("container", names))
    if setters:
        contexts = [pod.security, *(one.get("securityContext") or {} for one in pod.containers)]
        kinds = sorted({options(context).get("type", "") for context in contexts} - set(types))
        found = [_named("type", kinds)] if kinds else []
        for field in ("user", "role"):
            if any(options(context).get(field) for context in contexts):
                found.append(f"{field} may not be set")
        text = f"{' and '.join(setters)} set forbidden securityContext.seLinuxOptions"
        yield Violation("seLinuxOptions", f"{text}: {'; '.join(found)}")


def proc_mount(pod: Pod) -> Iterator[Violation]:
    """All of /proc."""

    def mount(context: Object) -> str:
        return str(context.get("procMount") or "Default")

    names = pod.that(lambda context: mount(context) != "Default")
    if names:
        values = _listed(
            mount(one.get("securityContext") or {})
            for one in pod.containers
            if mount(one.get("securityContext") or {}) != "Default"
        )
        text = f"must not set securityContext.procMount to {values}"
        yield Violation("procMount", f"{_named('container', names)} {text}")


def _profile(context: Object) -> str:
    return str((context.get("seccompProfile") or {}).get("type") or "")


def seccomp_annotations(pod: Pod) -> Iterator[Violation]:
    """Profiles of seccomp as annotations said them (until 1.18)."""
    keys = [f"{_SECCOMP_OF_CONTAINER}{one.get('name', '')}" for one in pod.containers]
    bad = [
        f"{key}={_listed([str(pod.annotations[key])])}"
        for key in sorted({_SECCOMP_OF_POD, *keys})
        if key in pod.annotations and not _is_seccomp(str(pod.annotations[key]))
    ]
    if bad:
        plural = "s" if len(bad) > 1 else ""
        yield Violation("seccompProfile", f"forbidden annotation{plural} {', '.join(bad)}")


def _is_seccomp(value: str) -> bool:
    return value in ("runtime/default", "docker/default") or value.startswith("localhost/")


def seccomp_baseline(pod: Pod) -> Iterator[Violation]:
    """Profiles of seccomp that are none."""

    def bad(context: Object) -> bool:
        return bool(context.get("seccompProfile")) and _profile(context) not in _SECCOMP

    setters = ["pod"] if bad(pod.security) else []
    if names := pod.that(bad):
        setters.append(_named("container", names))
    if setters:
        contexts = [pod.security, *(one.get("securityContext") or {} for one in pod.containers)]
        values = _listed(sorted({_profile(context) for context in contexts if bad(context)}))
        text = f"must not set securityContext.seccompProfile.type to {values}"
        yield Violation("seccompProfile", f"{' and '.join(setters)} {text}")


def sysctls(pod: Pod, version: int) -> Iterator[Violation]:
    """Settings of the kernel that were not safe at ``version``."""
    safe = frozenset().union(*(names for since, names in SYSCTLS.items() if since <= version))
    found = [one.get("name", "") for one in pod.security.get("sysctls") or ()]
    if bad := [name for name in found if name not in safe]:
        yield Violation("forbidden sysctls", ", ".join(bad))


# -- restricted -----------------------------------------------------------------------------------


def volume_types(pod: Pod) -> Iterator[Violation]:
    """Volumes of the kinds that clusters should offer by claims."""
    names, kinds = [], []
    for volume in pod.spec.get("volumes") or ():
        kind = next((key for key in volume if key != "name"), "emptyDir")
        if kind not in _VOLUMES:
            names.append(volume.get("name", ""))
            kinds.append(kind)
    if names:
        verb = "use" if len(names) > 1 else "uses"
        unique = sorted(set(kinds))
        plural = "s" if len(unique) > 1 else ""
        text = f"{verb} restricted volume type{plural} {_listed(unique)}"
        yield Violation("restricted volume types", f"{_named('volume', names)} {text}")


def escalation(pod: Pod) -> Iterator[Violation]:
    """Processes that may gain rights."""
    if names := pod.that(lambda context: context.get("allowPrivilegeEscalation") is not False):
        text = "must set securityContext.allowPrivilegeEscalation=false"
        yield Violation("allowPrivilegeEscalation != false", f"{_named('container', names)} {text}")


def capabilities_restricted(pod: Pod) -> Iterator[Violation]:
    """All capabilities but one."""

    def kept(context: Object) -> bool:
        return "ALL" not in ((context.get("capabilities") or {}).get("drop") or ())

    found = []
    if names := pod.that(kept):
        text = 'must set securityContext.capabilities.drop=["ALL"]'
        found.append(f"{_named('container', names)} {text}")
    if names := pod.that(lambda context: set(_added(context)) - {"NET_BIND_SERVICE"}):
        values = sorted(
            value
            for one in pod.containers
            for value in _added(one.get("securityContext") or {})
            if value != "NET_BIND_SERVICE"
        )
        text = f"must not include {_listed(values)} in securityContext.capabilities.add"
        found.append(f"{_named('container', names)} {text}")
    if found:
        yield Violation("unrestricted capabilities", "; ".join(found))


def non_root(pod: Pod) -> Iterator[Violation]:
    """Containers that may be root."""
    root = pod.that(lambda context: context.get("runAsNonRoot") is False)
    setters = []
    if pod.security.get("runAsNonRoot") is False:
        setters.append("pod")
    if root:
        setters.append(_named("container", root))
    if setters:
        text = "must not set securityContext.runAsNonRoot=false"
        yield Violation("runAsNonRoot != true", f"{' and '.join(setters)} {text}")
        return
    unset = pod.that(lambda context: not context.get("runAsNonRoot"))
    if unset and not pod.security.get("runAsNonRoot"):
        text = "must set securityContext.runAsNonRoot=true"
        yield Violation("runAsNonRoot != true", f"pod or {_named('container', unset)} {text}")


def user(pod: Pod) -> Iterator[Violation]:
    """Containers that are root."""
    setters = ["pod"] if pod.security.get("runAsUser") == 0 else []
    if names := pod.that(lambda context: context.get("runAsUser") == 0):
        setters.append(_named("container", names))
    if setters:
        yield Violation("runAsUser=0", f"{' and '.join(setters)} must not set runAsUser=0")


def seccomp_restricted(pod: Pod) -> Iterator[Violation]:
    """Profiles of seccomp that are none, or not said."""
    explicit = list(seccomp_baseline(pod))
    yield from explicit
    if explicit or _profile(pod.security) in _SECCOMP:
        return
    if names := pod.that(lambda context: _profile(context) not in _SECCOMP):
        text = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
        yield Violation("seccompProfile", f"pod or {_named('container', names)} {text}")
