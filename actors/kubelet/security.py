"""Security contexts as Docker Engine HostConfig fields. Pure.

Must not know: the engine. Source: core/v1 PodSecurityContext and SecurityContext.
"""

from typing import Any

from actors.kit.world.containers import Config, Image
from actors.kubelet.downward import ConfigFault
from cluster.api.types import Object

# Linux capabilities that a privileged container gets where the engine may not give all of them
# (capabilities(7), without SYS_RESOURCE and the ones that old engines do not know).
PRIVILEGED_CAPABILITIES = (
    *("AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "CHOWN", "DAC_OVERRIDE"),
    *("DAC_READ_SEARCH", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE"),
    *("LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE"),
    *("NET_BROADCAST", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG"),
    *("SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE"),
    *("SYS_RAWIO", "SYS_TIME", "SYS_TTY_CONFIG", "WAKE_ALARM"),
)


def setting(pod: Object, spec: Object, name: str) -> Any:
    """The container's own value, else the pod's, else None."""
    own = spec.get("securityContext") or {}
    if own.get(name) is not None:
        return own[name]
    return (pod["spec"].get("securityContext") or {}).get(name)


def user(pod: Object, spec: Object, image: Image) -> str:
    """``uid``, ``uid:gid`` or '' (the image's own). Raises ConfigFault against runAsNonRoot."""
    uid, gid = setting(pod, spec, "runAsUser"), setting(pod, spec, "runAsGroup")
    image_user = image.user.partition(":")[0]
    if setting(pod, spec, "runAsNonRoot"):
        refuse_root(uid, image_user)
    if uid is None and gid is None:
        return ""
    who = str(uid) if uid is not None else (image_user or "0")
    return who if gid is None else f"{who}:{gid}"


def refuse_root(uid: int | None, image_user: str) -> None:
    """Raises ConfigFault if the container would or might run as root."""
    if uid == 0:
        raise ConfigFault("container's runAsUser breaks non-root policy")
    if uid is not None:
        return
    if image_user in ("", "0", "root"):
        raise ConfigFault("container has runAsNonRoot and image will run as root")
    if not image_user.isdigit():
        raise ConfigFault(
            f"container has runAsNonRoot and image has non-numeric user ({image_user}), "
            "cannot verify user is non-root"
        )


def host_config(pod: Object, spec: Object, all_capabilities: bool) -> Config:
    """Capabilities, groups, privileges. ``all_capabilities``: a privileged container works."""
    context = spec.get("securityContext") or {}
    config: Config = {"GroupAdd": supplemental_groups(pod)}
    options: list[str] = []
    capabilities = context.get("capabilities") or {}
    added = [name.removeprefix("CAP_") for name in capabilities.get("add") or ()]
    dropped = [name.removeprefix("CAP_") for name in capabilities.get("drop") or ()]
    if context.get("privileged"):
        if all_capabilities:
            config["Privileged"] = True
        else:
            added = list(PRIVILEGED_CAPABILITIES)
            config["MaskedPaths"], config["ReadonlyPaths"] = [], []
            options += ["seccomp=unconfined", "apparmor=unconfined"]
    elif (setting(pod, spec, "seccompProfile") or {}).get("type") == "Unconfined":
        options.append("seccomp=unconfined")
    if not all_capabilities and "ALL" in added:
        added = list(PRIVILEGED_CAPABILITIES)
    if context.get("allowPrivilegeEscalation") is False:
        options.append("no-new-privileges")
    config["CapAdd"], config["CapDrop"] = added, dropped
    config["ReadonlyRootfs"] = bool(context.get("readOnlyRootFilesystem"))
    if options:
        config["SecurityOpt"] = options
    return config


def supplemental_groups(pod: Object) -> list[str]:
    """``supplementalGroups`` and the volumes' group."""
    context = pod["spec"].get("securityContext") or {}
    groups = [str(group) for group in context.get("supplementalGroups") or ()]
    if context.get("fsGroup") is not None:
        groups.append(str(context["fsGroup"]))
    return groups
