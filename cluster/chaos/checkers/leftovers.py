"""After healing nothing is left over: no container without a pod, no pod without its container, no
rule to an address that is no ready pod's. Pure."""

from collections.abc import Mapping, Sequence

from cluster.chaos.observations import Container, Forwarded, PodSeen, Violation


def orphan_containers(
    containers: Sequence[Container], pods: Sequence[PodSeen], at: float = 0.0
) -> list[Violation]:
    """Running containers belong to a pod that is bound to their node, one of each part."""
    places = {pod.uid: pod.node for pod in pods}
    found = []
    seen: dict[tuple[str, str], Container] = {}
    for item in containers:
        if not item.running:
            continue
        subject = f"pod/{item.name}"
        if places.get(item.pod) != item.node:
            where = places.get(item.pod)
            why = f"its pod is on {where}" if where else "there is no such pod"
            text = f"{item.node} runs {item.name}/{item.part or 'sandbox'}: {why}"
            found.append(Violation("orphan container", at, text, subject, (str(item),)))
        other = seen.setdefault((item.pod, item.part), item)
        if other is not item:
            text = f"{item.name}/{item.part or 'sandbox'} runs twice"
            evidence = (str(other), str(item))
            found.append(Violation("orphan container", at, text, subject, evidence))
    return found


def missing_containers(
    containers: Sequence[Container], pods: Sequence[PodSeen], at: float = 0.0
) -> list[Violation]:
    """Every ready pod has a running container on its node."""
    running = {(item.pod, item.node) for item in containers if item.running and item.part}
    return [
        Violation(
            "missing container", at, f"{pod.name} is ready and has no container on {pod.node}",
            f"pod/{pod.name}", (str(pod),),
        )
        for pod in pods
        if pod.ready and not pod.ending and (pod.uid, pod.node) not in running
    ]  # fmt: skip


def orphan_rules(
    forwards: Sequence[Forwarded], ready: Mapping[str, Sequence[str]], at: float = 0.0
) -> list[Violation]:
    """What nodes do with a Service is what its ready pods are. ``ready``: their addresses by
    Service; rules of Services that are not in it are passed over."""
    found = []
    for item in forwards:
        if item.service in ready and sorted(item.backends) != sorted(ready[item.service]):
            text = (
                f"{item.node} sends {item.service} to {sorted(item.backends)}; ready are "
                f"{sorted(ready[item.service])}"
            )
            subject = f"service/{item.service}"
            found.append(Violation("orphan rule", at, text, subject, (str(item),)))
    return found
