"""How much of each resource a pod takes on its node. Pure.

Source: "Resource Management for Pods and Containers", KEP-753 (sidecar containers), KEP-688 (pod
overhead), KEP-2837 (pod-level resources).
Must not know: nodes.
"""

from typing import NamedTuple

from cluster.api.quantity import QuantityError, int_value, milli_value
from cluster.api.types import Object

# What a pod that names no request counts for when nodes are scored (not when they are filtered).
DEFAULT_CPU_MILLI = 100
DEFAULT_MEMORY_BYTES = 200 * 1024 * 1024

Amounts = dict[str, int]


class PodRequests(NamedTuple):
    """``amounts``: resource → amount, cpu in thousandths."""

    amounts: Amounts
    scored_cpu: int
    scored_memory: int


def amount(resource: str, quantity: str) -> int:
    """cpu in thousandths, all else in whole units. A malformed quantity is 0."""
    try:
        return milli_value(quantity) if resource == "cpu" else int_value(quantity)
    except QuantityError:
        return 0


def amounts(quantities: Object | None) -> Amounts:
    """A resource list, parsed."""
    return {name: amount(name, str(value)) for name, value in (quantities or {}).items()}


def pod_requests(spec: Object) -> PodRequests:
    """The greater of what runs together and what any init step needs, plus overhead."""
    found = _effective(spec, {})
    stand_in = {"cpu": DEFAULT_CPU_MILLI, "memory": DEFAULT_MEMORY_BYTES}
    scored = _effective(spec, stand_in)
    return PodRequests(found, scored.get("cpu", 0), scored.get("memory", 0))


def _effective(spec: Object, stand_in: Amounts) -> Amounts:
    total: Amounts = {}
    for container in spec.get("containers") or ():
        _add(total, _container(container, stand_in))
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in spec.get("initContainers") or ():
        wanted = _container(container, stand_in)
        if container.get("restartPolicy") == "Always":
            _add(sidecars, wanted)
            _raise(peak, sidecars)
        else:
            _add(wanted, sidecars)
            _raise(peak, wanted)
    _add(total, sidecars)
    _raise(total, peak)
    pod_level = amounts((spec.get("resources") or {}).get("requests"))
    total.update(pod_level)
    _add(total, amounts(spec.get("overhead")))
    return total


def _container(container: Object, stand_in: Amounts) -> Amounts:
    found = amounts((container.get("resources") or {}).get("requests"))
    return {**stand_in, **found}


def _add(total: Amounts, more: Amounts) -> None:
    for name, value in more.items():
        total[name] = total.get(name, 0) + value


def _raise(total: Amounts, floor: Amounts) -> None:
    for name, value in floor.items():
        total[name] = max(total.get(name, 0), value)
