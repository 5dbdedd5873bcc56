"""Rules of what a pod states for all of its containers together: spec.resources.

Source: KEP-2837, Validation; docs "Assign Pod-level CPU and memory resources". For a spec that
conforms to its schema and has its defaults. Must not know nodes, nor a single container's rules.
"""

from cluster.api.pod_resources import POD_LEVEL, container_amounts, is_pod_level
from cluster.api.quantity import Quantity, QuantityError, parse
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.resources import check_resources

_SUPPORTED = (*POD_LEVEL, "hugepages-")


def check_pod_level(path: str, spec: Object, found: list[Cause]) -> None:
    """``spec.resources`` by itself, and beside what the containers state."""
    resources: Object = spec["resources"]
    place = f"{path}.resources"
    if resources.get("claims"):
        detail = "claims may not be set for Resources at pod-level"
        found.append(causes.forbidden(f"{place}.claims", detail))
    if (spec.get("os") or {}).get("name") == "windows":
        detail = "may not be set for a windows pod"
        found.append(causes.forbidden(place, detail))
    before = len(found)
    for section in ("limits", "requests"):
        for name in resources.get(section) or {}:
            if not is_pod_level(name):
                where = f"{place}.{section}[{name}]"
                found.append(causes.unsupported(where, name, _SUPPORTED))
    if len(found) > before:
        return
    check_resources(place, resources, found)
    try:
        _beside_containers(path, spec, resources, found)
    except QuantityError:
        return  # the container's own rules say which it is


def _beside_containers(path: str, spec: Object, resources: Object, found: list[Cause]) -> None:
    together = container_amounts(spec, "requests")
    for name, amount in (resources.get("requests") or {}).items():
        stated = parse(str(amount))
        if together.get(name, 0) > stated.nano:
            asked = Quantity(together[name], stated.format)
            detail = f"must be greater than or equal to aggregate container requests of {asked}"
            found.append(causes.invalid(f"{path}.resources.requests[{name}]", amount, detail))
    for kind in ("initContainers", "containers"):
        for position, container in enumerate(spec.get(kind) or ()):
            place = f"{path}.{kind}[{position}].resources.limits"
            stated_limits = (container.get("resources") or {}).get("limits") or {}
            for name, amount in stated_limits.items():
                limit = (resources.get("limits") or {}).get(name)
                if limit is not None and parse(str(amount)).nano > parse(str(limit)).nano:
                    detail = f"must be less than or equal to pod limits of {limit}"
                    found.append(causes.invalid(f"{place}[{name}]", amount, detail))
