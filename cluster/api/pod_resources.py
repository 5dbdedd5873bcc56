"""How much a pod may use altogether: its containers, its init containers, its overhead. Pure.

Source: docs "Init Containers", Resource sharing within containers; "Sidecar Containers"; "Pod
Overhead". Must not know who asks: quotas, limit ranges.
"""

from typing import Literal

from cluster.api.quantity import parse
from cluster.api.types import Object

Section = Literal["requests", "limits"]


def pod_amounts(pod: Object, section: Section) -> dict[str, int]:
    """Per resource, in billionths.

    Containers and sidecars run together; an init container runs beside the sidecars that were
    started before it. The greatest of these moments counts. What the pod states itself for all of
    its containers is what holds for that resource.
    """
    spec = pod.get("spec") or {}
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
    running.update(_amounts(spec, section))
    overhead = {
        name: parse(str(value)).nano for name, value in (spec.get("overhead") or {}).items()
    }
    if section == "requests":
        _add(running, overhead)
    else:
        for name, nano in overhead.items():
            if name in running:
                running[name] += nano
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
