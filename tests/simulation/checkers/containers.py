"""Checks over what ran on the machines, and over how pods were seen. Each returns what is wrong,
as text. Must not know: kubelets.
"""

from collections.abc import Sequence

from tests.simulation.watchers import Segment
from tests.simulation.witness import ContainerEvent


def run_twice(events: Sequence[ContainerEvent]) -> list[str]:
    """Of a pod's container one runs at a time, and a pod runs on one machine only."""
    running: dict[tuple[str, str], str] = {}
    places: dict[str, str] = {}
    found = []
    for event in events:
        key = (event.pod, event.name)
        if event.kind != "started":
            if running.get(key) == event.container.id:
                del running[key]
            continue
        if key in running:
            found.append(f"{event.time:.2f} {event.container.name} starts beside another")
        running[key] = event.container.id
        if places.setdefault(event.pod, event.machine) != event.machine:
            found.append(f"{event.container.name} runs on {event.machine} and {places[event.pod]}")
    return found


def falling_restarts(pods: Sequence[Segment]) -> list[str]:
    """The restart count of a pod's container never goes down. Picked values: ``pick_pod``."""
    found = []
    counts: dict[str, int] = {}
    for segment in pods:
        told = [*segment.listed.items(), *((event.name, event.value) for event in segment.events)]
        for name, value in told:
            assert isinstance(value, PodSeen)
            if value.restarts < counts.get(value.uid, 0):
                found.append(f"{name}: restarts {value.restarts} after {counts[value.uid]}")
            counts[value.uid] = max(value.restarts, counts.get(value.uid, 0))
    return found


def moved_pods(pods: Sequence[Segment]) -> list[str]:
    """A pod that is bound stays with its node."""
    found = []
    nodes: dict[str, str] = {}
    for segment in pods:
        for event in segment.events:
            assert isinstance(event.value, PodSeen)
            uid, node = event.value.uid, event.value.node
            if nodes.get(uid, node) != node:
                found.append(f"{event.name} moved from {nodes[uid]} to {node or 'nowhere'}")
            if node:
                nodes[uid] = node
    return found


def surplus_pods(pods: Sequence[Segment], sets: Sequence[Segment]) -> list[str]:
    """A ReplicaSet never has more living pods than it was ever told to have, at any revision. Only
    checked where both watches were unbroken from the start."""
    if len(pods) != 1 or len(sets) != 1:
        return []
    wanted: dict[str, int] = {}
    alive: dict[str, str] = {}
    found = []
    told = [(event.revision, "set", event) for event in sets[0].events]
    told += [(event.revision, "pod", event) for event in pods[0].events]
    for _, what, event in sorted(told, key=lambda item: item[0]):
        if what == "set":
            wanted[event.name] = max(int(str(event.value)), wanted.get(event.name, 0))
            continue
        pod = event.value
        assert isinstance(pod, PodSeen)
        if event.kind == "DELETED" or pod.ending:
            alive.pop(pod.uid, None)
        elif pod.owner:
            alive[pod.uid] = pod.owner
            count = sum(owner == pod.owner for owner in alive.values())
            if count > wanted.get(pod.owner, 0):
                found.append(
                    f"revision {event.revision}: {pod.owner} has {count} pods, "
                    f"never wanted more than {wanted.get(pod.owner, 0)}"
                )
    return found


class PodSeen:
    """What a watcher of pods keeps of one. ``ending``: deleted, or finished."""

    __slots__ = ("ending", "node", "owner", "restarts", "uid")

    def __init__(self, pod: dict) -> None:  # type: ignore[type-arg]
        meta, status = pod["metadata"], pod.get("status") or {}
        owners = meta.get("ownerReferences") or [{}]
        counts = [item["restartCount"] for item in status.get("containerStatuses") or []]
        self.uid: str = meta["uid"]
        self.owner: str = owners[0].get("name", "")
        self.node: str = (pod.get("spec") or {}).get("nodeName", "")
        self.restarts = sum(counts)
        self.ending = bool(meta.get("deletionTimestamp")) or status.get("phase") in (
            "Failed", "Succeeded",
        )  # fmt: skip


def pick_set(obj: dict) -> int:  # type: ignore[type-arg]
    """Of a ReplicaSet: how many pods it wants."""
    return int(obj["spec"]["replicas"])
