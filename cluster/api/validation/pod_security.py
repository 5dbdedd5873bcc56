"""Rules of security contexts, a container's and a pod's.

Source: docs "Configure a Security Context for a Pod or Container", "Using sysctls in a Kubernetes
Cluster"; API reference, SecurityContext and PodSecurityContext. Must not know which profiles a
node has.
"""

import re

from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.paths import check_relative
from cluster.api.validation.windows import check_windows_options

_ID_MAX = 2**31 - 1
_KINDS = ("initContainers", "containers", "ephemeralContainers")
_PROFILES = frozenset(("Localhost", "RuntimeDefault", "Unconfined"))
_PROC_MOUNTS = frozenset(("Default", "Unmasked"))
# What a pod's context may say in one word.
_POLICIES = {
    "fsGroupChangePolicy": frozenset(("Always", "OnRootMismatch")),
    "supplementalGroupsPolicy": frozenset(("Merge", "Strict")),
    "seLinuxChangePolicy": frozenset(("MountOption", "Recursive")),
}
_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL_TEXT = f"({_SEGMENT}[\\./])*{_SEGMENT}"
_SYSCTL = re.compile(_SYSCTL_TEXT)
_SYSCTL_MAX = 253
_IPC = ("kernel.shm", "kernel.msg", "fs.mqueue.")
_PATH_MAX = 4095


def check_security(path: str, context: Object, own_users: bool, found: list[Cause]) -> None:
    """A container's securityContext. ``own_users``: the pod has a user namespace of its own."""
    _ids(path, context, ("runAsUser", "runAsGroup"), found)
    mount = context.get("procMount")
    if mount is not None and mount not in _PROC_MOUNTS:
        found.append(causes.unsupported(f"{path}.procMount", mount, _PROC_MOUNTS))
    if mount == "Unmasked" and not own_users:
        detail = "`hostUsers` must be false to use `Unmasked`"
        found.append(causes.invalid(f"{path}.procMount", mount, detail))
    _profiles(path, context, found)
    if context.get("allowPrivilegeEscalation") is not False:
        return
    if context.get("privileged"):
        detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
        found.append(causes.invalid(path, context, detail))
    for name in (context.get("capabilities") or {}).get("add") or ():
        if name == "CAP_SYS_ADMIN":
            detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` "
            found.append(causes.invalid(path, context, f"{detail}{name}"))


def check_pod_security(path: str, spec: Object, found: list[Cause]) -> None:
    """The securityContext of the pod whose spec is at ``path``."""
    context, place = spec.get("securityContext") or {}, f"{path}.securityContext"
    _ids(place, context, ("fsGroup", "runAsUser", "runAsGroup"), found)
    for position, group in enumerate(context.get("supplementalGroups") or ()):
        _id(f"{place}.supplementalGroups[{position}]", group, found)
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        detail = "ShareProcessNamespace and HostPID cannot both be enabled"
        found.append(causes.invalid(f"{place}.shareProcessNamespace", True, detail))
    if context.get("sysctls"):
        _sysctls(f"{place}.sysctls", context["sysctls"], spec, found)
    for name, known in _POLICIES.items():
        value = context.get(name)
        if value is not None and value not in known:
            found.append(causes.unsupported(f"{place}.{name}", value, known))
    _profiles(place, context, found)
    if spec.get("hostUsers") is False:
        _own_users(path, spec, found)


def _own_users(path: str, spec: Object, found: list[Cause]) -> None:
    """With users of its own a pod shares nothing of the node, devices of volumes neither."""
    detail = "when `hostUsers` is false"
    for name, told in (("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"),
                       ("hostIPC", "HostIPC")):  # fmt: skip
        if spec.get(name):
            found.append(causes.forbidden(f"{path}.{told}", detail))
    for kind in _KINDS:
        for position, container in enumerate(spec.get(kind) or ()):
            if container.get("volumeDevices"):
                place = f"{path}.{kind}[{position}].volumeDevices"
                found.append(causes.forbidden(place, detail))


def _ids(path: str, context: Object, fields: tuple[str, ...], found: list[Cause]) -> None:
    for name in fields:
        if context.get(name) is not None:
            _id(f"{path}.{name}", context[name], found)


def _id(path: str, value: int, found: list[Cause]) -> None:
    if not 0 <= value <= _ID_MAX:
        detail = f"must be between 0 and {_ID_MAX}, inclusive"
        found.append(causes.invalid(path, value, detail))


def _profiles(path: str, context: Object, found: list[Cause]) -> None:
    """What both contexts may name: filters of system calls, AppArmor, what Windows has."""
    if context.get("seccompProfile") is not None:
        _seccomp(f"{path}.seccompProfile", context["seccompProfile"], found)
    if context.get("windowsOptions"):
        check_windows_options(f"{path}.windowsOptions", context["windowsOptions"], found)
    if context.get("appArmorProfile") is not None:
        _app_armor(f"{path}.appArmorProfile", context["appArmorProfile"], found)


def _seccomp(path: str, profile: Object, found: list[Cause]) -> None:
    kind, file = profile.get("type") or "", profile.get("localhostProfile")
    if not kind:
        detail = "type is required when seccompProfile is set"
        found.append(causes.required(f"{path}.type", detail))
    elif kind not in _PROFILES:
        found.append(causes.unsupported(f"{path}.type", kind, _PROFILES))
    place = f"{path}.localhostProfile"
    if kind != "Localhost":
        if file is not None:
            detail = "can only be set when seccomp type is Localhost"
            found.append(causes.invalid(place, profile, detail))
    elif file is None:
        found.append(causes.required(place, "must be set when seccomp type is Localhost"))
    else:
        check_relative(place, file, found)


def _app_armor(path: str, profile: Object, found: list[Cause]) -> None:
    kind, name = profile.get("type") or "", profile.get("localhostProfile")
    place = f"{path}.localhostProfile"
    if not kind:
        detail = "type is required when appArmorProfile is set"
        found.append(causes.required(f"{path}.type", detail))
    elif kind not in _PROFILES:
        found.append(causes.unsupported(f"{path}.type", kind, _PROFILES))
    elif kind != "Localhost":
        if name is not None:
            detail = "can only be set when AppArmor type is Localhost"
            found.append(causes.invalid(place, name, detail))
    elif not name:
        found.append(causes.required(place, "must be set when AppArmor type is Localhost"))
    else:
        if name != name.strip():
            found.append(causes.invalid(place, name, "must not be padded with whitespace"))
        if len(name) > _PATH_MAX:
            found.append(causes.too_long(place, _PATH_MAX))


def _sysctls(path: str, sysctls: list[Object], spec: Object, found: list[Cause]) -> None:
    seen: set[str] = set()
    for position, item in enumerate(sysctls):
        place, name = f"{path}[{position}].name", item.get("name") or ""
        if not name:
            found.append(causes.required(place))
        elif len(name) > _SYSCTL_MAX or not _SYSCTL.fullmatch(name):
            detail = f"must have at most {_SYSCTL_MAX} characters and match regex ^{_SYSCTL_TEXT}$"
            found.append(causes.invalid(place, name, detail))
        elif name in seen:
            found.append(causes.duplicate(place, name))
        seen.add(name)
        dotted = name.replace("/", ".")
        if spec.get("hostNetwork") and dotted.startswith("net."):
            detail = "may not be specified when 'hostNetwork' is true"
            found.append(causes.invalid(place, name, detail))
        elif spec.get("hostIPC") and (dotted == "kernel.sem" or dotted.startswith(_IPC)):
            detail = "may not be specified when 'hostIPC' is true"
            found.append(causes.invalid(place, name, detail))
