"""A pod's quality of service class, from what it or its containers ask for. Pure.

Source: docs "Pod Quality of Service Classes"; KEP-2837 for pods that state it themselves. Must
not know what follows from it.
"""

from typing import Any, Literal

from cluster.api.quantity import QuantityError, milli_value
from cluster.api.types import Object

QosClass = Literal["Guaranteed", "Burstable", "BestEffort"]


def qos_class(pod: Object) -> QosClass:
    """From the requests and limits of CPU and memory of all containers, or those of the pod where
    it states any."""
    spec = pod.get("spec") or {}
    any_set, guaranteed = False, True
    holders = (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    if any((spec.get("resources") or {}).get(part) for part in ("requests", "limits")):
        holders = (spec,)
    for holder in holders:
        resources = holder.get("resources") or {}
        limits = resources.get("limits") or {}
        requests = resources.get("requests") or {}
        for name in ("cpu", "memory"):
            limit, request = _amount(limits.get(name)), _amount(requests.get(name))
            any_set = any_set or limit > 0 or request > 0
            if limit <= 0 or request not in (0, limit):
                guaranteed = False
    if not any_set:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"


def _amount(value: Any) -> int:
    """What is no quantity asks for nothing: a kubelet must not fall over it."""
    try:
        return milli_value(str(value)) if value not in (None, "") else 0
    except QuantityError:
        return 0
