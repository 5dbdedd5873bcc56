"""What this machine is: processors, memory, disk, kernel. Must not know: the Node object."""

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

CAP_SYS_RESOURCE = 24
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}


@dataclass(frozen=True, slots=True)
class MachineInfo:
    """``memory`` and ``storage`` in bytes."""

    cpus: int
    memory: int
    storage: int
    architecture: str = "amd64"
    kernel: str = ""
    os_image: str = ""
    machine_id: str = ""
    boot_id: str = ""
    can_lower_oom_score: bool = False
    can_add_all_capabilities: bool = False


def simulated_machine() -> MachineInfo:
    """A middling machine that does not exist."""
    return MachineInfo(cpus=4, memory=16 << 30, storage=100 << 30, os_image="simulated")


def read_machine(data_dir: str) -> MachineInfo:
    """Of the machine this runs on; ``data_dir``: on the disk that pods will use."""
    place = Path(data_dir)
    while not place.exists():
        place = place.parent
    capable = has_capability(CAP_SYS_RESOURCE)
    return MachineInfo(
        cpus=len(os.sched_getaffinity(0)),
        memory=memory_bytes(read_text("/proc/meminfo")),
        storage=shutil.disk_usage(place).total,
        architecture=ARCHITECTURES.get(platform.machine(), platform.machine()),
        kernel=platform.release(),
        os_image=pretty_name(read_text("/etc/os-release")),
        machine_id=read_text("/etc/machine-id").strip(),
        boot_id=read_text("/proc/sys/kernel/random/boot_id").strip(),
        can_lower_oom_score=capable,
        can_add_all_capabilities=capable,
    )


def read_text(path: str) -> str:
    """'' if it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def memory_bytes(meminfo: str) -> int:
    """MemTotal of /proc/meminfo (proc(5)); 0 if it is not there."""
    for line in meminfo.splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    return 0


def pretty_name(os_release: str) -> str:
    """PRETTY_NAME of os-release(5)."""
    for line in os_release.splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return "Linux"


def has_capability(number: int) -> bool:
    """Effective in this process (proc(5): CapEff)."""
    for line in read_text("/proc/self/status").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> number & 1)
    return False
