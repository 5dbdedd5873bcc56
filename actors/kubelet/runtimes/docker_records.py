"""Docker Engine API answers → the records of ``actors.kit.world.containers``. Pure.

Must not know: the connection.
"""

from collections.abc import Mapping
from typing import Any, Literal

from actors.kit.world.containers import (
    Container,
    ContainerEvent,
    Image,
    RuntimeInfo,
    limits_of,
)
from cluster.api.timestamps import seconds_of

Answer = dict[str, Any]
EVENT_KINDS: dict[str, Literal["started", "died", "destroyed"]] = {
    "start": "started",
    "die": "died",
    "destroy": "destroyed",
}
STATES: dict[str, Literal["created", "running", "exited"]] = {
    "created": "created",
    "running": "running",
    "paused": "running",
    "restarting": "running",
}


def seconds(text: str) -> float:
    """RFC 3339 → UNIX seconds. Docker's "never" (year 1) and '' are 0.0."""
    if not text or text.startswith("0001-"):
        return 0.0
    return seconds_of(text)


def container(raw: Answer) -> Container:
    """From ContainerInspect."""
    state = raw["State"]
    status = STATES.get(state["Status"], "exited")
    return Container(
        id=raw["Id"],
        name=raw["Name"].removeprefix("/"),
        labels=raw["Config"].get("Labels") or {},
        state=status,
        image=raw["Config"].get("Image", ""),
        image_id=raw["Image"],
        pid=state["Pid"] if status == "running" else 0,
        exit_code=state["ExitCode"],
        error=state.get("Error", ""),
        oom_killed=bool(state.get("OOMKilled")),
        created_at=seconds(raw["Created"]),
        started_at=seconds(state["StartedAt"]),
        finished_at=seconds(state["FinishedAt"]) if status == "exited" else 0.0,
        limits=limits_of(raw.get("HostConfig") or {}),
    )


def memory_usage(raw: Answer) -> int:
    """From ContainerStats; cgroup v1 names the inactive pages of files otherwise than v2."""
    found = raw.get("memory_stats") or {}
    stats = found.get("stats") or {}
    idle = stats.get("total_inactive_file", stats.get("inactive_file", 0))
    return max(0, int(found.get("usage") or 0) - int(idle))


def image(raw: Answer) -> Image:
    """From ImageInspect, or from an entry of ImageList (which has no config)."""
    config = raw.get("Config") or {}
    return Image(
        id=raw["Id"],
        tags=tuple(raw.get("RepoTags") or ()),
        digests=tuple(raw.get("RepoDigests") or ()),
        size=raw.get("Size", 0),
        user=config.get("User", ""),
        stop_signal=config.get("StopSignal", ""),
    )


def runtime_info(version: Mapping[str, Any], info: Mapping[str, Any]) -> RuntimeInfo:
    """From SystemVersion and SystemInfo."""
    components = {item.get("Name", "") for item in version.get("Components") or ()}
    return RuntimeInfo(
        name="podman" if "Podman Engine" in components else "docker",
        version=version["Version"],
        cgroup_driver=info.get("CgroupDriver", "cgroupfs"),
        cgroup_version=int(info.get("CgroupVersion", "1")),
    )


def event(raw: Answer) -> ContainerEvent | None:
    """From one line of SystemEvents; None for an action we do not follow."""
    kind = EVENT_KINDS.get(raw.get("Action", ""))
    actor = raw.get("Actor") or {}
    if kind is None or not actor.get("ID"):
        return None
    return ContainerEvent(kind, actor["ID"], actor.get("Attributes") or {})
