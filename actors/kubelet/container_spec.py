"""A pod's sandbox and containers as Docker Engine ContainerCreate JSON. Pure.

Must not know: the engine's connection, the disk. Source: Docker Engine API v1.41 ContainerCreate;
core/v1 Container; Kubernetes docs, "Resource Management for Pods and Containers".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from actors.kit.world.containers import Config, Image
from actors.kubelet import pod_dns, pod_spec, security
from actors.kubelet.expansion import expand
from actors.kubelet.labels import Labels
from actors.kubelet.limits import resource_config
from actors.kubelet.pause_image import NODE_NETNS_MOUNT
from cluster.api.pod_qos import qos_class
from cluster.api.pod_resources import container_amounts
from cluster.api.quantity import NANO, parse
from cluster.api.types import Object

SHM_BYTES = 64 << 20
TERMINATION_LOG = "/dev/termination-log"
# A follow across a rotation may lose lines (docker 20.10): rotate late.
LOG_CONFIG = {"Type": "json-file", "Config": {"max-size": "50m", "max-file": "2"}}


@dataclass(frozen=True, slots=True)
class Mount:
    """``source`` is a path of the machine."""

    source: str
    target: str
    read_only: bool = False
    propagation: str = ""


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What the engine and machine allow. ``memory``: the node's capacity in bytes."""

    memory: int
    cgroup_root: str
    cgroup_driver: str = "cgroupfs"
    can_lower_oom_score: bool = False
    can_add_all_capabilities: bool = False


@dataclass(frozen=True, slots=True)
class ContainerInputs:
    """What was prepared for one container. ``target``: id of the container whose processes an
    ephemeral one sees, '' : its own alone."""

    labels: Labels
    sandbox: str
    environment: Mapping[str, str]
    mounts: tuple[Mount, ...]
    image: Image
    target: str = ""


def cgroup_parent(pod: Object, engine: EngineFacts) -> str:
    """The pod's own cgroup, under its node's."""
    uid = pod["metadata"]["uid"]
    if engine.cgroup_driver == "systemd":
        return f"{engine.cgroup_root.strip('/').replace('/', '-')}-pod{uid.replace('-', '_')}.slice"
    quality = (pod.get("status") or {}).get("qosClass") or qos_class(pod)
    return f"{engine.cgroup_root}/{quality.lower()}/pod{uid}"


def sandbox_config(
    pod: Object, image: str, labels: Labels, engine: EngineFacts, node_netns: str
) -> Config:
    """``node_netns``: file of the node's network namespace if a hostNetwork pod must join it."""
    host = pod_spec.is_host_network(pod)
    host_config: Config = {
        "NetworkMode": "host" if host and not node_netns else "none",
        "IpcMode": "host" if pod["spec"].get("hostIPC") else "shareable",
        "ShmSize": SHM_BYTES,
        "LogConfig": {"Type": "none"},
        "CgroupParent": cgroup_parent(pod, engine),
        "RestartPolicy": {"Name": "no"},
        "OomScoreAdj": -998 if engine.can_lower_oom_score else 0,
    }
    if host and node_netns:
        host_config["Binds"] = [f"{node_netns}:{NODE_NETNS_MOUNT}:ro"]
        host_config["CapAdd"] = ["SYS_ADMIN"]
    if pod["spec"].get("hostPID"):
        host_config["PidMode"] = "host"
    sysctls = (pod["spec"].get("securityContext") or {}).get("sysctls") or ()
    if not host:
        values = {"net.ipv4.ip_unprivileged_port_start": "0"}
        values.update({item["name"]: item["value"] for item in sysctls})
        host_config["Sysctls"] = values
    config: Config = {"Image": image, "Labels": labels, "HostConfig": host_config}
    config["Hostname"] = pod_dns.hostname(pod)
    if host and not node_netns:
        del config["Hostname"]
    return config


def container_config(
    pod: Object, spec: Object, inputs: ContainerInputs, engine: EngineFacts
) -> Config:
    """Raises ConfigFault for what cannot be run as asked."""
    host_config: Config = {
        "NetworkMode": f"container:{inputs.sandbox}",
        "IpcMode": f"container:{inputs.sandbox}",
        "CgroupParent": cgroup_parent(pod, engine),
        "LogConfig": LOG_CONFIG,
        "RestartPolicy": {"Name": "no"},
        "Mounts": [mount_json(item) for item in inputs.mounts],
        **resource_config(spec),
        **security.host_config(pod, spec, engine.can_add_all_capabilities),
        "OomScoreAdj": oom_score(pod, spec, engine),
    }
    if pod["spec"].get("hostPID"):
        host_config["PidMode"] = "host"
    elif pod["spec"].get("shareProcessNamespace"):
        host_config["PidMode"] = f"container:{inputs.sandbox}"
    elif inputs.target:
        host_config["PidMode"] = f"container:{inputs.target}"
    config: Config = {
        "Image": inputs.image.id,
        "Labels": inputs.labels,
        "Env": [f"{name}={value}" for name, value in inputs.environment.items()],
        "User": security.user(pod, spec, inputs.image),
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": host_config,
        "OpenStdin": bool(spec.get("stdin")),
        "StdinOnce": bool(spec.get("stdinOnce")),
        "Tty": bool(spec.get("tty")),
    }
    if spec.get("command"):
        config["Entrypoint"] = [expand(word, inputs.environment) for word in spec["command"]]
    if spec.get("args"):
        config["Cmd"] = [expand(word, inputs.environment) for word in spec["args"]]
    if spec.get("workingDir"):
        config["WorkingDir"] = spec["workingDir"]
    return config


def mount_json(mount: Mount) -> Config:
    """Not ``Binds``: these would create a missing source."""
    result: Config = {"Type": "bind", "Source": mount.source, "Target": mount.target}
    if mount.read_only:
        result["ReadOnly"] = True
    if mount.propagation:
        result["BindOptions"] = {"Propagation": mount.propagation}
    return result


def oom_score(pod: Object, spec: Object, engine: EngineFacts) -> int:
    """Kubernetes docs, "Node-pressure Eviction: node out of memory behavior"."""
    quality = qos_class(pod)
    if quality == "Guaranteed":
        return -997 if engine.can_lower_oom_score else 0
    if quality == "BestEffort":
        return 1000
    share = 1000 * _memory_asked(pod, spec) // max(1, engine.memory)
    return min(max(3, 1000 - share), 999)


def _memory_asked(pod: Object, spec: Object) -> int:
    """Bytes that a container asks for, with its part of what the pod asks for beyond its
    containers (KEP-2837, OOM score adjustment)."""
    asked = parse(str(((spec.get("resources") or {}).get("requests") or {}).get("memory", "0")))
    stated = ((pod["spec"].get("resources") or {}).get("requests") or {}).get("memory")
    if stated is None:
        return asked.value
    given = container_amounts(pod["spec"], "requests").get("memory", 0)
    left = max(0, parse(str(stated)).nano - given)
    containers = len(pod_spec.main_containers(pod)) + len(pod_spec.sidecars(pod))
    return (asked.nano + left // max(1, containers)) // NANO
