"""Rules of what a pod says about the system it is for, and of what only Windows has.

Source: docs "Windows containers in Kubernetes", "Configure RunAsUserName", "Create a Windows
HostProcess Pod". Must not know nodes.
"""

import re
from collections.abc import Iterator
from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_SYSTEMS = frozenset(("linux", "windows"))
_POD_FIELDS = ("hostUsers", "hostPID", "hostIPC", "shareProcessNamespace")
_POD_CONTEXT = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy",
    "sysctls", "runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy",
    "seLinuxChangePolicy",
)  # fmt: skip
_CONTEXT = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem",
    "privileged", "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
)  # fmt: skip
_SPEC_MAX_KIB = 64
_DOMAIN_MAX = 256
_USER_MAX = 104
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NETBIOS = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}')
_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NOT_IN_USER = re.compile(r'["/\\:;|=,+*?<>@\[\]]')
_DOTS = re.compile(r"[. ]+")


def check_system(path: str, spec: Object, found: list[Cause]) -> None:
    """``os`` of the spec at ``path``, and that nothing is set which that system does not have."""
    name = (spec["os"] or {}).get("name") or ""
    if not name:
        found.append(causes.required(f"{path}.os.name", "cannot be empty"))
    elif name not in _SYSTEMS:
        found.append(causes.unsupported(f"{path}.os", name, _SYSTEMS))
    elif name == "linux":
        for place, context in _contexts(path, spec):
            if context.get("windowsOptions") is not None:
                detail = "windows options cannot be set for a linux pod"
                found.append(causes.forbidden(f"{place}.windowsOptions", detail))
    else:
        _windows(path, spec, found)


def check_host_process(path: str, spec: Object, found: list[Cause]) -> None:
    """All containers are processes of the host, in its network, or none is."""
    if not _says_anything(spec):
        return
    own = _host_process(spec)
    stated = [
        (f"{place}.windowsOptions.hostProcess", value)
        for place, value in _container_host_process(path, spec)
    ]
    for place, value in stated:
        if own is not None and value is not None and value != own:
            said = "true" if own else "false"
            detail = f"pod hostProcess value must be identical if both are specified, was {said}"
            found.append(causes.invalid(place, value, detail))
    count = sum(1 for _, value in stated if (own if value is None else value))
    if not count:
        return
    if count != len(stated):
        detail = "If pod contains any hostProcess containers then all containers must be "
        found.append(causes.invalid(path, "", f"{detail}HostProcess containers"))
    if not spec.get("hostNetwork"):
        detail = "hostNetwork must be true if pod contains any hostProcess containers"
        found.append(causes.invalid(f"{path}.hostNetwork", False, detail))


def check_windows_options(path: str, options: Object, found: list[Cause]) -> None:
    """The windowsOptions of a securityContext."""
    credential, inline = options.get("gmsaCredentialSpecName"), options.get("gmsaCredentialSpec")
    if credential is not None:
        place = f"{path}.gmsaCredentialSpecName"
        causes.each(place, credential, names.subdomain_errors(credential), found)
    if inline is not None:
        place = f"{path}.gmsaCredentialSpec"
        if not inline:
            detail = "gmsaCredentialSpec cannot be an empty string"
            found.append(causes.invalid(place, inline, detail))
        elif len(inline.encode()) > _SPEC_MAX_KIB * 1024:
            detail = f"gmsaCredentialSpec size must be under {_SPEC_MAX_KIB} KiB"
            found.append(causes.invalid(place, inline, detail))
    if options.get("runAsUserName") is not None:
        user = options["runAsUserName"]
        causes.each(f"{path}.runAsUserName", user, _user_errors(user), found)


def _user_errors(whole: str) -> Iterator[str]:
    """``DOMAIN\\user``, or a user alone."""
    what = "runAsUserName"
    if not whole:
        yield f"{what} cannot be an empty string"
        return
    if _CONTROL.search(whole):
        yield f"{what} cannot contain control characters"
        return
    if whole.count("\\") > 1:
        yield f"{what} cannot contain more than one backslash"
        return
    domain, backslash, user = whole.rpartition("\\")
    if len(domain) >= _DOMAIN_MAX:
        yield f"{what}'s Domain length must be under {_DOMAIN_MAX} characters"
    if backslash and not (_NETBIOS.fullmatch(domain) or _DOMAIN.fullmatch(domain)):
        yield f"{what}'s Domain doesn't match the NetBios nor the DNS format"
    if not user:
        yield f"{what}'s User cannot be empty"
    elif len(user) > _USER_MAX:
        yield f"{what}'s User length must not be longer than {_USER_MAX} characters"
    if _DOTS.fullmatch(user):
        yield f"{what}'s User cannot contain only periods or spaces"
    if _NOT_IN_USER.search(user):
        yield f"{what}'s User cannot contain the following characters: \"/\\:;|=,+*?<>@[]"


def _windows(path: str, spec: Object, found: list[Cause]) -> None:
    detail = "cannot be set for a windows pod"
    for name in _POD_FIELDS:
        # Two of them are absent if they are false; the others count as soon as they are said.
        if spec.get(name) or (name in ("hostUsers", "shareProcessNamespace") and name in spec):
            found.append(causes.forbidden(f"{path}.{name}", detail))
    for position, (place, context) in enumerate(_contexts(path, spec)):
        for name in _CONTEXT if position else _POD_CONTEXT:
            if context.get(name) is not None:
                found.append(causes.forbidden(f"{place}.{name}", detail))


def _contexts(path: str, spec: Object) -> Iterator[tuple[str, Object]]:
    """The pod's securityContext first, then each container's, with their places."""
    yield f"{path}.securityContext", spec.get("securityContext") or {}
    for kind in _CONTAINERS:
        for position, container in enumerate(spec.get(kind) or ()):
            place = f"{path}.{kind}[{position}].securityContext"
            yield place, container.get("securityContext") or {}


def _says_anything(spec: Object) -> bool:
    owners = [spec, *(item for kind in _CONTAINERS for item in spec.get(kind) or ())]
    return any("windowsOptions" in (owner.get("securityContext") or ()) for owner in owners)


def _host_process(owner: Object) -> Any:
    context = owner.get("securityContext") or {}
    return (context.get("windowsOptions") or {}).get("hostProcess")


def _container_host_process(path: str, spec: Object) -> Iterator[tuple[str, Any]]:
    for place, context in list(_contexts(path, spec))[1:]:
        yield place, (context.get("windowsOptions") or {}).get("hostProcess")
