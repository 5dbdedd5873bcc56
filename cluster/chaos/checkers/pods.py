"""Checks over what ran on the machines, and over how pods were seen. Pure.

Must not know: kubelets.
"""

from collections.abc import Sequence

from cluster.chaos.observations import ContainerEvent, Life, PodSeen, Segment, Violation


def run_twice(events: Sequence[ContainerEvent]) -> list[Violation]:
    """Of a pod's container one runs at a time, and a pod runs on one machine only."""
    running: dict[tuple[str, str], str] = {}
    places: dict[str, str] = {}
    found = []
    for event in events:
        key = (event.pod, event.part)
        if event.kind != "started":
            if running.get(key) == event.identity:
                del running[key]
            continue
        if key in running:
            text = f"{event.time:.2f} {event.name} starts beside another"
            found.append(_ran_twice(event, text))
        running[key] = event.identity
        if places.setdefault(event.pod, event.machine) != event.machine:
            text = f"{event.name} runs on {event.machine} and {places[event.pod]}"
            found.append(_ran_twice(event, text))
    return found


def _ran_twice(event: ContainerEvent, text: str) -> Violation:
    return Violation("one container at a time", event.time, text, evidence=(str(event),))


def rival_identities(lives: Sequence[Life], identities: Sequence[str]) -> list[Violation]:
    """At most one pod of a StatefulSet's identity lives. ``identities``: the StatefulSets' names.

    Source: Kubernetes, "Force Delete StatefulSet Pods" (at most one pod with a given identity).
    """
    found = []
    last: dict[str, Life] = {}
    for life in sorted(lives, key=lambda one: one.begin):
        owner, _, ordinal = life.name.rpartition("-")
        if owner not in identities or not ordinal.isdecimal():
            continue
        before = last.get(life.name)
        if before is not None and before.pod != life.pod and life.begin <= before.end:
            subject = f"pod/{life.name}"
            text = f"{life.name} lives on {before.node} and on {life.node} at once"
            evidence = (f"pods {before.pod} and {life.pod}", str(before), str(life))
            found.append(
                Violation("one live pod per identity", life.begin, text, subject, evidence)
            )
        if before is None or life.end > before.end:
            last[life.name] = life
    return found


def falling_restarts(pods: Sequence[Segment]) -> list[Violation]:
    """The restart count of a pod's container never goes down."""
    found = []
    counts: dict[str, int] = {}
    for segment in pods:
        told = [(name, value, segment.at) for name, value in segment.listed.items()]
        told += [(event.name, event.value, event.at) for event in segment.events]
        for name, value, at in told:
            assert isinstance(value, PodSeen)
            if value.restarts < counts.get(value.uid, 0):
                text = f"{name}: restarts {value.restarts} after {counts[value.uid]}"
                found.append(Violation("restart count", at, text, f"pod/{name}"))
            counts[value.uid] = max(value.restarts, counts.get(value.uid, 0))
    return found


def moved_pods(pods: Sequence[Segment]) -> list[Violation]:
    """A pod that is bound stays with its node."""
    found = []
    nodes: dict[str, str] = {}
    for segment in pods:
        for event in segment.events:
            assert isinstance(event.value, PodSeen)
            uid, node = event.value.uid, event.value.node
            if nodes.get(uid, node) != node:
                text = f"{event.name} moved from {nodes[uid]} to {node or 'nowhere'}"
                found.append(Violation("binding", event.at, text, f"pod/{event.name}"))
            if node:
                nodes[uid] = node
    return found


def surplus_pods(pods: Sequence[Segment], sets: Sequence[Segment]) -> list[Violation]:
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
        elif pod.owner and pod.kind == "ReplicaSet":
            alive[pod.uid] = pod.owner
            count = sum(owner == pod.owner for owner in alive.values())
            if count > wanted.get(pod.owner, 0):
                text = (
                    f"revision {event.revision}: {pod.owner} has {count} pods, "
                    f"never wanted more than {wanted.get(pod.owner, 0)}"
                )
                subject = f"replicaset/{pod.owner}"
                found.append(Violation("surplus pods", event.at, text, subject, (str(event),)))
    return found
