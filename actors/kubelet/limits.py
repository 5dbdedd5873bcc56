"""What containers and pods are held to, from their resources, in the engine's units. Pure.

Must not know: what else a container is made of. Source: Kubernetes docs, "Resource Management for
Pods and Containers"; KEP-2837 (what a pod states itself); Docker Engine API v1.41 ContainerUpdate.
"""

from actors.kit.world.containers import MEMORY_LIFTED, Config, Limits
from actors.kubelet import pod_spec
from actors.kubelet.downward import ConfigFault
from cluster.api.pod_resizing import CPU, MEMORY, MUTABLE
from cluster.api.quantity import parse
from cluster.api.types import Object

CPU_PERIOD_MICROS = 100_000
CPU_QUOTA_MICROS_MIN = 1000
CPU_SHARES_MIN = 2
CPU_SHARES_PER_CORE = 1024
MEMORY_BYTES_MIN = 6 << 20  # the engine refuses less


def effective(own: Object | None, resources: Object | None) -> Object:
    """A container's resources, with the limits of ``own``, which its pod states, where it has none:
    programs size themselves by the limit of their own cgroup (KEP-2837)."""
    found: Object = resources or {}
    stated = (own or {}).get("limits") or {}
    given = found.get("limits") or {}
    more = {name: stated[name] for name in MUTABLE if name in stated and name not in given}
    return {**found, "limits": {**given, **more}} if more else found


def effective_spec(pod: Object, spec: Object) -> Object:
    """One of a pod's containers with these; the same object if it is none the other for it."""
    own, resources = pod["spec"].get("resources"), spec.get("resources") or {}
    found = effective(own, resources)
    return spec if found is resources else {**spec, "resources": found}


def limits_for(resources: Object | None) -> Limits:
    """What the engine holds a container to: memory in bytes, CPU as shares (request) and quota
    (limit)."""
    limits, requests = (resources or {}).get("limits") or {}, (resources or {}).get("requests")
    asked = (requests or {}).get("cpu", limits.get("cpu"))
    shares = (parse(str(asked)).milli if asked is not None else 0) * CPU_SHARES_PER_CORE // 1000
    milli = parse(str(limits.get("cpu", "0"))).milli
    quota = max(milli * CPU_PERIOD_MICROS // 1000, CPU_QUOTA_MICROS_MIN) if milli else 0
    return Limits(
        memory=parse(str(limits.get("memory", "0"))).value,
        cpu_shares=max(CPU_SHARES_MIN, shares),
        cpu_quota=quota,
        cpu_period=CPU_PERIOD_MICROS if quota else 0,
    )


def resource_config(spec: Object) -> Config:
    """The same as a part of a HostConfig. Raises ConfigFault for less than the engine allows."""
    limits = limits_for(spec.get("resources"))
    config: Config = {"CpuShares": limits.cpu_shares}
    if limits.memory:
        config["Memory"] = config["MemorySwap"] = checked_memory(limits.memory)
    if limits.cpu_quota:
        config["CpuPeriod"], config["CpuQuota"] = limits.cpu_period, limits.cpu_quota
    return config


def update_config(resources: Object, name: str) -> Config:
    """What to tell the engine of a running container's cpu or memory. Raises ConfigFault."""
    limits = limits_for(resources)
    if name == "memory":
        size = checked_memory(limits.memory) if limits.memory else MEMORY_LIFTED
        return {"Memory": size, "MemorySwap": size}
    return {
        "CpuShares": limits.cpu_shares,
        "CpuPeriod": CPU_PERIOD_MICROS,
        "CpuQuota": limits.cpu_quota or -1,
    }


def checked_memory(size: int) -> int:
    """Raises ConfigFault for fewer bytes than the engine allows."""
    if size < MEMORY_BYTES_MIN:
        raise ConfigFault("Minimum memory limit allowed is 6MB")
    return size


def pod_limits(pod: Object) -> tuple[int, int]:
    """(memory bytes, CPU milli) for the pod's cgroup: what the pod states itself, else the sum of
    its containers'; 0 where one of them has no limit."""
    own = (pod["spec"].get("resources") or {}).get("limits") or {}
    size, milli = _sums(pod)
    if MEMORY in own:
        size = in_units(MEMORY, own[MEMORY])
    if CPU in own:
        milli = in_units(CPU, own[CPU])
    return size, milli


def in_units(name: str, limit: object) -> int:
    """A limit in bytes of memory or thousandths of a core; 0 for none."""
    found = parse(str(limit or "0"))
    return found.value if name == MEMORY else found.milli


def _sums(pod: Object) -> tuple[int, int]:
    memory = cpu = 0
    unlimited: set[str] = set()
    for spec in pod_spec.main_containers(pod):
        limits = (spec.get("resources") or {}).get("limits") or {}
        size = parse(str(limits.get("memory", "0"))).value
        milli = parse(str(limits.get("cpu", "0"))).milli
        unlimited.update(kind for kind, limit in (("memory", size), ("cpu", milli)) if not limit)
        memory, cpu = memory + size, cpu + milli
    if pod_spec.init_containers(pod):
        return 0, 0  # an init container may ask for more than all the others together
    return (0 if "memory" in unlimited else memory), (0 if "cpu" in unlimited else cpu)
