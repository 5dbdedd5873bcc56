"""In-place resize of a pod: which resources may change, and what a pod holds meanwhile. Pure.

Source: KEP-1287; KEP-5419 (what the pod itself states); docs "Resize CPU and Memory Resources
assigned to Containers". Must not know who asks (validation, scheduler, quotas, kubelet) nor how a
limit is put in force.
"""

from collections.abc import Iterator

from cluster.api.quantity import QuantityError, parse
from cluster.api.types import Object

CPU, MEMORY = "cpu", "memory"
# In the order in which a node changes them.
MUTABLE = (MEMORY, CPU)
SECTIONS = ("requests", "limits")
PENDING, IN_PROGRESS = "PodResizePending", "PodResizeInProgress"
INFEASIBLE, DEFERRED, ERROR = "Infeasible", "Deferred", "Error"
RESTART = "RestartContainer"
# The pod itself, among the names of its containers.
POD = ""


def resizable(spec: Object) -> Iterator[Object]:
    """Of a pod's spec: its init containers, also those that end (Kubernetes 1.37), and its
    containers."""
    yield from spec.get("initContainers") or ()
    yield from spec.get("containers") or ()


def holders(spec: Object) -> Iterator[tuple[str, Object]]:
    """What states resources that may change, by name: the pod itself, and those containers."""
    yield POD, spec
    for container in resizable(spec):
        yield container["name"], container


def amount(resources: Object | None, section: str, name: str) -> int:
    """In billionths; 0 for what is not stated, or is no quantity."""
    stated = ((resources or {}).get(section) or {}).get(name)
    return 0 if stated is None else _nano(stated)


def _nano(text: object) -> int:
    try:
        return parse(str(text)).nano
    except QuantityError:
        return 0


def changed(one: Object | None, other: Object | None) -> frozenset[str]:
    """Which of cpu and memory differ in amount, requests or limits."""
    return frozenset(
        name
        for name in MUTABLE
        if any(amount(one, part, name) != amount(other, part, name) for part in SECTIONS)
    )


def restarts(container: Object, names: frozenset[str]) -> bool:
    """Its resizePolicy wants a restart for a change of one of these."""
    return any(
        item.get("resourceName") in names and item.get("restartPolicy") == RESTART
        for item in container.get("resizePolicy") or ()
    )


def replaced(resources: Object, given: Object, names: frozenset[str] | None = None) -> Object:
    """``resources`` with the cpu and memory of ``given`` (of them only ``names``)."""
    found = dict(resources)
    for part in SECTIONS:
        amounts = dict(found.get(part) or {})
        for name in MUTABLE if names is None else names:
            amounts.pop(name, None)
            if name in (given.get(part) or {}):
                amounts[name] = given[part][name]
        if amounts:
            found[part] = amounts
        else:
            found.pop(part, None)
    return found


def infeasible(pod: Object) -> bool:
    """The node has said that it can never hold the pod as it is now desired."""
    generation = (pod.get("metadata") or {}).get("generation")
    for item in (pod.get("status") or {}).get("conditions") or ():
        if item.get("type") == PENDING and item.get("status") == "True":
            seen = item.get("observedGeneration") in (None, 0, generation)
            return seen and item.get("reason") == INFEASIBLE
    return False


def held_spec(pod: Object) -> Object:
    """The pod's spec with what it holds while it is resized: of its own and of each container's
    resources the greatest of the desired (unless that is infeasible), the allocated and the
    actual."""
    spec: Object = pod.get("spec") or {}
    status = pod.get("status") or {}
    seen = {
        item.get("name"): item
        for key in ("containerStatuses", "initContainerStatuses")
        for item in status.get(key) or ()
        if item.get("resources") or item.get("allocatedResources")
    }
    own = spec.get("resources")
    if not seen and not own:
        return spec
    never = infeasible(pod)
    if own and (never or status.get("resources") or status.get("allocatedResources")):
        seen[POD] = status
    found: dict[str, Object] = {}
    for name, holder in holders(spec):
        told = seen.get(name)
        if told is not None:
            held = _held(holder.get("resources") or {}, told, never)
            if held is not None:
                found[name] = held
    return with_resources(spec, found) if found else spec


def with_resources(spec: Object, found: dict[str, Object]) -> Object:
    """The spec with other resources of the containers named, and of the pod itself."""
    changed_spec = dict(spec)
    if POD in found:
        changed_spec["resources"] = found[POD]
        if not found[POD]:
            del changed_spec["resources"]
    for key in ("initContainers", "containers"):
        if spec.get(key):
            changed_spec[key] = [
                {**item, "resources": found[item["name"]]} if item.get("name") in found else item
                for item in spec[key]
            ]
    return changed_spec


def _held(desired: Object, told: Object, never: bool) -> Object | None:
    """None if it is what is desired."""
    actual = told.get("resources") or {}
    allocated = told.get("allocatedResources") or {}
    if actual == desired and allocated == (desired.get("requests") or {}):
        return None
    given: Object = {}
    for part in SECTIONS:
        for name in MUTABLE:
            told_of = [(actual.get(part) or {}).get(name)]
            if not never:
                told_of.append((desired.get(part) or {}).get(name))
            if part == "requests":
                told_of.append(allocated.get(name))
            known = [text for text in told_of if text is not None]
            if known:
                given.setdefault(part, {})[name] = max(known, key=_nano)
    return replaced(desired, given)
