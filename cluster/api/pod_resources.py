"""How much a pod may use altogether: its containers, its init containers, its overhead. Pure.

Source: docs "Init Containers", Resource sharing within containers; "Sidecar Containers"; "Pod
Overhead"; "Assign Pod-level CPU and memory resources" (KEP-2837). Must not know who asks: quotas,
limit ranges, defaults, validation.
"""

from typing import Literal

from cluster.api.quantity import parse
from cluster.api.types import Object

Section = Literal["requests", "limits"]
# What a pod may state for all of its containers together, besides huge pages.
POD_LEVEL = ("cpu", "memory")


def is_pod_level(name: str) -> bool:
    """True for a resource that a pod may state for all of its containers together."""
    return name in POD_LEVEL or name.startswith("hugepages-")


def pod_amounts(pod: Object, section: Section) -> dict[str, int]:
    """Per resource, in billionths.

    What the pod states itself for all of its containers is what holds for that resource.
    """
    spec = pod.get("spec") or {}
    found = container_amounts(spec, section)
    found.update(_amounts(spec, section))
    overhead = {
        name: parse(str(value)).nano for name, value in (spec.get("overhead") or {}).items()
    }
    if section == "requests":
        _add(found, overhead)
    else:
        for name, nano in overhead.items():
            if name in found:
                found[name] += nano
    return found


def container_amounts(spec: Object, section: Section) -> dict[str, int]:
    """Of all containers of a pod's spec, in billionths.

    Containers and sidecars run together; an init container runs beside the sidecars that were
    started before it. The greatest of these moments counts.
    """
    running: dict[str, int] = {}
    for container in spec.get("containers") or ():
        _add(running, _amounts(container, section))
    sidecars: dict[str, int] = {}
    peak: dict[str, int] = {}
    for container in spec.get("initContainers") or ():
        amounts = _amounts(container, section)
        if container.get("restartPolicy") == "Always":
            _add(running, amounts)
            _add(sidecars, amounts)
            _greater(peak, sidecars)
        else:
            moment = dict(sidecars)
            _add(moment, amounts)
            _greater(peak, moment)
    _greater(running, peak)
    return running


def _amounts(holder: Object, section: Section) -> dict[str, int]:
    stated = (holder.get("resources") or {}).get(section) or {}
    return {name: parse(str(value)).nano for name, value in stated.items()}


def _add(sums: dict[str, int], amounts: dict[str, int]) -> None:
    for name, nano in amounts.items():
        sums[name] = sums.get(name, 0) + nano


def _greater(best: dict[str, int], amounts: dict[str, int]) -> None:
    for name, nano in amounts.items():
        best[name] = max(best.get(name, 0), nano)
