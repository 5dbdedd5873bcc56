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
    if (spec.get("os") or {}).get("name") == "windows":
        detail = "may not be set for a windows pod"
        found.append(causes.forbidden(place, detail))
        return
    if resources.get("claims") is not None:
        detail = "claims may not be set for Resources at pod-level"
        found.append(causes.forbidden(f"{place}.claims", detail))
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
        _beside_containers(place, spec, resources, found)
    except QuantityError:
        return  # the container's own rules say which it is


def _beside_containers(path: str, spec: Object, resources: Object, found: list[Cause]) -> None:
    """``path``: of the resources, where what is wrong with a container is told too."""
    together = container_amounts(spec, "requests")
    for name, amount in (resources.get("requests") or {}).items():
        _covers(f"{path}.requests[{name}]", "requests", amount, together.get(name, 0), found)
    # Huge pages are not shared: all that the containers may take has to be there.
    together = container_amounts(spec, "limits")
    for name, amount in (resources.get("limits") or {}).items():
        if name.startswith("hugepages-"):
            _covers(f"{path}.limits[{name}]", "limits", amount, together.get(name, 0), found)
    for position, container in enumerate(spec.get("containers") or ()):
        stated_limits = (container.get("resources") or {}).get("limits") or {}
        for name, amount in stated_limits.items():
            limit = (resources.get("limits") or {}).get(name)
            if limit is not None and parse(str(amount)).nano > parse(str(limit)).nano:
                detail = f"must be less than or equal to pod limits of {limit}"
                place = f"{path}.containers[{position}][{name}].limits"
                found.append(causes.invalid(place, amount, detail))


def _covers(path: str, section: str, amount: str, together: int, found: list[Cause]) -> None:
    stated = parse(str(amount))
    if together > stated.nano:
        asked = Quantity(together, stated.format)
        detail = f"must be greater than or equal to aggregate container {section} of {asked}"
        found.append(causes.invalid(path, amount, detail))
