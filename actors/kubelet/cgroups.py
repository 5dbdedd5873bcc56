"""Pods' cgroups on this machine: limits for the whole pod, and removal at its end.

The engine makes a pod's cgroup when its sandbox starts, but never limits or removes it. All of
this is best effort: the containers' own limits hold anyway. Must not know: pods' specs.

Source: Linux kernel documentation, cgroup-v1/memory.txt, cgroup-v2.rst.
"""

import asyncio
import os
from pathlib import Path
from typing import Protocol

ROOT = Path("/sys/fs/cgroup")
PERIOD_MICROS = 100_000


class Cgroups(Protocol):
    """``parent`` is what was given to the engine as CgroupParent."""

    async def limit(self, parent: str, memory: int | None, cpu_milli: int | None) -> None:
        """Bytes and thousandths of a core for all of the pod; 0: no limit, None: as it is."""

    async def remove(self, parent: str) -> None:
        """Remove it from every hierarchy, if it is empty."""


class NoCgroups:
    """For simulated containers, and engines that keep cgroups to themselves."""

    async def limit(self, parent: str, memory: int | None, cpu_milli: int | None) -> None:
        """Nothing to do."""

    async def remove(self, parent: str) -> None:
        """Nothing to do."""


class MachineCgroups:
    """cgroup v1 or v2 below /sys/fs/cgroup, cgroupfs driver."""

    def __init__(self, version: int) -> None:
        self._version = version

    async def limit(self, parent: str, memory: int | None, cpu_milli: int | None) -> None:
        await asyncio.to_thread(self._limit, parent.lstrip("/"), memory, cpu_milli)

    async def remove(self, parent: str) -> None:
        await asyncio.to_thread(remove_tree, parent)

    def _limit(self, parent: str, memory: int | None, cpu_milli: int | None) -> None:
        if memory is not None:
            place, none = self._file(parent, "memory", "memory.max", "memory.limit_in_bytes")
            write(place, str(memory) if memory else none)
        if cpu_milli is not None:
            quota = str(max(1000, cpu_milli * PERIOD_MICROS // 1000))
            place, none = self._file(parent, "cpu", "cpu.max", "cpu.cfs_quota_us")
            text = quota if cpu_milli else none
            write(place, f"{text} {PERIOD_MICROS}" if self._version == 2 else text)

    def _file(self, parent: str, hierarchy: str, new: str, old: str) -> tuple[Path, str]:
        """The file of a limit, and the word for none, by the version."""
        if self._version == 2:
            return ROOT / parent / new, "max"
        return ROOT / hierarchy / parent / old, "-1"


def cluster_root(cluster: str) -> str:
    """Parent of all cgroups of a cluster's pods on this machine."""
    return f"/steersman-{cluster}"


def node_root(cluster: str, node: str) -> str:
    """Parent of all cgroups of a node's pods."""
    return f"{cluster_root(cluster)}/{node}"


def remove_tree(parent: str) -> None:
    """Remove a cgroup and all below it, in every hierarchy, as far as they are empty."""
    for path in paths(parent):
        remove_empty(path)


def present(parent: str) -> bool:
    """Whether a cgroup is there, in any hierarchy."""
    return any(path.is_dir() for path in paths(parent))


def paths(parent: str) -> list[Path]:
    """Where a cgroup is, or would be: one place in v2, one per hierarchy in v1."""
    try:
        hierarchies = [ROOT, *(entry for entry in ROOT.iterdir() if entry.is_dir())]
    except OSError:
        return []
    return [hierarchy / parent.lstrip("/") for hierarchy in hierarchies]


def write(path: Path, text: str) -> None:
    """A limit that cannot be set is no reason to stop a pod."""
    try:
        path.write_text(text, encoding="ascii")
    except OSError:
        return


def remove_empty(path: Path) -> None:
    """With the empty groups below it (the engine leaves none behind in the usual case)."""
    try:
        for entry in os.scandir(path):
            if entry.is_dir(follow_symlinks=False):
                remove_empty(Path(entry.path))
        path.rmdir()
    except OSError:
        return
